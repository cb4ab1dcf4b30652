"""What the demo's people write: plans, a reaction plan, gauge register, people list, the ERP's orders."""

from __future__ import annotations

from gaugetrail_sim.line import pieces
from gaugetrail_sim.line.names import BADGE, ORDER, PLAN_ID, REACTION_ID

PISTON_PLAN = """\
id = "{id}"
revision = "{revision}"
title = "Piston, final inspection"
part = "PR-74"
part_revision = "B"
approved_by = "QE-3"
approved_on = "2026-10-05"
# Nothing else is taken before a first piece has passed whole; the edges are looked at of the first 2 of each 10.
first_piece = "operator"
sampling = "by_frequency"

# The pin that is pressed in later is taken with the piston: it stands in the record, and a trace leads both ways.
[[component]]
part = "PIN-9"
title = "pin"
pattern = "(?P<part>PIN-[0-9]+)/(?P<id>.+)"

# The terminal says when to put the piston on the scale; one that was weighed before is not taken for the next.
[[characteristic]]
name = "weight"
unit = "g"
nominal = "{weight[0]}"
lsl = "{weight[1]}"
usl = "{weight[2]}"
reaction = "set aside, weigh the blank"

[[characteristic]]
name = "bore_diameter"
title = "bore diameter"
unit = "mm"
nominal = "{bore[0]}"
lsl = "{bore[1]}"
usl = "{bore_upper}"
reaction = "RP-12: hold it, say why"

[[characteristic]]
name = "surface"
title = "surface"
kind = "attribute"
reaction = "rework or scrap"

[[characteristic]]
name = "edge"
title = "edge"
kind = "attribute"
every_units = 10
sample_size = 2
reaction = "rework"
"""

ORDER_TABLE = f"order,part,part revision,quantity,due date,line\n{ORDER},PR-74,B,500,2099-12-18,line1\n"
"""As an ERP drops it into the collector's folder."""

REACTION = """\
id = "{id}"
revision = "A"
title = "Bores out of tolerance"
characteristic = ["bore_diameter"]

[[on]]
signal = ["fail"]
acknowledge = "cause"

[[on.step]]
who = "operator"
what = {{ en = "Put the piston into the red box." }}
hold = "unit"

[[cause]]
code = "CHIP"
what = {{ en = "A chip on the gauge." }}

[[cause]]
code = "TOOL"
what = {{ en = "The tool is worn." }}
"""

PRESS_PLAN = """\
id = "CP-2001"
revision = "A"
title = "Pin press"
part = "PR-74"
part_revision = "B"
approved_by = "QE-3"
approved_on = "2026-10-05"

[[characteristic]]
name = "press_force"
unit = "kN"
nominal = "{force[0]}"
lsl = "{force[1]}"
usl = "{force[2]}"
reaction = "hold the part, check the feed"

[[characteristic]]
name = "press_depth"
unit = "mm"
nominal = "{depth[0]}"
lsl = "{depth[1]}"
usl = "{depth[2]}"
reaction = "hold the part, check the feed"
"""

GAUGES = """\
id,calibration_due,status,description
G-0017,2099-03-31,active,Mitutoyo bore gauge (simulated)
G-0018,2099-01-31,active,Mettler scale (simulated)
G-0101,2099-06-30,active,Pin press load cell and encoder (simulated)
"""

PEOPLE = f"id,name,qualification,roles\n{BADGE},A. Example,final inspection,operator;setter\n"


def piston_plan(revision: str) -> str:
    """The piston's plan by that revision."""
    upper = pieces.BORE_BY[revision]
    return PISTON_PLAN.format(id=PLAN_ID, revision=revision, weight=pieces.WEIGHT, bore=pieces.BORE, bore_upper=upper)


def press_plan() -> str:
    """The press's plan."""
    return PRESS_PLAN.format(force=pieces.FORCE, depth=pieces.DEPTH)


def reaction_plan() -> str:
    """What is done when a bore fails."""
    return REACTION.format(id=REACTION_ID)
