"""A setter reads these messages on the shop floor: file, line, key, what is wrong, what is allowed."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, SecretStr

from gaugetrail_contract.settings import ConfigError, Loaded, Problem, Settings, line_of, load_settings


class Broker(Settings):
    host: str = "localhost"
    port: int = Field(1883, ge=1, le=65535)
    password: SecretStr | None = None


class SerialLink(Settings):
    kind: Literal["serial"]
    name: str
    baud: int = 9600


class TcpLink(Settings):
    kind: Literal["tcp"]
    name: str
    host: str


class Sample(Settings):
    id: str
    broker: Broker = Broker()
    link: tuple[Annotated[SerialLink | TcpLink, Field(discriminator="kind")], ...] = ()


def problems(tmp_path: Path, text: str, **environ: str) -> list[Problem]:
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_settings(Sample, path, prefix="GT", environ=environ)
    return list(caught.value.problems)


def test_unknown_key_is_named_with_its_line_and_the_known_ones(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, 'id = "a"\n[broker]\nprot = 1884\n')
    assert (problem.line, problem.key) == (3, "broker.prot")
    assert "did you mean port" in problem.message
    assert problem.allowed == "host, port, password, password_file"


def test_wrong_type_is_named_with_its_line(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, 'id = "a"\n\n[broker]\nport = "eighty"\n')
    assert (problem.line, problem.key) == (4, "broker.port")
    assert "whole number" in problem.message


def test_the_second_of_two_tables_is_the_one_named(tmp_path: Path) -> None:
    text = 'id = "a"\n[[link]]\nkind = "serial"\nname = "one"\n[[link]]\nkind = "serial"\nname = "two"\nbaud = "x"\n'
    (problem,) = problems(tmp_path, text)
    assert (problem.line, problem.key) == (8, "link[2].baud")


def test_unknown_kind_lists_the_known_kinds(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, 'id = "a"\n[[link]]\nkind = "smoke"\n')
    assert problem.allowed == "'serial', 'tcp'"
    assert problem.message == "is none of the known choices"


def test_a_mistyped_choice_is_told_the_one_that_was_meant(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, 'id = "a"\n[[link]]\nkind = "seriel"\n')
    assert problem.message == "is none of the known choices; did you mean serial?"


def test_what_the_machine_has_is_there_and_not_allowed(tmp_path: Path) -> None:
    """A port is not a matter of permission; programs find both under one key."""
    loaded = Loaded(Sample(id="a"), tmp_path / "s.toml", "", "")
    problem = loaded.problem(("link",), "there is no port /dev/x", there=["/dev/ttyUSB0", "/dev/ttyUSB1"])
    assert str(problem).endswith("link: there is no port /dev/x (there are: /dev/ttyUSB0, /dev/ttyUSB1)")
    assert problem.as_json()["allowed"] == "/dev/ttyUSB0, /dev/ttyUSB1"


def test_missing_key_is_named(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, "[broker]\nport = 1\n")
    assert (problem.key, problem.message) == ("id", "is required and has no default")


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    assert {"id", "broker.port", "link[1].host"} == {
        problem.key for problem in problems(tmp_path, '[broker]\nport = 0\n[[link]]\nkind = "tcp"\nname = "n"\n')
    }


@pytest.mark.parametrize("text", ["id = ", "id = 'a'\nid = 'b'", "[a\n", "\x00"])
def test_what_is_no_toml_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert "not TOML" in problem.message
    assert problem.line is not None


def test_a_file_that_is_not_there_is_one_clear_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: No such file"):
        load_settings(Sample, tmp_path / "none.toml")


def test_environment_overrides_a_scalar_and_is_named_when_wrong(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('id = "a"\n')
    loaded = load_settings(Sample, path, prefix="GT", environ={"GT_BROKER__PORT": "1999", "OTHER": "x"})
    assert loaded.settings.broker.port == 1999
    (problem,) = problems(tmp_path, 'id = "a"\n', GT_BROKER__PORT="many")
    assert (problem.file, problem.key) == ("environment", "GT_BROKER__PORT")


def test_a_secret_stands_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("geheim\n")
    path = tmp_path / "s.toml"
    path.write_text('id = "a"\n[broker]\npassword_file = "pw"\n')
    password = load_settings(Sample, path).settings.broker.password
    assert password is not None
    assert password.get_secret_value() == "geheim"
    assert "geheim" not in repr(password)


def test_a_secret_given_twice_or_missing_is_a_problem(tmp_path: Path) -> None:
    (both,) = problems(tmp_path, 'id = "a"\n[broker]\npassword = "x"\npassword_file = "pw"\n')
    assert "keep one" in both.message
    (gone,) = problems(tmp_path, 'id = "a"\n[broker]\npassword_file = "gone"\n')
    assert "can't read" in gone.message


@given(st.text(max_size=200))
def test_any_text_as_settings_gives_settings_or_problems(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("s") / "s.toml"
    path.write_text(text, "utf-8", "surrogatepass")
    with contextlib.suppress(ConfigError):
        load_settings(Sample, path)
    assert line_of(text, ("no such key", 0, "b")) is None
