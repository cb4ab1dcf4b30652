"""SQLite files that somebody else has had in hand: nothing that stands in them runs, and a link is not followed."""

from __future__ import annotations

import shlex
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from gaugetrail_contract.files import fresh_file, link_trouble, refuse_links, whole_file, write_whole
from gaugetrail_service.files.sqlite_files import NotAsMade, compare, is_as_made, look_into, open_database, open_list

OLD = "CREATE TABLE part(serial TEXT PRIMARY KEY);"
GROWN = OLD + 'ALTER TABLE part ADD COLUMN "lot" TEXT;'
NEW = "CREATE TABLE IF NOT EXISTS part(serial TEXT PRIMARY KEY, lot TEXT)"
KNOWN = (NEW, OLD, GROWN)


def made(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(script)
    return path


@pytest.mark.parametrize("script", [*KNOWN, "", OLD.replace("(", "  (\n  ")])
def test_what_this_version_or_an_earlier_one_has_made_is_opened(tmp_path: Path, script: str) -> None:
    if "(\n" in script:
        script = "CREATE  TABLE part(serial\n TEXT PRIMARY KEY);"
    with closing(open_list(made(tmp_path / "parts.db", script), KNOWN)) as db:
        assert db.execute("PRAGMA trusted_schema").fetchone() == (0,)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


STRANGE = [
    (
        f"{OLD} CREATE TRIGGER eat AFTER INSERT ON part BEGIN DELETE FROM part; END;",
        "it holds the trigger eat on part, which is none of ours",
        'DROP TRIGGER "eat"',
    ),
    (f"{OLD} CREATE VIEW pieces AS SELECT 1;", "it holds the view pieces, which is none of ours", 'DROP VIEW "pieces"'),
    (f'{OLD} CREATE INDEX "a""b" ON part(serial);', 'it holds the index a"b on part, which', 'DROP INDEX "a""b"'),
    (f"{OLD} CREATE TABLE more(x);", "it holds the table more, which is none of ours", None),
    (
        "CREATE VIEW part AS SELECT 'SN1' AS serial;",
        "its view part is not as this program makes it",
        None,
    ),
    ("CREATE TABLE part(serial TEXT PRIMARY KEY, lot TEXT CHECK(lot > 1));", "its table part is not as this", None),
    (f"{OLD} PRAGMA user_version = 4;", "was written by a newer Gaugetrail (format 4); install that one", None),
]


@pytest.mark.parametrize(("script", "said", "drop"), STRANGE)
def test_what_is_strange_is_named_with_the_command_and_left_alone(
    tmp_path: Path, script: str, said: str, drop: str | None
) -> None:
    path = made(tmp_path / "it's.db", script)
    before = path.read_bytes()
    with pytest.raises(sqlite3.DatabaseError) as told:
        open_list(path, KNOWN)
    assert said in str(told.value)
    assert str(path) in str(told.value)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path], "nothing is left beside it"
    command = str(told.value).partition("; take that out: ")[2]
    assert bool(command) == (drop is not None)
    if drop is not None:
        assert shlex.split(command) == ["sqlite3", str(path), drop]
        made(path, drop)
        open_list(path, KNOWN).close()


def test_what_is_missing_is_named_and_takes_a_backup(tmp_path: Path) -> None:
    indexed = f"{OLD} CREATE INDEX late ON part(serial);"
    with closing(open_database(made(tmp_path / "parts.db", OLD))) as db:
        with pytest.raises(NotAsMade, match="its index late is missing") as told:
            compare(db, (indexed,))
        assert told.value.said_of(tmp_path).endswith("put it back from a backup (gaugetrail-collector restore)")
        assert is_as_made(db, "part", (indexed,))
        assert not is_as_made(db, "late", (indexed,))
        assert not is_as_made(db, "part", (NEW,))


def test_no_function_of_a_planted_view_runs(tmp_path: Path) -> None:
    """Even if somebody asks it: what reaches beyond the file is not for its schema."""
    path = made(tmp_path / "parts.db", "CREATE VIEW part AS SELECT reach() AS serial;")
    with closing(look_into(path)) as db:
        db.create_function("reach", 0, lambda: "out")
        with pytest.raises(sqlite3.OperationalError, match="unsafe use of reach"):
            db.execute("SELECT serial FROM part").fetchall()
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.execute("DROP VIEW part")


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_a_link_in_a_files_place_is_refused_and_its_target_untouched(tmp_path: Path, end: str) -> None:
    target, path = tmp_path / "target", tmp_path / "parts.db"
    target.write_bytes(b"")
    path.with_name(path.name + end).symlink_to(target)
    for opened in (open_database, look_into):
        with pytest.raises(OSError, match=f"it is a link to {target}; nothing is written through it"):
            opened(path)
    assert target.read_bytes() == b""
    assert {one.name for one in tmp_path.iterdir()} == {"target", f"parts.db{end}"}


def test_a_second_name_of_another_file_is_refused_until_the_command_has_made_it_one_of_its_own(tmp_path: Path) -> None:
    target, path = made(tmp_path / "target.db", OLD), tmp_path / "parts list.db"
    path.hardlink_to(target)
    with pytest.raises(OSError, match="it has a second name elsewhere"):
        open_database(path)
    trouble = link_trouble(path, path.lstat())
    assert trouble is not None
    subprocess.run(trouble[1], shell=True, check=True)
    open_database(path).close()
    assert target.stat().st_nlink == 1


def test_what_is_written_is_never_written_through_a_link(tmp_path: Path) -> None:
    """A planted name of a file of a moment is taken away; one in the place of an export is refused."""
    target, path = tmp_path / "target", tmp_path / "out"
    target.write_bytes(b"theirs")
    path.symlink_to(target)
    with fresh_file(path) as file:
        file.write(b"ours")
    assert (target.read_bytes(), path.read_bytes(), path.is_symlink()) == (b"theirs", b"ours", False)
    path.unlink()
    path.symlink_to(target)
    with pytest.raises(OSError, match="link"), whole_file(path) as file:
        file.write(b"ours")
    with pytest.raises(OSError, match="link"):
        refuse_links(tmp_path / "not there", path)
    write_whole(path, b"ours")
    assert (target.read_bytes(), path.read_bytes()) == (b"theirs", b"ours")


def test_a_schema_whose_words_the_disk_has_spoilt_is_said_and_not_a_trace(tmp_path: Path) -> None:
    """SQLite quotes the spoilt statement in its complaint, which is then no text that Python can read."""
    path = made(tmp_path / "parts.db", OLD)
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE part", b"CREATE\xa0TABLE part"))
    before = path.read_bytes()
    with pytest.raises(
        sqlite3.DatabaseError, match=r"parts\.db is left as it is: a statement in its schema is spoilt; put"
    ):
        open_list(path, KNOWN)
    assert path.read_bytes() == before
