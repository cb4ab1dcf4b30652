"""The PINs that were set here: what is kept instead of them, in one file, and the desk where they are set and cleared.

    pins.json    {"changed_us":…,"people":{"OP-12":"$argon2id$…"}}

Promise: no PIN is kept, sent or shown, only what a guess can be held against, at 32 MB and a quarter of a second each;
the file is this service's alone and goes into no store, and into no backup but with the keys. Who sets a PIN, and
whose, is an event before it counts. `changed_us` only rises, also over a lost file: a line PC takes nothing older.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import Field, ValidationError

from gaugetrail_collector.documents.at_a_moment.in_force import people_lists
from gaugetrail_collector.documents.desk import Declined, Desk
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_contract.events.people import PinChanged
from gaugetrail_contract.files import read_bounded, write_whole
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.pins import PinHash, pin_hash, refuse_pin
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_contract.text import Identifier

FILE = "pins.json"
MOST_BYTES = 20_000_000
SETTING = frozenset({"administrator", "quality engineer"})
"""Who sets and clears PINs."""


class PinsBroken(Exception):
    """The file can't be used; the text says why and what to do."""


class KeptPins(Frozen):
    """The file."""

    changed_us: int = Field(0, ge=0)
    people: dict[Identifier, PinHash] = Field(default_factory=dict)


def read_pins(path: Path) -> KeptPins | None:
    """What is kept; null where nothing ever was. Raises `PinsBroken`."""
    try:
        return KeptPins.model_validate_json(read_bounded(path, MOST_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it was altered"
        raise PinsBroken(
            f"the PINs in {path} can't be read ({why}): keys restore brings them back; without a backup move the file "
            "away and set each PIN anew"
        ) from error


def set_pin(desk: Desk, path: Path, badge: str, pin: str | None, by: str, now_us: Callable[[], int]) -> str:
    """From now on that is the person's PIN, or, with null, they have none; the record that says so. Raises `Declined`,
    `PinsBroken`, `StoreDown`.
    """
    if pin is not None and (reason := refuse_pin(pin, badge)) is not None:
        raise Declined(f"that can't be the PIN of {badge}: {reason}")
    kept = pin_hash(pin) if pin is not None else None

    def judge(register: DocumentRegister) -> PinChanged:
        people = (read_pins(path) or KeptPins()).people
        known = everybody(desk, register, now_us())
        if kept is not None and badge not in known:
            raise Declined(f"{badge} is on no people list that holds{did_you_mean(badge, known)}")
        if kept is None and badge not in people:
            raise Declined(f"{badge} has no PIN{did_you_mean(badge, people)}; nothing was done")
        return PinChanged(badge=badge, what="set" if kept is not None else "cleared")

    def keep() -> None:
        before = read_pins(path) or KeptPins()
        people = {one: held for one, held in before.people.items() if one != badge}
        people |= {} if kept is None else {badge: kept}
        after = KeptPins(changed_us=max(now_us(), before.changed_us + 1), people=dict(sorted(people.items())))
        write_whole(path, after.model_dump_json().encode("utf-8"))

    return desk.note(by, SETTING, judge, keep)


def everybody(desk: Desk, register: DocumentRegister, now_us: int) -> frozenset[str]:
    """The badges on every people list that holds. Raises `StoreDown`."""
    found = people_lists().in_force(desk.store, register, now_us)
    return frozenset(one.badge for held in found if held.listed is not None for one in held.listed.person)
