"""A simulated gauge of any family: what it sends is what that family's profile reads, value for value."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from gaugetrail_agent.drivers import Send, catalogue
from gaugetrail_agent.drivers.profile.driver import Profile, load_profile
from gaugetrail_sim.devices import replay
from gaugetrail_sim.devices.gauge import ToledoScale
from gaugetrail_sim.devices.hipot import HipotTester
from gaugetrail_sim.devices.ptys import PtyPort

SIM = str(Path(sys.executable).with_name("gaugetrail-sim"))
PROFILES = catalogue.profile_paths()

NO_PATTERN = {
    "eh-rsg10": "the answer code and the status stand right beside the number",
    "fluke-8840": "exponents",
    "hioki-bt": "exponents",
    "inficon": "exponents",
    "rion": "exponents",
    "scpi": "exponents",
    "cosmo-ls": "a check proves each frame",
    "panasonic-hlg": "a check proves each frame",
    "yaohua-a12": "a check proves each frame",
    "yaohua-tf0": "a check proves each frame",
    "yaohua-eq-reversed": "the digits come last first",
}
"""Families whose gauge repeats its good frames instead of sending values, and why."""


def gauge_of(path: Path) -> replay.ReplayGauge:
    made = replay.model_of(path).make(PtyPort())
    assert isinstance(made, replay.ReplayGauge)
    return made


def settings_for(profile: Profile) -> dict[str, str]:
    """The request that the profile's first example was an answer to, if it matters."""
    return {key: value for key, value in profile.example[0].settings.items() if key == "request"}


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_profiles_gauge_sends_what_the_profile_reads(path: Path) -> None:
    """Values go to the wire and come back with every digit."""
    profile = load_profile(path)
    gauge, model = gauge_of(path), replay.model_of(path)
    assert (gauge.pattern is None) == (path.stem in NO_PATTERN)
    for steps in (-7, 0, 13):
        value = (model.nominal + steps * Decimal(1).scaleb(-gauge.decimals)).quantize(
            Decimal(1).scaleb(-gauge.decimals)
        )
        found = catalogue.decode(path.stem, settings_for(profile), gauge.frame(value))
        assert found, path.stem
        assert found[0].value is not None
        if gauge.pattern is not None:
            assert (Decimal(found[0].value), found[0].decimals) == (value, gauge.decimals)


@pytest.mark.parametrize("path", [one for one in PROFILES if gauge_of(one).overloads], ids=lambda path: path.stem)
def test_overload_of_every_profiles_gauge_is_no_value(path: Path) -> None:
    readings = catalogue.decode(path.stem, settings_for(load_profile(path)), gauge_of(path).overload_frame())
    assert [reading.value for reading in readings] == [None] * len(readings)


@pytest.mark.parametrize("value", ["123.45", "-0.25", "0.00"])
def test_toledo_scale_is_read_with_its_checksum(value: str) -> None:
    """Point and sign stand in status words, which both sides took from the manuals apart."""
    scale = ToledoScale(PtyPort())
    (still,) = catalogue.decode("toledo-cont", {"checksum": "true"}, scale.frame(Decimal(value)))
    (moving,) = catalogue.decode("toledo-cont", {"checksum": "true"}, scale.moving_frame(Decimal(value)))
    assert (still.status, still.value, still.unit) == ("ok", value, "kg")
    assert (moving.status, moving.value) == ("unstable", value)


def test_hipot_tester_answers_the_drivers_own_question(tmp_path: Path, host) -> None:
    """Asked by the driver's bytes in two pieces, it gives voltage and current; a current beyond measuring is none."""
    tester = HipotTester(PtyPort(tmp_path / "hipot0"))
    driver = catalogue.make_driver("chroma-bin", {})
    (query,) = driver.ask()
    assert isinstance(query, Send)

    async def play() -> bytes:
        tester.open()
        pc = host(tmp_path / "hipot0")
        tester.load(Decimal("0.1234"))
        pc.say(query.data[:3])
        pc.say(query.data[3:])
        heard = await pc.hears(lambda heard: len(heard) >= 22)
        tester.close()
        return heard

    voltage, current = catalogue.decode("chroma-bin", {}, asyncio.run(play()))
    assert (voltage.value, voltage.unit, voltage.extra["judgement"]) == ("1.500", "kV", "PASS")
    assert (current.value, current.unit) == ("0.1234", "mA")
    beyond = catalogue.decode("chroma-bin", {}, tester.overload_frame())
    assert [(one.channel, one.value) for one in beyond] == [("voltage", "1.500"), ("current", None)]


def test_number_that_does_not_fit_is_refused() -> None:
    """Better no frame than one with a lost digit."""
    gauge = gauge_of(catalogue.profile_path("keyence-lk"))
    with pytest.raises(ValueError, match="doesn't fit"):
        gauge.frame(Decimal("12345.6789"))
    gauge = gauge_of(catalogue.profile_path("ohaus"))
    with pytest.raises(ValueError, match="no place for"):
        gauge.frame(Decimal("-1.00"))


def test_file_without_frames_says_so(tmp_path: Path) -> None:
    empty = tmp_path / "empty.toml"
    empty.write_text("", "utf-8")
    with pytest.raises(replay.NoFrames, match=r"no \[\[example\]\] holds a frame"):
        replay.model_of(empty)
    with pytest.raises(replay.NoFrames, match="can't be read as frames"):
        replay.model_of(tmp_path / "gone.toml")


@pytest.mark.processes
def test_gauge_by_a_profiles_name_answers_its_poll(tmp_path: Path, host) -> None:
    """The simulator finds the profile by its name and sends values around the manual's example."""
    link = tmp_path / "gauge0"
    words = (SIM, "gauge", "--protocol", "keyence-lk", "--port-link", str(link), "--every", "60", "--value", "1.5")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "a keyence-lk gauge" in process.stdout.readline()
        pc = host(link)
        pc.say(b"M0\r")
        heard = asyncio.run(pc.hears(lambda heard: re.search(rb"M1,\+01\.5000\r$", heard)))
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert b"M1,+01.5000\r" in heard


@pytest.mark.processes
def test_wrong_file_is_a_usage_fault(tmp_path: Path) -> None:
    words = (SIM, "gauge", "--frames", str(tmp_path / "gone.toml"), "--port-link", str(tmp_path / "g"))
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 2
    assert "gone.toml" in done.stderr
