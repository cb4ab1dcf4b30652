"""What is wrong with the collector itself, in sentences for the head of a page: the broker, the store.

These are its own findings, not what the broker says of it: with the broker away they are all that is known for certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gaugetrail_collector.console.board import View
from gaugetrail_contract.clock import EPOCH


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is away, what that means for the page, and what the program says."""

    what: str
    means: str
    detail: str

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        return f"{self.what}; {self.means} ({self.detail})" if self.detail else f"{self.what}; {self.means}"


def troubles(view: View) -> list[Trouble]:
    """What is away now; nothing is said of what has just begun to be looked for."""
    found = []
    if not view.broker_up:
        heard = "nothing has been heard yet" if view.as_of_us is None else f"what stands here is as of {as_of(view)}"
        means = f"{heard}; line PCs keep their records meanwhile"
        found.append(Trouble("The broker can't be reached", means, view.own.broker_detail))
    if view.own.store == "down":
        means = (
            "line PCs keep their records meanwhile; what stations and devices say still comes live; inspections, "
            "search and history wait for it"
        )
        found.append(Trouble("The store can't be reached", means, view.own.store_detail))
    return found


def as_of(view: View) -> str:
    """The moment that the page's word is of: `01:10 UTC`, with the day where it isn't today's."""
    assert view.as_of_us is not None
    heard, now = (EPOCH + timedelta(microseconds=us) for us in (view.as_of_us, view.now_us))
    return f"{heard:%H:%M} UTC" if heard.date() == now.date() else f"{heard:%Y-%m-%d %H:%M} UTC"
