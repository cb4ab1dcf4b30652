"""A line PC whose stations take their plans from documents, one station for each row of the table, and an automatic one
beside it behind one PLC; with broker, a collector that writes documents, its desk, and SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from documents_floor import Somebody
from floor import Floor
from line_pc import write_agent
from modbus_floor import PlcThread
from refusal_table import DOCUMENTS, RefusedRow
from refusing_shop import PRESS_TABLE, REGISTERS, TracedShop
from writing_desk import Office, office_of

from gaugetrail_contract.clock import utc_us

LATER_US = utc_us("2099-01-01T00:00:00.000000Z")
PLAN = """id = "{id}"
revision = "{revision}"
part = "PR-1"
approved_by = "ida"
approved_on = "2026-11-01"
operation = "{operation}"
[[characteristic]]
name = "force"
unit = "kN"
lsl = "1.0"
usl = "{usl}"
"""
PEOPLE_LIST = "id,name,qualification,roles\nOP-1,Ada,,operator\nOP-3,Eve,,quality engineer\n"
TYPED = 'capture = "typed"\n'
STATION = '[[station]]\nname = "{name}"\n{plan}\noperation = "{operation}"\nunit_pattern = "SN[0-9]+"\n'
AUTOMATIC = '[[station]]\nname = "{name}-plc"\n{plan}\noperation = "{operation}"\nmode = "automatic"\n'
ROWS = {row.station: row for row in DOCUMENTS}
PLCS = [row.station for row in DOCUMENTS if row.cause.startswith("document.")]
"""Whose blocks come from which unit of the PLC, from 1 on."""


def text_of(name: str, revision: str = "A", usl: str = "2.0", operation: str = "OP20", then: str = TYPED) -> bytes:
    """A plan, typed in where nothing else is said."""
    return (PLAN.format(id=f"CP-{name}", revision=revision, usl=usl, operation=operation) + then).encode()


@dataclass
class PaperShop(TracedShop):
    """All of it, and somebody else at the broker."""

    office: Office | None = None
    somebody: Somebody | None = None

    def offer(self, row: RefusedRow, serial: str) -> int:
        """The PLC offers a part at the automatic station beside that row's; the code that it is told."""
        return self.offer_to(PLCS.index(row.station) + 1, serial)


@contextmanager
def paper_shop(floor: Floor) -> Iterator[PaperShop]:
    """The agent runs, and no list has come yet: the collector isn't started."""
    with ExitStack() as ends:
        press = PlcThread(len(PLCS))
        ends.callback(press.close)
        _write(floor, press.port)
        floor.broker()
        office = ends.enter_context(office_of(floor))
        somebody = Somebody(floor.mqtt_port)
        ends.callback(somebody.close)
        floor.agent()
        yield PaperShop(floor, press, office=office, somebody=somebody)


def lives(office: Office) -> None:
    """Every document in the state that its row wants."""
    office.take_in("CP-good", text_of("good"), "A")
    office.take_in("CP-fine", text_of("fine"), "A")
    office.draft("CP-draft", text_of("draft"), "A")
    office.draft("CP-review", text_of("review"), "A")
    office.submit("CP-review")
    office.draft("CP-later", text_of("later"), "A", effective_us=LATER_US)
    office.submit("CP-later")
    office.approve("CP-later")
    office.take_in("CP-gone", text_of("gone"), "A")
    office.withdraw("CP-gone")
    office.take_in("CP-old", text_of("old"), "A")
    office.take_in("CP-old", text_of("old", "B", "1.5"), "B")
    office.take_in("CP-other", text_of("other", operation="OP90"), "A")
    office.take_in("CP-fault", text_of("fault", then=""), "A")


def _write(floor: Floor, port: int) -> None:
    (floor.folder / "old.toml").write_bytes(text_of("old"))
    tables = f'[[link]]\nname = "net"\nkind = "modbus-tcp"\nhost = "127.0.0.1"\nport = {port}\n'
    for name in dict.fromkeys(("fault", "good", "fine", *ROWS)):
        document = f'plan = {{document = "CP-{name}"}}'
        plan = {"old": 'plan = "old.toml"', "none": 'plans = "documents"'}.get(name, document)
        said = {"name": name, "plan": plan, "operation": "OP77" if name == "none" else "OP20"}
        tables += STATION.format(**said)
        if name in PLCS:
            tables += PRESS_TABLE.format(name=name, unit=PLCS.index(name) + 1, gauge="", **REGISTERS)
            tables += AUTOMATIC.format(**said) + f'device = "press-{name}"\n'
    (floor.folder / "people.csv").write_text(PEOPLE_LIST)
    write_agent(floor, tables, 'id = "pc1"\nsite = "s"\nline = "l"\npeople = "people.csv"')
