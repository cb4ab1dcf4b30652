"""What a station refuses, row by row: what the end-to-end tests try and what the page docs/refusals.md says.

Promise: the page's tables hold these rows and no others, and each row is tried at a real station.
"""

from __future__ import annotations

from dataclasses import dataclass

ALLOWING = "quality engineer"
"""Whose role lifts a lock that can be lifted."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One refusal: what is wrong, the sentence's id and its words, and whether somebody with the role may allow it."""

    what: str
    cause: str
    says: str
    mend: str
    """What the office does about it."""
    about: str
    """What is refused: the badge, or the gauge's number; empty where it has none."""
    allowed: bool = True
    scan: str = ""
    """The code of a part that is refused when it is scanned."""
    station: str = "OP20"
    story: str = ""
    """The story (`station_stories`) in which a station refuses it."""

    @property
    def on_the_page(self) -> str:
        """The row as the page has it."""
        by = f"a {ALLOWING}" if self.allowed else "nobody"
        return "| " + " | ".join((self.what, self.says, self.mend, by)) + " |"


UNITS = (
    RefusedRow(
        "a unit, or a unit of a lot, that is on hold or scrapped, or that failed at another operation",
        "unit.held",
        "SN2 is not to be measured on: on hold since … (a burr); put it aside",
        "release it, send it to rework, give a concession, or scrap it",
        "",
        allowed=False,
    ),
    RefusedRow(
        'a unit whose past nobody could tell in time, where the plan says `on_unknown = "refuse"`',
        "unit.past_unknown",
        "nobody could tell the past of SN1 (no collector has answered within 300 ms), and the plan wants to know "
        "it: scan it again in a moment",
        "look whether the collector and its store are up",
        "",
        allowed=False,
    ),
    RefusedRow(
        "a unit that has not passed the operations of the plan's `after`",
        "unit.not_passed",
        "SN4 has not passed OP10: take it there first",
        "send it there, or give a concession",
        "",
        allowed=False,
    ),
)

PEOPLE = (
    RefusedRow(
        "a badge that nobody has",
        "badge.unknown",
        "OP-99 is not in the people list",
        "enter them",
        "OP-99",
        allowed=False,
    ),
    RefusedRow(
        "somebody whose roles don't measure",
        "badge.no_role",
        "OP-21 has no role that measures: whoever measures is operator, setter, inspector or quality engineer in the "
        "people list",
        "give them the role, if it is theirs",
        "OP-21",
        allowed=False,
    ),
    RefusedRow(
        "somebody who isn't qualified",
        "badge.not_qualified",
        "OP-22 is not qualified for OP20: let somebody measure who is",
        "train them and enter it",
        "OP-22",
    ),
    RefusedRow(
        "somebody who isn't qualified yet",
        "badge.not_yet_qualified",
        "OP-23 is qualified for OP20 only from 2099-01-01: let somebody measure who is now",
        "let somebody else measure until then",
        "OP-23",
    ),
    RefusedRow(
        "somebody whose qualification has run out",
        "badge.qualification_ended",
        "OP-24 was qualified for OP20 until 2026-01-31: have it renewed, or let somebody measure who is",
        "have it renewed and enter it",
        "OP-24",
    ),
)
AT_A_CHARACTERISTIC = RefusedRow(
    "somebody whose qualification for the characteristic has run out",
    "badge.qualification_ended",
    "OP-25 was qualified for weld until 2026-01-31: have it renewed, or let somebody measure who is",
    "have it renewed and enter it",
    "OP-25",
)
GAUGES = (
    RefusedRow(
        "a gauge that is blocked",
        "value.gauge_unfit",
        "gauge G-11 is blocked for calibration: use another one",
        "see why it was blocked",
        "G-11",
    ),
    RefusedRow(
        "a gauge whose calibration is overdue",
        "value.gauge_unfit",
        "gauge G-12 is overdue for calibration: use another one",
        "have it calibrated and enter the new date",
        "G-12",
    ),
    RefusedRow(
        "a gauge that is bound to other characteristics",
        "value.gauge_bound",
        "gauge G-13 is bound to weight and doesn't measure bore: use another one",
        "the wrong gauge is at this device",
        "G-13",
    ),
    RefusedRow(
        "a gauge of the wrong kind",
        "value.gauge_kind",
        "gauge G-14 is a caliper, the plan wants a bore gauge for bore: use one",
        "the wrong gauge is at this device",
        "G-14",
    ),
    RefusedRow(
        "a gauge of which nobody says what kind it is",
        "value.gauge_of_no_kind",
        "the gauge register doesn't say what kind of gauge G-15 is; the plan wants a bore gauge for bore: have it "
        "entered, or use another one",
        "enter its kind",
        "G-15",
    ),
    RefusedRow(
        "a gauge that is too coarse",
        "value.gauge_coarse",
        "gauge G-16 resolves 0.01 mm, the plan wants 0.001 mm or finer for bore: use another one",
        "the wrong gauge is at this device",
        "G-16",
    ),
    RefusedRow(
        "a gauge of which nobody says how finely it resolves",
        "value.gauge_of_no_resolution",
        "the gauge register doesn't say how finely G-17 resolves; the plan wants 0.001 mm for bore: have it entered, "
        "or use another one",
        "enter its resolution",
        "G-17",
    ),
    RefusedRow(
        "a gauge that the settings don't name",
        "value.gauge_not_named",
        "unnamed has no gauge number in the settings, and the plan wants a bore gauge for bore: call the technician",
        "name its gauge in the settings",
        "",
    ),
)
PLANS = (
    RefusedRow(
        "a part that no plan here is for",
        "plan.no_plan",
        "no plan of this station is for PR-99: is it at the right station? Else tell the quality engineer",
        "have a plan approved for it, or send the part where it belongs",
        "",
        allowed=False,
        scan="PR-99/{serial}",
    ),
    RefusedRow(
        "a part whose plan is for another operation",
        "plan.no_plan",
        "no plan of this station is for PR-later: is it at the right station? Else tell the quality engineer",
        "send the part where it belongs",
        "",
        allowed=False,
        scan="PR-later/{serial}",
    ),
    RefusedRow(
        "a part of another revision",
        "plan.other_revision",
        "PR-weld revision C has no plan here, only B: set the part aside and tell the quality engineer",
        "have a plan approved for that revision",
        "",
        allowed=False,
        scan="PR-weld/C/{serial}",
    ),
    RefusedRow(
        "a code that doesn't say which of several parts it is",
        "plan.which_part",
        "the code doesn't say which part this is, and the station has plans for PR-g10, PR-g11, PR-g12, PR-g13, "
        "PR-g14, PR-g15, PR-g16, PR-g17 …: scan a code that names the part",
        "put the part number into the code",
        "",
        allowed=False,
        scan="{serial}",
    ),
    RefusedRow(
        "another part, where there is one plan",
        "unit.other_part",
        "this is a PR-99; the plan CP-weld is for PR-weld",
        "send the part where it belongs",
        "",
        allowed=False,
        scan="PR-99/{serial}",
        station="OP30",
    ),
    RefusedRow(
        "a part that two plans hold for",
        "plan.several",
        "PR-two has more than one plan here (CP-two A, CP-two-b A): set the part aside and tell the quality engineer",
        "withdraw one of the two, or say for which revision each is",
        "",
        allowed=False,
        scan="PR-two/B/{serial}",
    ),
)
WORKFLOW = (
    RefusedRow(
        "a first piece that somebody measures who is no inspector, where the plan wants one",
        "first.by_inspector",
        "the next unit is the first piece, and an inspector measures it: OP-12 is none",
        "let an inspector measure it",
        "",
        story="an inspector's first piece",
    ),
    RefusedRow(
        "a unit that is on hold at this station",
        "held.on_hold",
        "SN511 is on hold here: burr. Set it aside until somebody decides (%REWORK, %SCRAP, %RELEASE, %CONCESSION)",
        "release it, send it to rework, give a concession, or scrap it",
        "",
        allowed=False,
        story="held and refused and let go",
    ),
    RefusedRow(
        "a unit that is scrap",
        "held.scrapped",
        "SN531 is scrap: CRACK. Put it where scrap goes",
        "nothing; a quality engineer or approver may take it back to hold",
        "",
        allowed=False,
        story="scrapped by the role",
    ),
    RefusedRow(
        "a value of a gauge whose check with the master is overdue",
        "value.gauge_check_overdue",
        "gauge … must be checked with the master M-74 first (%CHECK)",
        "have the master measured; `[[check]]` of the plan",
        "",
        story="a gauge is checked with its master",
    ),
    RefusedRow(
        "a value of a gauge that failed its check here",
        "value.gauge_blocked_here",
        "gauge … is blocked here: the master M-74 measured 74.010, and must lie between 73.999 and "
        "74.003. Check it with its master (%CHECK), or use another one",
        "see to the gauge; a check that passes, or `%UNBLOCK` by an inspector, lifts it",
        "",
        story="a gauge fails its check",
    ),
    RefusedRow(
        "a component of another part number",
        "component.wrong",
        "this is a NUT-1, and PIN-9 is built in here: take the right one",
        "look why the wrong parts are at the line",
        "",
        allowed=False,
        story="a component and a wrong one",
    ),
    RefusedRow(
        "a component that is built into another unit already",
        "component.elsewhere",
        "P1 is built into SN1: is it the right one? Else set it aside and tell the quality engineer",
        "find out which of the two is right",
        "",
        allowed=False,
        story="a component and a wrong one",
    ),
    RefusedRow(
        "production after a change-over whose check isn't well",
        "change_over.not_well",
        "production can't begin: put right what was checked (Jaws 74 are in), then answer again",
        "put it right",
        "",
        allowed=False,
        story="a change over",
    ),
    RefusedRow(
        "a second person who is the first",
        "second.oneself",
        "OP-12 has measured it: somebody else looks",
        "nothing",
        "",
        allowed=False,
        story="two persons",
    ),
    RefusedRow(
        "a value measured again too often",
        "again.too_often",
        "bore was measured again 1 times; more the plan doesn't allow: go on, or call quality",
        "`most_again` of the plan",
        "",
        allowed=False,
        story="measured again too often",
    ),
    RefusedRow(
        "a characteristic left out that the plan doesn't let be left out",
        "skip.never",
        "looks can't be left out: the plan doesn't allow it",
        "`skip` of the plan",
        "",
        allowed=False,
        story="left out where it may not be",
    ),
    RefusedRow(
        "a code that is none of what the plan asks for",
        "context.other",
        "C9 is no code of cavity; scan cavity",
        "`[[context]]` of the plan",
        "",
        allowed=False,
        story="by and of what a part is made",
    ),
)
"""What the workflow refuses: the stories show it, rehearsed and at a real station."""
BEGINS = "Tell the quality engineer; the station begins by itself when it is"
DOCUMENTS = (
    RefusedRow(
        "a plan that is a draft",
        "document.unknown",
        f"no edition of CP-draft is in force for this line: it isn't approved. {BEGINS}",
        "have it approved",
        "",
        allowed=False,
        station="draft",
    ),
    RefusedRow(
        "a plan that waits for its approval",
        "document.unknown",
        f"no edition of CP-review is in force for this line: it isn't approved. {BEGINS}",
        "have it approved",
        "",
        allowed=False,
        station="review",
    ),
    RefusedRow(
        "a plan that is approved for later",
        "document.not_yet",
        "CP-later A, edition 1 is in force from 2099-01-01 00:00Z on, and no other edition is until then: wait, or "
        "tell the quality engineer",
        "wait, or approve an edition that holds now",
        "",
        station="later",
    ),
    RefusedRow(
        "a plan that was withdrawn",
        "document.withdrawn",
        "CP-gone A, edition 1 was withdrawn, and no other edition is in force: set the part aside and tell the quality "
        "engineer",
        "have a new edition approved",
        "",
        allowed=False,
        station="gone",
    ),
    RefusedRow(
        "a plan that was superseded, where a station still has it as a file",
        "plan.superseded",
        "the plan in old.toml is not the text in force, which is CP-old B, edition 2: don't measure by it; call the "
        "technician, who lets the station take its plan from documents or puts that text there",
        'write plan = {document = "CP-old"}',
        "",
        station="old",
    ),
    RefusedRow(
        "a plan for another operation",
        "plan.other_operation",
        "CP-other A, edition 1 is for the operation OP90, and this station does OP20: is the part at the right "
        "station? Else tell the quality engineer",
        "name the right plan in the settings",
        "",
        allowed=False,
        station="other",
    ),
    RefusedRow(
        "a station for whose operation no plan is in force",
        "plan.none_here",
        "no plan for the operation OP77 is in force: tell the quality engineer; the station begins by itself when one "
        "is approved",
        "have one approved",
        "",
        allowed=False,
        station="none",
    ),
    RefusedRow(
        "a plan that this station can't work by",
        "document.at_fault",
        "CP-fault A, edition 1 is in force, and this station can't work by it: no device measures "
        "force of CP-fault at fault: add [[station.wiring]] with characteristic and device for each, or capture = "
        '"typed" where a person enters it. Call the technician',
        "wire the device",
        "",
        allowed=False,
        station="fault",
    ),
)
NO_LIST = RefusedRow(
    "any plan, before the first list has come",
    "document.no_list",
    "CP-good is not here: no list of documents has come to this PC yet. Nothing can be measured until it comes; is the "
    "broker there, and the collector that writes documents? Call the technician",
    "look at broker and collector",
    "",
    allowed=False,
    station="good",
)
NOT_HERE = RefusedRow(
    "a plan whose text is lacking, or was altered on the PC",
    "document.not_here",
    "CP-good B, edition 2 is in force, and its text hasn't come to this PC yet: it is asked for. Is the broker there? "
    "Call the technician",
    "look at the broker; it comes by itself",
    "",
    allowed=False,
    station="good",
)
TOO_OLD = RefusedRow(
    "any plan, when nobody has said for too long that it holds",
    "document.too_old",
    "CP-fine A, edition 1 is still in force, and this PC may not go on for so long: is the broker there, and the "
    "collector that writes documents? Call the technician",
    "look at broker and collector; `[documents] refuse_hours`",
    "",
    station="fine",
)
