"""The command's side of the desk: one question, its lines of answer. Imports little, for a command starts with it."""

from __future__ import annotations

import json
import os
import socket
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gaugetrail_agent.inquiries.address import DeskPlace, NobodyAnswers, desk_of
from gaugetrail_contract.files import text_of

ANSWER_SECS = 10.0
VARIABLE = "GAUGETRAIL_AGENT_AGENT__DATA_DIR"
"""The environment's word for `[agent] data_dir`, as for `run`."""


class CantAsk(Exception):
    """The question got no answer; the text is for the person who asked and says what to do."""


def desk_for(config: Path, environ: Mapping[str, str] | None = None) -> DeskPlace:
    """The desk of the agent that runs with a settings file. Of the file only `data_dir` is read: the rest is the
    running agent's matter, and reading it whole takes longer than the answer. Raises `CantAsk`.
    """
    environ = os.environ if environ is None else environ
    try:
        table = tomllib.loads(text_of(config.read_bytes())).get("agent", {})
    except OSError as error:
        raise CantAsk(f"{config} can't be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CantAsk(f"{config} can't be read: {error}; gaugetrail-agent check --config {config}") from error
    folder = environ.get(VARIABLE) or (table.get("data_dir") if isinstance(table, dict) else None)
    if not isinstance(folder, str):
        raise CantAsk(f"{config} names no data_dir under [agent]; gaugetrail-agent check --config {config}")
    return desk_of(config.resolve().parent / folder)


@contextmanager
def asked(desk: DeskPlace, config: Path, question: Mapping[str, str]) -> Iterator[Iterator[dict[str, object]]]:
    """The lines of the answer. The first has a deadline, those behind it come when they come. Raises `CantAsk`."""
    try:
        line, token = desk.connect()
    except NobodyAnswers as error:
        raise CantAsk(nobody(config)) from error
    except PermissionError as error:
        raise CantAsk(
            f"the agent's folder {desk.data_dir} is another user's: ask as that user (sudo -u USER gaugetrail-agent …)"
        ) from error
    with line:
        line.settimeout(ANSWER_SECS)
        try:
            line.sendall(json.dumps({**question, **({"token": token} if token else {})}).encode() + b"\n")
        except OSError as error:
            raise CantAsk(nobody(config)) from error
        with line.makefile("rb") as lines:
            yield _answers(line, lines)


def _answers(line: socket.socket, lines: Iterator[bytes]) -> Iterator[dict[str, object]]:
    try:
        for text in lines:
            line.settimeout(None)
            found = json.loads(text)
            if "error" in found:
                raise CantAsk(str(found["error"]))
            yield found
    except TimeoutError as error:
        raise CantAsk(f"the agent gave no answer in {ANSWER_SECS:g} s; look at its log") from error
    except (OSError, ValueError) as error:
        raise CantAsk(f"the agent broke off its answer ({error}); look at its log") from error


def nobody(config: Path) -> str:
    """The sentence for a desk that nobody sits at."""
    return f"no agent runs with the settings {config}; start it with: gaugetrail-agent run --config {config}"
