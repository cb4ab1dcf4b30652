"""Where the desk of an agent is: found by its data folder alone, so that a command needs nothing but the settings file.

`agent.sock` is the Unix socket. `agent.desk` is the way without one: `{"port": …, "token": …}`, mode 0600. The folder
holds one of the two. What an agent left that was killed is taken over by the next one: it holds the spool by then.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_contract.files import write_whole

LONGEST_PATH = 100
"""A Unix socket's name has 108 bytes on Linux and 104 on BSDs and macOS, with the zero at its end (unix(7))."""
CONNECT_SECS = 2.0


class NobodyAnswers(Exception):
    """No agent is at the desk of this data folder."""


@dataclass(frozen=True, slots=True)
class DeskPlace:
    """The two files of a data folder; `unix` says which one holds."""

    data_dir: Path
    unix: bool

    @property
    def door(self) -> Path:
        """The Unix socket."""
        return self.data_dir / "agent.sock"

    @property
    def note(self) -> Path:
        """Port and token of the way without one."""
        return self.data_dir / "agent.desk"

    def listen(self) -> tuple[socket.socket, str]:
        """A listening socket and the token that a question must bring, empty for none. Raises `OSError`."""
        self.clear()
        if not self.unix:
            server = socket.create_server(("127.0.0.1", 0))
            token = secrets.token_urlsafe(24)
            write_whole(self.note, json.dumps({"port": server.getsockname()[1], "token": token}).encode())
            return server, token
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self.door))
        self.door.chmod(0o600)  # before it listens, so that nobody was let in meanwhile
        server.listen()
        return server, ""

    def clear(self) -> None:
        """Take away both files."""
        self.door.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def connect(self) -> tuple[socket.socket, str]:
        """A connection to the desk and the token to bring. Raises `NobodyAnswers` and, where the files are another
        user's, `PermissionError`.
        """
        try:
            if self.unix:
                return _connected(self.door), ""
            note = json.loads(self.note.read_bytes())
            return socket.create_connection(("127.0.0.1", int(note["port"])), CONNECT_SECS), str(note["token"])
        except PermissionError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NobodyAnswers(str(error)) from error


def _connected(door: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.settimeout(CONNECT_SECS)
        line.connect(str(door))
    except OSError:
        line.close()
        raise
    return line


def desk_of(data_dir: Path) -> DeskPlace:
    """The place of the desk for a data folder on this system."""
    fits = len(os.fsencode(data_dir / "agent.sock")) <= LONGEST_PATH
    return DeskPlace(data_dir, unix=sys.platform != "win32" and hasattr(socket, "AF_UNIX") and fits)
