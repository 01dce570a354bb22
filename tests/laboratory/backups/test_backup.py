"""A backup is the whole laboratory at one moment, with its journal the lost one; what is not that is refused."""

import hashlib
import io
import json
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.errors import FolderUnusable, KeysUnusable, NotFound, Refused, StoreDamaged
from axiom.laboratory.backups.backup import make_backup
from axiom.laboratory.backups.daily_copies import list_daily_copies, make_daily_copy
from axiom.laboratory.backups.journal_recovery import RecoveryOptions
from axiom.laboratory.backups.restore import restore_backup
from axiom.laboratory.promises import PROMISES, find_broken_promises
from axiom.server.http.foreign_uploads import PUBLIC_KEY, ForeignUploads
from axiom.server.upkeep import invariants
from axiom.signed.key_rotation import begin_with_public
from axiom.signed.keys import load_keys, make_keys
from axiom.signed.offline_keys import make_offline
from axiom.signed.trust import write_trust
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.engine.folder import Folder, _Inside
from axiom.store.journal import history
from axiom.store.journal.journal import attach_journal
from axiom.store.journal.replay import JournalEnd
from axiom.store.migrate import migrate_database
from axiom.store.registrations import seed_secrets
from axiom.store.rounds import rounds as sessions
from axiom.store.upkeep import audit

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
AS_IT_WAS = RecoveryOptions(as_it_was=True)
DESPITE = RecoveryOptions(although_broken=True)
LARGE = b"a file too large for the database" * 4_000


def keep_keys(lab) -> None:
    folder = lab.folder.keys
    folder.mkdir(mode=0o700)
    for name in ("root", "bundle", "ticket"):
        getattr(lab.keys, name).save(folder / f"{name}.key")
    (folder / "trust.json").write_bytes(write_trust(lab.keys.trust, [lab.keys.root]))


@pytest.fixture
def whole_lab(busy_lab):
    """The busy laboratory with its keys and settings in its folder, and a file beside its database."""
    lab, folder = busy_lab, busy_lab.folder
    keep_keys(lab)
    folder.settings.write_text('name = "mine"\n')
    folder.charter.write_text("What makes a network learn suddenly?\n")
    with lab.db.transaction():
        blobs.store_blob(lab.db, folder, LARGE, lab.now)
        entry = audit.AuditEntry(
            caller="operator", command="a test", arguments="{}", dry_run=False, key=None, outcome="done", answer="{}"
        )
        audit.append_audit_entry(lab.db, entry, lab.now)
    lab.db.execute("PRAGMA foreign_keys = ON")
    return lab


@pytest.fixture
def backup(whole_lab, tmp_path):
    target = tmp_path / "backup.tar"
    make_backup(whole_lab.folder, target, with_keys=True, now=whole_lab.now)
    return target


def everything(folder, *without):
    with closing(connect_reader(folder.database)) as db:
        return {table: db.select(f"SELECT * FROM {table}") for table in sorted(db.tables() - set(without))}  # noqa: S608


def stored(folder: Folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.blobs.glob("??/*")}


def test_what_is_restored_is_what_was_there_at_that_moment(whole_lab, backup, tmp_path):
    """A plain archive that only its maker may read, restored into an empty folder."""
    with tarfile.open(backup) as tar:
        names = tar.getnames()
    assert (names[0], names[-1]) == ("axiom.db", "manifest.json")
    assert backup.stat().st_mode & 0o777 == 0o600
    aside = ("sqlite_sequence", "seed_secret")  # where numbers go on, and what may have been revealed, are other tests'
    before = everything(whole_lab.folder, *aside)
    whole_lab.deploy()
    again = Folder(path=tmp_path / "again")
    again.path.mkdir()
    restored = restore_backup(backup, again, now=whole_lab.now, options=AS_IT_WAS)
    made = restored.backup
    assert everything(again, *aside) == before != everything(whole_lab.folder, *aside)
    with closing(connect_reader(again.database)) as db:
        (secret,) = seed_secrets.list_secrets(db, 1)
    assert (restored.recovered.hidden_secrets, secret.restored_at) == (1, whole_lab.now)
    assert again.settings.read_text() == 'name = "mine"\n'
    assert again.charter.read_text() == "What makes a network learn suddenly?\n"
    assert load_keys(again.keys, whole_lab.now).trust == whole_lab.keys.trust
    assert {key.stat().st_mode & 0o777 for key in again.keys.iterdir()} == {0o600}
    assert (made.results, made.experiments, made.audited, made.with_keys) == (2, 1, 1, True)
    assert stored(again) == stored(whole_lab.folder)
    assert LARGE in stored(again).values()


def test_what_a_succeeded_project_awaits_and_brought_comes_along(whole_lab, tmp_path):
    folder = whole_lab.folder
    (folder.keys / PUBLIC_KEY).write_text("the old server's key")
    folder.foreign_uploads.mkdir()
    (folder.foreign_uploads / "wu_1_0_r7-1").write_bytes(b"an output")
    for with_keys in (True, False):
        again = Folder(path=tmp_path / f"again-{with_keys}")
        target = tmp_path / f"{with_keys}.tar"
        make_backup(folder, target, with_keys=with_keys, now=whole_lab.now)
        restore_backup(target, again, now=whole_lab.now, options=AS_IT_WAS)
        assert ForeignUploads(again).longest == ForeignUploads(folder).longest > 0
        assert (again.foreign_uploads / "wu_1_0_r7-1").read_bytes() == b"an output"


NOT_IN_A_BACKUP = {
    "axiom.lock": "of one process",
    "axiom.sock": "of one process",
    "programs.sock": "of one process",
    "backed-up.json": "of this folder",
    "backups": "copies themselves",
    "journal": "what came after a backup",
    "logs": "of this computer",
    "undone": "another laboratory",
    "engine": "computed anew",
    "uploads": "clients go on with what they have sent in part",
    "unsealed": "for as long as it takes to publish",
    "catalogue": "laid out anew from the bundles",
    "bundles": "laid out anew from the database",
    "stats": "written anew",
    "runners": "fetched or built again",
    "runners/files": "fetched or built again",
    "runners/fetched": "fetched or built again",
    "runners/offer.json": "offered again",
}


def test_every_place_of_a_laboratory_is_in_a_backup_or_is_not_for_a_reason(whole_lab, tmp_path):
    folder = whole_lab.folder
    folder.foreign_uploads.mkdir()
    (folder.foreign_uploads / "output").touch()
    make_backup(folder, tmp_path / "whole.tar", with_keys=True, now=whole_lab.now)
    with tarfile.open(tmp_path / "whole.tar") as tar:
        inside = {name.partition("/")[0] for name in tar.getnames()} - {"manifest.json"}
    places = {place.name for place in vars(Folder).values() if isinstance(place, _Inside)}
    assert inside == places - NOT_IN_A_BACKUP.keys()


def test_a_laboratory_is_backed_up_before_it_is_brought_up_to_date(tmp_path, newer_program):
    old, again = Folder(path=tmp_path / "old"), Folder(path=tmp_path / "again")
    old.create()
    make_keys(old.keys, NOW)
    db = connect_writer(old.database)
    migrate_database(db, None, NOW)
    db.close()
    newer_program()
    made = make_backup(old, tmp_path / "old.tar", with_keys=True, now=NOW)
    assert (made.experiments, made.findings) == (0, 0)
    assert not restore_backup(tmp_path / "old.tar", again, now=NOW).broken
    assert everything(again).keys() >= everything(old).keys()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_single_flipped_bit_anywhere_is_noticed(backup, tmp_path, where, bit):
    raw = bytearray(backup.read_bytes())
    raw[int(where * len(raw))] ^= 1 << bit
    refused(tmp_path, bytes(raw))


def test_a_backup_that_was_cut_short_or_is_something_else_is_refused_in_any_case(tmp_path, backup):
    raw = backup.read_bytes()
    cuts = [raw[: int(where * len(raw))] for where in (0.01, 0.3, 0.5, 0.99)]
    for wrong in (b"", b"not a backup", *cuts, raw[:-1], raw + b"\n", b"\0" * 20_480):
        refused(tmp_path, wrong)
    refused(
        tmp_path, raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1]) + raw[len(raw) // 2 + 1 :], options=DESPITE
    )


def refused(tmp_path, raw, **how) -> str:
    """Refused in one sentence, and no trace of it is left."""
    damaged = tmp_path / "damaged.tar"
    damaged.write_bytes(raw)
    with pytest.raises(StoreDamaged) as refusal:
        restore_backup(damaged, Folder(path=tmp_path / "new"), now=NOW, **how)
    assert str(refusal.value).isprintable()
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".new*"))
    return str(refusal.value)


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
    make_backup(whole_lab.folder, target, with_keys=True, now=whole_lab.now)
    with pytest.raises(StoreDamaged, match=fact or None):
        restore_backup(target, new, now=whole_lab.now)
    assert not new.path.exists()
    tried = restore_backup(target, new, now=whole_lab.now, options=DESPITE, dry_run=True)
    assert not new.path.exists()
    restored = restore_backup(target, new, now=whole_lab.now, options=DESPITE)
    assert restored.broken == tried.broken
    assert any(fact in text for text in restored.broken)
    assert everything(new)["task"] == everything(whole_lab.folder)["task"]


def test_nothing_is_overwritten_and_a_lost_file_is_not_backed_up_as_if_it_were_there(whole_lab, backup, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.txt").write_text("mine")
    for place in (whole_lab.folder.path, tmp_path / "file", tmp_path / "folder"):
        with pytest.raises(Refused):
            restore_backup(backup, Folder(path=place), now=whole_lab.now)
    restore_backup(backup, whole_lab.folder, now=whole_lab.now, dry_run=True)  # makes nothing, so nothing is in its way
    with pytest.raises(Refused):
        make_backup(whole_lab.folder, backup, with_keys=True, now=whole_lab.now)
    assert backup.stat().st_size > len(LARGE)
    with pytest.raises(FolderUnusable):
        make_backup(whole_lab.folder, tmp_path / "file" / "backup.tar", with_keys=True, now=whole_lab.now)
    lost = next(whole_lab.folder.blobs.glob("??/*"))
    lost.unlink()
    with pytest.raises(StoreDamaged, match=lost.name):
        make_backup(whole_lab.folder, tmp_path / "lost.tar", with_keys=True, now=whole_lab.now)
    assert not list(tmp_path.glob("lost*"))
    make_backup(whole_lab.folder, tmp_path / "left.tar", with_keys=True, now=whole_lab.now, although_broken=True)
    with pytest.raises(StoreDamaged, match=lost.name):
        restore_backup(tmp_path / "left.tar", Folder(path=tmp_path / "new"), now=whole_lab.now)
    restored = restore_backup(tmp_path / "left.tar", Folder(path=tmp_path / "new"), now=whole_lab.now, options=DESPITE)
    assert any(f"{lost.parent.name}{lost.name}" in text for text in restored.broken)


def test_every_key_comes_along_if_wished_and_no_id_of_before_is_given_again(whole_lab, tmp_path):
    keys = whole_lab.folder.keys
    begin_with_public(tmp_path / "server", make_offline(tmp_path / "stick"))
    for name, source in (("bundle-2.key", keys / "bundle.key"), ("code.json", tmp_path / "server" / "code.json")):
        (keys / name).touch(mode=0o600)
        (keys / name).write_bytes(source.read_bytes())
    make_backup(whole_lab.folder, tmp_path / "b.tar", with_keys=True, now=whole_lab.now)
    restore_backup(tmp_path / "b.tar", Folder(path=tmp_path / "again"), now=whole_lab.now)
    restored = {path.name: path.read_bytes() for path in (tmp_path / "again" / "keys").iterdir()}
    assert restored == {path.name: path.read_bytes() for path in keys.iterdir()}
    with whole_lab.db.transaction():
        last = whole_lab.db.insert("INSERT INTO volunteer (name, created_at) VALUES ('gone', 0)")
        whole_lab.db.execute("DELETE FROM volunteer WHERE id = :id", id=last)
    target = tmp_path / "public.tar"
    make_backup(whole_lab.folder, target, with_keys=False, now=whole_lab.now)
    with tarfile.open(target) as tar:
        assert [name for name in tar.getnames() if name.startswith("keys/")] == ["keys/trust.json"]
    again = Folder(path=tmp_path / "without")
    assert not restore_backup(target, again, now=whole_lab.now).backup.with_keys
    with pytest.raises(KeysUnusable):
        load_keys(again.keys, whole_lab.now)
    db = connect_writer(again.database)
    assert db.insert("INSERT INTO volunteer (name, created_at) VALUES ('new', 0)") == last + history.SKIPPED + 1
    db.close()


@pytest.fixture
def journalled_lab(small_lab, prepared):
    """The small laboratory with its keys in its folder, a journal, an experiment and its first workunit."""
    lab, folder = small_lab, small_lab.folder
    keep_keys(lab)
    attach_journal(lab.db, folder, folder.journal, lambda: lab.now)
    lab.publish(prepared())
    lab.deploy()
    lab.host()
    return lab


@pytest.fixture
def older(journalled_lab, tmp_path):
    """A backup, after which the laboratory worked on: a task came back, more was ordered, a large file was stored."""
    target = tmp_path / "elsewhere" / "backup.tar"
    make_backup(journalled_lab.folder, target, with_keys=True, now=journalled_lab.now)
    work_on(journalled_lab)
    return target


def work_on(lab):
    lab.later(minutes=1)
    order = lab.order(1)
    lab.later(minutes=1)
    lab.report(order, lab.output(order))
    lab.later(minutes=1)
    lab.validate()
    lab.deploy()
    with lab.db.transaction():
        blobs.store_blob(lab.db, lab.folder, LARGE, lab.now)


def add(folder, name):
    with closing(connect_writer(folder.database)) as db:
        return db.insert("INSERT INTO volunteer (name, created_at) VALUES (:name, 0)", name=name)


@pytest.fixture
def again(tmp_path):
    return Folder(path=tmp_path / "again")


def test_an_older_backup_and_the_journal_are_the_lost_laboratory_which_goes_on(journalled_lab, older, again, tmp_path):
    lab = journalled_lab
    with pytest.raises(NotFound):
        restore_backup(older, again, now=lab.now, options=RecoveryOptions(journal=tmp_path / "nowhere"))
    assert not again.path.exists()
    restored = restore_backup(older, again, now=lab.now, options=RecoveryOptions(journal=lab.folder.journal))
    assert everything(again) == everything(lab.folder)
    assert stored(again) == stored(lab.folder)
    assert LARGE in stored(again).values()
    assert (restored.recovered.complete, restored.recovered.until) == (True, lab.now)
    assert restored.recovered.groups > 4
    assert (restored.backup.results, len(everything(again)["result"])) == (0, 2)
    lab.db.close()
    lab = replace(lab, folder=again, db=connect_writer(again.database))
    attach_journal(lab.db, again, again.journal, lambda: lab.now)
    second, third = tmp_path / "second.tar", Folder(path=tmp_path / "third")
    assert all((again.keys / f"{name}.key").is_file() for name in ("root", "bundle", "ticket"))
    make_backup(again, second, with_keys=False, now=lab.now)
    work_on(lab)
    assert restore_backup(second, third, now=lab.now, options=RecoveryOptions(journal=again.journal)).recovered.complete
    assert everything(third) == everything(again)
    lab.db.close()


@pytest.mark.parametrize("is_beside", [True, False])
def test_a_backup_says_where_the_journal_is_beside_it_or_by_its_settings(journalled_lab, again, tmp_path, is_beside):
    lab, elsewhere, copied = journalled_lab, tmp_path / "other-disk", tmp_path / "backup.tar"
    if is_beside:
        copied = make_daily_copy(lab.folder, lab.folder.journal, lab.now)
    else:
        lab.folder.settings.write_text(f'journal = "{elsewhere}"\n')
        make_backup(lab.folder, copied, with_keys=True, now=lab.now)
    work_on(lab)
    if not is_beside:
        lab.folder.journal.rename(elsewhere)
    recovered = restore_backup(copied, again, now=lab.now).recovered
    assert (recovered.complete, recovered.journal) == (True, lab.folder.journal if is_beside else elsewhere)
    assert everything(again) == everything(lab.folder)


def test_without_its_journal_a_backup_is_what_was_there_and_no_number_is_given_twice(
    journalled_lab, older, again, tmp_path
):
    lab, bare = journalled_lab, Folder(path=tmp_path / "bare")
    restore_backup(older, bare, now=lab.now, options=RecoveryOptions(journal=lab.folder.journal, as_it_was=True))
    assert everything(bare)["result"] == []
    given = max(row["id"] for row in everything(lab.folder)["task"])
    restored = restore_backup(older, again, now=lab.now)
    assert (restored.recovered.journal, restored.recovered.complete) == (None, False)
    lab = replace(lab, folder=again, db=connect_writer(again.database))
    lab.deploy()
    assert max(row["id"] for row in everything(again)["task"]) > given + history.SKIPPED / 2
    lab.db.close()
    with closing(connect_writer(bare.database)) as db:
        attach_journal(db, bare, journalled_lab.folder.journal, lambda: lab.now)
    assert everything(bare)["result"] == []  # which stays left out beside the same journal


def test_what_was_never_finished_is_left_out_and_a_damaged_journal_refused(journalled_lab, older, again, tmp_path):
    lab, torn, options = (
        journalled_lab,
        Folder(path=tmp_path / "torn"),
        RecoveryOptions(journal=journalled_lab.folder.journal),
    )
    (file,) = lab.folder.journal.glob("*.log")
    raw = bytearray(file.read_bytes())
    file.write_bytes(raw.rstrip(b"\0")[:-1])
    assert restore_backup(older, torn, now=lab.now, options=options).recovered.ending is JournalEnd.TORN
    assert add(torn, "new") > history.SKIPPED
    assert LARGE in stored(lab.folder).values()
    assert LARGE not in stored(torn).values()
    raw[raw.rindex(b"tiny_sum")] ^= 1  # a bit flipped in the middle of what came after the backup
    file.write_bytes(raw)
    with pytest.raises(StoreDamaged):
        restore_backup(older, again, now=lab.now, options=options)
    assert not again.path.exists()
    recovered = restore_backup(older, again, now=lab.now, options=replace(options, as_far_as_possible=True)).recovered
    assert (recovered.ending, recovered.complete) == (JournalEnd.DAMAGED, False)
    assert add(again, "new") > history.SKIPPED


def test_a_copy_is_made_once_a_day_of_what_has_a_journal_and_two_are_kept(journalled_lab, new_lab, tmp_path):
    lab, place = journalled_lab, journalled_lab.folder.journal
    point = history.read_journal_point(lab.db)
    (place / ".axiom-backup-x").mkdir()
    (place / ".axiom-backup-x" / "axiom.db").write_bytes(b"half")
    (place / "copy.tar").write_bytes(b"half")
    made = []
    for hours in (0, 1, 22, 1, 24, 24, 12, 24):
        lab.later(hours=hours)
        made.append(make_daily_copy(lab.folder, place, lab.now) is not None)
    assert made == [True, False, False, True, True, True, False, True]
    kept = list_daily_copies(place, point)
    assert (len(kept), kept[-1].made_at) == (2, lab.now.replace(microsecond=0))
    names = {path for path in place.iterdir() if path.suffix not in {".log", ".lock"}}
    assert names == {copy.path for copy in kept}  # what a killed copy left was swept away
    lab.later(hours=-48)  # the clock was ahead by two days
    again = [make_daily_copy(lab.folder, place, lab.now) is not None for _ in range(2)]
    assert (again, len(list_daily_copies(place, point))) == ([True, False], 2)
    without = new_lab(tmp_path / "without")  # a journal
    assert make_daily_copy(without.folder, without.folder.journal, without.now) is None
    without.db.close()


def test_the_journal_keeps_what_the_older_copy_needs_and_no_more(journalled_lab, again):
    lab, place = journalled_lab, journalled_lab.folder.journal
    lab.db.close()
    lab.db = connect_writer(lab.folder.database)
    attach_journal(lab.db, lab.folder, place, lambda: lab.now, segment_bytes=1)
    for _ in range(4):
        make_daily_copy(lab.folder, place, lab.now)
        lab.deploy()
        lab.later(hours=25)
    older, newer = list_daily_copies(place, history.read_journal_point(lab.db))
    starts = sorted(int(path.name[:12]) for path in place.glob("*.log"))
    assert starts[0] <= older.position < starts[1]
    assert restore_backup(older.path, again, now=lab.now).recovered.complete
    assert everything(again) == everything(lab.folder)
    assert newer.position > older.position


@pytest.fixture
def members(busy_lab, tmp_path) -> dict[str, bytes]:
    keep_keys(busy_lab)
    make_backup(busy_lab.folder, tmp_path / "sound.tar", with_keys=False, now=busy_lab.now)
    with tarfile.open(tmp_path / "sound.tar") as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def forged(members: dict[str, bytes], headers: dict[str, str] | None = None, **made) -> bytes:
    """An archive of these files whose sums and last line are right; `made` changes what its manifest says of it."""
    manifest = json.loads(members["manifest.json"])
    manifest["made"] |= made
    files = {name: body for name, body in members.items() if name != "manifest.json"}
    manifest["sums"] = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    files["manifest.json"] = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, body in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.pax_headers = len(body), headers or {}
            tar.addfile(entry, io.BytesIO(body))
    return raw.getvalue() + f"axiom-backup-1 {hashlib.sha256(raw.getvalue()).hexdigest()}\n".encode()


def changed(members: dict[str, bytes], tmp_path, sql: str) -> dict[str, bytes]:
    path = tmp_path / "changed.db"
    path.write_bytes(members["axiom.db"])
    with sqlite3.connect(path) as db:
        db.execute(sql)
    db.close()
    return members | {"axiom.db": path.read_bytes()}


def test_what_was_made_up_is_refused_in_one_sentence(members, tmp_path):
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
        assert "manifest" in refused(tmp_path, forged(members, **made), options=AS_IT_WAS)
    for sql, name in (  # what no migration made
        ("CREATE TRIGGER hook AFTER UPDATE ON volunteer BEGIN DELETE FROM result; END", "'hook'"),
        ("CREATE VIEW shadow AS SELECT * FROM volunteer", "'shadow'"),
        ("CREATE TABLE more (x)", "'more'"),
    ):
        assert name in refused(tmp_path, forged(changed(members, tmp_path, sql)), options=AS_IT_WAS)
    sqlite3.connect(tmp_path / "empty.db").execute("VACUUM").connection.close()
    empty = members | {"axiom.db": (tmp_path / "empty.db").read_bytes()}
    refused(tmp_path, forged(empty), options=AS_IT_WAS)
    holes = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(10**7)}
    assert "plain file" in refused(tmp_path, forged(members, headers=holes), options=AS_IT_WAS)
    (tmp_path / "forged.tar").write_bytes(forged(members))
    restore_backup(tmp_path / "forged.tar", Folder(path=tmp_path / "new"), now=NOW, options=AS_IT_WAS)


@pytest.fixture
def weighed(rounds):
    """Two sessions, the second still open, with three awards, eight results and one line of evidence."""
    rounds.lab.deploy(workunits=1, replicates_each=8)
    rounds.lab.deploy(workunits=2)
    rounds.compute(3)
    rounds.hold()
    rounds.step()
    assert rounds.broken() == {}
    rounds.db.execute("PRAGMA foreign_keys = OFF")
    return rounds


EXTRA = "INSERT INTO entry (award_id, account, amount) VALUES (1, 'laboratory', 0)"
CLOSING = (
    "INSERT INTO note (session_id, step, kind, text, facts, about) VALUES (1, 'log', 'session.closed', '', '{}', '')"
)


def test_every_promise_is_asked_by_a_reader_too_and_what_does_not_hold_is_reported(weighed, damage, taken_back):
    lab = weighed.lab
    with closing(connect_reader(lab.folder.database)) as db:
        assert find_broken_promises(db, lab.folder, lab.keys.trust, lab.now) == {name: [] for name in PROMISES}
    assert set(PROMISES) == {*invariants.PROMISES, "I3", "I4", "I10", "I13"}
    for promise, about, sql in (
        ("I3", "award 1", "UPDATE entry SET amount = 6 WHERE id = 2"),
        ("I3", "award 1", "DELETE FROM entry WHERE id = 1"),
        ("I3", "award 1", "DELETE FROM entry WHERE award_id = 1"),
        ("I3", "award 1", EXTRA),
        ("I3", "award 2", "UPDATE task SET state = 'invalid' WHERE id = 2"),
        ("I10", "finding 1, line 1", "UPDATE evidence SET estimate = 0.5"),
        ("I10", "finding 1, line 1", "UPDATE result SET measures = replace(measures, '1.5', '2.5')"),
        ("I13", "2026-03-02-a", "DELETE FROM note WHERE kind = 'session.closed'"),
        ("I13", "2026-03-02-a", CLOSING),
        ("I13", "round-2", "UPDATE session SET ended_at = 1 WHERE id = 2"),
        ("I13", "2026-03-02-a", """UPDATE session SET done = '["review", "clean", "credit"]' WHERE id = 1"""),
        ("I13", "round-2", """UPDATE session SET done = '["review", "review"]' WHERE id = 2"""),
        ("I13", "2026-03-02-a", "UPDATE session SET ended_at = NULL WHERE id = 1"),
    ):
        with taken_back(weighed.db):
            assert damage(weighed.db, sql) >= 1
            problems = weighed.broken()
            assert promise in problems, sql
            assert problems[promise][0].startswith(about), sql
            assert list(problems) == [promise] or "task" in sql
    sessions.begin_round(weighed.db, pi="person", reason="a test", now=weighed.lab.now)
    assert list(weighed.broken()) == ["I13"]
