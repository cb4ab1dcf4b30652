"""How a plant's collecting does: agents here and gone, collectors, broker, store, gaps, what is set aside.

Asked beside the running collector, not of it: of the store, of the broker's retained status documents, of the list of
what is set aside. So it tells the same whether the collector runs, hangs or is gone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gaugetrail_collector.config import CollectorConfig
from gaugetrail_collector.intake.aside.reasons import in_words
from gaugetrail_collector.intake.aside.set_aside import SetAside
from gaugetrail_collector.let_go import LetGo
from gaugetrail_collector.stores import StoreDown, StoreRefuses
from gaugetrail_contract import topics
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.counts import counted
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.status import AgentStatus, CollectorStatus
from gaugetrail_service.certificates.ends import certificate_at
from gaugetrail_service.mqtt.broker_limits import cure_of
from gaugetrail_service.mqtt.broker_visit import Visit, visit, where_of
from gaugetrail_service.mqtt.neighbourhood import Neighbour, latest, neighbours

OLD_SECS = 60.0
"""Both services say how they are every five seconds; one that has not for so long hangs, whatever its last word was."""
NEARLY_FULL = 0.8
LOOK_AT_BROKER = "look at the broker's access rules and at [mqtt]"
ALARM_CURES = (
    ("two collectors have one id", "stop one of them, and give it another id"),
    ("writes to another store", "stop one of the two, or give it another group under [mqtt]"),
    ("which nobody has registered", "gaugetrail-collector keys register NAME for those that are yours"),
    ("tag bound", "gaugetrail-collector store stats says which are full; records wait at their line PCs meanwhile"),
    ("takes every message as well", "stop one, or let each know the other: gaugetrail-collector keys introduce ID KEY"),
    ("told what is held", "gaugetrail-collector keys restore FILE brings the document key back"),
    ("more is held than", "scrap or release what is decided; stations go on with the list before"),
    ("again and again", "gaugetrail-agent status on its PC, and the broker's access rules for its receipts"),
    ("", "look at its log"),
)
"""By the words of the alarm; the last one fits all others."""
EVERYBODY = (topics.ALL_AGENT_STATUS, topics.ALL_COLLECTOR_STATUS)


@dataclass
class Overview:
    """Everything that `status` shows. `store` and `records` are null where the store doesn't answer."""

    collector: str
    where: str
    visit: Visit
    store: str | None = None
    store_trouble: StoreDown | None = None
    records: int | None = None
    chains: tuple[str, ...] = ()
    """Agents that have records in the store."""
    set_aside: int = 0
    set_aside_trouble: str = ""
    last_reason: str = ""
    certificates: Sequence[Finding] = ()
    let_go: frozenset[str] = frozenset()
    """Line PCs that were retired; no alarm until they speak again."""
    agents: Mapping[str, Neighbour] = field(default_factory=dict)
    collectors: Mapping[str, Neighbour] = field(default_factory=dict)

    @property
    def own(self) -> CollectorStatus | None:
        """This collector's own last word."""
        one = self.collectors.get(self.collector)
        return one.document if one is not None and isinstance(one.document, CollectorStatus) else None


def overview(config: CollectorConfig, secs: float) -> Overview:
    """Ask everybody; the broker is listened to for `secs`."""
    mqtt = config.settings.mqtt
    found = Overview(config.settings.id, where_of(mqtt), visit(mqtt, EVERYBODY, secs=secs))
    heard = neighbours(found.visit.words)
    found.agents, found.collectors = latest(heard, "agent"), latest(heard, "collector")
    _ask_store(config, found)
    _ask_list(config, found)
    found.let_go = _retired(config)
    found.certificates = certificates(config)
    return found


def _ask_store(config: CollectorConfig, found: Overview) -> None:
    store = config.store()
    try:
        store.open()
        found.store, found.records = store.health(), store.count()
        found.chains = tuple(sorted({one.agent for one in store.chains() if not one.agent.startswith("collector:")}))
    except StoreDown as error:
        found.store_trouble = error
    finally:
        store.close()


def _ask_list(config: CollectorConfig, found: Overview) -> None:
    if not config.set_aside_path.exists():
        return
    entries = SetAside(config.set_aside_path)
    try:
        entries.open()
        found.set_aside = entries.count()
        newest = entries.newest()
        found.last_reason = "" if newest is None else in_words(newest.reason).what
    except (OSError, sqlite3.Error) as error:
        found.set_aside_trouble = f"{config.set_aside_path} can't be read: {error}"
    finally:
        entries.close()


def _retired(config: CollectorConfig) -> frozenset[str]:
    """The names; none where the file can't be read: then the alarm stays."""
    if not config.let_go_path.exists():
        return frozenset()
    listed = LetGo(config.let_go_path)
    try:
        listed.open()
        return frozenset(listed.gone())
    except (OSError, sqlite3.Error):
        return frozenset()
    finally:
        listed.close()


def certificates(config: CollectorConfig) -> list[Finding]:
    """Those that the settings name and that have ended or soon will, or can't be read."""
    now = datetime.now(UTC)
    return [
        finding for setting, path in config.certificates() for finding in certificate_at(setting, path).findings(now)
    ]


# --- what is not well


def findings(found: Overview, now_us: int) -> list[Finding]:
    """Each in one line, with its cure."""
    return [
        *_store(found),
        *_broker(found),
        *found.certificates,
        *_own(found, now_us),
        *_copies(found),
        *_growing(found),
        *_gaps(found),
        *_aside(found),
        *(
            finding
            for name, one in found.agents.items()
            if one.document.online or name not in found.let_go
            for finding in _agent(name, one, now_us)
        ),
        *_unheard(found),
    ]


def _store(found: Overview) -> Iterator[Finding]:
    if found.store_trouble is None:
        return
    cure = "start it, or put the address under [store] right; records wait in the agents meanwhile"
    if isinstance(found.store_trouble, StoreRefuses):
        cure = "put user, token, database or rights right; gaugetrail-collector store init makes what is missing"
    yield Finding("store", str(found.store_trouble), cure)


def _broker(found: Overview) -> Iterator[Finding]:
    if found.visit.refusal:
        yield Finding("broker", found.visit.refusal, found.visit.cure)


def _own(found: Overview, now_us: int) -> Iterator[Finding]:
    about = f"collector {found.collector}"
    if found.visit.refusal:
        return
    start = "start it: gaugetrail-collector run --config F"
    own = found.own
    if own is None:
        yield Finding(about, "has never been on this broker", start)
    elif not own.online:
        yield Finding(about, "doesn't run", start)
    elif (age := _age(own, now_us)) > OLD_SECS:
        yield Finding(about, f"has said nothing for {age:.0f} s: it hangs, or its clock is wrong", "start it again")
    else:
        if own.store == "down" and found.store_trouble is None:
            yield Finding(about, f"finds its store down: {own.store_detail}", "look at its log and at [store]")
        if own.broker_detail:
            cure = "stop one of the two" if "takes every message" in own.broker_detail else LOOK_AT_BROKER
            yield Finding(about, own.broker_detail, cure)
        for alarm in own.alarms:
            yield Finding(about, alarm, next(cure for words, cure in ALARM_CURES if words in alarm))
        for limit in own.broker_limits:
            yield Finding("broker", limit, cure_of(limit), wrong=False)
        for door in own.insecure:
            yield Finding(about, door, "take the reason (insecure) out once it no longer holds", wrong=False)


def _copies(found: Overview) -> Iterator[Finding]:
    """PCs that were put back or copied since the collector started."""
    own = found.own
    if own is not None and own.second_histories:
        what = (
            f"two histories: {'; '.join(own.second_histories[:3])}: a PC was put back from a snapshot, or a copy runs"
        )
        cure = "both are stored; if two PCs run under one name, give one of them another [agent] id"
        yield Finding("copies", what, cure, wrong=False)


def _growing(found: Overview) -> Iterator[Finding]:
    """What will be in the way one day: agents that are newer than this collector, a tag that is nearly full."""
    own = found.own
    if own is None:
        return
    about = f"collector {found.collector}"
    if own.newer_agents:
        what = f"the records of {', '.join(own.newer_agents[:5])} hold keys that it doesn't know"
        yield Finding(about, what, "update this collector; they are stored as they came", wrong=False)
    if own.tag_values > NEARLY_FULL * own.tag_budget:
        what = f"{own.tag_values} of {own.tag_budget} values of a tag are in use; what passes the bound waits"
        yield Finding(about, what, "gaugetrail-collector store stats says which; raise it under [guard]", wrong=False)
    if own.log_dropped:
        what = f"{counted(own.log_dropped, 'line')} of its log lost since the start: the log's reader stood still"
        yield Finding(about, what, "look at the journal, or at what reads the service's output", wrong=False)


def _gaps(found: Overview) -> Iterator[Finding]:
    own = found.own
    if own is not None and own.gaps:
        what = f"{own.gaps} range{'s' if own.gaps != 1 else ''} of numbers missing: {'; '.join(own.gap_details[:3])}"
        cure = "they are asked for again; where the agent no longer has them, gaugetrail-collector verify names them"
        yield Finding("gaps", what, cure)


def _aside(found: Overview) -> Iterator[Finding]:
    if found.own is not None and found.own.set_aside_refused:
        what = f"as much as may be: {found.own.set_aside_refused} lines more were refused since the collector's start"
        yield Finding(
            "set aside", what, "gaugetrail-collector set-aside ls; mend the cause, then set-aside retry or close"
        )
    if found.set_aside_trouble:
        yield Finding("set aside", found.set_aside_trouble, "run this as the service's user")
    if found.set_aside:
        count = f"{found.set_aside} line{'s' if found.set_aside != 1 else ''}"
        what = f"{count} could not be understood or stored, last: {found.last_reason}"
        yield Finding(
            "set aside",
            what,
            "gaugetrail-collector set-aside ls; mend the cause, then set-aside retry, or close",
        )


def _agent(name: str, one: Neighbour, now_us: int) -> Iterator[Finding]:
    about, told = f"agent {name}", one.document
    if not isinstance(told, AgentStatus):
        return
    if not told.online:
        cure = "look at its PC and its network, its records wait there; a retired one is let go: "
        cure += f"gaugetrail-collector agents let-go {name}"
        yield Finding(about, "is gone", cure)
    elif (age := _age(told, now_us)) > OLD_SECS:
        yield Finding(about, f"has said nothing for {age:.0f} s: it hangs, or its clock is wrong", "look at its PC")
    else:
        for alarm in told.alarms:
            yield Finding(about, alarm, "gaugetrail-agent status on its PC says what to do")


def _unheard(found: Overview) -> Iterator[Finding]:
    """Agents of which there are records and no word on this broker: retired, or on another one."""
    if not found.visit.refusal:
        for name in sorted(set(found.chains) - set(found.agents) - found.let_go):
            what = "has records here and no word on this broker"
            cure = f"if it was retired, gaugetrail-collector agents let-go {name}; else look at it"
            yield Finding(f"agent {name}", what, cure, wrong=False)


def _age(document: AgentStatus | CollectorStatus, now_us: int) -> float:
    return 0.0 if document.time is None else (now_us - utc_us(document.time)) / 1e6
