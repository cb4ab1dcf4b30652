"""The operator's pages over a real agent: what a browser gets, may say, and is told as it happens."""

from __future__ import annotations

import asyncio
import hashlib
import html
import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import until
from running_agent import RunningAgent
from screen_floor import PEOPLE, PLAN, Scale, write_screen_shop
from station_floor import Floor as StationOnPaper
from station_floor import setup

from gaugetrail_agent import app
from gaugetrail_agent.config import load
from gaugetrail_agent.doubts.doors import open_doors, refuse_open_doors
from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.languages.spoken import spoken
from gaugetrail_agent.screen.streams import MOST_LISTENERS, Streams
from gaugetrail_agent.seen.made import Made, ShiftCount
from gaugetrail_agent.seen.snapshot import ShownMoment, Snapshot
from gaugetrail_agent.station.display import display
from gaugetrail_contract.settings import ConfigError

pytestmark = pytest.mark.waits

NASTY = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=alert(1)>',
    "SN1\x1d21X\x1e\x04",
    "\x16M\r9",
    "{{ 7*7 }}",
)


class Visitor:
    """A program that asks as a browser does."""

    def __init__(self, folder: Path) -> None:
        port = folder / "data" / "screen.port"
        self.url = f"http://127.0.0.1:{until(lambda: port.exists() and port.read_text(), 'the screen says its port')}"

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
        return self._ask(urllib.request.Request(self.url + path, headers=headers))

    def say(self, text: object, by: str = "keys", token: str | None = None, **headers: str) -> tuple[int, str]:
        said = {"text": text, "by": by, "token": self.token() if token is None else token}
        body = json.dumps(said).encode()
        code, _, answer = self._ask(urllib.request.Request(self.url + "/OP20/say", body, headers, method="POST"))
        return code, answer

    def token(self) -> str:
        return str(re.search(r'data-token="([^"]+)"', self.get("/OP20")[2])[1])  # type: ignore[index]

    def shows(self, words: str) -> bool:
        return words in html.unescape(self.get("/OP20")[2])

    def events(self, kinds: set[str]) -> Iterator[tuple[str, str]]:
        """The stream's events of these kinds, as they come."""
        with urllib.request.urlopen(self.url + "/live/OP20", timeout=20) as answer:
            kind, data = "", []
            for line in (raw.decode().rstrip("\n") for raw in answer):
                if line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    data.append(line[6:])
                elif not line:
                    if kind in kinds:
                        yield kind, "\n".join(data)
                    kind, data = "", []

    @staticmethod
    def _ask(request: urllib.request.Request) -> tuple[int, dict[str, str], str]:
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, dict(answer.headers), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read().decode()


@pytest.fixture(scope="module")
def scale() -> Iterator[Scale]:
    one = Scale()
    yield one
    one.close()


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory, scale: Scale) -> Iterator[Visitor]:
    folder = tmp_path_factory.mktemp("screen")
    settings = write_screen_shop(folder, scale.port)
    settings.write_text(settings.read_text().replace("[screen]", '[screen]\npictures = "pictures"'))
    for path in ("pictures/weight.png", "pictures/CP-7/weight.svg", "pictures/looks.txt", "pictures/depth.jpg"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(f"<svg>{path}</svg>")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "DRAIN_SECS", 0.2)  # there is no broker that records could still go to
        with RunningAgent(folder):
            until(lambda: scale.connected, "the scale is connected")
            yield Visitor(folder)


def said_and_shown(visitor: Visitor, text: str, words: str, by: str = "keys") -> None:
    assert visitor.say(text, by) == (204, "")
    until(lambda: visitor.shows(words), f"{words!r} after {text!r}")


def test_a_unit_is_made_by_what_the_page_sends_alone(visitor: Visitor, scale: Scale) -> None:
    """Badge, unit, a scale that streams, a button, a typed value: and the next page shows all of it."""
    code, _, body = visitor.get("/")
    assert (code, 'data-station="OP20"' in body) == (200, True)  # the only station's page
    said_and_shown(visitor, "OP-1", "Ada Berger")
    said_and_shown(visitor, "SN1", "Unit in hand", by="scan")
    for grams in ("0.00", "0.00"):
        scale.shows(grams)
    stream = visitor.events({"screen", "bar"})
    next(stream)  # it listens
    scale.shows("73.95", moving=True)
    bar = json.loads(next(data for kind, data in stream if kind == "bar" and "73.95" in data))
    assert {key: bar[key] for key in ("of", "value", "moving")} == {"of": "weight", "value": "73.95", "moving": True}
    assert 25 < bar["at"] < 75
    stream.close()  # type: ignore[attr-defined]  # it is a generator

    def weighed() -> bool:
        scale.shows("74.01")
        return visitor.shows("%NOK")

    until(weighed, "the look is asked for")
    said_and_shown(visitor, "%OK", 'data-pad="number"')
    said_and_shown(visitor, "8.5", "SN1 pass, recorded")
    shown = visitor.get("/OP20")[2]
    assert 'data-answer="pass"' in shown
    assert 'data-tone="good"' in shown
    assert "100.0 %" in shown
    assert "<svg" in shown


def test_the_page_speaks_to_whoever_is_there(visitor: Visitor) -> None:
    said_and_shown(visitor, "OP-2", "Jörg Voß")
    assert visitor.shows(spoken(["de"]).text(said("prompt.scan_unit")))


@pytest.mark.parametrize("text", NASTY)
def test_whatever_a_code_holds_is_text(visitor: Visitor, text: str) -> None:
    before = visitor.get("/OP20")[2]
    assert visitor.say(text, "scan")[0] == 204
    until(lambda: visitor.get("/OP20")[2] != before or 'data-answer="stop"' in before, "the station has answered")
    shown = visitor.get("/OP20")[2]
    assert shown.count("<script") == 1  # our own
    assert "<img" not in shown
    assert not re.search("[\x00-\x08\x0b-\x1f]", shown)


def test_a_picture_shows_where_to_measure_and_nothing_else_is_given_out(visitor: Visitor) -> None:
    """Of the plan before any plan's; no text file, no settings, by whatever way."""
    code, headers, body = visitor.get("/picture/CP-7/weight")
    assert (code, headers["content-type"], "CP-7" in body) == (200, "image/svg+xml", True)
    assert "pictures/weight.png" in visitor.get("/picture/CP-8/weight")[2]
    assert "pictures/weight.png" in visitor.get("/picture/../weight")[2]  # a plan of no name: any plan's
    for path in ("CP-7/looks", "CP-7/none", "..%2F..%2Fpictures/weight", "CP-7/..%2F..%2Fagent", "./.weight"):
        assert visitor.get(f"/picture/{path}")[0] == 404, path


def test_the_plan_can_be_read_and_nothing_that_is_not_at_work_here(visitor: Visitor) -> None:
    plan, people = (hashlib.sha256(text.encode()).hexdigest() for text in (PLAN, PEOPLE))
    code, headers, body = visitor.get(f"/paper/OP20/{plan}")
    assert (code, headers["content-type"], body) == (200, "text/plain; charset=utf-8", PLAN)
    for path in (f"/paper/OP20/{people}", f"/paper/OP99/{plan}", f"/shown/OP20/{plan}", "/paper/OP20/..%2Fplan.toml"):
        assert visitor.get(path)[0] == 404, path


def test_the_policy_lets_no_foreign_script_in(visitor: Visitor) -> None:
    for path in ("/OP20", "/static/screen.js", "/nothing", "/live/none"):
        _, headers, _ = visitor.get(path)
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
    page = visitor.get("/OP20")[2]
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son[a-z]+=|\sstyle=", page)


def test_a_page_is_under_300_kilobytes_with_all_that_it_needs(visitor: Visitor) -> None:
    paths = ("/OP20", "/static/screen.js", "/static/screen.css", "/static/screen.svg")
    sizes = [len(visitor.get(path)[2].encode()) for path in paths]
    assert all(sizes)
    assert sum(sizes) < 300_000


def test_only_the_agents_own_pages_say_anything(visitor: Visitor) -> None:
    assert visitor.say("OP-1", token="x" * 32)[0] == 403
    assert visitor.say("OP-1", Origin="http://evil.example")[0] == 403
    assert visitor.say("OP-1", **{"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert visitor.get("/OP20", Host="evil.example")[0] == 403
    assert "[screen] hosts" in visitor.get("/OP20", Host="evil.example")[2]
    assert visitor.get("/live/OP20", Origin="http://evil.example")[0] == 403


@pytest.mark.parametrize("text", ["", "x" * 5000, 7, None, ["OP-1"]])
def test_what_is_no_text_is_refused_in_words(visitor: Visitor, text: object) -> None:
    code, answer = visitor.say(text)
    assert (code, "characters" if "characters" in answer else answer) == (400, "characters")


def test_an_unknown_station_is_told_with_those_there_are(visitor: Visitor) -> None:
    code, _, answer = visitor.get("/OP99")
    assert code == 404
    assert "OP20" in answer


def test_the_stream_says_its_version_and_beats(visitor: Visitor) -> None:
    stream = visitor.events({"hello", "beat", "screen"})
    first = [next(stream) for _ in range(3)]
    kinds = [kind for kind, _ in first]
    assert kinds[0] == "hello"
    assert {"hello", "beat", "screen"} == set(kinds)
    assert f'data-version="{first[0][1]}"' in visitor.get("/OP20")[2]
    assert re.fullmatch("[0-9]{2}:[0-9]{2}:[0-9]{2}", next(data for kind, data in first if kind == "beat"))
    stream.close()  # type: ignore[attr-defined]  # it is a generator


def test_so_many_listeners_and_no_more() -> None:
    """Screens that nobody switches off can't use up the agent's connections."""

    async def listen() -> bool:
        streams = Streams(["OP20"], "1", lambda *_: "")
        all_of_them = [streams.events("OP20") for _ in range(MOST_LISTENERS)]
        for one in all_of_them:
            await anext(one)
        full = streams.full
        for one in all_of_them:
            await one.aclose()  # type: ignore[attr-defined]  # it is a generator
        return full and not streams.full

    assert asyncio.run(listen())


def test_a_fault_in_drawing_ends_a_pages_stream_and_no_station() -> None:
    """What the station shows is handed over; it is looked at where nobody else works."""

    def fault(*_: object) -> str:
        raise ZeroDivisionError("in a template")

    async def listen() -> None:
        streams = Streams(["OP20"], "1", fault)
        floor = StationOnPaper(setup())
        streams.put("OP20", ShownMoment(floor.setup, display(floor.setup, floor.state), Made(ShiftCount("06:00"))))
        events = streams.events("OP20")
        assert (await anext(events)).startswith("event: hello")
        with pytest.raises(ZeroDivisionError):
            await anext(events)
        assert not streams.full

    asyncio.run(listen())


def test_the_same_moment_again_is_no_event_and_no_sound() -> None:
    async def listen() -> tuple[list[str], list[int]]:
        floor, drawn = StationOnPaper(setup()), []

        def draw(seen: Snapshot, told: int) -> str:
            drawn.append(told)
            return f"{seen.answer} {told}"

        streams = Streams(["OP20"], "1", draw)
        events = streams.events("OP20")
        got = [await anext(events)]
        for scans, kinds in ((["SN1"], 2), ([], 1), (["OP-12"], 2)):
            for text in scans:
                floor.scan(text)
            now = ShownMoment(floor.setup, display(floor.setup, floor.state), Made(ShiftCount("06:00")))
            streams.put("OP20", now)
            streams.beat("06:00:01")
            got += [await anext(events) for _ in range(kinds)]
        await events.aclose()  # type: ignore[attr-defined]  # it is a generator
        return [one.partition("\n")[0].removeprefix("event: ") for one in got], drawn

    kinds, drawn = asyncio.run(listen())
    assert kinds == ["hello", "beat", "screen", "beat", "screen", "beat"]
    assert drawn == [1, 2]


# --- the settings


def test_a_taken_port_is_told_and_the_station_works_without_its_page(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = write_screen_shop(tmp_path, 1)
        port = taken.getsockname()[1]
        settings.write_text(settings.read_text().replace("[screen]\nport = 0", f"[screen]\nport = {port}"))
        with RunningAgent(tmp_path) as running:
            told = str(until(lambda: running.agent.health.alarms().get("screen"), "the alarm is raised"))
    assert f"127.0.0.1:{port}" in told


def test_without_screen_no_web_framework_is_loaded(tmp_path: Path) -> None:
    """A line PC that shows no pages pays for none."""
    text = write_screen_shop(tmp_path, 1).read_text().replace("[screen]\nport = 0\n", "")
    (tmp_path / "agent.toml").write_text(text)
    code = (
        "import sys; from pathlib import Path; from gaugetrail_agent.app import Agent; from gaugetrail_agent.config "
        "import load; Agent(load(Path('agent.toml'), {})); "
        "print([name for name in ('starlette', 'fastapi', 'jinja2', 'uvicorn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_page_for_a_station_that_there_is_not_is_a_fault(tmp_path: Path) -> None:
    path = write_screen_shop(tmp_path, 1)
    path.write_text(path.read_text().replace("[screen]", '[screen]\nstations = ["OP2"]'))
    with pytest.raises(ConfigError, match=r"there is no station 'OP2'.*OP20"):
        load(path, {})


def test_the_network_is_let_in_for_a_reason_only(tmp_path: Path) -> None:
    path = write_screen_shop(tmp_path, 1)
    path.write_text(path.read_text().replace("[screen]", '[screen]\nhost = "192.0.2.7"'))
    with pytest.raises(ConfigError, match="whoever reaches the screen stands at the station"):
        refuse_open_doors(load(path, {}))
    path.write_text(path.read_text().replace("[screen]", '[screen]\ninsecure = "a net of its own"'))
    assert [door.reason for door in open_doors(load(path, {}))] == ["a net of its own"]


@pytest.mark.parametrize("shift", ["6:00", "24:00", "06.00", ""])
def test_a_shift_begins_at_a_time_of_day(tmp_path: Path, shift: str) -> None:
    path = write_screen_shop(tmp_path, 1)
    path.write_text(path.read_text().replace("[screen]", f'[screen]\nshifts = ["{shift}"]'))
    with pytest.raises(ConfigError, match="no time of day"):
        load(path, {})
