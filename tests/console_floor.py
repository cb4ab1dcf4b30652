"""A console over a real store with a few parts in it (SQLite unless said otherwise), asked without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import httpx
import msgspec
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gaugetrail_collector.console.app import make_app
from gaugetrail_collector.console.facts import About, Facts
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside
from gaugetrail_collector.intake.keys.agent_keys import Keys
from gaugetrail_collector.let_go import LetGo
from gaugetrail_collector.statuses import Neighbours
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import ClockTrust, utc_text
from gaugetrail_contract.record import FIRST_PREV, AmendmentBody, Body, Head, InspectionBody, Measurement, PlanRef
from gaugetrail_contract.seal import Opened, open_sealed, seal
from gaugetrail_contract.status import CollectorStatus
from gaugetrail_service.web.console_users import UsersFile
from gaugetrail_service.web.sessions import Sessions

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' OR 1=1 --",
    "'; DROP TABLE record; --",
    '"; DROP MEASUREMENT trace; --',
    "/.*/",
    "\\' OR ''='",
    "{{ 7*7 }}{% raw %}",
    "a&b=c#d?e/f%2e%00",
    "日本 ÄÖ ß",
    "../../etc/passwd",
]
"""Serials that a careless page, query or template would obey."""

T0 = 1_790_000_000_000_000
HOST = "127.0.0.1:8470"


def measurement(name: str = "bore", value: str = "74.010", verdict: str = "pass", **changes: object) -> Measurement:
    return msgspec.convert(
        {
            "characteristic": name,
            "kind": "variable",
            "value": value,
            "unit": "mm",
            "nominal": "74.000",
            "lsl": "73.950",
            "usl": "74.050",
            "verdict": verdict,
            "time": utc_text(T0),
            "gauge": "G-0017",
            "capture": "gauge",
            "calibration": "valid",
            "calibration_due": "2027-01-31",
            "status": "ok",
        }
        | changes,
        Measurement,
    )


def inspection(serial: str, **changes: object) -> InspectionBody:
    fields: dict[str, object] = {
        "site": "plant1",
        "line": "line1",
        "station": "OP20",
        "part": "PR-74",
        "revision": "B",
        "serial": serial,
        "lot": "L7",
        "operator": "OP-12",
        "plan": PlanRef(id="CP-1001", revision="C", sha256="ab" * 32),
        "verdict": "pass",
        "started": utc_text(T0),
        "duration_ms": 4200,
        "measurements": (measurement(),),
    }
    return msgspec.convert(fields | changes, InspectionBody)


def amendment(target: str, **changes: object) -> AmendmentBody:
    fields: dict[str, object] = {
        "site": "plant1",
        "line": "line1",
        "station": "OP20",
        "target": target,
        "target_sha256": "cd" * 32,
        "action": "correct",
        "field": "lot",
        "old": "L7",
        "new": "L8",
        "reason": "label mixed up",
        "requested_by": "OP-12",
        "approved_by": "QE-3",
    }
    return msgspec.convert(fields | changes, AmendmentBody)


def sealed(bodies: Iterable[Body], agent: str = "pc1", epoch: str = "abcdefgh") -> list[Opened]:
    """The bodies as a chain."""
    chain: list[Opened] = []
    for seq, body in enumerate(bodies, start=1):
        head = Head(
            kind=body.KIND,
            agent=agent,
            epoch=epoch,
            seq=seq,
            prev=chain[-1].sealed.sha256 if chain else FIRST_PREV,
            time=utc_text(T0 + seq * 1_000_000),
            utc_offset_min=60,
            clock=ClockTrust.SYNCED,
            mono_ns=seq,
            boot="boot-1",
            slot=7,
        )
        one = seal(head, body)
        chain.append(Opened(one, open_sealed(one)))
    return chain


def own_status(**changes: object) -> CollectorStatus:
    """What a collector says of itself with all well."""
    fields: dict[str, object] = {"online": True, "collector": "collector-1", "broker": "up", "store": "up"}
    return CollectorStatus.model_validate(fields | changes)


def quick_line(name: str, password: str) -> str:
    """A user's line with a hash that costs little, as each log-on tries one."""
    kdf = Argon2id(salt=name.encode() * 6, length=32, iterations=1, lanes=1, memory_cost=8)
    return f"{name}:{kdf.derive_phc_encoded(password.encode())}\n"


class Pages:
    """A console's application, asked like a browser on the same machine would."""

    def __init__(
        self,
        folder: Path,
        records: Iterable[Opened] = (),
        make_store: Callable[[], Store] | None = None,
        here: DocumentsHere | None = None,
    ) -> None:
        self.path = folder / "store.db"
        self._make = make_store or (lambda: SqliteStore(self.path))
        store = self._make()
        store.open()
        store.write(list(records))
        store.close()
        self.set_aside = SetAside(folder / "set-aside.db")
        self.set_aside.open()
        self.neighbours = Neighbours(lambda: T0)
        about = About("collector-1", "0.1.0")
        self.keys = Keys(folder / "keys.db", "first-use", lambda: T0)
        self.keys.open()
        self.let_go = LetGo(folder / "let-go.db")
        self.let_go.open()
        self.own = own_status()
        self.facts = Facts(
            about,
            self._make,
            self.set_aside,
            self.neighbours,
            self.keys,
            self.let_go,
            lambda: self.own,
            here or DocumentsHere("collector-1", folder, folder / "documents.news", (folder / "attachments",)),
        )
        self.app = make_app(self.facts, ("127.0.0.1",))

    def close(self) -> None:
        self.facts.close()
        self.set_aside.close()
        self.keys.close()
        self.let_go.close()

    def put_aside(self, raw: bytes, reason: str = "not a wire line") -> None:
        self.set_aside.put([Entry("gaugetrail/v1/pc1/records", raw, reason, T0)])

    def count(self) -> int:
        store = self._make()
        store.open()
        try:
            return store.count()
        finally:
            store.close()

    def ask(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        async def main() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
                return await client.request(method, path, params=params, headers=headers, data=form)

        return asyncio.run(main())

    def press(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        """A button of one of our own pages."""
        own = {"origin": f"http://{HOST}", "sec-fetch-site": "same-origin"} | headers
        return self.ask(path, method="POST", headers=own, form={"token": self.facts.token, **(fields or {})})

    def log_on(self, folder: Path, name: str = "ann", password: str = "correct horse: battery") -> dict[str, str]:
        """From now on everybody has to log on; the headers of one who has."""
        (folder / "users").write_text(quick_line(name, password))
        self.app = make_app(self.facts, ("127.0.0.1",), Sessions(UsersFile(folder / "users").now))
        answer = self.press("/login", {"name": name, "password": password})
        return {"cookie": answer.headers["set-cookie"].partition(";")[0]}
