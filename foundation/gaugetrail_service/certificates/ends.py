"""When a certificate ends: read from its file, of which the first certificate counts, and held against a moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gaugetrail_contract.findings import Finding

SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class Certificate:
    """`setting` is where the file is named. Without `ends` it could not be read, and `fault` says why."""

    setting: str
    path: Path
    ends: datetime | None
    fault: str = ""

    def as_json(self) -> dict[str, object]:
        """For programs."""
        ends = None if self.ends is None else self.ends.isoformat().replace("+00:00", "Z")
        return {"setting": self.setting, "file": str(self.path), "ends_on": ends, "fault": self.fault}

    def findings(self, now: datetime) -> Iterator[Finding]:
        """What is wrong with it at that moment."""
        about = f"certificate {self.setting}"
        if self.ends is None:
            yield Finding(about, f"{self.path} {self.fault}", "put a certificate in PEM form there")
        elif self.ends <= now:
            what = f"{self.path} has expired on {self.ends:%Y-%m-%d}"
            yield Finding(
                about, what, "have it renewed and put the new file there; it holds from the next connection on"
            )
        elif (self.ends - now).days < SOON_DAYS:
            yield Finding(about, f"{self.path} ends on {self.ends:%Y-%m-%d}", "have it renewed", wrong=False)


def certificate_at(setting: str, path: Path) -> Certificate:
    """The certificate in a file; never raises."""
    from gaugetrail_service.certificates.contents import (
        facts_in,  # here, so that a service without TLS doesn't carry it
    )

    try:
        return Certificate(setting, path, facts_in(path).ends)
    except OSError as error:
        return Certificate(setting, path, None, f"can't be read: {error.strerror or error}")
    except ValueError:
        return Certificate(setting, path, None, "holds no certificate in PEM form")
