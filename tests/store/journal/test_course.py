"""A journal is followed as far as it is whole and fits, and what keeps it from going on is said."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.errors import FolderInUse, FolderUnusable, StoreDamaged
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.journal import history
from axiom.store.journal.journal import attach, prune
from axiom.store.journal.replay import JournalEnd, covered_from


def add(db, name):
    with db.transaction():
        db.execute("INSERT INTO volunteer (name, created_at) VALUES (:name, 0)", name=name)


SIX = ["Ada", "Grace", "Mary", "Emmy", "Rosa", "Lise"]
FIRST_RECORD = 168  # bytes of the first record of a file, which says whose it is


@pytest.mark.parametrize("segment_bytes", [1, 300])
def test_a_journal_of_several_files_is_followed_through_all(kept, behind, segment_bytes):
    kept.add(*map(str, range(20)), segment_bytes=segment_bytes)
    assert len(kept.files()) > 3
    assert behind.brought_up().groups == 24
    assert behind.everything() == kept.everything()


def test_a_missing_file_in_between_ends_a_replay_there(kept, behind):
    kept.add("Hedy", "Maria", "Sonja", segment_bytes=1)
    kept.files()[2].unlink()
    replayed = behind.brought_up()
    assert (replayed.groups, replayed.ending) == (5, JournalEnd.GAP)
    with pytest.raises(StoreDamaged, match="a part of it is missing"):
        behind.connect()


@pytest.mark.parametrize("lost", [1, 30, 60])
def test_a_record_that_was_never_finished_is_cut_off(kept, behind, lost):
    kept.files()[0].write_bytes(kept.files()[0].read_bytes()[:-lost])
    replayed = behind.brought_up()
    assert (replayed.groups, replayed.ending) == (3, JournalEnd.TORN)
    behind.add("Hedy")
    behind.add("Maria")
    assert behind.names() == [*SIX[:-1], "Hedy", "Maria"]


def test_zeros_that_a_power_cut_left_at_the_end_are_cut_off(kept, behind):
    with kept.files()[0].open("ab") as file:
        file.write(bytes(5_000))
    behind.add("Hedy")
    behind.add("Maria")
    assert behind.names() == [*SIX, "Hedy", "Maria"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_never_replayed(kept, behind, tmp_path_factory, where, bit):
    place = tmp_path_factory.mktemp("flipped")
    raw = bytearray(kept.files()[0].read_bytes())
    raw[int(where * len(raw))] ^= 1 << bit
    (place / kept.files()[0].name).write_bytes(raw)
    lab = behind.older(place / "older")
    try:
        replayed = lab.brought_up(place)
    except StoreDamaged:
        assert where * len(raw) < FIRST_RECORD
        return
    assert lab.names() == SIX[: 2 + replayed.groups]
    assert (replayed.ending is JournalEnd.END) == (replayed.groups == 4)


def test_a_damaged_record_in_the_middle_is_said_and_not_skipped(kept, behind, tmp_path):
    kept.flip(b"Emmy")
    replayed = behind.older(tmp_path / "again").brought_up()
    assert (replayed.groups, replayed.ending, replayed.damaged) == (1, JournalEnd.DAMAGED, kept.files()[0])
    with pytest.raises(StoreDamaged, match=r"not what was written .*\.log.*--as-far-as-possible"):
        behind.connect()


def test_damage_before_the_copy_does_not_keep_back_what_came_after_it(kept, behind):
    kept.flip(b"Grace")
    assert behind.brought_up().ending is JournalEnd.END
    assert behind.everything() == kept.everything()


def test_damage_to_the_words_that_a_later_record_uses_is_said(kept, tmp_path):
    with kept.opened() as db:
        add(db, "Ada")
        copied = kept.older(tmp_path / "older")
        add(db, "Grace")
    kept.flip(b"INSERT")
    replayed = copied.brought_up()
    assert (replayed.groups, replayed.ending) == (0, JournalEnd.DAMAGED)
    with pytest.raises(StoreDamaged, match="not what was written"):
        copied.connect()


def test_damage_before_the_present_does_not_keep_a_laboratory_from_starting(kept, behind):
    kept.flip(b"Mary")
    kept.add("Hedy")
    assert behind.brought_up().ending is JournalEnd.DAMAGED


def test_a_damaged_beginning_of_a_file_is_said(kept):
    kept.add("Ada")
    kept.flip(40)
    with pytest.raises(StoreDamaged, match="damaged where it begins"):
        kept.connect()


def test_an_empty_file_is_said(kept):
    kept.add("Ada")
    kept.files()[0].write_bytes(b"")
    with pytest.raises(StoreDamaged, match="damaged where it begins"):
        kept.connect()


def test_a_journal_that_was_lost_begins_again_and_says_so(kept, behind, caplog):
    kept.files()[0].unlink()
    kept.add("Hedy")
    assert "only backups from now on are covered" in caplog.text
    assert behind.brought_up().ending is JournalEnd.LATE
    with pytest.raises(StoreDamaged, match="begins only after the database"):
        behind.connect()


def test_a_journal_that_lost_its_end_goes_on_in_a_new_file(kept, behind, caplog):
    kept.files()[0].write_bytes(kept.files()[0].read_bytes()[:-120])
    kept.add("Hedy")
    assert "only backups from now on are covered" in caplog.text
    assert len(kept.files()) == 2
    assert behind.brought_up().ending is JournalEnd.DAMAGED
    kept.add("Maria")
    assert kept.names() == [*SIX, "Hedy", "Maria"]


def test_the_journal_of_another_laboratory_in_the_same_folder_is_left_alone(kept, behind, make, tmp_path, now):
    other = make(tmp_path / "other", now.replace(year=2027))
    db = connect_writer(other.folder.database)
    attach(db, other.folder, kept.journal, lambda: now)
    db.close()
    assert len(kept.files()) == 2
    assert behind.brought_up().groups == 4
    assert other.brought_up(kept.journal).groups == 0


def test_a_database_that_went_another_way_is_not_mixed_with_the_journal(behind, now):
    db = connect_writer(behind.folder.database)
    attach(db, behind.folder, behind.folder.journal, lambda: now)
    with db.transaction():
        db.execute("INSERT INTO volunteer (name, created_at) VALUES ('Else', 0)")
    db.close()
    assert behind.brought_up().ending is JournalEnd.FOREIGN
    with pytest.raises(StoreDamaged, match="something else than the database"):
        behind.connect()


def test_an_interruption_is_not_followed_across(kept, behind):
    db = connect_writer(kept.folder.database)
    history.interrupt(db)
    db.close()
    kept.add("Hedy")
    replayed = behind.brought_up()
    assert (replayed.groups, replayed.ending) == (4, JournalEnd.GAP)


def test_two_copies_of_one_laboratory_do_not_share_a_journal(kept, behind):
    with kept.opened(), pytest.raises(FolderInUse, match="two copies"):
        behind.connect()


def test_a_folder_that_cannot_be_had_is_said(kept, now):
    db = connect_writer(kept.folder.database)
    (kept.folder.path / "file").touch()
    with pytest.raises(FolderUnusable, match="setting `journal`"):
        attach(db, kept.folder, kept.folder.path / "file" / "journal", lambda: now)
    assert not db.recorded
    db.close()


def test_what_an_older_copy_needs_is_not_pruned(kept, behind, tmp_path):
    kept.add("Hedy", "Maria", "Sonja", segment_bytes=1)
    middle = kept.older(tmp_path / "middle")
    kept.add("Chien", "Barbara", segment_bytes=1)
    db = connect_reader(middle.folder.database)
    point = history.standing(db)
    db.close()
    assert point is not None
    assert prune(kept.journal, point.history, point.position) == 4
    assert prune(kept.journal, point.history, point.position) == 0
    assert middle.brought_up().groups == 2
    assert middle.everything() == kept.everything()
    assert behind.brought_up().ending is JournalEnd.LATE


def test_what_is_covered_begins_after_the_last_gap(kept):
    kept.add("Ada", "Grace", "Mary", "Emmy", segment_bytes=1)
    db = connect_reader(kept.folder.database)
    point = history.standing(db)
    db.close()
    assert point is not None
    assert covered(kept, point) == 0
    kept.files()[1].unlink()
    assert covered(kept, point) == 2
    assert covered(kept, replace(point, position=5)) is None
    assert covered(kept, replace(point, digest=bytes(32))) is None
    assert covered(kept, replace(point, history="00" * 32)) is None


def covered(kept, point):
    first = covered_from(kept.journal, point)
    return None if first is None else first.point.position


def test_a_parted_history_gives_no_number_twice_and_no_journal_fits_it(behind, now):
    experiment = "INSERT INTO experiment (name, version, manifest, created_at) VALUES ('a', 1, '', 0)"
    db = connect_writer(behind.folder.database)
    history.part(db, now)
    assert db.insert("INSERT INTO volunteer (name, created_at) VALUES ('new', 0)") == 2 + history.SKIPPED + 1
    assert db.insert(experiment) == history.SKIPPED + 1
    db.close()
    assert behind.brought_up().ending is JournalEnd.ABSENT


def test_what_was_never_in_a_journal_is_parted_all_the_same(kept, now):
    db = connect_writer(kept.folder.database)
    db.execute("DROP TABLE journal")
    history.part(db, now)
    history.interrupt(db)
    assert history.standing(db) is None
    assert db.insert("INSERT INTO volunteer (name, created_at) VALUES ('new', 0)") == history.SKIPPED + 1
    db.close()
