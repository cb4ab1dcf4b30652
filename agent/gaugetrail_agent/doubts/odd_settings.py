"""What `check` doubts in settings that can be used: units that nobody knows, units that don't fit, odd baud rates.

Promise: a doubt is a warning with what to do, never a fault: a laboratory may measure in what this list has not heard
of. Nothing is opened.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from gaugetrail_agent.config import AgentConfig, ModbusDeviceTable, StreamDeviceTable
from gaugetrail_agent.drivers.amounts import UNIT_SETS
from gaugetrail_agent.drivers.modbus.companion_settings import UnitBeside
from gaugetrail_agent.drivers.modbus.values import ValueSettings
from gaugetrail_agent.links.serial_port import SerialSettings
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.documents.plan_faults import too_coarse
from gaugetrail_contract.record import CharacteristicKind
from gaugetrail_contract.settings import Problem, Steps

BAUD_RATES = (
    110, 150, 300, 600, 1200, 1800, 2400, 4800, 7200, 9600, 14400, 19200, 28800, 31250, 38400, 56000, 57600, 76800,
    115200, 128000, 187500, 230400, 250000, 256000, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000,
    2500000, 3000000, 3500000, 4000000,
)  # fmt: skip
OTHER_UNITS = frozenset({
    "1", "%", "%RH", "ppm", "ppb", "1/min", "1/s", "rpm", "min", "h", "d", "ms", "us", "ns", "kHz", "MHz", "GHz",
    "Pa", "hPa", "kPa", "MPa", "GPa", "mbar", "bar", "psi", "mmHg", "mmH2O", "inH2O", "inHg", "degC", "degF", "°C",
    "°F", "K", "W", "mW", "kW", "MW", "VA", "kVA", "MVA", "var", "kvar", "Mvar", "Wh", "kWh", "MWh", "varh", "kvarh",
    "VAh", "kVAh", "J", "kJ", "kN.m", "lx", "cd", "lm", "dB", "dBA", "S", "mS", "uS", "uS/cm", "mS/cm", "pH", "m/s",
    "mm/s", "m/s2", "km/h", "mm/min", "mm/rev", "l", "ml", "ul", "m3", "l/min", "l/h", "ml/min", "m3/h", "kg/h",
    "kg/s", "g/cm3", "kg/m3", "mm2", "cm2", "m2", "mm3", "cm3", "mPa.s", "mm2/s", "kV", "mV/V", "uV/V", "nV", "pF",
    "nF", "uF", "mF", "H", "mH", "uH", "T", "mT", "G", "HRC", "HRB", "HRA", "HV", "HB", "HBW", "ShoreA", "ShoreD",
    "GU", "arcsec", "arcmin", "mrad", "urad", "bit", "N/mm", "N/mm2", "N/m", "kN/mm", "ohm.m",
})  # fmt: skip
SPELLINGS: Mapping[str, str] = {
    spelling: name for names in UNIT_SETS.values() for spelling, name in names.items() if spelling != name
}
KNOWN_UNITS = OTHER_UNITS | {name for names in UNIT_SETS.values() for name in names.values()}


def doubts(config: AgentConfig) -> Iterator[Problem]:
    """A warning for each setting that can be used and is hardly meant."""
    yield from _baud_rates(config)
    yield from _unseen_plans(config)
    for steps, unit in _units(config):
        if (doubt := _doubt(unit)) is not None:
            yield config.loaded.problem(steps, doubt, warning=True)
    yield from _plan_units(config)
    yield from _coarse_gauges(config)
    yield from config.remarks


def _unseen_plans(config: AgentConfig) -> Iterator[Problem]:
    """The service's folder is its own user's alone."""
    try:
        (config.plans_folder / "any.toml").exists()
    except PermissionError:
        message = (
            "this user may not look there: whether a plan changed under its revision was not checked; check as the "
            "service's user (sudo -u gaugetrail gaugetrail-agent check …)"
        )
        yield Problem(str(config.plans_folder), "", message, warning=True)


def _baud_rates(config: AgentConfig) -> Iterator[Problem]:
    for number, link in enumerate(config.settings.link):
        if isinstance(link, SerialSettings) and link.baud not in BAUD_RATES:
            near = min(BAUD_RATES, key=lambda rate: abs(rate - link.baud))
            message = f"{link.baud} is no usual baud rate; did you mean {near}?"
            yield config.loaded.problem(("link", number, "baud"), message, warning=True)


def _units(config: AgentConfig) -> Iterator[tuple[Steps, str]]:
    """Each unit that the file names, with its place."""
    for number, device in enumerate(config.settings.device):
        if isinstance(device, StreamDeviceTable):
            unit = device.settings.get("unit")
            if isinstance(unit, str):
                yield ("device", number, "settings"), unit
            continue
        for place, value in enumerate(device.value):
            steps: Steps = ("device", number, "value", place)
            for key, units in (("unit", [value.unit]), ("unit_at", _coded_units(value))):
                yield from (((*steps, key), unit) for unit in units if unit is not None)


def _coded_units(value: ValueSettings) -> list[str]:
    beside = value.unit_at
    return list(beside.units.values()) if isinstance(beside, UnitBeside) else []


def _doubt(unit: str) -> str | None:
    if unit in KNOWN_UNITS or unit in SPELLINGS:
        return None
    same = [name for name in sorted(KNOWN_UNITS) if name.lower() == unit.lower()]
    close = same or difflib.get_close_matches(unit, sorted(KNOWN_UNITS), 1, 0.5)
    return f"the unit {unit!r} is not known here{f'; did you mean {close[0]}?' if close else ''}"


def _coarse_gauges(config: AgentConfig) -> Iterator[Problem]:
    """Gauges that the register calls too coarse for the tolerance, be the plan silent about it."""
    numbers = {device.name: number for number, device in enumerate(config.settings.device)}
    for station, plan in ((station, plan) for station, plans in config.plans.items() for plan in plans):
        for wanted in plan.characteristics:
            gauge = None if wanted.device is None else config.gauges.get(config.device(wanted.device).gauge or "")
            if gauge is None or gauge.resolution is None or gauge.unit not in (None, wanted.unit):
                continue
            tolerance = too_coarse(wanted, gauge.resolution)
            if tolerance is not None:
                what = (
                    f"{gauge.id} resolves {gauge.resolution}, which is coarser than a tenth of the tolerance of "
                    f"{wanted.name} at {station}, {tolerance}: a finer gauge tells good from bad more surely"
                )
                yield config.loaded.problem(("device", numbers[wanted.device or ""], "gauge"), what, warning=True)


def _plan_units(config: AgentConfig) -> Iterator[Problem]:
    """Where plan and gauge differ in their unit, no value is judged."""
    numbers = {device.name: number for number, device in enumerate(config.settings.device)}
    for station, plan in ((station, plan) for station, plans in config.plans.items() for plan in plans):
        for wanted in plan.characteristics:
            name = str(plan.path)
            if wanted.unit is not None and (doubt := _doubt(wanted.unit)) is not None:
                yield Problem(name, f"characteristic {wanted.name}", doubt, warning=True)
            if wanted.device is None or wanted.kind not in (CharacteristicKind.VARIABLE, CharacteristicKind.COUNT):
                continue
            device = config.device(wanted.device)
            number = numbers[wanted.device]
            if isinstance(device, ModbusDeviceTable):
                yield from _register_units(config, number, device, station, wanted)
            elif isinstance(unit := device.settings.get("unit"), str) and wanted.unit not in (None, unit):
                yield _differs(config, ("device", number, "settings"), device.name, unit, station, wanted)
            elif wanted.unit is not None and wanted.unit in SPELLINGS:
                message = (
                    f"gauges' drivers call {wanted.unit} {SPELLINGS[wanted.unit]}; under another name no value counts"
                )
                yield Problem(name, f"characteristic {wanted.name}", message, warning=True)


def _register_units(
    config: AgentConfig, number: int, device: ModbusDeviceTable, station: str, wanted: Characteristic
) -> Iterator[Problem]:
    for place, value in enumerate(device.value):
        if value.name != (wanted.channel or wanted.name) or wanted.unit is None:
            continue
        steps: Steps = ("device", number, "value", place, "unit" if value.unit_at is None else "unit_at")
        units = [value.unit] if value.unit is not None else _coded_units(value)
        if value.unit is None and value.unit_at is None:
            message = f"{device.name} gives {value.name} no unit; the plan of {station} wants {wanted.unit}"
            message += "; a value without one is not judged"
            yield config.loaded.problem(steps[:-1], message, warning=True)
        elif units and wanted.unit not in units:
            yield _differs(config, steps, f"{device.name} ({value.name})", ", ".join(units), station, wanted)


def _differs(
    config: AgentConfig, steps: Steps, device: str, unit: str, station: str, wanted: Characteristic
) -> Problem:
    message = (
        f"{device} measures in {unit}, and the plan of {station} wants {wanted.name} in {wanted.unit}; a value in "
        "another unit is not judged"
    )
    return config.loaded.problem(steps, message, warning=True)
