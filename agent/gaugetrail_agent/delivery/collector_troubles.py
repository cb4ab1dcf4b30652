"""What is wrong with collectors' words: what was refused lately, and who answers and isn't known.

Sentences that stay the same while they hold. Strangers' names are bounded; time is data.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gaugetrail_contract.signing import fingerprint

RECENT_SECS = 60.0
"""How long a refused word, or a stranger's, is an alarm."""
MOST_STRANGERS = 100
CURE = "; if it is yours: "
"""Between what is wrong and what to do about it."""


@dataclass
class CollectorTroubles:
    """As `CollectorKeys` meets them."""

    _refused: tuple[float, str] | None = None
    _strangers: dict[str, tuple[float, str]] = field(default_factory=dict)
    """Collector -> when it answered last, and with which key; in this order."""

    def refuse(self, what: str, now: float) -> None:
        """A word doesn't count."""
        self._refused = now, what

    def forgive(self) -> None:
        """The collector in question has its own key again."""
        self._refused = None

    def answered(self, collector: str, key: str, now: float) -> None:
        """A collector that isn't known has given a receipt."""
        self._strangers.pop(collector, None)
        self._strangers[collector] = now, key
        if len(self._strangers) > MOST_STRANGERS:
            del self._strangers[next(iter(self._strangers))]

    def is_known(self, collector: str) -> None:
        """It is a stranger no more."""
        self._strangers.pop(collector, None)

    def refused(self, now: float) -> str | None:
        """What was refused lately."""
        return self._refused[1] if self._refused is not None and now - self._refused[0] <= RECENT_SECS else None

    def stranger(self, now: float) -> str | None:
        """The first by name of those that have answered lately and aren't known."""
        return min((name for name, (at, _) in self._strangers.items() if now - at <= RECENT_SECS), default=None)

    def strange(self, now: float) -> str | None:
        """What is said of it, with what to do."""
        name = self.stranger(now)
        if name is None:
            return None
        key = self._strangers[name][1]
        return (
            f"the collector {name!r} answers with the key {fingerprint(key)} and is not known here: its receipts count "
            f"for nothing, and records wait for a collector that is known{CURE}gaugetrail-collector keys introduce "
            f"{name} {key} where a known one runs, or list the keys of all under [evidence] collector_keys"
        )
