"""Every driver by name: profiles (shipped, and users' own folders) and drivers in Python share one name space.

Promise: a wrong name gives a message that lists the known ones, the closest first; a profile of a user's own never
shadows a shipped one. A profile file is read when it is asked for, so one broken file disturbs no other device.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Final

from gaugetrail_agent.drivers import StreamDriver
from gaugetrail_agent.drivers.driver_settings import BadSetting, checked
from gaugetrail_agent.drivers.profile.driver import Profile, ProfileDriver, load_profile, run
from gaugetrail_agent.reading import Reading
from gaugetrail_contract.settings import ConfigError, Problem

__all__ = [
    "BadSetting",
    "KnownDriver",
    "UnknownDriver",
    "decode",
    "driver_names",
    "listed",
    "make_driver",
    "profile_path",
    "profile_paths",
]

SHIPPED: Final = Path(__file__).resolve().parent.parent / "profiles"

HERE: Final = Path(__file__).resolve().parent

ENGINE: Final = frozenset(
    {"amounts", "catalogue", "checks", "driver_settings", "faults", "framing", "profile", "stream"}
)
"""What stands in this folder and drives no device itself; everything else does, by its file's name."""


@cache
def python_drivers() -> Mapping[str, str]:
    """Name -> module below this package, for every `NAME.py` and `NAME/driver.py` here (with `_` for the name's `-`).

    Each has `Settings` and `make(settings)`; it is imported when it is asked for.
    """
    files = [(path.stem, path.stem) for path in HERE.glob("*.py")]
    folders = [(path.parent.name, f"{path.parent.name}.driver") for path in HERE.glob("*/driver.py")]
    return {
        stem.replace("_", "-"): module
        for stem, module in sorted((*files, *folders))
        if stem not in ENGINE and not stem.startswith("_")
    }


def driver_file(name: str) -> str:
    """The file of a driver in Python, below this folder."""
    return f"{python_drivers()[name].replace('.', '/')}.py"


class UnknownDriver(ValueError):
    """No profile and no driver has that name."""


def driver_names(profile_dirs: Sequence[Path] = ()) -> list[str]:
    """The names that a `[[device]]` can give, sorted. Raises `ConfigError` for a name that is taken twice."""
    return sorted({*python_drivers(), *_profiles(profile_dirs)})


def profile_paths(profile_dirs: Sequence[Path] = ()) -> list[Path]:
    """The files of all profiles, in the order of their names."""
    return [path for _, path in sorted(_profiles(profile_dirs).items())]


def profile_path(name: str, profile_dirs: Sequence[Path] = ()) -> Path:
    """The file of a profile. Raises `UnknownDriver`."""
    profiles = _profiles(profile_dirs)
    if name in profiles:
        return profiles[name]
    if name in python_drivers():
        raise UnknownDriver(f"{name} is a driver in Python ({driver_file(name)}) and has no profile file")
    raise _unknown(name, profile_dirs)


@dataclass(frozen=True, slots=True)
class KnownDriver:
    """What `profiles ls` shows of a driver: who makes the devices, which, and how far it is proved (see `Proof`)."""

    name: str
    title: str
    maker: str
    models: tuple[str, ...]
    proof: str | None

    def holds(self, word: str) -> bool:
        """Whether the word, in capitals or small, stands anywhere in it."""
        return word.casefold() in " ".join((self.name, self.title, self.maker, *self.models)).casefold()


def listed(profile_dirs: Sequence[Path] = ()) -> list[KnownDriver]:
    """Every profile and driver, by name. Raises `ConfigError` for a profile that can't be read."""
    drivers = [_listed_module(name) for name in python_drivers()]
    profiles = [_listed_profile(name, path) for name, path in _profiles(profile_dirs).items()]
    return sorted([*drivers, *profiles], key=lambda one: one.name)


def _listed_module(name: str) -> KnownDriver:
    module = python_module(name)
    first = " ".join((module.__doc__ or "").partition("\n\n")[0].split()).rstrip(".")
    return KnownDriver(name, first, module.MAKER, module.MODELS, module.PROOF)


def _listed_profile(name: str, path: Path) -> KnownDriver:
    one = _load(path, _stamp(path))
    return KnownDriver(name, one.title, one.maker, one.devices, one.proof)


def make_driver(name: str, settings: Mapping[str, str], profile_dirs: Sequence[Path] = ()) -> StreamDriver:
    """A fresh driver. Raises `UnknownDriver` or `BadSetting` (both `ValueError`); `ConfigError` for a bad file."""
    if name in python_drivers():
        return _python_driver(name, settings)
    path = _profiles(profile_dirs).get(name)
    if path is None:
        raise _unknown(name, profile_dirs)
    return ProfileDriver(_load(path, _stamp(path)), settings)


def decode(name: str, settings: Mapping[str, str], data: bytes, profile_dirs: Sequence[Path] = ()) -> list[Reading]:
    """What a recording says, `incomplete` for what is left over. Raises as `make_driver` does."""
    return run(make_driver(name, settings, profile_dirs), data)


def python_module(name: str) -> ModuleType:
    """The module of a driver in Python."""
    return importlib.import_module(f"{__package__}.{python_drivers()[name]}")


def _python_driver(name: str, settings: Mapping[str, str]) -> StreamDriver:
    module = python_module(name)
    driver = module.make(checked(module.Settings, name, settings))
    assert isinstance(driver, StreamDriver)
    return driver


def _profiles(profile_dirs: Sequence[Path]) -> dict[str, Path]:
    found = {path.stem: path for path in sorted(SHIPPED.glob("*.toml"))}
    problems: list[Problem] = []
    for folder in profile_dirs:
        if not folder.is_dir():
            problems.append(Problem(str(folder), "", "is no folder, so there are no profiles in it"))
            continue
        for path in sorted(folder.glob("*.toml")):
            other = driver_file(path.stem) if path.stem in python_drivers() else found.get(path.stem)
            if other is not None and other != path:
                message = f"there is a driver {path.stem!r} already ({other}): give the file and its name another name"
                problems.append(Problem(str(path), "name", message))
            else:
                found[path.stem] = path
    if problems:
        raise ConfigError(problems)
    return found


@lru_cache(maxsize=128)
def _load(path: Path, stamp: tuple[int, int]) -> Profile:
    """Parsing costs some milliseconds; `stamp` makes an edited file a new one."""
    del stamp
    return load_profile(path)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)  # load_profile says what is wrong with it
    return (status.st_mtime_ns, status.st_size)


def _unknown(name: str, profile_dirs: Sequence[Path]) -> UnknownDriver:
    names = driver_names(profile_dirs)
    closest = difflib.get_close_matches(name, names, 3, 0.5)
    ordered = [*closest, *(other for other in names if other not in closest)]
    hint = f"did you mean {closest[0]}? There are" if closest else "there are"
    return UnknownDriver(f"there is no profile or driver {name!r}; {hint} {', '.join(ordered)}")
