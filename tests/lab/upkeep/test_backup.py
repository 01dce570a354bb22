"""A backup is the whole laboratory at one moment, and whatever is not exactly that is refused."""

import tarfile
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.errors import FolderUnusable, KeysUnusable, Refused, StoreDamaged
from axiom.lab.upkeep.backup import back_up, restore
from axiom.lab.upkeep.recovery import RecoveryWish
from axiom.signed.key_rotation import begin
from axiom.signed.keys import load_keys, make_keys
from axiom.signed.offline_keys import make_offline
from axiom.signed.trust import Role, write_trust
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.journal import history
from axiom.store.migrate import migrate
from axiom.store.upkeep import audit

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
AS_IT_WAS = RecoveryWish(as_it_was=True)
DESPITE = RecoveryWish(although_broken=True)
LARGE = b"a file too large for the database" * 4_000


@pytest.fixture
def whole_lab(busy_lab):
    """The busy laboratory with its keys and settings in its folder, and a file beside its database."""
    lab, folder = busy_lab, busy_lab.folder
    folder.keys.mkdir(mode=0o700)
    for name in ("root", "bundle", "ticket"):
        getattr(lab.keys, name).save(folder.keys / f"{name}.key")
    (folder.keys / "trust.json").write_bytes(write_trust(lab.keys.trust, [lab.keys.root]))
    folder.settings.write_text('name = "mine"\n')
    with lab.db.transaction():
        blobs.put(lab.db, folder, LARGE, lab.now)
        entry = audit.Audited(
            caller="operator", command="a test", arguments="{}", dry_run=False, key=None, outcome="done", answer="{}"
        )
        audit.append(lab.db, entry, lab.now)
    lab.db.execute("PRAGMA foreign_keys = ON")
    return lab


@pytest.fixture
def backup(whole_lab, tmp_path):
    target = tmp_path / "backup.tar"
    back_up(whole_lab.folder, target, with_keys=True, now=whole_lab.now)
    return target


def everything(folder):
    db = connect_reader(folder.database)
    try:
        tables = db.tables() - {"sqlite_sequence"}  # where numbers go on is another test's matter
        return {table: db.select(f"SELECT * FROM {table}") for table in sorted(tables)}  # noqa: S608
    finally:
        db.close()


def stored(folder: Folder) -> dict[str, bytes]:
    """What is too large for the database."""
    return {path.name: path.read_bytes() for path in folder.blobs.glob("??/*")}


def test_what_is_restored_is_what_was_there_at_that_moment(whole_lab, backup, tmp_path):
    """A plain archive that only its maker may read, restored into an empty folder."""
    with tarfile.open(backup) as tar:
        names = tar.getnames()
    assert (names[0], names[-1]) == ("axiom.db", "manifest.json")
    assert backup.stat().st_mode & 0o777 == 0o600
    before = everything(whole_lab.folder)
    whole_lab.deploy()
    again = Folder(path=tmp_path / "again")
    again.path.mkdir()
    made = restore(backup, again, now=whole_lab.now, wish=AS_IT_WAS).backup
    assert everything(again) == before != everything(whole_lab.folder)
    assert again.settings.read_text() == 'name = "mine"\n'
    assert load_keys(again.keys, whole_lab.now).trust == whole_lab.keys.trust
    assert {key.stat().st_mode & 0o777 for key in again.keys.iterdir()} == {0o600}
    assert (made.results, made.experiments, made.audited, made.with_keys) == (2, 1, 1, True)
    assert stored(again) == stored(whole_lab.folder)
    assert LARGE in stored(again).values()


def test_a_laboratory_is_backed_up_before_it_is_brought_up_to_date(tmp_path, newer_program):
    old, again = Folder(path=tmp_path / "old"), Folder(path=tmp_path / "again")
    old.create()
    make_keys(old.keys, NOW)
    db = connect_writer(old.database)
    migrate(db, None, NOW)
    db.close()
    newer_program()
    made = back_up(old, tmp_path / "old.tar", with_keys=True, now=NOW)
    assert (made.experiments, made.findings) == (0, 0)
    assert not restore(tmp_path / "old.tar", again, now=NOW).broken
    assert everything(again).keys() >= everything(old).keys()


def test_an_id_is_not_given_again_after_a_restore(whole_lab, tmp_path):
    with whole_lab.db.transaction():
        last = whole_lab.db.insert("INSERT INTO volunteer (name, created_at) VALUES ('gone', 0)")
        whole_lab.db.execute("DELETE FROM volunteer WHERE id = :id", id=last)
    target = tmp_path / "later.tar"
    back_up(whole_lab.folder, target, with_keys=True, now=whole_lab.now)
    restore(target, again := Folder(path=tmp_path / "again"), now=whole_lab.now)
    db = connect_writer(again.database)
    assert db.insert("INSERT INTO volunteer (name, created_at) VALUES ('new', 0)") == last + history.SKIPPED + 1
    db.close()


def test_without_keys_no_secret_is_in_it_and_the_rest_is_proven_all_the_same(whole_lab, tmp_path):
    target = tmp_path / "public.tar"
    back_up(whole_lab.folder, target, with_keys=False, now=whole_lab.now)
    with tarfile.open(target) as tar:
        assert [name for name in tar.getnames() if name.startswith("keys/")] == ["keys/trust.json"]
    again = Folder(path=tmp_path / "again")
    assert not restore(target, again, now=whole_lab.now).backup.with_keys
    with pytest.raises(KeysUnusable):
        load_keys(again.keys, whole_lab.now)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_single_flipped_bit_anywhere_is_noticed(backup, tmp_path, where, bit):
    raw = bytearray(backup.read_bytes())
    raw[int(where * len(raw))] ^= 1 << bit
    refused(tmp_path, bytes(raw))


def test_a_backup_that_was_cut_short_or_is_something_else_is_refused_whatever_is_wished(tmp_path, backup):
    raw = backup.read_bytes()
    cuts = [raw[: int(where * len(raw))] for where in (0.01, 0.3, 0.5, 0.99)]
    for wrong in (b"", b"not a backup", *cuts, raw[:-1], raw + b"\n", b"\0" * 20_480):
        refused(tmp_path, wrong)
    refused(tmp_path, raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1]) + raw[len(raw) // 2 + 1 :], wish=DESPITE)


def refused(tmp_path, raw, **how):
    """Refused in one sentence, and no trace of it is left."""
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(raw)
    with pytest.raises(StoreDamaged) as told:
        restore(damaged, Folder(path=tmp_path / "new"), now=NOW, **how)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".new*"))


@pytest.mark.parametrize(
    ("harm", "fact"),
    [
        ("UPDATE audit SET caller = 'somebody else'", "audit 1"),
        ("UPDATE registration SET cohort = 'exploratory'", "registration 1"),
        ("DELETE FROM result WHERE id = 1", ""),
    ],
)
def test_a_laboratory_that_broke_a_promise_is_not_restored_unless_it_is_wished(whole_lab, tmp_path, harm, fact):
    whole_lab.db.execute("PRAGMA foreign_keys = OFF")
    whole_lab.db.execute(harm)
    target, new = tmp_path / "harmed.tar", Folder(path=tmp_path / "new")
    back_up(whole_lab.folder, target, with_keys=True, now=whole_lab.now)
    with pytest.raises(StoreDamaged, match=fact or None):
        restore(target, new, now=whole_lab.now)
    assert not new.path.exists()
    tried = restore(target, new, now=whole_lab.now, wish=DESPITE, dry_run=True)
    assert not new.path.exists()
    restored = restore(target, new, now=whole_lab.now, wish=DESPITE)
    assert restored.broken == tried.broken
    assert any(fact in text for text in restored.broken)
    assert everything(new)["task"] == everything(whole_lab.folder)["task"]


def test_nothing_is_overwritten(whole_lab, backup, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.txt").write_text("mine")
    for place in (whole_lab.folder.path, tmp_path / "file", tmp_path / "folder"):
        with pytest.raises(Refused):
            restore(backup, Folder(path=place), now=whole_lab.now)
    with pytest.raises(Refused):
        back_up(whole_lab.folder, backup, with_keys=True, now=whole_lab.now)
    assert backup.stat().st_size > len(LARGE)
    with pytest.raises(FolderUnusable):
        back_up(whole_lab.folder, tmp_path / "file" / "backup.tar", with_keys=True, now=whole_lab.now)


def test_a_lost_file_is_not_backed_up_as_if_it_were_there(whole_lab, tmp_path):
    lost = next(whole_lab.folder.blobs.glob("??/*"))
    lost.unlink()
    with pytest.raises(StoreDamaged, match=lost.name):
        back_up(whole_lab.folder, tmp_path / "lost.tar", with_keys=True, now=whole_lab.now)
    assert not list(tmp_path.glob("lost*"))
    back_up(whole_lab.folder, tmp_path / "left.tar", with_keys=True, now=whole_lab.now, although_broken=True)
    with pytest.raises(StoreDamaged, match=lost.name):
        restore(tmp_path / "left.tar", Folder(path=tmp_path / "new"), now=whole_lab.now)
    restored = restore(tmp_path / "left.tar", Folder(path=tmp_path / "new"), now=whole_lab.now, wish=DESPITE)
    assert any(f"{lost.parent.name}{lost.name}" in text for text in restored.broken)


def test_every_key_comes_along_and_what_is_known_of_keys_elsewhere(whole_lab, tmp_path):
    keys = whole_lab.folder.keys
    begin(tmp_path / "server", make_offline(tmp_path / "stick", {Role.ROOT: (1, 1), Role.BUNDLE: (1, 1)}))
    for name, source in (("bundle-2.key", keys / "bundle.key"), ("code.json", tmp_path / "server" / "code.json")):
        (keys / name).touch(mode=0o600)
        (keys / name).write_bytes(source.read_bytes())
    back_up(whole_lab.folder, tmp_path / "b.tar", with_keys=True, now=whole_lab.now)
    restore(tmp_path / "b.tar", Folder(path=tmp_path / "again"), now=whole_lab.now)
    restored = {path.name: path.read_bytes() for path in (tmp_path / "again" / "keys").iterdir()}
    assert restored == {path.name: path.read_bytes() for path in keys.iterdir()}
