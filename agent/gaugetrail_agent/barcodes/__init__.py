"""Barcodes: what a scanned text means, and what the reader itself says.

Promise: `read_scan` never raises on what a scanner sends, keeps identifiers as text exactly as they stand in the code
("00012345", "1E5"), and refuses a scan, with the cure in words, rather than read it wrongly. It does not know whether
the part, serial or lot exists; that is the station's question.

    scan = read_scan(b"[)>\\x1e06\\x1dP40217372\\x1dQ10\\x1e\\x04")
    scan.part_number, scan.quantity, scan.valid

What stands around a code is taken off first (`surroundings`). Which meaning wins then, first to last: reader's own
words · a customer's own label, where one is named · envelope of ISO/IEC 15434 · AIM identifier (`]C1`, `]d2` …) · GS1
Digital Link · and where no AIM identifier says that it is not GS1's: brackets, or GS inside, a GTIN by length and check
digit, GS1 beyond doubt · VIN · a single data identifier, where it is asked for or the symbol is linear · plain text.
Switch AIM identifiers on in the scanner, or name a profile, and nothing has to be inferred.

Read in this order: `surroundings` and `lines` (what is no code), `repair`, `meaning`, then what it asks: `gs1` (over
`gs1_identifiers`), `iso15434`, `labels` with `identifiers`, `profiles`, `dates` and `check_digits`; `label_files` last.
"""

from __future__ import annotations

from gaugetrail_agent.barcodes.meaning import read_scan
from gaugetrail_agent.barcodes.profiles import NAMES as PROFILE_NAMES
from gaugetrail_agent.barcodes.scan import Scan

__all__ = ["PROFILE_NAMES", "Scan", "read_scan"]
