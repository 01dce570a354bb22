"""An upgrade from every release, with work in flight: nothing is lost, nothing counts twice, and the client goes on."""

import base64
import json
import tarfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from patience import PATIENCE
from scheduler_calls import Client, Exchange, Heard, report
from upload_lab import head, md5

from axiom import __version__
from axiom.__main__ import _main
from axiom.laboratory.backups.backup import make_backup
from axiom.laboratory.backups.journal_recovery import RecoveryOptions
from axiom.laboratory.backups.restore import restore_backup
from axiom.signed.keys import load_keys, load_secrets, make_keys, make_secrets
from axiom.store.connections import Connections
from axiom.store.credit import ledger
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)

_PLACE = Path(__file__).parent
_RELEASES = sorted(path.stem for path in (_PLACE.parents[1] / "docs" / "releases").glob("*.md"))
_BACKUP, _CLIENT = "laboratory.axiom-backup", "client.json"


@pytest.fixture
def opened():
    opened: list[Exchange] = []
    yield opened
    for exchange in opened:
        exchange.close()


def test_this_version_is_kept_for_those_that_come(request, new_lab, prepared, tmp_path, opened):
    """Made where that is asked for; a version that was released stays as it was."""
    archive = _PLACE / f"{__version__}.tar.xz"
    if request.config.getoption("--write-golden"):
        assert not archive.exists(), f"{__version__} is kept already; a release is never changed"
        exchange = begun(new_lab(tmp_path / "lab"), prepared())
        opened.append(exchange)
        client = in_flight(exchange)
        make_backup(exchange.folder, tmp_path / _BACKUP, with_keys=True, now=exchange.lab.now)
        (tmp_path / _CLIENT).write_text(json.dumps(client, indent=1))
        with tarfile.open(archive, "w:xz") as packed:
            for name in (_BACKUP, _CLIENT):
                packed.add(tmp_path / name, name)
    assert {path.name.removesuffix(".tar.xz") for path in _PLACE.glob("*.tar.xz")} == set(_RELEASES)


def begun(lab, prepared) -> Exchange:
    """A laboratory with keys of its own, and work for a volunteer."""
    lab.keys = make_keys(lab.folder.keys, NOW)
    lab.publish(prepared)
    lab.deploy(workunits=6)
    return Exchange(lab, make_secrets(lab.folder.keys))


def in_flight(exchange: Exchange) -> dict[str, object]:
    """What the client says next. Of six tasks one is paid, one uploaded, one computed, one is out and two wait."""
    client = Client(exchange.join("Ann").key)
    for cores in (1, 1, 1, 1):
        exchange.call(client, ask=1.0, cores=cores)
        exchange.lab.later(minutes=1)
    paid, uploaded, computed, out = client.tasks.values()
    exchange.call(client, exchange.upload(paid))
    exchange.judge_and_pay()
    reports = [exchange.upload(uploaded)]
    body, slot = exchange.lab.output(computed.order), computed.slot
    name, token = slot.findtext("name"), slot.findtext("xml_signature").strip()
    upload = head(body, name=name, token=token, most=int(slot.findtext("max_nbytes")))
    reports.append(report(computed.task.findtext("name"), output=name, md5=md5(body)))
    return {
        "upload": base64.b64encode(upload).decode(),
        "report": client.words(*reports, ask=1e6).decode(),
        "reported": [uploaded.task.findtext("name"), computed.task.findtext("name")],
        "out": out.task.findtext("name"),
    }


def restored(backup: Path, folder: Folder) -> None:
    """The laboratory as a restore brings it up to date."""
    made = restore_backup(backup, folder, now=NOW, options=RecoveryOptions(as_it_was=True))
    assert (made.backup.results, list(made.broken)) == (2, [])


def upgraded(backup: Path, folder: Folder) -> None:
    """The folder as the release left it, and then as `axiom upgrade` brings it up to date."""
    folder.create()
    folder.keys.mkdir(mode=0o700)
    with tarfile.open(backup, "r:") as packed:
        for entry in packed:
            packed.extract(entry, folder.path)
    assert _main(["upgrade", "--data", str(folder.path)]) == 0
    assert len(list(folder.backups.glob("before-*.db"))) == 1


@pytest.mark.parametrize("bring_up", [restored, upgraded])
@pytest.mark.parametrize("release", _RELEASES)
def test_a_client_goes_on_behind_an_upgrade_as_if_nothing_had_been(release, bring_up, small_lab, tmp_path, opened):
    with tarfile.open(_PLACE / f"{release}.tar.xz") as packed:
        for name in (_BACKUP, _CLIENT):
            (tmp_path / name).write_bytes(packed.extractfile(name).read())
    client = json.loads((tmp_path / _CLIENT).read_text())
    folder = Folder(path=tmp_path / "lab")
    bring_up(tmp_path / _BACKUP, folder)
    lab = replace(small_lab, folder=folder, keys=load_keys(folder.keys, NOW), db=connect_writer(folder.database))
    lab.later(hours=1)
    exchange = Exchange(lab, load_secrets(folder.keys))
    opened.append(exchange)
    before = paid(exchange)
    upload = base64.b64decode(client["upload"])
    for _ in range(2):  # its connection broke at the answer, so it says all of it again
        arrival = exchange.transfers.arrive(len(upload))
        assert arrival.take(upload) is None
        assert b"<status>0</status>" in arrival.finish().result(PATIENCE)
        heard: Heard = exchange.say(client["report"].encode())
        assert heard.named("result_ack") == client["reported"]
        exchange.judge_and_pay()
    assert [row["n"] for row in rows(exchange, "SELECT count(*) AS n FROM result")] == [6]
    assert before > 0
    assert paid(exchange) == 3 * before
    assert client["out"] not in heard.named("result_abort")
    assert {exchange.ticket(task).experiment for task in heard.tasks.values()} == {"tiny_sum"}
    assert exchange.broken() == {}


def rows(exchange: Exchange, sql: str) -> list[dict[str, object]]:
    with Connections(folder=exchange.folder).reader() as db:
        return db.select(sql)


def paid(exchange: Exchange) -> int:
    """Credit of all volunteers, in thousandths."""
    with Connections(folder=exchange.folder).reader() as db:
        everybody = [row["id"] for row in db.select("SELECT id FROM volunteer")]
        return sum(balance.total for balance in ledger.find_balances(db, "volunteer", everybody).values())
