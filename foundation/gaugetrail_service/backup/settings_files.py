"""Settings and the files that they name, into a backup and back beside the settings' new place."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gaugetrail_contract.settings import Loaded
from gaugetrail_service.backup.bundle import BundleWriter, Contents
from gaugetrail_service.backup.laying import give_to_owner, put_back, replaced_folder
from gaugetrail_service.backup.named_files import named_files


def add_settings(bundle: BundleWriter, loaded: Loaded[Any], apart: Collection[Path]) -> dict[str, str]:
    """Put them in. Returns where the files outside of the settings' folder came from. Raises `OSError`."""
    path = loaded.path.resolve()
    bundle.add(f"settings/{loaded.path.name}", path)
    elsewhere: dict[str, str] = {}
    for file in named_files(loaded, apart):
        if file.resolve().is_relative_to(path.parent):
            bundle.add(f"settings/{file.resolve().relative_to(path.parent).as_posix()}", file)
        else:
            name = f"elsewhere/{len(elsewhere) + 1}-{file.name}"
            bundle.add(name, file)
            elsewhere[name] = str(file.resolve())
    return elsewhere


@dataclass(slots=True)
class SettingsBack:
    """The way back. Files that lay elsewhere are named and left in the backup: nothing is written outside."""

    packed: zipfile.ZipFile
    contents: Contents
    settings: Path
    now_us: int
    left_out: list[str] = field(default_factory=list)

    def put(self) -> list[str]:
        """Put them back; where those that stood in the way are. Raises `OSError`, `NoBackup`."""
        folder = self.settings.resolve().parent
        aside, moved, laid = replaced_folder(folder, self.now_us), [], []
        for one in self.contents.under("settings"):
            named = one.name.removeprefix("settings/")
            target = self.settings.resolve() if named == self.contents.settings else folder / named
            if target.is_file() and target.read_bytes() == self.packed.read(one.name):
                continue
            if put_back(self.packed, one, target, aside / Path(named).parent):
                moved.append(str(aside / named))
            laid.append(target)
        give_to_owner(folder, [*laid, *(path.parent for path in laid if path.parent != folder)], 0o640)
        self.left_out += [f"{name}: it lay in {where}" for name, where in self.contents.elsewhere.items()]
        return moved
