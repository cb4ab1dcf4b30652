"""Tables out of files: CSV, and Excel's .xlsx read in a child process that may use little memory and time.

Promise: a file that is damaged, is no table, or would unpack to more than a table of ours is one `ConfigError` with one
sentence, soon and in little memory, whatever it is made of; this process never reads Excel's XML itself. What a ZIP
declares is summed before anything is unpacked; what it hides meets the child's limits. A cell that holds an error
(`#N/A`, `#REF!`) is named with its place: read as empty it would be a limit that isn't there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gaugetrail_collector.evidence.archive_bounds import TooMuch, settle_directory, settle_members
from gaugetrail_contract.documents.lists import sheet_of
from gaugetrail_contract.documents.tables import Sheet, at_most
from gaugetrail_contract.settings import ConfigError, Problem

MOST_FILE_BYTES = 16_000_000
MOST_UNPACKED_BYTES = 32_000_000
MOST_SECS = 20.0
"""Of the clock; the child's own limit is on what it computes."""
CHILD = "gaugetrail_collector.documents.from_tables.sheet_child"
SAVE_AS_CSV = "save the one sheet as CSV UTF-8 and take that"


def read_table(path: Path, sheet: str | None = None) -> Sheet:
    """A table of a `.csv` or `.xlsx` file; `sheet`: which one, else the first. Raises `ConfigError`."""
    kind = path.suffix.lower()
    if kind == ".csv":
        return sheet_of(path)
    if kind == ".xlsx":
        return _excel(path, sheet)
    raise _fault(path, "is neither .csv nor .xlsx: save it as one of them")


def _excel(path: Path, sheet: str | None) -> Sheet:
    try:
        _settle(path)
    except OSError as error:
        raise _fault(path, f"can't be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        what = "is no Excel workbook (.xlsx), or is damaged or under a password: open it in Excel and save it anew"
        raise _fault(path, what) from error
    except TooMuch as error:
        raise _fault(path, f"is refused: {error}; {SAVE_AS_CSV}") from error
    return _understood(path, _from_child(path, sheet))


def _settle(path: Path) -> None:
    """Whether it may be unpacked at all, by what it declares. Raises `TooMuch`, `OSError`, `BadZipFile`."""
    size = path.stat().st_size
    if size > MOST_FILE_BYTES:
        raise TooMuch(f"it has {size:,} bytes, more than a table of ours")
    settle_directory(path)
    with zipfile.ZipFile(path) as packed:
        settle_members(packed, size)
        unpacked = sum(one.file_size for one in packed.infolist())
        if unpacked > MOST_UNPACKED_BYTES:
            raise TooMuch(f"it unpacks to {unpacked:,} bytes, more than a table of ours")


def _from_child(path: Path, sheet: str | None) -> list[Any]:
    """What the child said, line by line."""
    words = [sys.executable, "-I", "-m", CHILD, str(path.resolve()), *([] if sheet is None else [sheet])]
    try:
        done = subprocess.run(words, capture_output=True, check=False, timeout=MOST_SECS)  # noqa: S603 (our own module)
    except subprocess.TimeoutExpired as error:
        raise _fault(path, f"took longer than {MOST_SECS:.0f} s to read; {SAVE_AS_CSV}") from error
    if done.returncode != 0:
        raise _fault(path, f"takes more memory or time to read than a table of ours; {SAVE_AS_CSV}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _understood(path: Path, said: Sequence[Any]) -> Sheet:
    head, *rows = said
    if "fault" in head:
        raise _fault(path, head["fault"])
    errors = list(_errors(path, head["errors"]))
    if errors:
        raise ConfigError(at_most(errors, str(path)))
    return Sheet(str(path), rows)


def _errors(path: Path, errors: Sequence[Sequence[str]]) -> Iterator[Problem]:
    for cell, error in errors:
        row = int("".join(sign for sign in cell if sign.isdigit()))
        what = f"holds the error {error}: put the formula right, or write the value"
        yield Problem(str(path), f"cell {cell}", what, row)


def _fault(path: Path, what: str) -> ConfigError:
    return ConfigError([Problem(str(path), "", what)])
