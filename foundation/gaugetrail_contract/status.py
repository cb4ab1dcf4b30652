"""Status documents: retained on MQTT, replaced by a last will when their writer dies.

Each says whether its writer is online, what it holds and what is wrong, in figures that a dashboard can show and in
sentences that a technician can read.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from gaugetrail_contract.clock import ClockTrust
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.text import DateText, Hex256, Identifier, TopicName, UtcText


class Told(Frozen):
    """Base of status documents: keys of a newer writer are passed over, so that services can be updated one by one."""

    model_config = ConfigDict(extra="ignore")


class DeviceStatus(Told):
    """One device as the agent sees it."""

    up: bool
    detail: str = Field("", description="what is wrong and what happens next; empty when all is well")
    readings: int = Field(0, ge=0)
    garbled: int = Field(0, ge=0, description="frames refused since start")
    faults: int = Field(0, ge=0, description="faults of our own in its driver or link since start; see the log")
    bounced: int = Field(0, ge=0, description="second values of a bouncing key, dropped since start")
    last_reading: UtcText | None = None


class StationStatus(Told):
    """One station as it stands."""

    waits_for: str = Field("", description="as in `stations`: wait_operator, wait_unit, measuring …")
    person: str | None = Field(None, description="id of the operator who is logged in")
    plan: str | None = Field(None, description="id of the control plan in force")
    revision: str | None = Field(None, description="its revision")
    plan_sha256: Hex256 | None = Field(None, description="digest of the approved document")
    barred: str | None = Field(
        None, description="why no unit is taken: which document isn't in force here, in a sentence"
    )
    unit: str | None = Field(None, description="serial, or lot, of the unit in hand")
    refused: str | None = Field(None, description="what could not be recorded and is tried again, in a sentence")
    sign: Literal["green", "amber", "red"] | None = Field(
        None, description="red: no part can be measured or recorded now; amber: it can, and somebody should know"
    )
    notices: tuple[str, ...] = Field((), description="what isn't well around it, in sentences, the worst first")
    overrides: int = Field(
        0, ge=0, description="how often since start somebody let a person or a gauge measure that it refuses"
    )
    devices: tuple[str, ...] | None = Field(
        None, description="names of the devices that it works with; left out by agents of before 0.2"
    )


class GaugeStatus(Told):
    """One gauge as the register has it today."""

    device: str = Field("", description="the device that it is")
    calibration: Literal["valid", "due", "overdue", "blocked", "unknown"] = Field(
        "unknown", description="due: today; unknown: the register has no date for it"
    )
    due: DateText | None = Field(None, description="its calibration ends with this day")
    due_soon: bool = Field(False, description="it ends within 14 days")
    refused_at: tuple[str, ...] = Field((), description="stations that take no value of it now")
    detail: str = Field("", description="what is wrong or will be soon, in a sentence; empty when all is well")


class SpoolStatus(Told):
    """The agent's durable queue."""

    epoch: str
    last_seq: int = Field(ge=0)
    waiting: int = Field(ge=0, description="sealed records without a receipt")
    oldest: UtcText | None = Field(None, description="time of the oldest waiting record")
    bytes: int = Field(ge=0)
    full: bool = False
    refuses: str | None = Field(None, description="why nothing can be written to its file now")
    set_aside: int = Field(0, ge=0)
    receipt_p99_ms: float | None = Field(None, ge=0, description="commit to receipt, of the records confirmed last")
    damaged: int = Field(0, ge=0, description="spoilt by the disk and set aside here; spool ls --state damaged")
    dropped: int = Field(0, ge=0, description="unsent records dropped when the spool was full, as their plan allows")
    saved: int = Field(
        0, ge=0, description="times since start that its files were deleted or replaced and all was saved into new ones"
    )
    branched: int = Field(
        0, ge=0, description="times since start that a collector had another history of its epoch, and a new one began"
    )


class DeliveryStatus(Told):
    """How records leave the agent; counts are since start."""

    connected: bool = Field(description="to the broker")
    detail: str = Field("", description="what is wrong and what happens next; empty when all is well")
    connects: int = Field(0, ge=0)
    unanswered_secs: float | None = Field(None, ge=0, description="since when records go out and no receipt comes")
    messages: int = Field(0, ge=0)
    on_way: int = Field(0, ge=0, description="records sent and not receipted yet")
    resent: int = Field(0, ge=0, description="records sent again because no receipt came in time")
    receipts: int = Field(0, ge=0)
    receipts_ignored: int = Field(0, ge=0, description="receipts that don't fit what was sent, or not believed")
    receipts_seen: int = Field(
        0, ge=0, description="receipts by collectors that aren't known here; they take nothing out of the spool"
    )
    stranger: str = Field("", description="a collector that has answered within the last minute and isn't known here")
    backlog: int = Field(0, ge=0, description="numbers that gathered while nothing could be sent and wait their turn")
    given_again: int = Field(0, ge=0, description="confirmed records that a collector asked for again")
    commands_refused: int = Field(0, ge=0, description="commands that are malformed or not believed")
    statuses_ignored: int = Field(
        0, ge=0, description="collectors' statuses that are malformed, not signed as theirs are, or older than the last"
    )
    callback_faults: int = Field(0, ge=0, description="faults of our own in answering the broker; see the log")
    broker_limits: tuple[str, ...] = Field((), description="what the broker doesn't allow, each in a sentence")


class LackedDocument(Told):
    """A document whose text the agent still waits for."""

    id: Identifier
    edition: int = Field(ge=1)
    sha256: Hex256


class DocumentsHeld(Told):
    """How the agent stands with the controlled documents."""

    root: Hex256 | None = Field(None, description="digest of the list that it holds in full, with every text")
    issue: int | None = Field(None, ge=0, description="the number of that list")
    since: UtcText | None = Field(None, description="since when it holds it in full")
    said: UtcText | None = Field(None, description="when the collector said it last, by the collector's clock")
    heard: Hex256 | None = Field(None, description="digest of the newest list that it has heard of and believes")
    lacks: tuple[LackedDocument, ...] = Field((), max_length=20, description="the first of those that it lacks")
    lacking: int = Field(0, ge=0, description="how many it lacks")
    refused: int = Field(0, ge=0, description="lists, pages and texts since start that it doesn't believe")
    detail: str = Field("", description="what is wrong and what to do; empty when all is well")


class PinsHeld(Told):
    """How the agent stands with the PINs of its line, and the key that they are sent to it under."""

    line: str = Field(description="whose people's PINs it wants")
    key: Hex256 = Field(description="what is sent to it is closed with this key; it alone opens it")
    signed: str = Field(
        pattern="^[0-9a-f]{128}$", description="name, line and that key, signed with the key of its messages"
    )
    held: Hex256 | None = Field(None, description="digest of the list of PINs that it holds")
    people: int = Field(0, ge=0, description="how many people have a PIN there")
    locked: tuple[Identifier, ...] = Field(
        (), max_length=20, description="badges that are locked there after wrong guesses"
    )
    refused: int = Field(0, ge=0, description="words about PINs since start that it doesn't believe")
    detail: str = Field("", description="what is wrong and what to do; empty when all is well")


class VerdictsTold(Told):
    """What became of the verdicts for displays and an MES since start."""

    told: int = Field(0, ge=0, description="the broker has them")
    lost: int = Field(0, ge=0, description="no connection, too many on the way, or refused; records are not touched")
    detail: str = Field("", description="why none are told now; empty when all is well")


class AgentStatus(Told):
    """`gaugetrail/v1/<agent>/status`."""

    online: bool
    agent: str
    line: TopicName | None = Field(None, description="where its stations stand; left out by agents of before 0.2")
    time: UtcText | None = None
    started: UtcText | None = None
    version: str | None = None
    config_sha256: str | None = None
    key: Hex256 | None = Field(None, description="the public key that its messages are signed with")
    collector_keys: dict[str, Hex256] = Field(
        default_factory=dict, description="collector -> the key that its receipts are believed by"
    )
    spool: SpoolStatus | None = None
    delivery: DeliveryStatus | None = None
    devices: dict[str, DeviceStatus] = Field(default_factory=dict)
    stations: dict[str, str] = Field(default_factory=dict, description="station -> what it waits for")
    station_details: dict[str, StationStatus] = Field(
        default_factory=dict, description="station -> who works there, by which document, on what"
    )
    gauges: dict[str, GaugeStatus] = Field(
        default_factory=dict, description="gauge, by its inventory number -> how it stands with its calibration"
    )
    clock: ClockTrust | None = None
    documents: DocumentsHeld | None = Field(
        None, description="how it stands with the controlled documents; left out by agents of before 0.2"
    )
    pins: PinsHeld | None = Field(
        None, description="how it stands with PINs; left out by agents of before 0.2, and where messages aren't signed"
    )
    verdicts: VerdictsTold | None = Field(None, description="left out where the settings ask for none")
    insecure: tuple[str, ...] = Field((), description="doors that stand open to the network, each with its reason")
    log_dropped: int = Field(0, ge=0, description="lines of its log since start that nobody took, so they are lost")
    alarms: tuple[str, ...] = Field(
        (), description="what is wrong, in words that stay the same while it is; no figures"
    )


class CollectorStatus(Told):
    """`gaugetrail/v1/collectors/<id>/status`."""

    online: bool
    collector: str
    time: UtcText | None = None
    started: UtcText | None = None
    connection: int = Field(0, ge=0, description="counts its tries to connect to the broker since start")
    beat: int = Field(0, ge=0, description="counts its words on that connection; 0 in a last will, which is the last")
    version: str | None = None
    config_sha256: str | None = None
    store: Literal["up", "down", "unknown"] = Field("unknown", description="agents pause when every store is down")
    store_detail: str = ""
    store_id: str = Field(
        "", pattern=r"^$|^[0-9a-f]{16}$", description="drawn once and kept in the store itself; empty: unknown"
    )
    store_name: str = Field("", description="the store in words, as it stood when it was last up")
    broker: Literal["up", "down", "unknown"] = "unknown"
    broker_detail: str = ""
    insecure: tuple[str, ...] = Field((), description="doors that stand open to the network, each with its reason")
    broker_limits: tuple[str, ...] = Field((), description="what the broker doesn't allow, each in a sentence")
    takes: Literal["share", "all", "nothing", "unknown"] = Field(
        "unknown", description="share: the group's messages in turn; nothing: another collector takes every message"
    )
    group: str = Field("", description="whose messages it shares; empty: every collector takes every message")
    alarms: tuple[str, ...] = Field(
        (), description="what is wrong, in words that stay the same while it is; no figures"
    )
    messages_waiting: int = Field(0, ge=0, description="taken from the broker, not finished yet")
    records: int = Field(0, ge=0, description="stored since start")
    points: int = Field(0, ge=0)
    resent: int = Field(0, ge=0, description="records that were in the store already")
    set_aside: int = Field(0, ge=0)
    set_aside_refused: int = Field(0, ge=0, description="lines not kept, because as much is set aside as may be")
    refused: int = Field(0, ge=0, description="messages larger than any may be (512 KiB), taken by nobody")
    forks: int = Field(0, ge=0, description="same identity, another seal; a part of set_aside")
    unproven: int = Field(0, ge=0, description="not signed as their agent's records must be; a part of set_aside")
    key: Hex256 | None = Field(None, description="the public key that its receipts are signed with")
    gaps: int = Field(0, ge=0, description="ranges of numbers that are missing in the store and were asked for again")
    gap_details: tuple[str, ...] = Field((), description="the first of these, in words")
    documents: Literal["reads", "writes"] = Field(
        "reads", description="writes: its settings say that it is the one that writes controlled documents"
    )
    newer_agents: tuple[str, ...] = Field(
        (), description="agents whose records hold keys that this collector doesn't know: it should be updated"
    )
    second_histories: tuple[str, ...] = Field(
        (), description="agents of which records of a second history came since start, with its first number, in words"
    )
    late: int = Field(0, ge=0, description="records that were older than `[readback] late_secs` when they were stored")
    anchored: UtcText | None = Field(None, description="when the heads of all chains were last sealed into an anchor")
    tag_values: int = Field(0, ge=0, description="values in use of the tag that is nearest to its bound")
    tag_budget: int = Field(0, ge=0, description="that tag's bound; 0 where the store has none")
    log_dropped: int = Field(0, ge=0, description="lines of its log since start that nobody took, so they are lost")


def agent_offline(agent: str, started: str | None = None) -> bytes:
    """The agent's last will. It names the life that ended, so that one of another agent of that name shows."""
    return AgentStatus(online=False, agent=agent, started=started).model_dump_json(exclude_none=True).encode("utf-8")
