"""What an agent does with a root that came, and with the editions that its pages list. Pure.

Promise: nothing that is taken is older than what was taken before, and nothing counts without a key that is believed.
Everything else is refused with a sentence, which is told, and what was held stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.listing import FILE, ListedEdition
from gaugetrail_contract.distribution.root import DocumentsRoot, SignedRoot
from gaugetrail_contract.signing import fingerprint


@dataclass(frozen=True, slots=True)
class RootJudged:
    """`newer`: it counts from now on; `known`: it says nothing new; `refused`: it doesn't count, and `why`."""

    fate: Literal["newer", "known", "refused"]
    why: str = ""


def judge_root(
    held: DocumentsRoot | None, came: SignedRoot, believed: Collection[str], what: str = "the list of documents"
) -> RootJudged:
    """`believed`: the keys that count; none: the first that is shown will."""
    if believed and came.key not in believed:
        known = ", ".join(map(fingerprint, sorted(believed)))
        return RootJudged(
            "refused",
            f"{what} is signed with the key {fingerprint(came.key)}, and {known} is believed: the "
            "collector that writes documents has lost its document key, which keys restore brings back there, or "
            "somebody imitates it",
        )
    if held is None or came.root.order > held.order:
        return RootJudged("newer")
    if came.root.digest == held.digest:
        return RootJudged("known")
    return RootJudged(
        "refused",
        f"{what} goes back: {_numbered(came.root)} came and {_numbered(held)} is held; an old one is "
        "being said again, or the collector's store was put back from a backup",
    )


def _numbered(root: DocumentsRoot) -> str:
    return f"number {root.issue} of {utc_text(root.time_us)[:16]}Z"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A document of which a list says less than the list before."""

    document: str
    sentence: str


def older_editions(
    held: Iterable[ListedEdition], came: Iterable[ListedEdition], said: str = ""
) -> tuple[TakenBack, ...]:
    """What a list takes back: an edition that held is followed by higher ones only. `said` is the moment (as `UtcText`)
    at which the list was signed: what was listed until before may be gone.
    """
    before, now = _highest(held), _highest(came)
    before = {name: one for name, one in before.items() if name in now or one.until is None or one.until > said}
    return tuple(
        TakenBack(
            name,
            f"the list of documents takes {one} back to edition {now[name].edition}"
            if name in now
            else f"the list of documents no longer knows {one}",
        )
        for name, one in sorted(before.items())
        if name not in now or now[name].edition < one.edition
    )


def _highest(entries: Iterable[ListedEdition]) -> dict[str, ListedEdition]:
    found: dict[str, ListedEdition] = {}
    for one in entries:
        if one.came_to_hold and (one.id not in found or found[one.id].edition < one.edition):
            found[one.id] = one
    return found


def lacking(entries: Iterable[ListedEdition], there: Collection[str]) -> tuple[ListedEdition, ...]:
    """Whose text is wanted and not there (`there`: digests), in a fixed order: documents before files, and of each what
    holds first.
    """
    wanted = {one.sha256: one for one in entries if one.is_wanted and one.sha256 not in there}
    return tuple(sorted(wanted.values(), key=_turn))


def _turn(one: ListedEdition) -> tuple[object, ...]:
    return one.kind == FILE, one.state != "effective", one.kind, one.id, one.edition
