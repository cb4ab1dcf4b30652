"""What `check` says of whose receipts count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running_agent import asked

from gaugetrail_contract.signing import Signer, fingerprint

KEY = Signer.new().key
FIRST = (
    "none is listed: the first collector that answers is believed from then on; list what gaugetrail-collector keys own"
)


def said(folder: Path, evidence: str = "") -> list[str]:
    """What it says of `[evidence]`; the settings are good all the same."""
    config = folder / "agent.toml"
    config.write_text('[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\n' + evidence)
    code, out, _ = asked("check", "--config", str(config), "--json")
    assert code == 0
    return [one["message"] for one in json.loads(out)["problems"] if one["key"].startswith("evidence")]


def test_while_none_is_listed_it_says_who_will_be_believed(tmp_path: Path) -> None:
    (warning,) = said(tmp_path)
    assert warning.startswith(FIRST)


def test_who_is_known_by_first_use_is_named_to_be_compared(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "collectors.json").write_text(json.dumps({"c1": KEY}))
    (warning,) = said(tmp_path)
    assert warning.startswith(f"none is listed: known because it answered first is c1 ({fingerprint(KEY)}); list what")


def test_receipts_of_anybody_are_a_warning_too(tmp_path: Path) -> None:
    (warning,) = said(tmp_path, '[evidence]\nreceipts = "any"\n')
    assert "a forged one takes records out of the spool unstored" in warning


@pytest.mark.parametrize("keys", [[KEY], [KEY, Signer.new().key]], ids=["one", "two"])
def test_listed_keys_are_no_doubt(tmp_path: Path, keys: list[str]) -> None:
    assert said(tmp_path, f"[evidence]\ncollector_keys = {json.dumps(keys)}\n") == []
