"""The collector's settings file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator

from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.guard import BOUNDS, SHARE, Newcomers, TagGuard
from gaugetrail_collector.stores.placing import AHEAD_SECS, MOST_DAYS
from gaugetrail_contract.files import trouble_of
from gaugetrail_contract.settings import ConfigError, Insecure, Loaded, LogTable, Settings, load_settings
from gaugetrail_contract.text import Identifier, Name
from gaugetrail_service.mqtt.settings import BrokerSettings

if TYPE_CHECKING:
    from gaugetrail_collector.stores.influx.http import InfluxAddress
    from gaugetrail_service.web.console_users import UsersFile

PREFIX = "GAUGETRAIL_COLLECTOR"


class MqttTable(BrokerSettings):
    """`[mqtt]`: how the collector reaches the broker."""

    group: str = Field(
        "collectors",
        pattern=r"^[^/+#\x00-\x1f]*$",
        description="collectors of one group share the messages; empty: a plain subscription, every message to each",
    )
    window: int = Field(1000, ge=1, le=65535, description="messages that the broker may have on the way to us (MQTT 5)")


class SqliteTable(Settings):
    """`[store]` of kind sqlite: a single line, a demo, tests."""

    kind: Literal["sqlite"]
    path: Path = Field(description="the file; relative to this file", examples=["store.db"])


class InfluxTable(Settings):
    """`[store]` of kind influxdb."""

    kind: Literal["influxdb"]
    url: str = Field(pattern=r"^https?://[^\s/]+/?$", description="address", examples=["http://influx.example:8086"])
    version: Literal["1", "2", "3"] = Field(description="1 (from 1.6), 2 or 3")
    database: Identifier | None = Field(None, description="1 and 3: database; on 1 it is created if it isn't there")
    bucket: Identifier | None = Field(None, description="2: bucket, with a v1 mapping of the same name for queries")
    org: str = Field("", description="2: organisation")
    retention_policy: str = Field("", description="1: retention policy; empty: the default one")
    token: SecretStr | None = Field(None, description="2 and 3: API token; better: token_file")
    username: str | None = Field(None, description="1: user")
    password: SecretStr | None = Field(None, description="1: password; better: password_file")
    tls_ca: Path | None = Field(
        None,
        description="CA certificate of https, where this machine's own list lacks it. Relative to this file",
    )
    tls_cert: Path | None = Field(None, description="client certificate, where the server or a proxy wants one")
    tls_key: Path | None = Field(None, description="its key, without a password")
    insecure: Insecure | None = None
    timeout_secs: float = Field(20, gt=0, description="for one request")
    compress: Literal["auto", "always", "never"] = Field(
        "auto", description="gzip for writes; auto: where they leave this machine (a fast network may do without)"
    )

    @field_validator("tls_ca", "tls_cert", "tls_key")
    @classmethod
    def _beside_the_file(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        return path if path is None or not info.context else Path(info.context["base"]).resolve() / path

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if self.tls_key is not None and self.tls_cert is None:
            raise ValueError("tls_key is given without its tls_cert")
        if not self.url.startswith("https:") and (self.tls_ca is not None or self.tls_cert is not None):
            raise ValueError("tls_ca and tls_cert are for TLS, and url begins with http://; write https://")
        return self

    @model_validator(mode="after")
    def _names_its_place(self) -> Self:
        wanted, other = ("bucket", "database") if self.version == "2" else ("database", "bucket")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            raise ValueError(f"InfluxDB {self.version} needs {wanted} = …" + f", and no {other}")
        if self.version == "2" and not self.org:
            raise ValueError("InfluxDB 2 needs org = …")
        return self


class BatchTable(Settings):
    """`[batch]`: how much is written to the store at once."""

    max_points: int = Field(5000, ge=1, le=50_000, description="points in one write")
    max_ms: int = Field(150, ge=0, le=5000, description="how long the first record of a batch waits for company")


class GuardTable(Settings):
    """`[guard]`: how many values each tag in InfluxDB may have. What would pass a bound waits at its line PC."""

    site: int = Field(BOUNDS["site"], ge=1, description="sites")
    line: int = Field(BOUNDS["line"], ge=1, description="lines")
    station: int = Field(BOUNDS["station"], ge=1, description="stations")
    agent: int = Field(BOUNDS["agent"], ge=1, description="line PCs")
    part: int = Field(BOUNDS["part"], ge=1, description="part numbers")
    plan: int = Field(BOUNDS["plan"], ge=1, description="control plans, each revision counted")
    characteristic: int = Field(BOUNDS["characteristic"], ge=1, description="characteristics")
    gauge: int = Field(BOUNDS["gauge"], ge=1, description="gauges")
    code: int = Field(BOUNDS["code"], ge=1, description="defect codes")
    type: int = Field(BOUNDS["type"], ge=1, description="types of events")
    fork: int = Field(BOUNDS["fork"], ge=1, description="second histories of an agent's epoch")
    unregistered_share: float = Field(
        SHARE,
        gt=0,
        le=1,
        description="part of each bound that line PCs which nobody registered (`keys register`, `keys add`) may bring "
        "between them, on top of it; not with `agent_keys` off",
    )


class CollectorMetricsTable(Settings):
    """`[metrics]`: figures for Prometheus, and `/ready` and `/live`, over HTTP."""

    host: str = Field("127.0.0.1", description="this machine only; its own address opens it to the network")
    port: int = Field(9472, ge=0, le=65535, description="0: any free one (written to data_dir/metrics.port)")
    insecure: Insecure | None = None


class ConsoleTable(Settings):
    """`[console]`: pages for people, over HTTP."""

    host: str = Field("127.0.0.1", description="this machine only; its own address opens it to the network")
    port: int = Field(8470, ge=0, le=65535, description="0: any free one (written to data_dir/console.port)")
    hosts: tuple[str, ...] = Field(
        (), description="names that browsers call it by, besides localhost and host", examples=["gauges.plant.example"]
    )
    users: Path | None = Field(
        None, description="file of gaugetrail-collector console password lines; without it nobody has to log on"
    )
    insecure: Insecure | None = None


class EvidenceTable(Settings):
    """`[evidence]`: signatures, so that it can be shown who sealed a record and who confirmed it."""

    sign: bool = Field(True, description="sign receipts and commands with the collector's own key")
    agent_keys: Literal["first-use", "registered", "off"] = Field(
        "first-use",
        description="first-use: the first key an agent shows is kept and must be on all that follows; registered: only "
        "keys given by `gaugetrail-collector keys add`; off: signatures are not looked at",
    )
    anchor_secs: int = Field(
        3600,
        ge=1,
        description="how often the heads of the chains are sealed into the collector's own chain, if any grew",
    )
    anchor_records: int = Field(
        10_000, ge=1, description="and as soon as so many records came since: that many nobody's note holds fast"
    )


class ReadbackTable(Settings):
    """`[readback]`: whether the store has every number that it should have."""

    look_secs: float = Field(15, gt=0, description="how often what came lately is looked at")
    grace_secs: float = Field(30, gt=0, description="a number missing for longer is announced and asked for again")
    whole_secs: float = Field(21_600, gt=0, description="how often every number of every chain is looked at")
    look_back_days: float | None = Field(
        None, gt=0, description="where the database drops older data on purpose: less than its retention; none: all"
    )
    late_secs: float = Field(3600, gt=0, description="a record older than this when it is stored counts as late")


class DocumentsTable(Settings):
    """`[documents]`: controlled documents. Any collector reads them; one in the plant writes them."""

    master: bool = Field(False, description="whether this is the collector that writes; one in the plant is")
    approver: Literal["another", "anyone"] = Field(
        "another", description="who may approve plans, people and limits: another person than the author, or anyone"
    )
    renew_secs: float = Field(
        300, ge=1, description="how often stations are told that their list of documents is still the newest"
    )
    attachments: Path = Field(
        Path("attachments"),
        description="folder of files that belong to documents, under their digest; relative to data_dir",
    )
    picture_mb: float = Field(
        4,
        ge=0,
        le=16,
        description="pictures and papers of an instruction up to this size go to the stations of its line",
    )
    orders_folder: Path | None = Field(
        None,
        description="folder into which an ERP drops orders (.csv, .xlsx, .toml), at the collector that writes; "
        "relative to this file",
    )
    attachments_backup: Path | None = Field(
        None, description="a second folder for each of them, on another disk or machine; relative to this file"
    )

    @model_validator(mode="after")
    def _orders_come_to_the_writer(self) -> Self:
        if self.orders_folder is not None and not self.master:
            raise ValueError("orders_folder is for the collector that writes documents (master = true)")
        return self


class RecordTimesTable(Settings):
    """`[clock]`: which times of records are believed; one that isn't stays with its line PC, with an alarm."""

    ahead_secs: float = Field(
        AHEAD_SECS,
        ge=60,
        description="how far a record that says `synced` may be ahead of this machine's clock; none may be before 2000",
    )
    far_days: int = Field(
        MOST_DAYS,
        ge=0,
        description="of how many days before 2000, or further ahead, a line PC's records that don't say `synced` are "
        "stored",
    )


class CollectorSettings(Settings):
    """The whole file."""

    id: Name = Field(description="the collector's name, unique in the plant", examples=["collector-1"])
    data_dir: Path = Field(description="folder of what is set aside; relative to this file")
    mqtt: MqttTable = MqttTable()
    store: Annotated[SqliteTable | InfluxTable, Field(discriminator="kind")]
    batch: BatchTable = BatchTable()
    guard: GuardTable = GuardTable()
    metrics: CollectorMetricsTable | None = Field(None, description="leave out for no figures over HTTP")
    console: ConsoleTable | None = Field(None, description="leave out for no console")
    evidence: EvidenceTable = EvidenceTable()
    readback: ReadbackTable = ReadbackTable()
    clock: RecordTimesTable = RecordTimesTable()
    documents: DocumentsTable = DocumentsTable()
    log: LogTable = LogTable()


@dataclass(frozen=True, slots=True)
class CollectorConfig:
    """A checked settings file."""

    loaded: Loaded[CollectorSettings]

    @property
    def settings(self) -> CollectorSettings:
        """The settings themselves."""
        return self.loaded.settings

    def path(self, path: Path) -> Path:
        """A path of the file, relative ones counted from the file's folder."""
        return self.loaded.path.resolve().parent / path

    @property
    def data_dir(self) -> Path:
        """The folder of the collector's own files, absolute."""
        return self.path(self.settings.data_dir)

    @property
    def set_aside_path(self) -> Path:
        """The file of what is set aside."""
        return self.data_dir / "set-aside.db"

    @property
    def attachment_folders(self) -> tuple[Path, ...]:
        """Where each attachment stands: the folder, and the second one where the settings name it."""
        table = self.settings.documents
        second = () if table.attachments_backup is None else (self.path(table.attachments_backup),)
        return (self.data_dir / table.attachments, *second)

    @property
    def orders_folder(self) -> Path | None:
        """Where orders are dropped; null for nowhere."""
        folder = self.settings.documents.orders_folder
        return None if folder is None else self.path(folder)

    @property
    def document_key_path(self) -> Path:
        """The plant's document key; there where this collector writes documents."""
        return self.data_dir / "documents.key"

    @property
    def document_news_path(self) -> Path:
        """A file that is touched with each step that people take with a document, for the service to look at once."""
        return self.data_dir / "documents.news"

    @property
    def let_go_path(self) -> Path:
        """The file of line PCs that were retired."""
        return self.data_dir / "let-go.db"

    def certificates(self) -> list[tuple[str, Path]]:
        """The certificates that the settings name, each by its setting."""
        tables: list[tuple[str, MqttTable | InfluxTable]] = [("[mqtt]", self.settings.mqtt)]
        if isinstance(self.settings.store, InfluxTable):
            tables.append(("[store]", self.settings.store))
        named = [(f"{name} {key}", getattr(table, key)) for name, table in tables for key in ("tls_ca", "tls_cert")]
        return [(setting, self.path(path)) for setting, path in named if path is not None]

    @property
    def store_files(self) -> tuple[Path, ...]:
        """The files of a store that lies in one, whether they are there or not."""
        table = self.settings.store
        if not isinstance(table, SqliteTable):
            return ()
        path = self.path(table.path)
        return tuple(path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm"))

    def users_file(self) -> UsersFile | None:
        """Who may use the console; null where nobody has to log on. Raises `OSError` or `ValueError`."""
        from gaugetrail_service.web.console_users import UsersFile

        table = self.settings.console
        return None if table is None or table.users is None else UsersFile(self.path(table.users))

    def store(self, admin: str | None = None, newcomers: Newcomers | None = None) -> Store:
        """The configured store, not opened yet; `admin` as for `influx_address`, `newcomers` where strangers write."""
        table = self.settings.store
        if isinstance(table, SqliteTable):
            from gaugetrail_collector.stores.sqlite.store import SqliteStore

            return SqliteStore(self.path(table.path))
        # Inside, as the other: a store's libraries are loaded where that store is.
        from gaugetrail_collector.stores.influx.store import InfluxStore

        bounds = self.settings.guard.model_dump(exclude={"unregistered_share"})
        guard = TagGuard(bounds, self.settings.guard.unregistered_share)
        guard.newcomers = newcomers or guard.newcomers
        return InfluxStore(self.influx_address(table, admin), guard)

    def influx_address(self, table: InfluxTable, admin: str | None = None) -> InfluxAddress:
        """Where InfluxDB is and who we are there; `admin` is somebody else's token, or `user:password` on 1.x."""
        from gaugetrail_collector.stores.influx.http import InfluxAddress
        from gaugetrail_service.certificates.tls import TlsFiles

        address = InfluxAddress(
            url=_without_user(table.url),
            version=table.version,
            database=table.database or table.bucket or "",
            org=table.org,
            retention_policy=table.retention_policy,
            token=_asked(table.token),
            username=table.username,
            password=_asked(table.password),
            tls=TlsFiles(table.tls_ca, table.tls_cert, table.tls_key, wanted_by="url"),
            timeout_secs=table.timeout_secs,
            compress=table.compress,
        )
        return address if admin is None else address.as_admin(admin)


def _asked(secret: SecretStr | None) -> Callable[[], str] | None:
    """Who knows the secret: one in a file is read when it is asked for."""
    return None if secret is None else secret.get_secret_value


def _without_user(url: str) -> str:
    """What stands before an `@` in the address is used by nobody and printed nowhere."""
    return re.sub("//[^/]*@", "//", url)


def load(path: Path, environ: Mapping[str, str] | None = None) -> CollectorConfig:
    """Read and check the file. Raises `ConfigError` with every fault found."""
    environ = os.environ if environ is None else environ
    config = CollectorConfig(load_settings(CollectorSettings, path, prefix=PREFIX, environ=environ))
    try:
        config.users_file()
    except (OSError, ValueError) as error:
        raise ConfigError([config.loaded.problem(("console", "users"), trouble_of(error))]) from error
    return config
