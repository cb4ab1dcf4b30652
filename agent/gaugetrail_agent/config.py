"""The agent's settings file: one `[agent]`, its links, devices and stations, each configured apart.

`load` reads the file, `check` finds what only the whole can tell: a device on an unknown link, a plan that isn't there,
a driver nobody knows. Both do no I/O beyond reading files, so a faulty configuration is found at the desk and not by
the night shift; `doubts.line_check` (on request) looks whether ports and addresses answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag

from gaugetrail_agent.barcodes import label_files
from gaugetrail_agent.barcodes.profiles import OwnLabel
from gaugetrail_agent.delivery.collector_keys import EvidenceSettings
from gaugetrail_agent.delivery.mqtt_settings import MqttSettings
from gaugetrail_agent.documents.cabinet import DocumentCabinet
from gaugetrail_agent.documents.own_folder import own_shelf, own_trouble
from gaugetrail_agent.documents.settings import DocumentsSettings
from gaugetrail_agent.documents.shelf import DocumentShelf, kept_shelf
from gaugetrail_agent.drivers import StreamDriver, catalogue
from gaugetrail_agent.drivers.modbus.device_settings import ModbusDeviceSettings
from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_agent.links.modbus_settings import (
    ModbusAsciiSettings,
    ModbusRtuSettings,
    ModbusRtuTcpSettings,
    ModbusTcpSettings,
)
from gaugetrail_agent.links.serial_port import SerialSettings
from gaugetrail_agent.links.tcp import TcpSettings
from gaugetrail_agent.links.wedge import WedgeSettings
from gaugetrail_agent.papers.documents import DocumentReading
from gaugetrail_agent.papers.plans import PlanReading, unlawful_plans
from gaugetrail_agent.screen.settings import ScreenTable
from gaugetrail_agent.station.freshness import FreshRule
from gaugetrail_agent.station.given.freshness_settings import FreshnessSettings
from gaugetrail_agent.station.given.plans_here import NO_REVISION, PlansHere, RegisterHere
from gaugetrail_agent.station.setup import FileOrDocument, StationTable
from gaugetrail_contract import topics
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.distribution.in_force import DocumentsAtHand
from gaugetrail_contract.documents.gauges import Gauge
from gaugetrail_contract.documents.lists import gauges_of, load_gauges, load_people, people_of_text
from gaugetrail_contract.documents.people import PeopleList
from gaugetrail_contract.documents.plan import Characteristic, Plan
from gaugetrail_contract.record import Capture
from gaugetrail_contract.settings import (
    ConfigError,
    Insecure,
    Loaded,
    LogTable,
    Problem,
    Settings,
    Steps,
    load_settings,
)
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_contract.text import Identifier, Name

PREFIX = "GAUGETRAIL_AGENT"


AgentName = Annotated[str, AfterValidator(topics.check_agent)]


class AgentTable(Settings):
    """`[agent]`: who and where this agent is."""

    id: AgentName = Field(description="the agent's name, unique in the plant", examples=["line1-pc1"])
    site: Name = Field(description="ISA-95 site", examples=["plant1"])
    line: Name = Field(description="ISA-95 line", examples=["line1"])
    data_dir: Path = Field(description="folder of the spool; relative to this file", examples=["/var/lib/gaugetrail"])
    slot: int | None = Field(None, ge=0, le=999, description="nanosecond slot in the store; default: from the id")
    clock: Literal["ask", "kept"] = Field(
        "ask",
        description="ask: the system says whether a time source keeps this PC's clock right (Linux); kept: something "
        "that can't be asked does (the time service of Windows, a hypervisor), and the clock is believed",
    )
    gauges: FileOrDocument | None = Field(
        None,
        description='gauge register: a controlled document, {document = "GAUGES"}, or a file, .csv or .toml; a CSV has '
        "at least id,calibration_due,status",
    )
    people: FileOrDocument | None = Field(
        None,
        description='people list: a controlled document, {document = "PEOPLE"}, or a file, .csv or .toml; badges not '
        "in it are refused. A CSV has at least id,name,qualification, or with "
        "operation,issued,expires a row for each qualification",
    )
    profiles: tuple[Path, ...] = Field((), description="folders with your own gauge profiles")


class SpoolTable(Settings):
    """`[spool]`: how much the durable queue may hold."""

    max_mb: int = Field(4096, ge=8, description="beyond this the station refuses; unsent records are never deleted")
    keep_mb: int = Field(1024, ge=1, description="confirmed records are kept up to this, so that a store can ask again")


class TerminalTable(Settings):
    """`[terminal]`: the operator's door on this PC."""

    port: int = Field(0, ge=0, le=65535, description="loopback TCP port; 0: any free one (written to terminal.port)")


class AgentMetricsTable(Settings):
    """`[metrics]`: figures for Prometheus, and `/ready` and `/live`, over HTTP."""

    host: str = Field(
        "127.0.0.1", description="loopback unless you say otherwise; the PC's address opens it to the network"
    )
    port: int = Field(9471, ge=0, le=65535, description="0: any free one (written to data_dir/metrics.port)")
    insecure: Insecure | None = None


class SerialLinkTable(SerialSettings):
    """`[[link]]` of kind serial."""

    kind: Literal["serial"]
    name: Identifier = Field(description="what devices call it")


class TcpLinkTable(TcpSettings):
    """`[[link]]` of kind tcp: a gauge or serial server that speaks over a socket."""

    kind: Literal["tcp"]
    name: Identifier = Field(description="what devices call it")


class WedgeLinkTable(WedgeSettings):
    """`[[link]]` of kind wedge: a scanner or gauge that types like a keyboard, read alone. Linux."""

    kind: Literal["wedge"]
    name: Identifier = Field(description="what devices call it")


class ModbusTcpTable(ModbusTcpSettings):
    """`[[link]]` of kind modbus-tcp."""

    name: Identifier = Field(description="what devices call it")


class ModbusRtuTable(ModbusRtuSettings):
    """`[[link]]` of kind modbus-rtu."""

    name: Identifier = Field(description="what devices call it")


class ModbusAsciiTable(ModbusAsciiSettings):
    """`[[link]]` of kind modbus-ascii."""

    name: Identifier = Field(description="what devices call it")


class ModbusRtuTcpTable(ModbusRtuTcpSettings):
    """`[[link]]` of kind modbus-rtu-tcp."""

    name: Identifier = Field(description="what devices call it")


ByteLinkTable = SerialLinkTable | TcpLinkTable | WedgeLinkTable
ModbusLinkTable = ModbusTcpTable | ModbusRtuTable | ModbusAsciiTable | ModbusRtuTcpTable
LinkTable = ByteLinkTable | ModbusLinkTable


class StreamDeviceTable(FreshnessSettings):
    """`[[device]]` that speaks in frames: a gauge, a scale, a scanner."""

    TAG: ClassVar[str] = "stream"

    name: Identifier = Field(description="what plans and stations call it", examples=["bore"])
    link: Identifier = Field(description="name of the [[link]] it sits on")
    driver: str = Field(description="a profile or driver: gaugetrail-agent profiles lists them")
    settings: dict[str, str | bool | int | float] = Field({}, description="settings of the driver, e.g. unit")
    gauge: Identifier | None = Field(None, description="inventory id of the gauge", examples=["G-0017"])
    poll_secs: float | None = Field(
        None, gt=0, description="ask for a reading at this interval; none: it speaks itself"
    )
    channels: tuple[str, ...] = Field((), description="channels to ask for when polling")
    capture: Capture = Field(Capture.GAUGE, description="how its values count as captured")

    def driver_settings(self) -> dict[str, str]:
        """The settings as drivers take them: text, truth values as true and false."""
        return {
            key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in self.settings.items()
        }


class ModbusDeviceTable(FreshnessSettings, ModbusDeviceSettings):
    """`[[device]]` with `driver = "modbus"`."""

    TAG: ClassVar[str] = "modbus"

    name: Identifier = Field(description="what plans and stations call it", examples=["press"])
    link: Identifier = Field(description="name of the [[link]] it sits on")
    driver: Literal["modbus"]
    gauge: Identifier | None = Field(None, description="inventory id of the measuring equipment behind the PLC")
    capture: Capture = Field(Capture.PLC, description="how its values count as captured")


def _device_kind(data: object) -> str:
    driver = data.get("driver") if isinstance(data, dict) else getattr(data, "driver", None)
    return "modbus" if driver == "modbus" else "stream"


DeviceTable = Annotated[
    Annotated[StreamDeviceTable, Tag("stream")] | Annotated[ModbusDeviceTable, Tag("modbus")],
    Discriminator(_device_kind),
]


class AgentSettings(Settings):
    """The whole file."""

    agent: AgentTable
    mqtt: MqttSettings = MqttSettings()
    spool: SpoolTable = SpoolTable()
    evidence: EvidenceSettings = EvidenceSettings()
    documents: DocumentsSettings = DocumentsSettings()
    terminal: TerminalTable | None = Field(None, description="leave out for no terminal")
    screen: ScreenTable | None = Field(None, description="leave out for no pages for operators")
    metrics: AgentMetricsTable | None = Field(None, description="leave out for no figures over HTTP")
    log: LogTable = LogTable()
    link: tuple[Annotated[LinkTable, Field(discriminator="kind")], ...] = Field((), description="[[link]]")
    device: tuple[DeviceTable, ...] = Field((), description="[[device]]")
    station: tuple[StationTable, ...] = Field((), description="[[station]]")


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """A settings file that passed every check, with the documents it names."""

    loaded: Loaded[AgentSettings]
    here: Mapping[str, PlansHere]
    """Station -> the plans that it works by; the unit says which of several holds for it."""
    gauges: Mapping[str, Gauge]
    people: PeopleList | None
    labels: Mapping[str, OwnLabel] = field(default_factory=dict)
    """Customers' own labels that stations read, by name."""
    remarks: tuple[Problem, ...] = field(default=(), compare=False)
    """What a quality engineer would ask about the plans; `check` says it."""
    registers: dict[str, RegisterHere] = field(default_factory=dict)
    """`people` and `gauges` -> which ones these are."""
    document_remarks: tuple[Problem, ...] = field(default=(), compare=False)
    """What of the documents isn't here or isn't in force, and which plans are files only."""

    @property
    def plans(self) -> Mapping[str, tuple[Plan, ...]]:
        """Station -> its plans, also those that are barred at the moment."""
        return {station: here.plans for station, here in self.here.items()}

    @property
    def settings(self) -> AgentSettings:
        """The settings themselves."""
        return self.loaded.settings

    @property
    def data_dir(self) -> Path:
        """The folder of the spool, absolute."""
        return self.path(self.settings.agent.data_dir)

    @property
    def plans_folder(self) -> Path:
        """Where the text of each revision of a plan is kept as it was first seen."""
        return self.data_dir / "plans"

    @property
    def profile_dirs(self) -> tuple[Path, ...]:
        """Folders with the user's own profiles."""
        return tuple(self.path(folder) for folder in self.settings.agent.profiles)

    def shelf_on_disk(self) -> DocumentShelf:
        """The documents as they lie on this PC's disk. Where this user may not look, as if none had come."""
        table = self.settings.documents
        cabinet, now_us = DocumentCabinet(self.data_dir, table.max_mb), WallClock().now_us()
        try:
            if (own := self.own_documents) is not None:
                return own_shelf(own, cabinet, self.settings.agent.line, now_us)
            return kept_shelf(cabinet, table, self.settings.agent.line, now_us)
        except OSError:
            return DocumentShelf(DocumentsAtHand(None, frozenset(), now_us), lambda _: None)

    def has_screen(self, station: str) -> bool:
        """Whether a page shows the station."""
        screen = self.settings.screen
        return screen is not None and (not screen.stations or station in screen.stations)

    @property
    def own_documents(self) -> Path | None:
        """The folder of documents of this PC alone."""
        folder = self.settings.documents.folder
        return None if folder is None else self.path(folder)

    def path(self, path: Path) -> Path:
        """A path of the file, relative ones counted from the file's folder."""
        return self.loaded.path.resolve().parent / path

    def link(self, name: str) -> LinkTable:
        """The link of that name."""
        return next(link for link in self.settings.link if link.name == name)

    def device(self, name: str) -> StreamDeviceTable | ModbusDeviceTable:
        """The device of that name. Raises `KeyError`."""
        for device in self.settings.device:
            if device.name == name:
                return device
        raise KeyError(name)

    def driver(self, device: StreamDeviceTable) -> StreamDriver:
        """A fresh driver for the device."""
        return catalogue.make_driver(device.driver, device.driver_settings(), self.profile_dirs)

    def rule(self, device: StreamDeviceTable | ModbusDeviceTable) -> FreshRule:
        """When a value of the device is a new unit's."""
        if isinstance(device, ModbusDeviceTable):
            return device.rule("instrument", polled=True)
        driver = self.driver(device)
        return device.rule(driver.family, polled=device.poll_secs is not None, triggers=driver.triggers)

    def told_apart(self, device: StreamDeviceTable | ModbusDeviceTable) -> tuple[str, ...]:
        """The channels that a device has, as far as its driver, its settings or any plan names them."""
        if isinstance(device, ModbusDeviceTable):
            return tuple(value.name for value in device.value if not value.is_text)
        planned = (c.channel for c in self._planned() if c.device == device.name)
        named = (*self.driver(device).channels, *device.channels, *planned)
        return tuple(dict.fromkeys(name for name in named if name is not None))

    def _planned(self) -> Iterator[Characteristic]:
        """All that any plan of any station measures."""
        return (wanted for plans in self.plans.values() for plan in plans for wanted in plan.characteristics)

    def channels(self, device: StreamDeviceTable) -> tuple[str | None, ...]:
        """What to ask the device for: the channels it is set up with, or those that plans name, or just a value."""
        planned = (c.channel for c in self._planned() if c.device == device.name)
        return device.channels or tuple(dict.fromkeys(planned)) or (None,)


def load(
    path: Path,
    environ: Mapping[str, str] | None = None,
    today: date | None = None,
    shelf: Callable[[], DocumentShelf] | None = None,
) -> AgentConfig:
    """Read and check everything, as of `today`, with the documents of the shelf: the disk's where none is given. Raises
    `ConfigError` with every fault found.
    """
    loaded = load_settings(AgentSettings, path, prefix=PREFIX, environ=os.environ if environ is None else environ)
    bare = AgentConfig(loaded, {}, {}, None)
    problems: list[Problem] = []
    gauges: Mapping[str, Gauge] = {}
    people: PeopleList | None = None
    named = loaded.settings.agent
    try:
        gauges = load_gauges(bare.path(named.gauges)) if isinstance(named.gauges, Path) else {}
        if isinstance(named.people, Path):
            people = load_people(bare.path(named.people)).of_line(named.line)
    except ConfigError as error:
        problems += error.problems
    problems += _twice(loaded)
    problems += _devices(bare)
    problems += _screens(bare)
    problems += _own_folder_faults(bare)
    plans, reading = _plans(bare)
    problems += reading.problems
    problems += unlawful_plans(plans, bare.plans_folder, today or datetime.now().astimezone().date())
    labels, label_problems = _labels(bare)
    problems += label_problems
    if problems:
        raise ConfigError(problems)
    here = {table.name: PlansHere(plans.get(table.name, ())) for table in loaded.settings.station}
    config = AgentConfig(loaded, here, gauges, people, labels, tuple(reading.remarks.values()), dict(_registers(bare)))
    return with_documents(config, shelf() if shelf is not None else config.shelf_on_disk())


def with_documents(config: AgentConfig, shelf: DocumentShelf) -> AgentConfig:
    """The same settings and files with the documents as they stand on the shelf."""
    reading = DocumentReading(config.loaded, _channels(config), shelf)
    agent = config.settings.agent
    gauges = reading.register("gauges", agent.gauges, gauges_of)
    people = reading.register("people", agent.people, lambda *text: people_of_text(*text).of_line(agent.line))
    here = {}
    for number, table in enumerate(config.settings.station):
        found = reading.plans(number, table, config.here[table.name].plans)
        lacking = [one for one in (gauges, people if table.mode == "operator" else None) if isinstance(one, Sentence)]
        refuses = found.refuses or (lacking[0] if lacking else None)
        limits = reading.limits(number, table)
        here[table.name] = replace(
            found,
            refuses=refuses,
            orders=reading.orders(table),
            limits=limits,
            calendar=reading.calendar(number, table),
            reactions=reading.reactions(number, table),
            instructions=reading.instructions(number, table) if config.has_screen(table.name) else {},
        )
    return replace(
        config,
        here=here,
        gauges=config.gauges if gauges is None else {} if isinstance(gauges, Sentence) else gauges,
        people=config.people if people is None else None if isinstance(people, Sentence) else people,
        registers={what: one for what, one in config.registers.items() if one.revision == NO_REVISION}
        | reading.registers,
        document_remarks=(*_own_remarks(config), *dict.fromkeys(reading.remarks)),
    )


def _own_folder_faults(config: AgentConfig) -> Iterator[Problem]:
    """What is heard is kept in a folder of its own, and put out where no list names it."""
    own, kept = config.own_documents, config.data_dir / "documents"
    if own is not None and (own.resolve() == kept.resolve() or kept.resolve() in own.resolve().parents):
        what = f"the agent keeps what it has heard of documents in {kept}; name another folder"
        yield config.loaded.problem(("documents", "folder"), what)


def _own_remarks(config: AgentConfig) -> Iterator[Problem]:
    own = config.own_documents
    if own is not None and (why := own_trouble(own, DocumentCabinet(config.data_dir, 1))) is not None:
        yield config.loaded.problem(("documents", "folder"), why, warning=True)


def _registers(config: AgentConfig) -> Iterator[tuple[str, RegisterHere]]:
    """The registers that are files."""
    table = config.settings.agent
    for what, source in (("people", table.people), ("gauges", table.gauges)):
        if isinstance(source, Path):
            digest = hashlib.sha256(config.path(source).read_bytes()).hexdigest()
            yield what, RegisterHere(source.name, NO_REVISION, digest)


def _twice(loaded: Loaded[AgentSettings]) -> Iterator[Problem]:
    settings = loaded.settings
    tables: Mapping[str, Sequence[LinkTable | StreamDeviceTable | ModbusDeviceTable | StationTable]] = {
        "link": settings.link,
        "device": settings.device,
        "station": settings.station,
    }
    for kind, entries in tables.items():
        names = [entry.name for entry in entries]
        for number, name in enumerate(names):
            if name in names[:number]:
                steps: Steps = (kind, number, "name")
                first = loaded.problem((kind, names.index(name), "name"), "").line
                yield loaded.problem(
                    steps, f"the {kind} {name!r} is there already (line {first}); give it another name"
                )
    gauges = [device.gauge for device in settings.device]
    for number, gauge in enumerate(gauges):
        if gauge is not None and gauge in gauges[:number]:
            other = settings.device[gauges.index(gauge)].name
            yield loaded.problem(
                ("device", number, "gauge"),
                f"the inventory number {gauge!r} is that of {other!r} already; its calibration would stand for both",
            )
    ports = [link.port if isinstance(link, SerialLinkTable | WedgeLinkTable) else None for link in settings.link]
    for number, port in enumerate(ports):
        if port is not None and port in ports[:number]:
            other = settings.link[ports.index(port)].name
            yield loaded.problem(
                ("link", number, "port"),
                f"{port} belongs to the link {other!r} already; one port is one link, with one framing",
            )


def _screens(config: AgentConfig) -> Iterator[Problem]:
    """Pages of stations that there aren't."""
    there = [station.name for station in config.settings.station]
    for number, name in enumerate(config.settings.screen.stations if config.settings.screen is not None else ()):
        if name not in there:
            message = f"there is no station {name!r}{did_you_mean(name, there)}"
            yield config.loaded.problem(("screen", "stations", number), message, there=sorted(there))


def _devices(config: AgentConfig) -> Iterator[Problem]:
    links = {link.name: link for link in config.settings.link}
    for number, device in enumerate(config.settings.device):
        link = links.get(device.link)
        if link is None:
            message = f"there is no link {device.link!r}{did_you_mean(device.link, links)}"
            yield config.loaded.problem(("device", number, "link"), message, there=sorted(links))
        elif isinstance(device, ModbusDeviceTable) != link.kind.startswith("modbus"):
            wanted = "a modbus-… link" if isinstance(device, ModbusDeviceTable) else "a serial, tcp or wedge link"
            message = f"the driver {device.driver} needs {wanted}; {device.link!r} is of kind {link.kind}"
            yield config.loaded.problem(("device", number, "link"), message)
        if isinstance(device, StreamDeviceTable):
            sharing = [d.name for d in config.settings.device[:number] if d.link == device.link]
            if sharing:
                message = f"the link {device.link!r} serves {sharing[0]!r} already; one stream of frames is one device"
                yield config.loaded.problem(("device", number, "link"), message)
            yield from _driver(config, number, device)
            if isinstance(link, WedgeLinkTable):
                yield from _on_a_keyboard(config, number, device)


def _on_a_keyboard(config: AgentConfig, number: int, device: StreamDeviceTable) -> Iterator[Problem]:
    """What can't be where a device types: it hears nothing, and what it typed is UTF-8."""
    why = f"{device.link!r} is a keyboard, which takes no commands"
    if device.poll_secs is not None:
        yield config.loaded.problem(("device", number, "poll_secs"), f"{why}: leave it out, the device speaks itself")
    for key in ("trigger", "ask"):
        if key in device.settings:
            yield config.loaded.problem(("device", number, "settings"), f"{why}: leave {key} out")
    if str(device.settings.get("encoding", "utf-8")).lower() != "utf-8":
        message = "what a keyboard typed has no encoding: leave it out, and say the keyboard's layout in the link"
        yield config.loaded.problem(("device", number, "settings"), message)


def _driver(config: AgentConfig, number: int, device: StreamDeviceTable) -> Iterator[Problem]:
    try:
        config.driver(device)
    except ConfigError as error:
        yield from error.problems
    except catalogue.BadSetting as error:
        yield config.loaded.problem(("device", number, "settings", error.key), str(error))
    except catalogue.UnknownDriver as error:
        yield config.loaded.problem(("device", number, "driver"), str(error))


def _labels(config: AgentConfig) -> tuple[dict[str, OwnLabel], list[Problem]]:
    """The customers' own labels that stations name, each loaded; what can't be is said with the station's line."""
    found: dict[str, OwnLabel] = {}
    problems: list[Problem] = []
    for number, station in enumerate(config.settings.station):
        name = station.unit_code
        if name in label_files.TAKEN - {"plain"} or name in found:
            continue
        try:
            paths = label_files.label_paths(config.profile_dirs)
            if name in paths:
                found[name] = label_files.load_label(paths[name]).label
                continue
        except ConfigError as error:
            problems += error.problems
            continue
        known = sorted({*label_files.TAKEN, *paths} - {"plain"})
        message = f"there is no kind of code and no label {name!r}"
        problems.append(config.loaded.problem(("station", number, "unit_code"), message, there=known))
    return found, problems


def _plans(config: AgentConfig) -> tuple[dict[str, tuple[Plan, ...]], PlanReading[AgentSettings]]:
    plans: dict[str, tuple[Plan, ...]] = {}
    devices = {device.name: device for device in config.settings.device}
    reading = PlanReading(config.loaded, _channels(config))
    for number, station in enumerate(config.settings.station):
        for key in ("scanner", "device"):
            name = getattr(station, key)
            if name is not None and name not in devices:
                message = f"there is no device {name!r}{did_you_mean(name, devices)}"
                reading.problems.append(config.loaded.problem(("station", number, key), message, there=sorted(devices)))
        if station.mode == "automatic" and isinstance(devices.get(station.device or ""), StreamDeviceTable):
            message = f"{station.device!r} is no Modbus device, so it can't offer blocks"
            reading.problems.append(config.loaded.problem(("station", number, "device"), message))
        machine = None if station.interlock is None else devices.get(station.interlock.device)
        if station.interlock is not None and not isinstance(machine, ModbusDeviceTable):
            message = f"{station.interlock.device!r} is no Modbus device of this agent, so no machine can be told by it"
            at: Steps = ("station", number, "interlock", "device")
            reading.problems.append(config.loaded.problem(at, message, there=sorted(devices)))
        if found := reading.read(number, station):
            plans[station.name] = found
    return plans, reading


def _channels(config: AgentConfig) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys((device.name for device in config.settings.device), ()) | dict(_several(config))


def _several(config: AgentConfig) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Devices and the names of what their telegrams hold together; a device that can't be made is told elsewhere."""
    for device in config.settings.device:
        if isinstance(device, ModbusDeviceTable):
            yield device.name, config.told_apart(device)
        else:
            with contextlib.suppress(ConfigError, ValueError):
                yield device.name, config.driver(device).channels
