"""Our own commands, run to their end, and whether something listens at a port."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
from pathlib import Path

from gaugetrail_sim.servers.children import ChildFailed


async def ask(name: str, *words: str, terminal: bool = False, typed: str = "") -> tuple[int, str, str]:
    """Run one of our commands to its end: exit code, standard output, standard error.

    With `terminal` it writes to this process's standard output, and the second is empty. `typed`: its standard input.
    """
    process = await asyncio.create_subprocess_exec(
        command(name),
        *words,
        stdin=asyncio.subprocess.PIPE if typed else asyncio.subprocess.DEVNULL,
        stdout=None if terminal else asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(typed.encode() if typed else None)
    assert process.returncode is not None
    return process.returncode, (out or b"").decode(), err.decode()


def command(name: str) -> str:
    """One of our commands: beside this Python, or on the PATH. Raises `ChildFailed` if it is nowhere."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise ChildFailed(f"{name} is not installed: pip install 'gaugetrail[agent,collector,sim]'")
    return found


def answers(port: int) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
