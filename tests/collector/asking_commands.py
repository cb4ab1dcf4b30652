"""The collector's commands, run in this process: exit code, standard output, standard error."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from gaugetrail_collector.cli import app


def settings_file(folder: Path) -> Path:
    """A collector with a SQLite store, everything in that folder."""
    path = folder / "collector.toml"
    path.write_text(f'id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "{folder}/store.db"\n')
    return path


def ask(folder: Path, *words: str) -> tuple[int, str, str]:
    """Run one, with the settings file of that folder."""
    done = CliRunner().invoke(app, [*words, "--config", str(folder / "collector.toml")])
    return done.exit_code, done.stdout, done.stderr
