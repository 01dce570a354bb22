"""An older backup and the journal are the laboratory that was lost; without the journal no number is given twice."""

from dataclasses import replace

import pytest

from axiom.errors import NotFound, StoreDamaged
from axiom.lab.upkeep.backup import back_up, restore
from axiom.lab.upkeep.copies import copies, keep_copy
from axiom.lab.upkeep.recovery import RecoveryWish
from axiom.signed.trust import write_trust
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.journal import history
from axiom.store.journal.journal import attach
from axiom.store.journal.replay import JournalEnd

LARGE = b"a file too large for the database" * 4_000


@pytest.fixture
def journalled_lab(small_lab, prepared):
    """The small laboratory with its keys in its folder, a journal, an experiment and its first workunit."""
    lab, folder = small_lab, small_lab.folder
    folder.keys.mkdir(mode=0o700)
    for name in ("root", "bundle", "ticket"):
        getattr(lab.keys, name).save(folder.keys / f"{name}.key")
    (folder.keys / "trust.json").write_bytes(write_trust(lab.keys.trust, [lab.keys.root]))
    attach(lab.db, folder, folder.journal, lambda: lab.now)
    lab.publish(prepared())
    lab.deploy()
    lab.host()
    return lab


@pytest.fixture
def backup(journalled_lab, tmp_path):
    """A backup, after which the laboratory worked on: a task came back, more was ordered, a large file was stored."""
    target = tmp_path / "elsewhere" / "backup.tar"
    back_up(journalled_lab.folder, target, with_keys=True, now=journalled_lab.now)
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
        blobs.put(lab.db, lab.folder, LARGE, lab.now)


def everything(folder):
    db = connect_reader(folder.database)
    try:
        return {table: db.select(f"SELECT * FROM {table}") for table in sorted(db.tables())}  # noqa: S608
    finally:
        db.close()


def stored(folder):
    """What is too large for the database."""
    return sorted(path.read_bytes() for path in folder.blobs.glob("??/*"))


def add(folder, name):
    db = connect_writer(folder.database)
    try:
        return db.insert("INSERT INTO volunteer (name, created_at) VALUES (:name, 0)", name=name)
    finally:
        db.close()


@pytest.fixture
def again(tmp_path):
    return Folder(path=tmp_path / "again")


def test_an_older_backup_and_the_journal_are_the_lost_laboratory_which_goes_on(journalled_lab, backup, again, tmp_path):
    lab = journalled_lab
    with pytest.raises(NotFound):
        restore(backup, again, now=lab.now, wish=RecoveryWish(journal=tmp_path / "nowhere"))
    assert not again.path.exists()
    restored = restore(backup, again, now=lab.now, wish=RecoveryWish(journal=lab.folder.journal))
    assert everything(again) == everything(lab.folder)
    assert stored(again) == stored(lab.folder)
    assert LARGE in stored(again)
    assert (restored.recovered.complete, restored.recovered.until) == (True, lab.now)
    assert restored.recovered.groups > 4
    assert (restored.backup.results, len(everything(again)["result"])) == (0, 2)
    lab.db.close()
    lab = replace(lab, folder=again, db=connect_writer(again.database))
    attach(lab.db, again, again.journal, lambda: lab.now)
    second, third = tmp_path / "second.tar", Folder(path=tmp_path / "third")
    assert all((again.keys / f"{name}.key").is_file() for name in ("root", "bundle", "ticket"))
    back_up(again, second, with_keys=False, now=lab.now)
    work_on(lab)
    assert restore(second, third, now=lab.now, wish=RecoveryWish(journal=again.journal)).recovered.complete
    assert everything(third) == everything(again)
    lab.db.close()


def test_what_came_after_the_backup_is_left_out_if_that_is_wished(journalled_lab, backup, again):
    lab = journalled_lab
    restore(backup, again, now=lab.now, wish=RecoveryWish(journal=lab.folder.journal, as_it_was=True))
    assert everything(again)["result"] == []
    db = connect_writer(again.database)
    attach(db, again, lab.folder.journal, lambda: lab.now)  # and stays left out beside the same journal
    db.close()
    assert everything(again)["result"] == []


@pytest.mark.parametrize("is_beside", [True, False])
def test_a_backup_says_where_the_journal_is_beside_it_or_by_its_settings(journalled_lab, again, tmp_path, is_beside):
    lab, elsewhere, copied = journalled_lab, tmp_path / "other-disk", tmp_path / "backup.tar"
    if is_beside:
        copied = keep_copy(lab.folder, lab.folder.journal, lab.now)
    else:
        lab.folder.settings.write_text(f'journal = "{elsewhere}"\n')
        back_up(lab.folder, copied, with_keys=True, now=lab.now)
    work_on(lab)
    if not is_beside:
        lab.folder.journal.rename(elsewhere)
    recovered = restore(copied, again, now=lab.now).recovered
    assert (recovered.complete, recovered.journal) == (True, lab.folder.journal if is_beside else elsewhere)
    assert everything(again) == everything(lab.folder)


def test_without_a_journal_no_number_is_given_twice(journalled_lab, backup, again):
    lab = journalled_lab
    given = max(row["id"] for row in everything(lab.folder)["task"])
    restored = restore(backup, again, now=lab.now)
    assert (restored.recovered.journal, restored.recovered.complete) == (None, False)
    lab = replace(lab, folder=again, db=connect_writer(again.database))
    lab.deploy()
    assert max(row["id"] for row in everything(again)["task"]) > given + history.SKIPPED / 2
    lab.db.close()


def test_a_damaged_journal_is_refused_unless_its_beginning_is_wanted(journalled_lab, backup, again):
    """A bit flipped in the middle of what came after the backup."""
    lab = journalled_lab
    (file,) = lab.folder.journal.glob("*.log")
    raw = bytearray(file.read_bytes())
    raw[raw.rindex(b"tiny_sum")] ^= 1
    file.write_bytes(raw)
    wish = RecoveryWish(journal=lab.folder.journal)
    with pytest.raises(StoreDamaged):
        restore(backup, again, now=lab.now, wish=wish)
    assert not again.path.exists()
    recovered = restore(backup, again, now=lab.now, wish=replace(wish, as_far_as_possible=True)).recovered
    assert (recovered.ending, recovered.complete) == (JournalEnd.DAMAGED, False)
    assert add(again, "new") > history.SKIPPED


def test_a_record_that_was_never_finished_is_left_out_and_numbers_are_skipped(journalled_lab, backup, again):
    lab = journalled_lab
    (file,) = lab.folder.journal.glob("*.log")
    file.write_bytes(file.read_bytes().rstrip(b"\0")[:-1])
    recovered = restore(backup, again, now=lab.now, wish=RecoveryWish(journal=lab.folder.journal)).recovered
    assert recovered.ending is JournalEnd.TORN
    assert add(again, "new") > history.SKIPPED
    assert (LARGE in stored(lab.folder), LARGE in stored(again)) == (True, False)


def test_a_copy_is_made_once_a_day_and_two_are_kept(journalled_lab):
    lab, place = journalled_lab, journalled_lab.folder.journal

    point = history.standing(lab.db)
    (place / ".axiom-backup-x").mkdir()
    (place / ".axiom-backup-x" / "axiom.db").write_bytes(b"half")
    (place / "copy.tar").write_bytes(b"half")
    made = []
    for hours in (0, 1, 22, 1, 24, 24, 12, 24):
        lab.later(hours=hours)
        made.append(keep_copy(lab.folder, place, lab.now) is not None)
    assert made == [True, False, False, True, True, True, False, True]
    kept = copies(place, point)
    assert (len(kept), kept[-1].made_at) == (2, lab.now.replace(microsecond=0))
    names = {path for path in place.iterdir() if path.suffix not in {".log", ".lock"}}
    assert names == {copy.path for copy in kept}  # what a killed copy left was swept away


def test_the_journal_keeps_what_the_older_copy_needs_and_no_more(journalled_lab, again):
    lab, place = journalled_lab, journalled_lab.folder.journal
    lab.db.close()
    lab.db = connect_writer(lab.folder.database)
    attach(lab.db, lab.folder, place, lambda: lab.now, segment_bytes=1)
    for _ in range(4):
        keep_copy(lab.folder, place, lab.now)
        lab.deploy()
        lab.later(hours=25)
    older, newer = copies(place, history.standing(lab.db))
    starts = sorted(int(path.name[:12]) for path in place.glob("*.log"))
    assert starts[0] <= older.position < starts[1]
    assert restore(older.path, again, now=lab.now).recovered.complete
    assert everything(again) == everything(lab.folder)
    assert newer.position > older.position


def test_a_laboratory_without_a_journal_has_no_copies_either(small_lab):
    assert keep_copy(small_lab.folder, small_lab.folder.journal, small_lab.now) is None
