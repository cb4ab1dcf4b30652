"""Users of a broker that keeps to the access rules which are shipped."""

from __future__ import annotations

import subprocess
from pathlib import Path

RULES = Path(__file__).parents[1] / "config" / "mosquitto"
PASSWORD = "none of your business"
KEYS = 'username = "{user}"\npassword = "' + PASSWORD + '"\n'
"""Of `[mqtt]`; a settings file with these is nobody else's to read."""


def access_rules(folder: Path, *users: str) -> str:
    """Lines of mosquitto's settings: these users, and the ACL file for them."""
    passwords = folder / "passwords"
    passwords.touch(0o600)
    for user in users:
        subprocess.run(("mosquitto_passwd", "-b", str(passwords), user, PASSWORD), check=True, capture_output=True)
    # Started as root, a broker would become somebody who may not read a test's folder.
    return f"user root\npassword_file {passwords}\nacl_file {RULES}/access.acl\n"
