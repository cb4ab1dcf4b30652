"""Documents of a small plant, made by the commands that people type, beside a console (`console_floor.Pages`)."""

from __future__ import annotations

import hashlib
from pathlib import Path

from console_floor import inspection, measurement, quick_line, sealed
from typer.testing import CliRunner

from gaugetrail_collector.cli import app
from gaugetrail_contract.record import PlanRef
from gaugetrail_contract.seal import Opened

PASSWORDS = {one: f"the words of {one}" for one in ("eva", "ida", "uwe", "olaf")}
"""eva writes, ida is administrator, uwe an approver, olaf an operator."""
PLAN = """id = "CP-1001"
revision = "C"
title = "Housing, bores"
part = "4711-A"
part_revision = "B"
operation = "OP20"
phase = "production"
approved_by = "ida"
approved_on = "2026-11-01"
[[also_for]]
part = "4711-B"
[[characteristic]]
name = "bore_diameter"
title = "Bore diameter"
number = "10"
balloon = "7"
class = "CC"
unit = "mm"
nominal = "74.000"
lsl = "73.950"
usl = "74.050"
requirement = "DRW-1001 rev D"
gauge_kind = "bore gauge"
resolution = "0.001"
sample_size = 5
every_units = 50
method = "X-bar and R chart"
reaction = "RP-12: stop, sort, tell QE"
capture = "typed"
[[characteristic]]
name = "surface"
title = "Surface"
number = "20"
kind = "attribute"
method = "by eye"
reaction = "RP-3"
capture = "typed"
"""
TIGHTER = PLAN.replace('revision = "C"', 'revision = "D"').replace('usl = "74.050"', 'usl = "74.040"')
GAUGES = """id = "GR-1"
revision = "31"
[[gauge]]
id = "G-0017"
kind = "bore gauge"
resolution = "0.001"
unit = "mm"
calibration_due = "2027-01-31"
location = "line 1, OP20"
description = "three-point, 50 to 100 mm"
[[gauge]]
id = "G-0018"
kind = "balance"
calibration_due = "2020-01-31"
location = "line 1, OP10"
[[gauge]]
id = "G-0019"
status = "blocked"
calibration_due = "2099-01-31"
location = "store room"
"""
PEOPLE = """id = "PL-1"
revision = "7"
[[person]]
badge = "eva"
name = "Eva Engel"
roles = ["quality engineer"]
[[person]]
badge = "ida"
name = "Ida Immer"
roles = ["administrator"]
[[person]]
badge = "uwe"
name = "Uwe Unger"
roles = ["approver"]
[[person]]
badge = "OP-12"
name = "Olaf Oster"
roles = ["operator"]
[[person.qualified]]
operation = "OP20"
issued = "2020-01-15"
expires = "2099-01-14"
evidence = "TR-0042"
[[person.qualified]]
characteristic = "surface"
issued = "2020-01-15"
expires = "2021-01-14"
"""

INSTRUCTION = """id = "WI-7"
revision = "2"
title = "Measuring bores"
[[step]]
number = 1
text = { en = "Clean the bore.", de = "Bohrung reinigen." }
[[step]]
number = 2
characteristic = ["bore_diameter"]
text = { en = "<b>Zero</b> the gauge.", de = "Lehre auf Null." }
"""


class PaperOffice:
    """The host of collector-1, which writes documents into the console's store; `other` is a second collector's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "users").write_text("".join(quick_line(*one) for one in PASSWORDS.items()))
        for name in ("collector-1", "other"):
            store = f'[store]\nkind = "sqlite"\npath = "{folder}/store.db"\n[console]\nusers = "users"\n'
            master = f"[documents]\nmaster = {str(name != 'other').lower()}\n"
            (folder / f"{name}.toml").write_text(f'id = "{name}"\ndata_dir = "{name}-data"\n{store}{master}')

    def do(self, *words: str, by: str, at: str = "collector-1") -> str:
        """What the command says."""
        settings = ("--config", str(self.folder / f"{at}.toml"))
        done = CliRunner().invoke(app, ["document", *words, "--by", by, "--stdin", *settings], input=PASSWORDS[by])
        assert done.exit_code == 0, done.stderr
        return done.stdout

    def write(self, kind: str, name: str, text: str, *more: str, by: str = "eva") -> None:
        """A draft."""
        (self.folder / name).write_text(text)
        self.do("new", kind, str(self.folder / name), *more, by=by)

    def hold(self, kind: str, document: str, name: str, text: str, *more: str) -> None:
        """Written by eva, approved by ida."""
        self.write(kind, name, text, *more)
        self.do("submit", document, by="eva")
        self.do("approve", document, "--comment", "held against the drawing", by="ida")

    def open(self) -> None:
        """A plan that holds with its next edition in review, gauges, people, an instruction, an order."""
        self.do("init", by="ida")
        self.hold("plan", "CP-1001", "plan.toml", PLAN)
        self.hold("gauges", "GR-1", "gauges.toml", GAUGES)
        self.hold("people", "PL-1", "people.toml", PEOPLE)
        self.hold("instruction", "WI-7", "how.toml", INSTRUCTION)
        self.write("plan", "plan.toml", TIGHTER, "--comment", "customer's letter of 20 November")
        self.do("submit", "CP-1001", by="eva")


def worked_records(values: tuple[str, ...] = ("74.012", "74.045", "74.048")) -> list[Opened]:
    """Inspections by the plan, with the gauge, by the person, of the days since."""
    plan = PlanRef(id="CP-1001", revision="C", sha256=hashlib.sha256(PLAN.encode()).hexdigest())
    bodies = [
        inspection(f"SN{number}", plan=plan, measurements=(measurement("bore_diameter", value),))
        for number, value in enumerate(values, start=1)
    ]
    return sealed(bodies)
