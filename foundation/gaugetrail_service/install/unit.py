"""The systemd unit of a daemon: what it may do, and of what it may not be kept from, the reason.

A unit shuts away what the daemon doesn't need (systemd.exec(5)). Each setting that `systemd-analyze security` asks for
and that is left off stands in the unit as a comment with its reason, so that nobody switches it on by guess.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """A setting that is on, with the reason where it isn't plain."""

    setting: str
    reason: str = ""

    def lines(self) -> list[str]:
        """As the unit has it."""
        return [*comment(self.reason), self.setting]


@dataclass(frozen=True, slots=True)
class LeftOff:
    """A setting that is not on, and why."""

    setting: str
    reason: str

    def lines(self) -> list[str]:
        """A comment: what would be switched on, and what would then fail."""
        return comment(f"left off: {self.setting}: {self.reason}")


SHUT_AWAY: tuple[Allowed | LeftOff, ...] = (
    Allowed("NoNewPrivileges=yes"),
    Allowed("CapabilityBoundingSet="),
    Allowed("AmbientCapabilities="),
    Allowed("ProtectSystem=strict", "it writes in its own folder of /var/lib alone (StateDirectory)"),
    Allowed("ProtectHome=yes"),
    Allowed("PrivateTmp=yes"),
    Allowed("ProtectKernelTunables=yes"),
    Allowed("ProtectKernelModules=yes"),
    Allowed("ProtectKernelLogs=yes"),
    Allowed("ProtectControlGroups=yes"),
    Allowed("ProtectHostname=yes"),
    Allowed("ProtectProc=invisible"),
    Allowed("LockPersonality=yes"),
    Allowed("MemoryDenyWriteExecute=yes"),
    Allowed("RestrictNamespaces=yes"),
    Allowed("RestrictRealtime=yes"),
    Allowed("RestrictSUIDSGID=yes"),
    Allowed("RemoveIPC=yes"),
    Allowed("PrivateMounts=yes"),
    Allowed("KeyringMode=private"),
    Allowed("UMask=0077", "what is recorded is nobody else's"),
    Allowed("RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"),
    Allowed("SystemCallArchitectures=native"),
    Allowed(
        "SystemCallErrorNumber=EPERM", "a call that is refused is an error that is told, not a kill without a word"
    ),
    LeftOff("PrivateNetwork=yes", "it speaks to the broker, and serves pages and figures"),
    LeftOff("RestrictAddressFamilies=none", "the network for the same reason; AF_UNIX for its word to systemd"),
    LeftOff(
        "IPAddressDeny=any",
        "which broker, store, PLCs and gauges it speaks to stands in its settings; narrow it in a drop-in of your own",
    ),
    LeftOff("RootDirectory=/RootImage=", "it runs on the system's own Python"),
)
"""What both daemons can do without, and what neither can."""


@dataclass(frozen=True, slots=True)
class ServiceUnit:
    """One service. `own` stands before what all shut away."""

    name: str
    description: str
    user: str
    state: str
    watchdog: str
    own: tuple[Allowed | LeftOff, ...]

    def text(self, program: str, settings: str) -> str:
        """The file, for a program and its settings at these paths."""
        lines = [
            f"# Written by {self.name} install, and written anew by it; your own changes belong in a drop-in:",
            f"# systemctl edit {self.name}",
            "[Unit]",
            f"Description={self.description}",
            "Wants=network-online.target",
            "After=network-online.target time-sync.target",
            *comment("it is tried again for ever; a disk that comes late is no reason to give up"),
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            "Type=notify",
            f"ExecStart={program} run --config {settings}",
            *comment("settings, certificates, passwords and documents anew; its log names what needs a restart"),
            "ExecReload=/bin/sh -c 'kill -HUP $MAINPID'",
            f"User={self.user}",
            f"Group={self.user}",
            f"StateDirectory={self.state}",
            "StateDirectoryMode=0700",
            f"WorkingDirectory=/var/lib/{self.state}",
            *comment("the main loop itself says that it turns; silent for so long, it is killed and started again"),
            f"WatchdogSec={self.watchdog}",
            *comment("a spoilt spool or a large store of a former version is repaired before it serves, at any length"),
            "TimeoutStartSec=infinity",
            *comment("it lets go of devices, commits what is sealed and waits for receipts on their way"),
            "TimeoutStopSec=60",
            "Restart=always",
            "RestartSec=3",
            *comment("exit code 78: the settings are faulty; starting again would not mend them"),
            "RestartPreventExitStatus=78",
            "StandardOutput=journal",
            "StandardError=journal",
            f"SyslogIdentifier={self.name}",
            "",
            *(line for setting in (*self.own, *SHUT_AWAY) for line in setting.lines()),
            "",
            "[Install]",
            "WantedBy=multi-user.target",
        ]
        return "\n".join(lines) + "\n"


def comment(text: str) -> list[str]:
    """A comment line; none for no text."""
    return [f"# {text}"] if text else []
