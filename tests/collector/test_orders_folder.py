"""An ERP drops orders: each file is taken in whole, or refused with the reason beside it, whatever happens."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from test_document_commands import Office, users  # noqa: F401 - the fixture

from gaugetrail_collector.config import load
from gaugetrail_collector.documents.desk import NewEdition
from gaugetrail_collector.documents.folding import DocumentRegister, read_register
from gaugetrail_collector.documents.from_tables.orders_folder import FILES_A_ROUND, OrdersFolder
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_collector.documents.to_stations.by_line import LineTexts
from gaugetrail_collector.stores import Outcome, Store, StoreDown
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import DAY_US, WallClock
from gaugetrail_contract.distribution.current import ORDER_DAYS, issue_number, listed_editions
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.seal import Opened
from gaugetrail_contract.settings import ConfigError

HEAD = "order,line,part,quantity\n"
THREE = HEAD + "O-1,L1,PR-74,500\nO-2,L1,PR-74,20\nO-3,L2,PR-75,7\n"


class Dropped:
    """The folder at the collector that writes, and the store behind it."""

    def __init__(self, folder: Path, *, begun: bool = True) -> None:
        self.at = folder / "erp"
        self.at.mkdir()
        self.path = folder / "store.db"
        self.here = DocumentsHere("c1", folder, folder / "documents.news", (), master=True)
        if begun:
            with closing(self.store()) as store:
                self.here.desk(store).begin("ida", "")

    def store(self) -> Store:
        made = SqliteStore(self.path)
        made.open()
        return made

    def watch(self, settled_secs: float = 0, make_store: type[SqliteStore] = SqliteStore) -> OrdersFolder:
        return OrdersFolder(self.at, self.here, lambda: make_store(self.path), settled_secs)

    def round(self) -> OrdersFolder:
        one = self.watch()
        try:
            one.round()
        finally:
            one.close()
        return one

    def drop(self, name: str, text: str | bytes = THREE, at_ns: int = 10**18) -> Path:
        path = self.at / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        os.utime(path, ns=(at_ns, at_ns))
        return path

    def names(self, where: str = "") -> set[str]:
        folder = self.at / where
        return {one.name for one in folder.iterdir() if not one.is_dir()} if folder.exists() else set()

    def register(self) -> DocumentRegister:
        with closing(self.store()) as store:
            return read_register(store)

    def orders(self) -> dict[str, list[str]]:
        """Order -> the titles of its editions."""
        lives = self.register().lives
        return {name: [one.draft.title for one in life.editions] for name, life in lives.items()}


@pytest.fixture
def erp(tmp_path: Path) -> Dropped:
    return Dropped(tmp_path)


def test_a_file_of_many_orders_is_taken_in_holds_at_once_and_moves_to_taken(erp: Dropped) -> None:
    erp.drop("monday.csv")
    one = erp.round()
    assert erp.orders() == {"O-1": ["500 x PR-74"], "O-2": ["20 x PR-74"], "O-3": ["7 x PR-75"]}
    assert (erp.names(), erp.names("taken"), erp.names("refused")) == (set(), {"monday.csv"}, set())
    assert one.alarms() == ()
    assert erp.here.news.exists(), "stations are told at once"
    life = erp.register().lives["O-3"]
    step = life.steps[0]
    assert (step.by, step.comment, life.editions[0].draft.line) == ("orders folder", "monday.csv", "L2")
    assert life.holding(WallClock().now_us()) is not None


def test_a_later_file_changes_an_order_and_what_is_as_it_was_is_passed_over(erp: Dropped) -> None:
    erp.drop("b.csv", THREE.replace("500", "450"), at_ns=2 * 10**18)
    erp.drop("a.csv", at_ns=10**18)
    erp.round()
    assert erp.orders() == {"O-1": ["500 x PR-74", "450 x PR-74"], "O-2": ["20 x PR-74"], "O-3": ["7 x PR-75"]}
    erp.drop("c.toml", 'id = "O-4"\npart = "PR-1"\nquantity = 3\n')
    erp.round()
    assert erp.orders()["O-4"] == ["3 x PR-1"]
    assert erp.names("taken") == {"a.csv", "b.csv", "c.toml"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", THREE.replace("PR-75,7", "PR-75,no"), "a.csv:4: quantity: 'no': must be a whole number"),
        ("a.csv", THREE.replace("O-3", "CP-1"), "CP-1 is a document of kind plan; give the new one an id of its own"),
        ("a.csv", b"\xff\xfe\x00", "is not UTF-8 text"),
        ("a.csv", HEAD, "holds no order below its headings"),
        ("a.toml", 'id = "O-1"\n', "a.toml: part: is required"),
        ("a.xlsx", b"no workbook", "is no Excel workbook"),
        ("a.pdf", b"%PDF", "is none of .csv, .xlsx, .toml: save it as one of them"),
    ],
)
def test_a_bad_file_goes_to_refused_with_its_reason_and_nothing_of_it_is_taken(
    erp: Dropped, name: str, content: str | bytes, says: str
) -> None:
    with closing(erp.store()) as store:
        erp.here.desk(store).new(NewEdition(DocumentKind.PLAN, "CP-1", b"a plan", "A"), "eva")
    erp.drop(name, content)
    one = erp.round()
    assert set(erp.orders()) == {"CP-1"}
    assert (erp.names(), erp.names("taken")) == (set(), set())
    assert erp.names("refused") == {name, f"{name}.txt"}
    told = (erp.at / "refused" / f"{name}.txt").read_text("utf-8")
    assert told.startswith("Nothing of this file is taken in:\n")
    assert says in told
    assert one.alarms() == (), "the next file is not held up"


def test_a_second_file_of_a_name_replaces_nothing(erp: Dropped) -> None:
    for text in (THREE, THREE.replace("500", "450"), HEAD, HEAD):
        erp.drop("orders.csv", text)
        erp.round()
    assert len(erp.names("taken")) == 2
    assert len(erp.names("refused")) == 4
    assert {one.removesuffix(".txt") for one in erp.names("refused")} <= erp.names("refused")


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_only_files_are_opened(erp: Dropped, tmp_path: Path) -> None:
    """A link could name what the service may read and the one who dropped it may not; a pipe would hold us up."""
    (tmp_path / "secret").write_text("password = 1\n")
    (erp.at / "link.toml").symlink_to(tmp_path / "secret")
    os.mkfifo(erp.at / "pipe.csv")
    (erp.at / "folder.csv").mkdir()
    erp.round()
    assert erp.names("refused") == {"link.toml", "link.toml.txt", "pipe.csv", "pipe.csv.txt"}
    assert "password" not in (erp.at / "refused" / "link.toml.txt").read_text()
    assert (erp.at / "folder.csv").is_dir()


def test_a_file_that_is_still_written_is_left_alone(erp: Dropped, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("gaugetrail_collector.documents.from_tables.orders_folder.time.monotonic", lambda: now[0])
    erp.drop("a.csv", HEAD + "O-1,L1,PR-74,5", at_ns=10**18)
    for name in (".hidden.csv", "~$a.xlsx", "b.csv.part", "b.tmp", "c.filepart"):
        erp.drop(name)
    with closing(erp.watch(settled_secs=3)) as watch:
        watch.round()
        now[0] = 2.9
        erp.drop("a.csv", HEAD + "O-1,L1,PR-74,50", at_ns=10**18 + 1)
        watch.round()
        now[0] = 5.8
        watch.round()
        assert erp.orders() == {}
        now[0] = 5.9
        watch.round()
    assert erp.orders() == {"O-1": ["50 x PR-74"]}
    assert erp.names() == {".hidden.csv", "~$a.xlsx", "b.csv.part", "b.tmp", "c.filepart"}


def test_a_file_that_changes_while_it_is_read_is_left_for_a_later_look(
    erp: Dropped, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaugetrail_collector.documents.from_tables import orders_folder

    real = orders_folder.orders_of

    def slowly(path: Path) -> list[NewEdition]:
        found = real(path)
        erp.drop("a.csv", THREE + "O-9,L1,PR-74,9\n", at_ns=3 * 10**18)
        return found

    monkeypatch.setattr(orders_folder, "orders_of", slowly)
    erp.drop("a.csv")
    erp.round()
    assert erp.orders() == {}
    assert erp.names() == {"a.csv"}
    monkeypatch.setattr(orders_folder, "orders_of", real)
    erp.round()
    assert set(erp.orders()) == {"O-1", "O-2", "O-3", "O-9"}


class Killed(BaseException):
    """The process is gone: nothing behind it runs."""


def test_killed_at_any_write_or_move_it_takes_each_order_once_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tried at every write into the store, before it and behind it, and at every move of a file."""
    left = [0]

    def tick() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    class Dying(SqliteStore):
        def write(self, records: Sequence[Opened]) -> list[Outcome]:
            tick()
            done = super().write(records)
            tick()
            return done

    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        tick()
        done = real(path, target)
        tick()
        return done

    monkeypatch.setattr(Path, "rename", rename)
    rows = "".join(f"O-{number},L1,PR-74,{number}\n" for number in range(1, 31))
    for moment in range(1, 100):
        folder = tmp_path / str(moment)
        folder.mkdir()
        left[0] = 0
        erp = Dropped(folder)
        erp.drop("a.csv", HEAD + rows)
        erp.drop("b.csv", HEAD, at_ns=2 * 10**18)
        left[0] = moment
        died = False
        watch = erp.watch(make_store=Dying)
        try:
            watch.round()
        except Killed:
            died = True
        watch.close()
        left[0] = 0
        erp.round()
        assert erp.orders() == {f"O-{number}": [f"{number} x PR-74"] for number in range(1, 31)}
        assert (erp.names(), erp.names("taken")) == (set(), {"a.csv"})
        assert erp.names("refused") == {"b.csv", "b.csv.txt"}
        if not died:
            break
    assert moment > 8, "it was killed at the writes of texts and steps and at both moves"


@pytest.mark.parametrize("case", ["not begun", "not the writer", "store down", "can't be moved"])
def test_what_is_not_the_files_fault_leaves_it_where_it_is_with_an_alarm(
    tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    erp = Dropped(tmp_path, begun=case != "not begun")
    erp.drop("a.csv")
    says = {"not begun": "documents are not begun yet", "store down": "the disk is gone"}.get(case, "")
    if case == "not the writer":
        with closing(erp.store()) as store:
            other = DocumentsHere("c2", tmp_path, tmp_path / "news", (), master=True)
            other.desk(store).begin("ida", "it takes over", take_over=True)
        says = "c2 was the last to begin"
    if case == "can't be moved":
        (erp.at / "taken").write_text("a file in the folder's place")
        says = "can't be taken"

    def down(_: SqliteStore) -> None:
        raise StoreDown("the disk is gone")

    with monkeypatch.context() as patched:
        if case == "store down":
            patched.setattr(SqliteStore, "open", down)
        one = erp.round()
    assert [says in alarm for alarm in one.alarms()] == [True]
    assert "a.csv" in erp.names()
    assert erp.orders() == {}


def test_a_round_takes_so_many_files_and_the_next_one_the_others(erp: Dropped) -> None:
    for number in range(FILES_A_ROUND + 1):
        erp.drop(f"{number:02}.csv", HEAD + f"O-{number},L1,PR-74,5\n", at_ns=10**18 + number)
    erp.round()
    assert erp.names() == {f"{FILES_A_ROUND}.csv"}
    erp.round()
    assert erp.names() == set()


def test_an_order_leaves_the_list_in_time_and_the_number_rises_with_it(erp: Dropped) -> None:
    """Else orders alone would fill it; and what leaves says beforehand that it may."""
    erp.drop("a.csv", HEAD + "O-1,L1,PR-74,5\n")
    erp.round()
    erp.drop("a.csv", HEAD + "O-1,L1,PR-74,6\n")
    erp.round()
    register, now_us = erp.register(), WallClock().now_us()
    people = LineTexts(lambda _: b"")
    (listed,) = listed_editions(register.lives.values(), now_us, people)
    assert (listed.edition, listed.until is not None and listed.until[:4] >= "2027") == (2, True)
    over_us = now_us + ORDER_DAYS * DAY_US
    assert len(listed_editions(register.lives.values(), over_us - DAY_US, people)) == 1
    assert listed_editions(register.lives.values(), over_us, people) == ()
    assert issue_number(register.lives.values(), over_us) == issue_number(register.lives.values(), over_us - DAY_US) + 1


# --- by command


@pytest.fixture
def office(tmp_path: Path, users: str) -> Office:  # noqa: F811 - it is that fixture
    made = Office(tmp_path, users)
    made.good("init", by="ida")
    return made


def test_orders_are_taken_in_by_command_all_or_none(office: Office) -> None:
    file = office.folder / "orders.csv"
    file.write_text(THREE.replace("L1,", ",").replace("500", "0"))
    told = office.bad("orders", str(file), by="eva")
    assert "quantity: '0': must be greater than or equal to 1" in told
    assert "1 fault; nothing is imported" in told
    assert office.good("ls") == ""
    file.write_text(THREE)
    assert "3 orders taken in" in office.good("orders", str(file), by="eva")
    file.write_text(THREE.replace("500", "450"))
    said = json.loads(office.good("orders", str(file), "--json", by="eva"))
    assert said == {"taken": [{"id": "O-1", "edition": 2}], "there": 2}
    assert "that is not the password of eva" in office.bad("orders", str(file), by="eva", password="guessed")
    assert "450 x PR-74" in office.good("ls")
    assert "documents are written by c1, not by c2" in office.bad("orders", str(file), by="eva", at="c2")


def test_a_table_of_orders_becomes_a_text_for_each_or_none(office: Office) -> None:
    file, to = office.folder / "orders.csv", office.folder / "out"
    file.write_text("order,part,quantity\nO/1,PR-74,5\nO_1,PR-74,6\n")
    words = ("import", str(file), "--kind", "order", "--to", str(to))
    code, _, err = office.ask_without_settings(*words)
    assert (code, to.exists()) == (1, False)
    assert "two of them would be written as O_1.toml; nothing is imported" in err
    file.write_text("order,part,quantity\nO/1,PR-74,5\nO-2,PR-74,6\n")
    code, out, _ = office.ask_without_settings(*words, "--set", "line=L1")
    assert (code, {one.name for one in to.iterdir()}) == (0, {"O_1.toml", "O-2.toml"})
    assert "2 orders written to" in out
    assert "L1" in office.good("check", "order", str(to / "O-2.toml")) + (to / "O-2.toml").read_text()


def test_a_folder_of_orders_is_for_the_collector_that_writes(office: Office) -> None:
    path = office.folder / "c2.toml"
    path.write_text(path.read_text() + '[documents]\norders_folder = "erp"\n')
    with pytest.raises(ConfigError, match="orders_folder is for the collector that writes documents"):
        load(path)
    path.write_text(path.read_text().replace("orders_folder", "master = true\norders_folder"))
    assert load(path).orders_folder == office.folder / "erp"
