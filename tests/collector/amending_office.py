"""An office with documents, people and units on record, where people type the commands that decide."""

from __future__ import annotations

from pathlib import Path

from document_office import PASSWORDS, PaperOffice, worked_records
from small_plant import fill
from typer.testing import CliRunner

from gaugetrail_collector.cli import app
from gaugetrail_collector.stores.sqlite.store import SqliteStore


class AmendingOffice(PaperOffice):
    """With units on record; eva is quality engineer, uwe approver, olaf no one of the documents' roles."""

    def run(self, *words: str, by: str = "", password: str | None = None, at: str = "collector-1") -> tuple[int, str]:
        """Exit code, and what was said on both streams."""
        person = ["--by", by, "--stdin"] if by else []
        given = PASSWORDS.get(by, "") if password is None else password
        settings = ["--config", str(self.folder / f"{at}.toml")]
        done = CliRunner().invoke(app, [*words, *person, *settings], input=f"{given}\n")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.stdout + done.stderr

    def good(self, *words: str, by: str = "") -> str:
        code, said = self.run(*words, by=by)
        assert code == 0, said
        return said


def made_office(folder: Path) -> AmendingOffice:
    """With documents, people and three units."""
    made = AmendingOffice(folder)
    made.open()
    store = SqliteStore(folder / "store.db")
    store.open()
    fill(store, worked_records())
    store.close()
    return made
