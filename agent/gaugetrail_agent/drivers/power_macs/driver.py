"""Power MACS 4000 tightening systems over Open Protocol (TCP 4545): station results with all their bolts.

The session is that of `open-protocol`: 0001 -> 0002, subscribe 0105 -> 0005; each result comes as 0106, answered by
0108, and, if wanted, as 0107 for every bolt, each answered by 0108 too. Each bolt is two readings, `torque` and `angle`
(`torque/bolt01` and so on in a station of several); further results of a bolt come under the controller's own names,
such as `Peak T`.

Promise: a value is a bolt's own; one that the controller left blank, or whose status is blank, is `no_value`; low and
high are the controller's judgement and stand beside the value. A press's results carry no value. Missed results are not
fetched: the controller sends what is new since the data number with which it is subscribed (`last_sequence`).

Not here: results of PF 6000 and PF 8000 steps (1201, 1202), which are told as information and answered.
"""

from __future__ import annotations

from typing import ClassVar, Final

from pydantic import Field

from gaugetrail_agent.drivers import StreamDriver
from gaugetrail_agent.drivers.driver_settings import DriverSettings, Truth
from gaugetrail_agent.drivers.open_protocol.driver import (
    ALARMS,
    OpenProtocolDriver,
    OpenProtocolSettings,
    Subscription,
)
from gaugetrail_agent.drivers.open_protocol.messages import BadTelegram, Telegram, telegram
from gaugetrail_agent.drivers.power_macs.results import BOLT, STATION, bolt_readings, is_last, station_readings
from gaugetrail_agent.reading import Reading, Status

MAKER: Final = "Atlas Copco"
MODELS: Final = ("Power MACS 4000",)
PROOF: Final = "built"
SUBSCRIBE, RESULT_TAKEN = 105, 108
STEP_RESULTS: Final = {1201: 1203, 1202: 1203}


class PowerMacsSettings(DriverSettings):
    """What to ask the system for."""

    revision: int = Field(1, ge=1, le=4, description="revision of results to ask for; lowered where it is refused")
    start_revision: int = Field(1, ge=1, le=9, description="revision of the greeting")
    bolt_results: Truth = Field(False, description="ask for each bolt's further results (0107), such as Peak T")
    step_results: Truth = Field(False, description="of these, those of the steps too")
    alarms: Truth = Field(True, description="subscribe alarms")
    ask_clock: Truth = Field(
        True, description="ask the system's clock (0080), by which results from before the scan are known"
    )
    last_sequence: int | None = Field(
        None,
        ge=0,
        le=9_999_999_999,
        description="the data number after which results are wanted (revision 2 and above)",
    )


Settings = PowerMacsSettings


def make(settings: PowerMacsSettings) -> StreamDriver:
    """The driver as set."""
    return PowerMacsDriver(settings)


class PowerMacsDriver(OpenProtocolDriver):
    """The session over TCP, with station results instead of single tightenings."""

    name = "power-macs"
    essential: ClassVar[frozenset[int]] = frozenset({SUBSCRIBE})

    def __init__(self, settings: PowerMacsSettings | None = None) -> None:
        self._settings = settings or PowerMacsSettings()
        super().__init__(
            OpenProtocolSettings(
                start_revision=self._settings.start_revision, recover=False, ask_clock=self._settings.ask_clock
            )
        )

    def wanted(self) -> list[Subscription]:
        """Station results, and alarms if wanted."""
        revision = self._settings.revision
        since = b"%010d" % (self._settings.last_sequence or 0) if revision > 1 else b""
        results = Subscription(SUBSCRIBE, revision, since + (b"1" if revision > 2 else b""))
        return [results, *([Subscription(ALARMS, 1)] if self._settings.alarms else [])]

    def readings_of(self, message: Telegram, raw: bytes) -> list[Reading]:
        """Its own results; the rest as any controller says it."""
        if message.mid not in (STATION, BOLT):
            return super().readings_of(message, raw)
        try:
            if message.mid == STATION:
                return station_readings(message, raw)
            return bolt_readings(message, raw, steps=self._settings.step_results)
        except BadTelegram as error:
            return [Reading(Status.GARBLED, raw, extra={"mid": f"{message.mid:04d}", "reason": str(error)})]

    def answer_to(self, message: Telegram) -> bytes | None:
        """0108 says whether the next bolt is wanted."""
        if message.mid in (STATION, BOLT):
            more = self._settings.bolt_results and not is_last(message)
            return telegram(RESULT_TAKEN, 1, b"1" if more else b"0")
        if message.mid in STEP_RESULTS:
            return telegram(STEP_RESULTS[message.mid])
        return super().answer_to(message)
