"""Documents from the collector that writes to a line PC, through a real broker; and what somebody else says there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from documents_floor import Somebody
from floor import Floor, until
from typer.testing import CliRunner
from writing_desk import Office, office_of

from gaugetrail_collector import cli
from gaugetrail_contract import topics
from gaugetrail_contract.distribution.pages import pages_of
from gaugetrail_contract.distribution.root import open_root, root_of, write_root
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.signing import Signer

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

LARGE = b"".join(b"%08d \xff\n" % number for number in range(10_000))

PEOPLE = b"""\
badge,name,qualification,line
OP-1,Ada,,l
OP-2,Bob,,line2
"""


@contextmanager
def plant(floor: Floor) -> Iterator[tuple[Office, Somebody]]:
    floor.broker()
    (floor.folder / "erp").mkdir()
    (floor.folder / "erp" / "orders.csv").write_text("order,line,part,quantity\nO-1,l,PR-74,5\nO-2,line2,PR-74,6\n")
    floor.write_agent()
    with office_of(floor, 'orders_folder = "erp"\n') as office, closing(Somebody(floor.mqtt_port)) as somebody:
        office.take_in("CP-1", LARGE, "A")
        floor.collector()
        floor.agent()
        until(lambda: len(texts_of(floor)) == 2 and somebody.documents().get("root"), "the agent holds it all")
        yield office, somebody


def texts_of(floor: Floor) -> list[bytes]:
    """What the line PC holds, as far as it is whole."""
    folder = floor.folder / "agent-data" / "documents" / "texts"
    return [path.read_bytes() for path in folder.glob("*") if len(path.name) == 64]


def test_a7_a8_documents_reach_a_line_pc_and_no_forged_or_old_word_moves_it(floor: Floor) -> None:
    """Attacks A7 and A8 at a real broker: a root of another key, the true one of before, and one that clears."""
    with plant(floor) as (office, somebody):
        (order,) = (one for one in texts_of(floor) if one != LARGE)
        assert b"O-1" in order, "those of its own line alone"
        assert (floor.folder / "erp" / "taken" / "orders.csv").exists()

        office.take_in("CP-1", b"another", "B")
        until(lambda: b"another" in texts_of(floor), "the new edition is there")
        until(lambda: somebody.documents().get("root") == open_root(somebody.roots[-1]).root.digest, "it says so")
        held = somebody.documents()
        assert sorted(texts_of(floor)) == sorted([order, b"another"])
        old, newest = somebody.roots[0], open_root(somebody.roots[-1]).root
        assert (open_root(old).key, newest.digest) == (office.key, held["root"])

        refused = int(str(held["refused"]))
        stranger = write_root(root_of(pages_of([]), newest.issue + 5, newest.time_us), Signer.new(), "collector")
        for payload in (stranger, b"", old):
            somebody.say(topics.DOCUMENTS_ROOT, payload)
        until(lambda: somebody.documents().get("refused") == refused + 3, "each is refused and counted")
        assert "goes back" in str(somebody.documents()["detail"])
        assert somebody.documents()["root"] == held["root"]

        config = str(floor.folder / "collector.toml")
        done = CliRunner().invoke(cli.app, ["document", "stations", "--listen", "0.3", "--config", config])
        assert "pc1: holds every document of the newest list, since" in done.output
        assert "OP10: CP-1 A; STALE: its text is that of no edition: it works by a file of its PC" in done.output
        assert done.exit_code == 1

        office.take_in("PL-1", PEOPLE, "1", DocumentKind.PEOPLE)
        until(lambda: somebody.documents().get("root") not in (None, held["root"]), "the people list is there")
        kept = b"".join(path.read_bytes() for path in (floor.folder / "agent-data").rglob("*") if path.is_file())
        assert b"Ada" in kept
        assert b"Bob" not in kept, "nobody of another line is named on this PC"
        assert b"OP-2" not in kept
