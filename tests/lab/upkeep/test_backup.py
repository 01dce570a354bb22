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


def test_what_is_restored_is_what_was_there(whole_lab, backup, tmp_path):
    again = Folder(path=tmp_path / "again")
    made = restore(backup, again, now=whole_lab.now, wish=AS_IT_WAS).backup
    assert everything(again) == everything(whole_lab.folder)
    assert again.settings.read_text() == 'name = "mine"\n'
    assert load_keys(again.keys, whole_lab.now).trust == whole_lab.keys.trust
    assert {key.stat().st_mode & 0o777 for key in again.keys.iterdir()} == {0o600}
    assert (made.results, made.experiments, made.audited, made.with_keys) == (2, 1, 1, True)
    kept = stored(again)
    assert kept == stored(whole_lab.folder)
    assert LARGE in kept.values()


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


def test_a_backup_is_a_plain_archive_that_only_its_maker_may_read(backup):
    with tarfile.open(backup) as tar:
        names = tar.getnames()
    assert names[0] == "axiom.db"
    assert names[-1] == "manifest.json"
    assert backup.stat().st_mode & 0o777 == 0o600


def test_what_is_written_after_the_moment_of_the_backup_is_not_in_it(whole_lab, backup, tmp_path):
    whole_lab.deploy()
    restore(backup, again := Folder(path=tmp_path / "again"), now=whole_lab.now)
    assert len(everything(again)["task"]) == len(everything(whole_lab.folder)["task"]) - 1


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


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_single_flipped_bit_anywhere_is_noticed(backup, tmp_path, where, bit):
    raw = bytearray(backup.read_bytes())
    raw[int(where * len(raw))] ^= 1 << bit
    refused(tmp_path, bytes(raw))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True))
def test_a_backup_that_was_cut_short_anywhere_is_noticed(backup, tmp_path, where):
    raw = backup.read_bytes()
    refused(tmp_path, raw[: int(where * len(raw))])


def test_something_else_is_no_backup(tmp_path, backup):
    for raw in (b"", b"not a backup", backup.read_bytes() + b"\n", b"\0" * 20_480):
        refused(tmp_path, raw)


def refused(tmp_path, raw):
    """Refused in one sentence, and no trace of it is left."""
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(raw)
    with pytest.raises(StoreDamaged, match="Nothing was restored") as told:
        restore(damaged, Folder(path=tmp_path / "new"), now=NOW)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".new*"))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("UPDATE audit SET caller = 'somebody else'", "audit 1 was altered"),
        ("UPDATE registration SET cohort = 'exploratory'", "registration 1 was altered"),
        ("UPDATE result SET seed = seed + 1", "seed"),
        ("DELETE FROM result WHERE id = 1", ""),
    ],
)
def test_a_laboratory_that_broke_a_promise_is_not_restored(whole_lab, tmp_path, harm, said):
    whole_lab.db.execute("PRAGMA foreign_keys = OFF")
    whole_lab.db.execute(harm)
    target = tmp_path / "harmed.tar"
    back_up(whole_lab.folder, target, with_keys=True, now=whole_lab.now)
    with pytest.raises(StoreDamaged, match="a promise is broken") as told:
        restore(target, Folder(path=tmp_path / "new"), now=whole_lab.now)
    assert said in str(told.value)
    assert "--although-broken" in str(told.value)
    assert not (tmp_path / "new").exists()
    tried = restore(target, Folder(path=tmp_path / "new"), now=whole_lab.now, wish=DESPITE, dry_run=True)
    assert not (tmp_path / "new").exists()
    restored = restore(target, Folder(path=tmp_path / "new"), now=whole_lab.now, wish=DESPITE)
    assert restored.broken == tried.broken
    assert any(said in text for text in restored.broken)
    there = connect_reader(tmp_path / "new" / "axiom.db")
    assert there.select("SELECT * FROM task") == whole_lab.db.select("SELECT * FROM task")
    there.close()


def test_bytes_that_are_not_those_of_the_backup_are_refused_whatever_is_wished(backup, tmp_path):
    raw = bytearray(backup.read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "damaged.tar").write_bytes(raw)
    with pytest.raises(StoreDamaged, match="Nothing was restored"):
        restore(tmp_path / "damaged.tar", Folder(path=tmp_path / "new"), now=NOW, wish=DESPITE)


@pytest.mark.parametrize("present", ["a laboratory", "a stranger's file", "a file"])
def test_nothing_is_overwritten(whole_lab, backup, tmp_path, present):
    place = tmp_path / "there"
    if present == "a laboratory":
        place = whole_lab.folder.path
    elif present == "a file":
        place.write_text("mine")
    else:
        place.mkdir()
        (place / "thesis.txt").write_text("mine")
    with pytest.raises(Refused, match="nothing is overwritten"):
        restore(backup, Folder(path=place), now=whole_lab.now)
    with pytest.raises(Refused, match="never overwritten"):
        back_up(whole_lab.folder, backup, with_keys=True, now=whole_lab.now)
    assert backup.stat().st_size > len(LARGE)


def test_an_empty_folder_may_be_restored_into(backup, tmp_path):
    (tmp_path / "empty").mkdir()
    restore(backup, again := Folder(path=tmp_path / "empty"), now=NOW)
    assert again.exists()


def test_a_place_that_cannot_be_written_leaves_nothing_behind(whole_lab, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FolderUnusable, match="cannot be written"):
        back_up(whole_lab.folder, tmp_path / "file" / "backup.tar", with_keys=True, now=whole_lab.now)


def test_a_lost_file_is_not_backed_up_as_if_it_were_there(whole_lab, tmp_path):
    lost = next(whole_lab.folder.blobs.glob("??/*"))
    lost.unlink()
    with pytest.raises(StoreDamaged, match=f"{lost.name} is gone.* --although-broken"):
        back_up(whole_lab.folder, tmp_path / "lost.tar", with_keys=True, now=whole_lab.now)
    assert not list(tmp_path.glob("lost*"))
    back_up(whole_lab.folder, tmp_path / "left.tar", with_keys=True, now=whole_lab.now, although_broken=True)
    with pytest.raises(StoreDamaged, match="has a row but no file"):
        restore(tmp_path / "left.tar", Folder(path=tmp_path / "new"), now=whole_lab.now)
    restored = restore(tmp_path / "left.tar", Folder(path=tmp_path / "new"), now=whole_lab.now, wish=DESPITE)
    assert f"blob {lost.parent.name}{lost.name} has a row but no file" in restored.broken


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
