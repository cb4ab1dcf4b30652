"""Every driver by name: profiles (shipped, and users' own folders) and drivers in Python share one name space.

Promise: a wrong name gives a message that lists the known ones, the closest first; a profile of a user's own never
shadows a shipped one. A profile file is read when it is asked for, so one broken file disturbs no other device.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from gaugetrail_agent.drivers import StreamDriver
from gaugetrail_agent.drivers.profile.driver import BadSetting, Profile, ProfileDriver, load_profile, run
from gaugetrail_agent.reading import Reading
from gaugetrail_contract.settings import ConfigError, Problem

__all__ = ["BadSetting", "UnknownDriver", "decode", "driver_names", "make_driver", "profile_path", "profile_paths"]

SHIPPED: Final = Path(__file__).resolve().parent.parent / "profiles"

PYTHON_DRIVERS: Final[Mapping[str, str]] = {
    "toledo-cont": "toledo",
    "chroma-bin": "chroma",
    "open-protocol": "open_protocol.driver",
    "open-protocol-serial": "open_protocol.driver",
    "csv-line": "csv_line",
    "scanner": "scanner",
}
"""Name -> module below this package; each has `build(name, settings)`. Imported when asked for."""


def driver_file(name: str) -> str:
    """The file of a driver in Python, below this folder."""
    return f"{PYTHON_DRIVERS[name].replace('.', '/')}.py"


class UnknownDriver(ValueError):
    """No profile and no driver has that name."""


def driver_names(profile_dirs: Sequence[Path] = ()) -> list[str]:
    """The names that a `[[device]]` can give, sorted. Raises `ConfigError` for a name that is taken twice."""
    return sorted({*PYTHON_DRIVERS, *_profiles(profile_dirs)})


def profile_paths(profile_dirs: Sequence[Path] = ()) -> list[Path]:
    """The files of all profiles, in the order of their names."""
    return [path for _, path in sorted(_profiles(profile_dirs).items())]


def profile_path(name: str, profile_dirs: Sequence[Path] = ()) -> Path:
    """The file of a profile. Raises `UnknownDriver`."""
    profiles = _profiles(profile_dirs)
    if name in profiles:
        return profiles[name]
    if name in PYTHON_DRIVERS:
        raise UnknownDriver(f"{name} is a driver in Python ({driver_file(name)}) and has no profile file")
    raise _unknown(name, profile_dirs)


def make_driver(name: str, settings: Mapping[str, str], profile_dirs: Sequence[Path] = ()) -> StreamDriver:
    """A fresh driver. Raises `UnknownDriver` or `BadSetting` (both `ValueError`); `ConfigError` for a bad file."""
    if name in PYTHON_DRIVERS:
        return _python_driver(name, settings)
    path = _profiles(profile_dirs).get(name)
    if path is None:
        raise _unknown(name, profile_dirs)
    return ProfileDriver(_load(path, _stamp(path)), settings)


def decode(name: str, settings: Mapping[str, str], data: bytes, profile_dirs: Sequence[Path] = ()) -> list[Reading]:
    """What a recording says, `incomplete` for what is left over. Raises as `make_driver` does."""
    return run(make_driver(name, settings, profile_dirs), data)


def _python_driver(name: str, settings: Mapping[str, str]) -> StreamDriver:
    module_name = f"{__package__}.{PYTHON_DRIVERS[name]}"
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise
        raise UnknownDriver(f"{name}: this installation lacks its driver, {driver_file(name)}") from error
    driver = module.build(name, settings)
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
            other = driver_file(path.stem) if path.stem in PYTHON_DRIVERS else found.get(path.stem)
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
    return UnknownDriver(f"there is no profile or driver {name!r}; known are {', '.join(ordered)}")
