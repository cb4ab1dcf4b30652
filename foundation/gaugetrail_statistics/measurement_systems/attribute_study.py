"""An attribute study: people (or a go/no-go gauge) say of each part that it is good or bad, several times.

Formulas: AIAG MSA (4th ed.), chapter III section C. `effectiveness`: parts judged right in every trial, of all parts,
with the exact interval; `miss`: decisions that accepted a bad part, of all decisions on bad parts; `false_alarm`:
decisions that rejected a good part, of all on good ones; without a bad (good) part there is none, and it is null.
Kappa is over all decisions, part by part and trial by trial. Kendall's W is told where every word is a number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from gaugetrail_statistics.distributions.tails import exact_interval
from gaugetrail_statistics.measurement_systems.gauge_bias import check_confidence
from gaugetrail_statistics.measurement_systems.kappa import Agreement, Concordance, cohen, fleiss, kendall
from gaugetrail_statistics.refusing import Refused

REFERENCE = "reference"
"""What the standard is called beside the appraisers."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said of a part once; `reference` is what is true of it."""

    part: str
    appraiser: str
    word: str
    trial: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Judgements:
    """The decisions in a square: `words[appraiser][part]` holds the trials in order; `truth` is null without one."""

    parts: tuple[str, ...]
    appraisers: tuple[str, ...]
    words: tuple[tuple[tuple[str, ...], ...], ...]
    truth: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class PairKappa:
    """Two appraisers, or one and the reference."""

    a: str
    b: str
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class AppraiserResult:
    """How well one judges; `consistency`: parts of which every trial said the same."""

    appraiser: str
    consistency: float
    effectiveness: float | None
    effectiveness_ci: tuple[float, float] | None
    miss: float | None
    false_alarm: float | None


@dataclass(frozen=True, slots=True)
class SystemResult:
    """All appraisers together."""

    consistency: float
    effectiveness: float | None
    effectiveness_ci: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class AttributeStudy:
    """The whole result."""

    kappa: tuple[PairKappa, ...]
    fleiss: Agreement | None
    kendall: Concordance | None
    appraisers: tuple[AppraiserResult, ...]
    system: SystemResult


def judgements(decisions: Sequence[Decision]) -> Judgements:
    """The decisions in order; without trials named, rows repeat in order. Raises `Refused`."""
    if not decisions:
        raise Refused("no rows: a study needs parts, appraisers and decisions")
    parts = tuple(dict.fromkeys(one.part for one in decisions))
    appraisers = tuple(dict.fromkeys(one.appraiser for one in decisions))
    cells = _cells(decisions)
    most = max(len(cell) for cell in cells.values())
    for part in parts:
        for who in appraisers:
            if len(cells.get((part, who), ())) != most:
                raise Refused(
                    f"unbalanced: part {part} by appraiser {who} has {len(cells.get((part, who), ()))} decisions where "
                    f"others have {most}"
                )
    words = tuple(tuple(_in_order(cells[part, who]) for part in parts) for who in appraisers)
    return Judgements(parts, appraisers, words, _truth(decisions, parts))


def attribute_study(of: Judgements, accept: str, *, confidence: float = 0.95) -> AttributeStudy:
    """Agreement, effectiveness, miss and false alarm; `accept` is the word for a good part. Raises `Refused`."""
    check_confidence(confidence)
    _check_words(of, accept)
    whole = [tuple(word for person in of.words for word in person[i]) for i in range(len(of.parts))]
    return AttributeStudy(
        kappa=tuple(_pairs(of)),
        fleiss=fleiss(whole) if len(whole[0]) > 1 else None,
        kendall=_kendall(of),
        appraisers=tuple(_appraiser(of, at, accept, confidence) for at in range(len(of.appraisers))),
        system=SystemResult(_same(whole), *_right(whole, of.truth, confidence)),
    )


def _cells(decisions: Sequence[Decision]) -> dict[tuple[str, str], dict[str, str]]:
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for one in decisions:
        cell = cells.setdefault((one.part, one.appraiser), {})
        trial = one.trial if one.trial is not None else str(len(cell) + 1)
        if trial in cell:
            raise Refused(f"trial {trial} of part {one.part} by appraiser {one.appraiser} stands twice")
        cell[trial] = one.word
    return cells


def _in_order(cell: dict[str, str]) -> tuple[str, ...]:
    """By trial, so that the trials of two people meet; 10 comes after 2."""
    return tuple(cell[trial] for trial in sorted(cell, key=lambda name: (len(name), name)))


def _truth(decisions: Sequence[Decision], parts: Sequence[str]) -> tuple[str, ...] | None:
    truth: dict[str, str] = {}
    for one in decisions:
        if one.reference is not None and truth.setdefault(one.part, one.reference) != one.reference:
            raise Refused(
                f"part {one.part} has two references, {truth[one.part]} and {one.reference}: it is one of them"
            )
    if not truth:
        return None
    for part in parts:
        if part not in truth:
            raise Refused(f"part {part} has no reference where others have one")
    return tuple(truth[part] for part in parts)


def _check_words(of: Judgements, accept: str) -> None:
    said = {word for person in of.words for cell in person for word in cell} | set(of.truth or ())
    if accept not in said:
        raise Refused(f"no decision and no reference is {accept!r}; there are {', '.join(sorted(said))}")


def _pairs(of: Judgements) -> list[PairKappa]:
    flat = {
        who: [word for cell in person for word in cell] for who, person in zip(of.appraisers, of.words, strict=True)
    }
    pairs = [PairKappa(a, b, cohen(flat[a], flat[b])) for a, b in combinations(of.appraisers, 2)]
    if of.truth is not None:
        trials = len(of.words[0][0])
        truth = [word for word in of.truth for _ in range(trials)]
        pairs += [PairKappa(who, REFERENCE, cohen(flat[who], truth)) for who in of.appraisers]
    return pairs


def _kendall(of: Judgements) -> Concordance | None:
    rows = [[person[i][t] for i in range(len(of.parts))] for person in of.words for t in range(len(person[0]))]
    try:
        ranks = [[float(word) for word in row] for row in rows]
    except ValueError:
        return None
    finite = all(math.isfinite(one) for row in ranks for one in row)
    return kendall(ranks) if finite and len(ranks) > 1 and len(of.parts) > 1 else None


def _appraiser(of: Judgements, at: int, accept: str, confidence: float) -> AppraiserResult:
    own = of.words[at]
    miss = false_alarm = None
    if of.truth is not None:
        told = [(word == accept, true == accept) for cell, true in zip(own, of.truth, strict=True) for word in cell]
        miss = _share([said for said, good in told if not good])
        false_alarm = _share([not said for said, good in told if good])
    return AppraiserResult(of.appraisers[at], _same(own), *_right(own, of.truth, confidence), miss, false_alarm)


def _same(cells: Sequence[Sequence[str]]) -> float:
    return sum(len(set(cell)) == 1 for cell in cells) / len(cells)


def _right(
    cells: Sequence[Sequence[str]], truth: Sequence[str] | None, confidence: float
) -> tuple[float | None, tuple[float, float] | None]:
    if truth is None:
        return None, None
    hits = sum(set(cell) == {true} for cell, true in zip(cells, truth, strict=True))
    return hits / len(cells), exact_interval(hits, len(cells), confidence)


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None
