"""The desk of a running agent: who may ask, what comes back, and that nobody who asks can hold the agent up."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import until
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.inquiries import desk as desk_module
from gaugetrail_agent.inquiries.address import DeskPlace, NobodyAnswers, desk_of
from gaugetrail_agent.inquiries.asking import CantAsk, asked, desk_for
from gaugetrail_agent.inquiries.desk import LONGEST_LINE, MOST_ASKERS, InquiryDesk
from gaugetrail_agent.links.wire_tap import MOST_WAITING, WireTap

CONFIG = Path("agent.toml")
WAYS = {"socket": True, "loopback": False}
"""Loopback is the way of Windows, which has no Unix sockets; it is the same code here."""


@pytest.fixture(params=WAYS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DeskPlace:
    return DeskPlace(tmp_path_factory.mktemp("d"), unix=WAYS[request.param])


@pytest.fixture
def taps() -> dict[str, WireTap]:
    return {"bore": WireTap(now_us=lambda: 1_790_000_000_000_000), "scale": WireTap()}


@pytest.fixture
def desk(place: DeskPlace, taps: dict[str, WireTap]) -> Iterator[InquiryDesk]:
    desk = InquiryDesk(place, lambda: {"well": True, "text": "Müller ±"}, taps)
    desk.start()
    yield desk
    desk.stop()
    assert not desk._thread.is_alive()


def answers_of(place: DeskPlace, raw: bytes) -> list[dict[str, object]]:
    """What comes back for these bytes as they are, until the desk hangs up."""
    line, _ = place.connect()
    with line, line.makefile("rb") as lines:
        line.sendall(raw)
        return [json.loads(text) for text in lines]


@pytest.mark.usefixtures("desk")
def test_a_question_gets_the_report(place: DeskPlace) -> None:
    with asked(place, CONFIG, {"ask": "status"}) as answers:
        assert list(answers) == [{"well": True, "text": "Müller ±"}]


@pytest.mark.usefixtures("desk")
def test_only_the_owner_reaches_the_desk(place: DeskPlace) -> None:
    file = place.door if place.unix else place.note
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in place.data_dir.iterdir()) == [file.name]


def test_over_loopback_a_question_without_the_token_gets_nothing(tmp_path: Path) -> None:
    place = DeskPlace(tmp_path, unix=False)
    desk = InquiryDesk(place, lambda: {"secret": 1}, {})
    desk.start()
    try:
        for raw in (b'{"ask": "status"}\n', b'{"ask": "status", "token": "guessed"}\n'):
            (refused,) = answers_of(place, raw)
            assert refused == {"error": "wrong token; it stands in agent.desk of the agent's data_dir"}
        note = json.loads(place.note.read_text())
        (told,) = answers_of(place, json.dumps({"ask": "status", "token": note["token"]}).encode() + b"\n")
        assert told == {"secret": 1}
    finally:
        desk.stop()
    assert not place.note.exists()


def test_a_folder_with_a_long_name_is_asked_over_loopback(tmp_path: Path) -> None:
    """A Unix socket's name may have a hundred bytes; a data folder may lie deeper."""
    assert desk_of(Path("/var/lib/gaugetrail")).unix
    deep = tmp_path / ("d" * 100)
    assert not desk_of(deep).unix
    desk = InquiryDesk(desk_of(deep), lambda: {"well": True}, {})
    desk.start()
    try:
        with asked(desk_of(deep), CONFIG, {"ask": "status"}) as answers:
            assert list(answers) == [{"well": True}]
    finally:
        desk.stop()


def test_a_desk_that_was_killed_is_taken_over(place: DeskPlace) -> None:
    """The files of an agent that had no time to clear them lead nobody astray."""
    left, _ = place.listen()
    left.close()
    with pytest.raises(NobodyAnswers):
        place.connect()
    desk = InquiryDesk(place, lambda: {"well": True}, {})
    desk.start()
    try:
        with asked(place, CONFIG, {"ask": "status"}) as answers:
            assert list(answers) == [{"well": True}]
    finally:
        desk.stop()


def test_nobody_there_is_said_with_what_to_do(place: DeskPlace) -> None:
    with pytest.raises(CantAsk) as told, asked(place, CONFIG, {"ask": "status"}):
        pass
    assert str(told.value) == (
        "no agent runs with the settings agent.toml; start it with: gaugetrail-agent run --config agent.toml"
    )


def test_of_the_settings_only_the_folder_is_read(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text('[agent]\ndata_dir = "data"\nbaud = "what"\n')
    assert desk_for(config, {}).data_dir == tmp_path / "data"
    assert desk_for(config, {"GAUGETRAIL_AGENT_AGENT__DATA_DIR": "/srv/d"}).data_dir == Path("/srv/d")
    for text, why in (("[agent", "can't be read: .*gaugetrail-agent check"), ("[mqtt]\n", "names no data_dir")):
        config.write_text(text)
        with pytest.raises(CantAsk, match=why):
            desk_for(config, {})
    with pytest.raises(CantAsk, match=r"none\.toml can't be read: No such file"):
        desk_for(tmp_path / "none.toml", {})


@pytest.mark.usefixtures("desk")
def test_what_is_no_question_is_answered_in_words(place: DeskPlace) -> None:
    token = "" if place.unix else json.loads(place.note.read_text())["token"]
    (told,) = answers_of(place, json.dumps({"ask": "everything", "token": token}).encode() + b"\n")
    assert told == {"error": "nobody here knows 'everything'; ask for status or tap"}
    (told,) = answers_of(place, json.dumps({"ask": "tap", "device": "none", "token": token}).encode() + b"\n")
    assert told == {"error": "this agent has no device 'none'; there is bore, scale"}
    (told,) = answers_of(place, b"x" * (LONGEST_LINE + 100) + b"\n")
    assert told == {"error": 'this is no question; ask in one line, such as {"ask": "status"}'}


@given(raw=st.binary(max_size=200).map(lambda data: data.replace(b"\n", b"")))
def test_any_bytes_get_an_answer_and_the_desk_stands(raw: bytes, any_desk: DeskPlace) -> None:
    (told,) = answers_of(any_desk, raw + b"\n")
    assert "error" in told


@pytest.fixture(scope="module")
def any_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskPlace]:
    place = DeskPlace(tmp_path_factory.mktemp("d"), unix=True)
    desk = InquiryDesk(place, lambda: {"well": True}, {})
    desk.start()
    yield place
    with asked(place, CONFIG, {"ask": "status"}) as answers:
        assert list(answers) == [{"well": True}]
    desk.stop()


def test_one_who_asks_nothing_is_let_go(place: DeskPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "ASK_SECS", 0.05)
    desk = InquiryDesk(place, lambda: {"well": True}, {})
    desk.start()
    try:
        (told,) = answers_of(place, b"")
        assert str(told["error"]).startswith("no question came in 0.05 s")
    finally:
        desk.stop()


@pytest.mark.usefixtures("desk")
def test_only_so_many_ask_at_once(place: DeskPlace) -> None:
    """Who comes too late is told; when one has ended, the next one is served."""
    idle = [place.connect()[0] for _ in range(MOST_ASKERS)]
    try:
        (told,) = until(lambda: answers_of(place, b""), "refused")
        assert told == {"error": f"{MOST_ASKERS} are asking already; try again when one has ended"}
        idle.pop().close()

        def served() -> bool:
            try:
                with asked(place, CONFIG, {"ask": "status"}) as answers:
                    return bool(list(answers))
            except CantAsk:
                return False

        until(served, "there is room again")
    finally:
        for line in idle:
            line.close()


# --- tap


class Looking:
    """One who taps, over a socket that is read by hand."""

    def __init__(self, place: DeskPlace, device: str = "bore") -> None:
        self.line, token = place.connect()
        self.line.settimeout(20)
        self.line.sendall(json.dumps({"ask": "tap", "device": device, "token": token}).encode() + b"\n")
        self.lines = self.line.makefile("rb")
        assert self.next() == {"device": device, "looking": True}

    def next(self) -> dict[str, object]:
        return dict(json.loads(self.lines.readline()))

    def close(self) -> None:
        self.lines.close()
        self.line.close()


def looks_on(tap: WireTap) -> int:
    return len(tap._onlookers)


@pytest.mark.usefixtures("desk")
def test_a_tap_shows_the_bytes_of_its_device_alone(place: DeskPlace, taps: dict[str, WireTap]) -> None:
    looking = Looking(place)
    until(lambda: looks_on(taps["bore"]), "the tap looks on")
    taps["scale"].passed("in", b"not this one")
    taps["bore"].passed("in", b"01A\r")
    taps["bore"].passed("out", b"\x05")
    moment = "2026-09-21T14:13:20.000000Z"
    assert looking.next() == {"time": moment, "way": "in", "hex": "3031410d"}
    assert looking.next() == {"time": moment, "way": "out", "hex": "05"}
    looking.close()
    until(lambda: not looks_on(taps["bore"]), "the tap looks away when its reader has gone")


@pytest.mark.usefixtures("desk")
def test_a_slow_reader_loses_lines_is_told_how_many_and_slows_nobody(
    place: DeskPlace, taps: dict[str, WireTap]
) -> None:
    """The wire goes on at once with a reader that takes nothing; each chunk is either shown or counted as lost."""
    looking = Looking(place)
    until(lambda: looks_on(taps["bore"]), "the tap looks on")
    sent = 0
    lost = threading.Event()
    (eye,) = taps["bore"]._onlookers
    while not lost.is_set():
        for _ in range(MOST_WAITING):
            taps["bore"].passed("in", sent.to_bytes(4, "big") + b"x" * 1000)
            sent += 1
        if eye._lost:
            lost.set()
    taps["bore"].passed("in", b"end")
    shown = missing = 0
    while (line := looking.next()).get("hex") != b"end".hex():
        missing += int(str(line.get("lost", 0)))
        shown += "hex" in line
    assert missing > 0
    assert shown + missing == sent
    looking.close()


def test_the_desk_closes_with_a_reader_that_takes_nothing(place: DeskPlace, taps: dict[str, WireTap]) -> None:
    desk = InquiryDesk(place, dict, taps)
    desk.start()
    looking = Looking(place)
    until(lambda: looks_on(taps["bore"]), "the tap looks on")
    for _ in range(5000):
        taps["bore"].passed("in", b"x" * 4000)
    desk.stop()
    assert not desk._thread.is_alive()
    assert not looks_on(taps["bore"])
    looking.close()


def test_a_folder_that_can_t_be_written_stops_no_agent(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands in the folder's place")
    desk = InquiryDesk(DeskPlace(tmp_path / "data", unix=True), dict, {})
    desk.start()
    desk.stop()
    assert desk.trouble is not None
    assert desk.trouble.startswith(f"nobody can ask this agent how it is: {tmp_path}/data: ")


def test_a_desk_that_was_never_opened_can_be_closed(tmp_path: Path) -> None:
    InquiryDesk(DeskPlace(tmp_path, unix=True), dict, {}).stop()
    assert list(tmp_path.iterdir()) == []
