"""What the spool's writer is asked to do, and what of it one commit does together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import ClassVar, Self

from gaugetrail_agent.spool.words import REFUSE, Appended, OldEpoch, Room
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.record import Body


@dataclass(slots=True)
class Append:
    """A body to seal."""

    body: Body
    remember: Mapping[str, str] = field(default_factory=dict)
    room: Room = REFUSE
    future: Future[Appended] = field(default_factory=Future)
    size: ClassVar[int] = 1


@dataclass(slots=True)
class Marking:
    """What receipts have said, in places, and what is to be remembered."""

    confirmed: Sequence[tuple[int, int]] = ()
    set_aside: Sequence[tuple[int, str]] = ()
    remember: Mapping[str, str] = field(default_factory=dict)
    done: Future[None] = field(default_factory=Future)

    @property
    def size(self) -> int:
        """How many records it touches at most."""
        return 1 + sum(last - first for first, last in self.confirmed) + len(self.set_aside)


@dataclass(slots=True)
class Suspect:
    """Records whose seal didn't hold when they were read, or a fault of the file that a reader met in that session of
    it: a file that has been repaired since is another.
    """

    places: Sequence[int] = ()
    fault: str | None = None
    session: str = ""
    done: Future[None] = field(default_factory=Future)
    size: ClassVar[int] = 1


@dataclass(slots=True)
class BeginEpoch:
    """Go on in a new epoch, if `leaving` is still the current one. `say` makes its first record's payload of where the
    old one ended. `time_us`: times begin there anew, where they have to go back; null: they go on rising.
    """

    leaving: str
    say: Callable[[OldEpoch], EventPayload]
    time_us: int | None = None
    remember: Mapping[str, str] = field(default_factory=dict)
    future: Future[Appended | None] = field(default_factory=Future)
    size: ClassVar[int] = 1


class Stop:
    """Commit what came before this, then end."""

    size: ClassVar[int] = 1


Job = Append | Marking | Suspect | BeginEpoch | Stop


@dataclass(frozen=True, slots=True)
class Group:
    """What one commit does."""

    appends: list[Append]
    marks: list[Marking]
    suspects: list[int]
    epochs: list[BeginEpoch]

    @classmethod
    def of(cls, jobs: Sequence[Job]) -> Self:
        """What these jobs want done."""
        return cls(
            [job for job in jobs if isinstance(job, Append)],
            [job for job in jobs if isinstance(job, Marking)],
            [place for job in jobs if isinstance(job, Suspect) for place in job.places],
            [job for job in jobs if isinstance(job, BeginEpoch)],
        )

    def open(self) -> list[Append]:
        """Those that nobody has been told about yet."""
        return [job for job in self.appends if not job.future.done()]

    def refusable(self) -> list[Append]:
        """Those that a full spool refuses: all but the agent's own events, which are few."""
        return [job for job in self.open() if not job.room.always]

    def is_empty(self) -> bool:
        """Nothing to do."""
        return not (self.appends or self.marks or self.suspects or self.epochs)

    def changes_anything(self) -> bool:
        """Whether a full spool has anything to do for this group."""
        wanted = any(job.room.drop_others or job.room.always for job in self.appends)
        return bool(self.marks or self.suspects or self.epochs or wanted)
