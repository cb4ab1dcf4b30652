"""A year of a plant for the benchmarks that ask: six lines, twelve stations, made from templates as fast as they are
stored. The same seed gives the same records.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator

from gaugetrail_collector.stores.lines import bucket
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import FIRST_PREV
from gaugetrail_contract.seal import Opened, Sealed, open_sealed, seal_of

END_US = 1_790_000_000_000_000
YEAR_US = 365 * 86_400 * 1_000_000
LINES = 6
CROWDED_EVERY = 1000
"""One unit in so many has two components of one bucket, so that `also` is a field of the trace points."""
GAUGE = "G-0-1"
"""A gauge of the first line's first station."""


def serial(number: int) -> str:
    """The serial of the unit that was inspected as number such-and-such."""
    return f"SN{number:08}"


def twin(identifier: str) -> str:
    """Another identifier that is filed under the same bucket."""
    return next(text for text in map("T{}".format, itertools.count()) if bucket(text) == bucket(identifier))


def records(count: int, a_year: int, seed: int = 4711) -> Iterator[Opened]:
    """The last `count` inspections of a year that has `a_year` of them, in the order of time; lines take turns."""
    dice = random.Random(seed)
    prevs = [FIRST_PREV] * LINES
    step = YEAR_US // a_year
    for number in range(count):
        line = number % LINES
        at = END_US - (count - number) * step
        data = _inspection(dice, number, line, number // LINES + 1, prevs[line], at)
        sealed = Sealed(seal_of(data), data)
        prevs[line] = sealed.sha256
        yield Opened(sealed, open_sealed(sealed))


def _inspection(dice: random.Random, number: int, line: int, seq: int, prev: str, at: int) -> bytes:
    station = line * 2 + dice.randrange(2)
    part = dice.randrange(5)
    values = [dice.gauss(74, 0.02) for _ in range(3)]
    components = [f"C{number:08}"]
    if number % CROWDED_EVERY == 0:
        components.append(twin(components[0]))
    listed = json.dumps(components, separators=(",", ":"))
    bad = any(abs(value - 74) > 0.05 for value in values)
    measurements = ",".join(
        f'{{"characteristic":"bore_{at_}","kind":"variable","value":"{value:.3f}","defects":[],"unit":"mm",'
        f'"nominal":"74.000","lsl":"73.950","usl":"74.050","verdict":"{"fail" if abs(value - 74) > 0.05 else "pass"}",'
        f'"time":"{utc_text(at - 9_000_000 + at_ * 3_000_000)}","gauge":"G-{station}-{at_}","channel":"1",'
        f'"capture":"gauge","calibration_due":"2027-01-31","calibration":"valid",'
        f'"raw":"{f"01A+{value:08.3f}".encode().hex()}0d","status":"ok"}}'
        for at_, value in enumerate(values)
    )
    return (
        f'{{"schema":"gaugetrail/1","kind":"inspection","agent":"line{line}-pc1","epoch":"yearepoch","seq":{seq},'
        f'"prev":"{prev}","time":"{utc_text(at)}","utc_offset_min":60,"clock":"synced","mono_ns":{at},'
        f'"boot":"boot-1","slot":{line},"site":"plant1","line":"line{line}","station":"OP{station}",'
        f'"part":"PR-{line}-{part}","revision":"B","serial":"{serial(number)}","lot":"L{number // 500}",'
        f'"order":"PO-{number // 5000}","components":{listed},"operator":"OP-{line}{number // 2000 % 5}",'
        f'"plan":{{"id":"CP-{line}-{part}","revision":"C","sha256":"{"ab" * 32}"}},"reason":"running","attempt":1,'
        f'"piece":1,"pieces":1,"verdict":"{"fail" if bad else "pass"}","started":"{utc_text(at - 12_000_000)}",'
        f'"duration_ms":12000,"measurements":[{measurements}]}}'
    ).encode()
