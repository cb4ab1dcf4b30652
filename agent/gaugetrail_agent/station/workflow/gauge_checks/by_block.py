"""A master piece that a PLC offers under its inventory number checks the gauge behind the PLC. Pure.

Promise: the master's block is no unit: nothing of it is counted, held or released. Each characteristic that the plans
check with this master is judged; one value that can't be used makes no check at all, and the PLC is told so. Before the
PLC is told that the check failed, the gauge is blocked and the block is on the disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.readings.measurement import fitness
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import AnswerPlc, Effect
from gaugetrail_agent.station.words.happening import ValueCame
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_agent.station.workflow.gauge_checks.asking import judged
from gaugetrail_agent.station.workflow.gauge_checks.due import CheckHere
from gaugetrail_contract.plc_codes import ResultCode


def unusable(setup: Setup, found: Sequence[tuple[CheckHere, ValueCame]]) -> Sentence | None:
    """Why the block can't be a check; null where it can. A gauge that may not measure may well be checked."""
    for one, value in found:
        fit = fitness(setup, one.wanted, value)
        if fit.trouble is not None and fit.lock is None:
            return fit.trouble
        if value.reading.value is None:
            return said("check.no_value", device=value.device)
    return None


def master_offered(
    setup: Setup, state: StationState, found: Sequence[tuple[CheckHere, ValueCame]], answer: tuple[str, int] | None
) -> Step:
    """What the checks come to; every value of them can be used."""
    effects: list[Effect] = []
    worst: StationState | None = None
    for one, value in found:
        number = value.reading.value
        assert number is not None, "only values that can be used are checked"
        now = Moment(value.at_us, value.mono_ns, state.boot)
        state, told = judged(setup, state, one, number, now)
        effects += told
        worst = state if worst is None and not one.check.holds(number) else worst
    if worst is not None:  # what a later check says must not stand over it
        state = replace(state, light=worst.light, says=worst.says)
    if answer is not None:
        code = ResultCode.MASTER_PASS if worst is None else ResultCode.MASTER_FAIL
        effects.append(AnswerPlc(*answer, code))
    return state, tuple(effects)
