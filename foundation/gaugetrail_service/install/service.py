"""What belongs to a service on the system, and in which order it is laid and taken off.

/etc/gaugetrail/NAME.toml       root:gaugetrail 0640, written once and then its owner's
/var/lib/gaugetrail/NAME        gaugetrail 0700, what the daemon keeps
/etc/systemd/system/…service    the unit, ours at every installation
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gaugetrail_service.install.score import exposure
from gaugetrail_service.install.steps import (
    SYSTEM,
    Folder,
    Gone,
    LayingStep,
    NotDone,
    SymLink,
    SystemTold,
    SystemUser,
    TextFile,
    carry_out,
    under,
)
from gaugetrail_service.install.unit import ServiceUnit
from gaugetrail_service.settings_file import SETTINGS_FOLDER

USER = "gaugetrail"
UNITS = "/etc/systemd/system"
SHUT = {
    "/home": "ProtectHome",
    "/root": "ProtectHome",
    "/run/user": "ProtectHome",
    "/tmp": "PrivateTmp",  # noqa: S108 (a place that is refused)
    "/var/tmp": "PrivateTmp",  # noqa: S108 (the same)
}
"""Where a program can't lie, since the unit shuts these places away from it."""


@dataclass(frozen=True, slots=True)
class Service:
    """One daemon as the system knows it. `more` are files beside the unit, such as rules for its devices."""

    unit: ServiceUnit
    settings: str
    first_settings: str
    more: tuple[TextFile, ...] = ()
    tell: tuple[SystemTold, ...] = ()
    """What the running system hears of `more`."""
    gone: tuple[str, ...] = field(default=())
    """Paths of `more` as they may stand from an earlier installation."""

    @property
    def name(self) -> str:
        """Of the unit and of the command."""
        return self.unit.name

    @property
    def data(self) -> str:
        """Where the daemon keeps what it has."""
        return f"/var/lib/{self.unit.state}"

    @property
    def unit_path(self) -> str:
        """The unit's file."""
        return f"{UNITS}/{self.name}.service"

    @property
    def wanted(self) -> SymLink:
        """What has it started with the system."""
        return SymLink(f"{UNITS}/multi-user.target.wants/{self.name}.service", self.unit_path)

    def laying(self, program: str) -> list[LayingStep]:
        """The steps of an installation."""
        return [
            SystemUser(USER, "/var/lib/gaugetrail", "Gaugetrail"),
            Folder(SETTINGS_FOLDER, "root", USER, 0o750),
            Folder("/var/lib/gaugetrail", "root", "root", 0o755),
            Folder(self.data, USER, USER, 0o700),
            TextFile(self.settings, "root", USER, 0o640, self.first_settings, kept=True),
            TextFile(self.unit_path, "root", "root", 0o644, self.unit.text(program, self.settings)),
            self.wanted,
            *self.more,
            SystemTold(("systemctl", "daemon-reload"), "systemd reads the unit"),
            *self.tell,
            SystemTold(("systemctl", "try-restart", self.name), "the new program, where it runs already"),
        ]

    def lifting(self) -> list[LayingStep]:
        """The steps of taking it off; data, settings and user are not among them."""
        return [
            SystemTold(("systemctl", "stop", self.name), "it ends what it has in hand"),
            Gone(self.wanted.path),
            Gone(self.unit_path),
            *(Gone(path) for path in self.gone),
            SystemTold(("systemctl", "daemon-reload"), "systemd forgets the unit"),
        ]


def install(service: Service, program: str, root: Path, say: Callable[[str], None], *, dry_run: bool) -> None:
    """Lay it. Raises `NotDone` with a sentence for the person who is doing it."""
    _may_write(root, dry_run=dry_run)
    _reachable(program)
    if not under(root, program).exists():
        say(f"note: {under(root, program)} is not there yet; the unit will start it from {program}")
    carry_out(service.laying(program), root, say, dry_run=dry_run)
    say(exposure(service.name, service.unit.text(program, service.settings)))
    say(f"next: edit {service.settings}, then: {service.name} check --config {service.settings}")
    say(f"then: systemctl start {service.name}; its log: journalctl -u {service.name}")


def uninstall(service: Service, root: Path, say: Callable[[str], None], *, dry_run: bool) -> None:
    """Take it off and say what is left. Raises `NotDone`."""
    _may_write(root, dry_run=dry_run)
    carry_out(service.lifting(), root, say, dry_run=dry_run)
    for path, what in ((service.data, "its data"), (service.settings, "its settings")):
        if under(root, path).exists():
            say(f"left: {what} in {under(root, path)}")
    say(f"left: the user {USER}, whose these are. Nothing of it is needed once the store has every record")


def _may_write(root: Path, *, dry_run: bool) -> None:
    if os.name != "posix":
        raise NotDone("this lays a service of systemd; on Windows the agent has its own way: docs/windows.md")
    if not root.is_dir():
        raise NotDone(f"{root} is no folder; --root names the top of a system")
    if root == SYSTEM and os.geteuid() != 0 and not dry_run:
        raise NotDone(
            "only root may lay a service on this system: run it with sudo, or see with --dry-run what it does"
        )


def _reachable(program: str) -> None:
    if not Path(program).is_absolute():
        raise NotDone(f"{program} is no absolute path; the unit needs one")
    for place, setting in SHUT.items():
        if Path(program).is_relative_to(place):
            raise NotDone(
                f"the service could not reach {program}: its unit shuts {place} away ({setting}). Install Gaugetrail "
                "under /opt (docs/install.md), or name the command that the unit should start with --program"
            )
