"""Barcodes: what a scanned text means, and what the reader itself says.

Promise: `read_scan` never raises on what a scanner sends, keeps identifiers as text exactly as they stand in the code
("00012345", "1E5"), and refuses a scan, with the cure in words, rather than read it wrongly. It does not know whether
the part, serial or lot exists; that is the station's question.

    scan = read_scan(b"[)>\\x1e06\\x1dP40217372\\x1dQ10\\x1e\\x04")
    scan.part_number, scan.quantity, scan.valid

Which meaning wins, first to last: reader's own words · AIM identifier (`]C1`, `]d2` …) · envelope of ISO/IEC 15434 ·
GS1 Digital Link, brackets, or GS inside · GTIN by length and check digit · VIN · GS1 beyond doubt · a single data
identifier · plain text. Switch AIM identifiers on in the scanner, or name a profile, and nothing has to be inferred.
"""

from __future__ import annotations

from gaugetrail_agent.barcodes.profiles import NAMES as PROFILE_NAMES
from gaugetrail_agent.barcodes.scan import Scan, read_scan

__all__ = ["PROFILE_NAMES", "Scan", "read_scan"]
