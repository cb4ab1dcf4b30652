"""Says to every agent which other collectors this one knows: at once after a change, and again while nothing changes.

The broker keeps it, so that an agent hears it whether or not this collector runs. It is said again each
`AGAIN_SECS` all the same: a broker may keep nothing, or somebody may have cleared the topic.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from gaugetrail_collector.intake.keys.agent_keys import KeysBroken
from gaugetrail_contract.introductions import Introductions, write_introductions
from gaugetrail_contract.signing import Signer

log = logging.getLogger(__name__)

AGAIN_SECS = 60.0


class Introducing:
    """Asked for at each heartbeat. `said` is the list as it is now; `publish` tells whether there is a connection."""

    def __init__(
        self,
        collector: str,
        signer: Signer | None,
        said: Callable[[], Introductions | None],
        publish: Callable[[bytes], bool],
    ) -> None:
        self._collector = collector
        self._signer = signer
        self._said = said
        self._publish = publish
        self._last: tuple[Introductions, float] | None = None

    def look(self, now: float) -> None:
        """Say the list if it is another one than was said last, or that is long ago."""
        try:
            said = self._said()
        except KeysBroken as error:
            log.error("nobody is introduced: %s", error, extra={"event": "introductions", "cause": "keys"})
            return
        if said is None or self._signer is None:
            return
        if self._last is not None and self._last[0] == said and now - self._last[1] < AGAIN_SECS:
            return
        if self._publish(write_introductions(said, self._collector, self._signer)):
            self._last = said, now
