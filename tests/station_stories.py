"""Stories of a station: what people, gauges and a PLC do, and what comes of it; each word of the work, good and bad.

Each is a script as `gaugetrail-agent station --script` plays it. It is rehearsed (in no time, on a real spool), and
played at a line of real processes, where the same must be shown after each line and the same be recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

BORE = """
[[characteristic]]
name = "bore"
unit = "mm"
lsl = "73.950"
usl = "74.050"
plausible_low = "70"
plausible_high = "80"
reaction = "stop, sort back to the last good one"
"""
LOOKS = """
[[characteristic]]
name = "looks"
kind = "attribute"
defects = ["SCRATCH", "DENT"]
reaction = "set it aside"
"""
DEPTH = """
[[characteristic]]
name = "depth"
unit = "mm"
lsl = "1.0"
usl = "2.0"
skip = "with_reason"
capture = "typed"
reaction = "set it aside"
"""
DEPTH_TWICE = DEPTH + 'entry = "typed_twice"\n'
FORCE = """
[[characteristic]]
name = "force"
unit = "kN"
lsl = "10"
usl = "20"
plausible_low = "0"
plausible_high = "100"
reaction = "stop, look at the press"
"""
FORCE_CHECK = """
[[check]]
characteristic = "force"
master = "M-15"
low = "14.9"
high = "15.1"
every_mins = 480
"""
SAMPLED = BORE + "every_units = 3\n"
FIRST = 'first_piece = "operator"\n'
BY_FREQUENCY = 'sampling = "by_frequency"\n'

CONTEXT = '[[context]]\nkind = "cavity"\npattern = "C[1-8]"\n'

TOOL = '[[context]]\nkind = "tool"\neach = "change"\n'

COMPONENT = '[[component]]\npart = "PIN-9"\ntitle = "pin"\npattern = "(?P<part>[A-Z]+-[0-9]+)/(?P<id>.+)"\n'

CHANGE_OVER = '[[change_over]]\ntext = "Jaws 74 are in"\n'

REPEAT = 'repeat = "ask"\nrepeat_reasons = ["burr removed", "doubt"]\n'

CHECK = """
[[check]]
characteristic = "bore"
master = "M-74"
nominal = "74.001"
low = "73.999"
high = "74.003"
every_mins = 480
"""

BYPASS = '[[bypass]]\nid = "BP-1"\nwhat = "by eye"\ninstead_of = ["bore"]\nmost_hours = 8\n'


@dataclass(frozen=True)
class StationStory:
    """One story, at a station of its own."""

    name: str
    plan: str
    script: str
    station: str = ""
    """More keys of its station."""

    @property
    def key(self) -> str:
        """What station, plan and device are called."""
        return self.name.replace(" ", "-")

    @property
    def is_automatic(self) -> bool:
        """Whether a PLC offers the parts, and nobody stands there."""
        return "plc {" in self.script


IN = "06:00 scan OP-12\n     expect operator OP-12\n"

STORIES = (
    StationStory("a good part", BORE + LOOKS, IN + "scan SN1\nbore 74.010 mm\npress OK\nexpect recorded pass\n"),
    StationStory(
        "a bad part",
        BORE + LOOKS,
        IN + "scan SN1\nbore 74.010 mm\npress NOK:SCRATCH@A3*2\nexpect recorded fail\nexpect light red\n",
    ),
    StationStory(
        "nobody is logged on",
        BORE,
        "06:00 scan SN1\nexpect says badge.first\nscan OP-99\nexpect says badge.unknown\nbore 74.0 mm\n"
        "expect says value.before_badge\nexpect nothing recorded\n",
    ),
    StationStory(
        "logged off between parts",
        BORE,
        IN + "press LOGOFF\nexpect operator none\nscan SN1\nexpect says badge.first\n",
    ),
    StationStory(
        "another badge in the middle of a part",
        BORE + LOOKS,
        IN + "scan SN1\nbore 74.010 mm\nscan OP-20\nexpect says unit.unfinished\nexpect operator OP-12\npress OK\n",
    ),
    StationStory(
        "ended before it was measured through",
        BORE + LOOKS,
        IN + "scan SN1\nbore 74.010 mm\npress CANCEL\nexpect recorded incomplete\n",
    ),
    StationStory(
        "measured again for a reason",
        BORE + LOOKS,
        IN + "scan SN1\nbore 74.100 mm\nexpect light red\npress AGAIN\nexpect asks again.why\n"
        "type the probe slipped\nexpect says again.taken_back\nbore 74.010 mm\npress OK\nexpect recorded pass\n",
    ),
    StationStory(
        "measured again too often",
        BORE.replace("reaction", "most_again = 1\nreaction") + LOOKS,
        IN + "scan SN1\nbore 74.100 mm\ntype %AGAIN:slipped\nbore 74.110 mm\ntype %AGAIN:slipped\n"
        "expect says again.too_often\npress OK\nexpect recorded fail\n",
    ),
    StationStory(
        "a slip of the finger",
        DEPTH + LOOKS,
        IN + "scan SN1\ntype 15\nexpect light red\npress UNDO\ntype 1,5\npress OK\nexpect recorded pass\n",
    ),
    StationStory(
        "a gauge's value is not just undone",
        BORE + LOOKS,
        IN + "scan SN1\nbore 74.010 mm\npress UNDO\nexpect says undo.of_a_gauge\npress OK\nexpect recorded pass\n",
    ),
    StationStory(
        "left out where the plan allows it",
        DEPTH + LOOKS,
        IN + "scan SN1\npress SKIP\nexpect asks skip.why\ntype no gauge today\npress OK\nexpect recorded incomplete\n",
    ),
    StationStory(
        "left out where it may not be",
        LOOKS,
        IN + "scan SN1\ntype %SKIP:no time\nexpect says skip.never\npress OK\nexpect recorded pass\n",
    ),
    StationStory(
        "typed twice",
        DEPTH_TWICE,
        IN + "scan SN1\ntype 1.5\nexpect says typed.twice\ntype 1.6\nexpect says typed.not_the_same\n"
        "type 1.7\ntype 1.7\nexpect recorded pass\n",
    ),
    StationStory(
        "an odd value that is true",
        BORE,
        IN + "scan SN1\nbore 84.010 mm\nexpect says value.implausible\npress OK\nexpect recorded fail\n",
    ),
    StationStory(
        "an odd value that is none",
        BORE,
        IN + "scan SN1\nbore 740.1 mm\nexpect says value.implausible\nbore 74.010 mm\nexpect recorded pass\n",
    ),
    StationStory(
        "a value for nobody",
        BORE,
        IN + "bore 74.010 mm\nexpect says value.before_unit\nscan SN1\nbore 74.010 mm\nexpect recorded pass\n",
    ),
    StationStory(
        "a defect that isn't in the plan",
        LOOKS,
        IN + "scan SN1\npress NOK:CRACK\nexpect says typed.no_such_defect\npress NOK:DENT\nexpect recorded fail\n",
    ),
    StationStory(
        "noted and called",
        BORE,
        IN + "type %NOTE:the lamp flickers\nexpect event station.note\npress CALL\nexpect asks call.whom\n"
        "type quality\nexpect event station.called\nexpect sign amber\ntype %CALL:HERE\n"
        "expect event station.call_answered\nexpect sign green\n",
    ),
    StationStory(
        "the first piece blocks until it passes",
        FIRST + BORE,
        IN + "scan SN1\nbore 74.100 mm\nexpect says first.not_passed\nscan SN2\nbore 74.010 mm\n"
        "expect says first.passed\nscan SN3\nbore 74.020 mm\nexpect says record.recorded\n"
        "type %CHANGED:tool_change\nscan SN4\nbore 74.020 mm\nexpect says first.passed\n",
    ),
    StationStory(
        "an inspector's first piece",
        'first_piece = "inspector"\n' + BORE,
        IN + "scan SN1\nexpect says first.by_inspector\nscan OP-20\nscan SN1\nbore 74.010 mm\n"
        "expect says first.passed\n",
    ),
    StationStory(
        "one of three is measured",
        BY_FREQUENCY + SAMPLED,
        IN + "scan SN1\nbore 74.010 mm\nexpect recorded pass\nscan SN2\nexpect says sampling.none\nscan SN3\n"
        "scan SN4\nbore 74.010 mm\nexpect recorded pass\n",
    ),
    StationStory(
        "an audit",
        BORE,
        IN + "press REASON\nexpect asks sampling.which_reason\ntype audit\nscan SN1\nbore 74.010 mm\n"
        "expect recorded pass\n",
    ),
    StationStory(
        "killed with a part in hand",
        BORE + LOOKS,
        IN + "scan SN1\nbore 74.010 mm\nexpect next looks\nrestart\nscan OP-12\nexpect asks prompt.unfinished\n"
        "press GO\npress OK\nexpect recorded pass\n",
    ),
    StationStory(
        "by and of what a part is made",
        BORE + CONTEXT + TOOL,
        IN + "scan SN1\nexpect state wait_answer\nscan C9\nscan C3\nscan T-7\nbore 74.010 mm\nexpect recorded pass\n"
        "scan SN2\nscan C4\nbore 74.010 mm\nexpect recorded pass\n",
    ),
    StationStory(
        "a component and a wrong one",
        BORE + COMPONENT,
        IN + "scan SN1\nexpect asks component.piece\nscan NUT-1/77\nexpect says component.wrong\nscan PIN-9/P1\n"
        "bore 74.010 mm\nexpect recorded pass\nscan SN2\nscan PIN-9/P1\nexpect says component.elsewhere\n"
        "scan PIN-9/P2\nbore 74.020 mm\nexpect recorded pass\n",
    ),
    StationStory(
        "measured before",
        REPEAT + BORE,
        IN + "scan SN1\nbore 74.100 mm\nexpect recorded fail\nscan SN1\nexpect asks repeat.why\ntype burr removed\n"
        "bore 74.010 mm\nexpect recorded pass\n",
    ),
    StationStory(
        "a change over",
        BORE + CHANGE_OVER,
        IN + "press CHANGEOVER\nexpect asks change_over.check\npress NOK\nexpect says change_over.not_well\npress OK\n"
        "expect event station.change_over\nscan SN1\nbore 74.010 mm\nexpect recorded pass\n",
    ),
    StationStory(
        "lots split and merged",
        BORE,
        IN
        + "type %SPLIT:L7\nscan L7A\nscan L7B\ntype %DONE\nexpect event lot.split\ntype %MERGE:L9\nscan L7A\nscan L8\n"
        "type %DONE\nexpect event lot.merge\n",
    ),
    StationStory(
        "held and refused and let go",
        BORE,
        IN + "scan SN511\nbore 74.100 mm\nexpect recorded fail\npress HOLD\ntype burr\ntype SN511\n"
        "expect event unit.state\nscan SN511\nexpect says held.on_hold\nexpect nothing recorded\n",
    ),
    StationStory(
        "reworked",
        BORE,
        "06:00 scan OP-20\nscan SN521\nbore 74.100 mm\nexpect recorded fail\ntype %REWORK:bore again\ntype SN521\n"
        "expect event unit.state\nscan SN521\nbore 74.010 mm\nexpect recorded pass\n",
    ),
    StationStory(
        "scrapped by the role",
        BORE,
        IN + "scan SN531\nbore 74.100 mm\nexpect recorded fail\ntype %SCRAP:CRACK\ntype SN531\n"
        "expect asks state.badge\nscan OP-20\nexpect event unit.state\nscan SN531\nexpect says held.scrapped\n",
    ),
    StationStory(
        "a gauge is checked with its master",
        BORE + CHECK,
        IN + "scan SN541\nbore 74.010 mm\nexpect says value.gauge_check_overdue\npress CANCEL\npress CHECK\n"
        "bore 74.001 mm\nexpect event gauge.checked\nscan SN542\nbore 74.010 mm\nexpect recorded pass\n",
    ),
    StationStory(
        "a gauge fails its check",
        BORE + CHECK,
        IN
        + "press CHECK\nbore 74.001 mm\nscan SN551\nbore 74.010 mm\nexpect recorded pass\npress CHECK\nbore 74.010 mm\n"
        "expect event gauge.state\nexpect event suspect.window\nscan SN551\nexpect says held.on_hold\nscan SN552\n"
        "bore 74.010 mm\nexpect says value.gauge_blocked_here\n",
    ),
    StationStory(
        "the planned way can't be gone",
        BORE + LOOKS + BYPASS,
        IN + "type %BYPASS:BP-1 gauge at the laboratory\nexpect asks bypass.badge\nscan OP-3\n"
        "expect event station.bypass\nscan SN1\npress OK\nexpect recorded pass\ntype %BYPASS:OFF\n"
        "expect event station.bypass\n",
    ),
    StationStory(
        "two persons",
        "two_persons = true\n" + BORE,
        IN + "scan SN561\nbore 74.010 mm\nexpect asks second.badge\nscan OP-12\nexpect says second.oneself\n"
        "scan OP-20\nexpect recorded pass\nscan SN562\nbore 74.100 mm\nexpect recorded fail\n",
    ),
    StationStory(
        "a record is voided",
        BORE,
        IN + "scan SN581\nbore 74.010 mm\nexpect recorded pass\npress VOID\nexpect asks amend.which\n"
        "type SN581\nexpect asks amend.why\ntype it was the master\nexpect asks amend.badge\nscan OP-12\n"
        "expect says amend.oneself\nscan OP-3\nexpect event amendment.approved\nexpect says amend.approved\n",
    ),
    StationStory(
        "one who may not approve",
        BORE,
        IN + "scan SN591\nbore 74.010 mm\nexpect recorded pass\npress CORRECT\ntype SN591\n"
        "expect asks amend.which_value\ntype bore\nexpect asks amend.new\ntype 74.100\ntype digits swapped\n"
        "scan OP-20\nexpect says amend.no_role\ntype %LATER\nexpect event amendment.requested\npress VOID\nscan SN599\n"
        "expect says amend.not_here\n",
    ),
    StationStory(
        "killed while a second person is waited for",
        "two_persons = true\n" + BORE,
        IN + "scan SN571\nbore 74.010 mm\nrestart\nexpect asks prompt.unfinished\npress GO\nexpect asks second.badge\n"
        "press NOK\nexpect recorded incomplete\n",
    ),
    StationStory(
        "a suggestion to the office",
        BORE,
        IN + "press SUGGEST\nexpect asks suggestion.which\ntype a stop for the ring\nexpect says suggestion.taken\n"
        "scan SN601\ntype %SUGGEST:more light at the gauge\nexpect says suggestion.taken\nbore 74.010 mm\n"
        "expect recorded pass\n",
    ),
    StationStory(
        "a note to whoever comes next",
        BORE,
        IN + "press HANDOVER\nexpect asks handover.which\ntype the left jaw sticks\nexpect says handover.taken\n"
        "press LOGOFF\nexpect operator none\nrestart\nscan OP-20\nexpect operator OP-20\n"
        "expect message handover\nscan SN602\nbore 74.010 mm\nexpect recorded pass\npress READ\n"
        "expect nothing message\n",
    ),
    StationStory(
        "a press offers good and bad parts",
        FORCE,
        '06:00 plc {"serial": "SN1", "force": 15.2}\nexpect plc STORED_PASS\nexpect recorded pass\nexpect light green\n'
        'plc {"serial": "SN2", "force": 25.2}\nexpect plc STORED_FAIL\nexpect recorded fail\nexpect light red\n'
        "expect sign red\n"
        'plc {"serial": "chips", "force": 15.2}\nexpect plc REJECTED\nexpect event block_rejected\n'
        'plc {"serial": "SN3", "force": null}\nexpect plc STORED_FAIL\nexpect recorded incomplete\n'
        'plc {"serial": "SN4", "force": 900}\nexpect recorded incomplete\n',
    ),
    StationStory(
        "a press makes its first piece",
        FIRST + FORCE,
        '06:00 plc {"serial": "SN1", "force": 25.2}\nexpect plc STORED_FAIL\nexpect says first.not_passed\nrestart\n'
        'plc {"serial": "SN2", "force": 15.2}\nexpect plc STORED_PASS\nexpect says first.passed\n'
        'plc {"serial": "SN3", "force": 15.3}\nexpect says record.recorded\n',
    ),
    StationStory(
        "a press waits for its master",
        FORCE + FORCE_CHECK,
        '06:00 plc {"serial": "SN1", "force": 15.2}\nexpect plc REJECTED\nexpect recorded incomplete\n'
        'plc {"serial": "M-15", "force": 15.05}\nexpect plc MASTER_PASS\nexpect event gauge.checked\n'
        'expect nothing recorded\nplc {"serial": "SN2", "force": 15.2}\nexpect plc STORED_PASS\n',
    ),
    StationStory(
        "a press fails its master and its parts are held",
        FORCE + FORCE_CHECK,
        '06:00 plc {"serial": "M-15", "force": 15}\nexpect plc MASTER_PASS\n'
        'plc {"serial": "SN581", "force": 15.2}\nexpect plc STORED_PASS\n'
        'plc {"serial": "M-15", "force": 15.5}\nexpect plc MASTER_FAIL\nexpect event gauge.state\n'
        "expect event suspect.window\nexpect event unit.state\nrestart\n"
        'plc {"serial": "SN581", "force": 15.2}\nexpect plc REJECTED\nexpect nothing recorded\n'
        'plc {"serial": "SN582", "force": 15.2}\nexpect plc REJECTED\nexpect recorded incomplete\n'
        'plc {"serial": "M-15", "force": 15}\nexpect plc MASTER_PASS\nexpect event gauge.state\n'
        'plc {"serial": "SN583", "force": 15.2}\nexpect plc STORED_PASS\n',
    ),
    StationStory(
        "a press refuses a part whose past nobody can tell",
        'after = ["OP10"]\non_unknown = "refuse"\n' + FORCE,
        '06:00 plc {"serial": "SN1", "force": 15.2}\nexpect plc REJECTED\nexpect event block_rejected\n'
        "expect nothing recorded\nexpect refused unit.past_unknown\n",
    ),
    StationStory(
        "a press takes and marks a part whose past nobody can tell",
        'after = ["OP10"]\n' + FORCE,
        '06:00 plc {"serial": "SN1", "force": 15.2}\nexpect plc STORED_PASS\nexpect recorded pass\n',
    ),
)
