"""A backup that somebody made up, with a right last line: refused in one sentence, and nothing of it acts."""

import hashlib
import io
import json
import sqlite3
import tarfile

import pytest

from axiom.errors import StoreDamaged
from axiom.lab.upkeep.backup import back_up, restore
from axiom.lab.upkeep.recovery import RecoveryWish
from axiom.signed.trust import write_trust
from axiom.store.engine.folder import Folder


@pytest.fixture
def members(busy_lab, tmp_path) -> dict[str, bytes]:
    """What a sound backup holds, by name."""
    folder = busy_lab.folder
    folder.keys.mkdir(mode=0o700)
    for name in ("root", "bundle", "ticket"):
        getattr(busy_lab.keys, name).save(folder.keys / f"{name}.key")
    (folder.keys / "trust.json").write_bytes(write_trust(busy_lab.keys.trust, [busy_lab.keys.root]))
    back_up(folder, tmp_path / "sound.tar", with_keys=False, now=busy_lab.now)
    with tarfile.open(tmp_path / "sound.tar") as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def forged(members: dict[str, bytes], headers: dict[str, str] | None = None, **made) -> bytes:
    """An archive of these files whose sums and last line are right; `made` changes what its manifest says of it."""
    said = json.loads(members["manifest.json"])
    said["made"] |= made
    files = {name: body for name, body in members.items() if name != "manifest.json"}
    said["sums"] = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    files["manifest.json"] = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, body in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.pax_headers = len(body), headers or {}
            tar.addfile(entry, io.BytesIO(body))
    return raw.getvalue() + f"axiom-backup-1 {hashlib.sha256(raw.getvalue()).hexdigest()}\n".encode()


def restored(tmp_path, raw: bytes, now) -> Folder:
    (tmp_path / "forged.tar").write_bytes(raw)
    folder = Folder(path=tmp_path / "new")
    restore(tmp_path / "forged.tar", folder, now=now, wish=RecoveryWish(as_it_was=True))
    return folder


def refused(tmp_path, raw: bytes, now) -> str:
    with pytest.raises(StoreDamaged) as told:
        restored(tmp_path, raw, now)
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".new*"))
    assert str(told.value).isprintable()
    return str(told.value)


def changed(members: dict[str, bytes], tmp_path, sql: str) -> dict[str, bytes]:
    """The same with something done to its database."""
    path = tmp_path / "changed.db"
    path.write_bytes(members["axiom.db"])
    with sqlite3.connect(path) as db:
        db.execute(sql)
    db.close()
    return members | {"axiom.db": path.read_bytes()}


def test_what_was_made_up_is_refused_in_one_sentence(members, busy_lab, tmp_path):
    for made in (
        {"experiments": "\x1b]0;x\x07"},
        {"results": -1},
        {"findings": 1.5},
        {"with_keys": "no"},
        {"made_at": 5},
        {"made_at": "yesterday"},
        {"made_at": "2026-03-02T14:05:00"},
        {"lab": 7},
        {"lab": "\x1b[2J"},
    ):
        assert "manifest" in refused(tmp_path, forged(members, **made), busy_lab.now)
    for sql, name in (  # what no migration made
        ("CREATE TRIGGER hook AFTER UPDATE ON volunteer BEGIN DELETE FROM result; END", "'hook'"),
        ("CREATE VIEW shadow AS SELECT * FROM volunteer", "'shadow'"),
        ("CREATE TABLE more (x)", "'more'"),
    ):
        assert name in refused(tmp_path, forged(changed(members, tmp_path, sql)), busy_lab.now)
    sqlite3.connect(tmp_path / "empty.db").execute("VACUUM").connection.close()
    empty = members | {"axiom.db": (tmp_path / "empty.db").read_bytes()}
    refused(tmp_path, forged(empty), busy_lab.now)
    holes = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(10**7)}
    assert "plain file" in refused(tmp_path, forged(members, headers=holes), busy_lab.now)
    assert restored(tmp_path, forged(members), busy_lab.now).exists()
