from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from floor import Floor


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    """A shop floor of real processes in a folder of its own, all stopped at the end."""
    with Floor(tmp_path) as shop:
        yield shop
