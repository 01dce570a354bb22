"""A journal is followed as far as it is whole and fits, and what keeps it from going on is said."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.errors import FolderInUse, FolderUnusable, StoreDamaged
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.journal import history, journal, records
from axiom.store.journal.journal import prune_journal
from axiom.store.journal.records import StatementNumbers
from axiom.store.journal.replay import JournalEnd, find_first_covering_segment

SIX = ["Ada", "Grace", "Mary", "Emmy", "Rosa", "Lise"]


def standing(kept):
    with contextlib.closing(connect_reader(kept.folder.database)) as db:
        return history.read_journal_point(db)


FIRST_RECORD = 168  # bytes of the first record of a file, which says whose it is


def test_a_journal_of_several_files_is_followed_through_all_by_one_copy_alone(kept, behind):
    with kept.opened(), pytest.raises(FolderInUse, match="copies"):
        behind.connect()
    (kept.folder.path / "file").touch()
    with pytest.raises(FolderUnusable, match="journal"):
        replace(kept, journal=kept.folder.path / "file" / "journal").connect()
    kept.add(*map(str, range(10)), segment_bytes=1)
    kept.add(*map(str, range(10, 20)), segment_bytes=300)
    assert len(kept.files()) > 3
    assert behind.brought_up().groups == 24
    assert behind.everything() == kept.everything()


def test_a_missing_file_ends_a_replay_and_what_is_covered_begins_after_it(kept, behind):
    kept.add("Hedy", "Maria", "Sonja", segment_bytes=1)
    point = standing(kept)
    assert find_first_covering_segment(kept.journal, point).point.position == 0
    kept.files()[2].unlink()
    assert find_first_covering_segment(kept.journal, point).point.position == 8
    for changes in ({"position": 8}, {"digest": bytes(32)}, {"history": "00" * 32}):
        assert find_first_covering_segment(kept.journal, replace(point, **changes)) is None
    replayed = behind.brought_up()
    assert (replayed.groups, replayed.ending) == (5, JournalEnd.GAP)
    with pytest.raises(StoreDamaged):
        behind.connect()


@pytest.mark.parametrize("lost", [0, 1, 30, 60])
def test_a_record_that_was_never_finished_is_cut_off(kept, behind, lost):
    raw = kept.files()[0].read_bytes()
    kept.files()[0].write_bytes(raw[:-lost] if lost else raw + bytes(5_000))  # zeros that a power cut left there
    if lost:
        replayed = behind.brought_up()
        assert (replayed.groups, replayed.ending) == (3, JournalEnd.TORN)
    behind.add("Hedy")
    behind.add("Maria")
    assert behind.names() == [*(SIX[:-1] if lost else SIX), "Hedy", "Maria"]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@pytest.mark.parametrize("is_old", [False, True], ids=["ours", "of a release that numbered anew at each start"])
def test_no_statement_is_taken_for_another_behind_a_damaged_record(kept, tmp_path, monkeypatch, is_old):
    if is_old:
        monkeypatch.setattr(records, "_FORMAT", 1)
        monkeypatch.setattr(journal, "StatementNumbers", lambda _place: StatementNumbers(0))
    kept.add("Ada")
    with kept.opened() as db:
        rename_all(db, "Grace")
        copied = kept.older(tmp_path / "older")
        rename_all(db, "Mary")
    kept.flip(b"Grace")
    replayed = copied.brought_up()
    assert replayed.ending is JournalEnd.DAMAGED
    assert replayed.groups == 0
    assert copied.names() == ["Grace"]


def rename_all(db, name):
    with db.transaction():
        db.execute("UPDATE volunteer SET name = :name", name=name)


def test_a_damaged_record_in_the_middle_is_said_and_not_skipped(kept, behind, tmp_path):
    kept.flip(b"Grace")  # before the copy: it keeps back nothing that came after it
    assert behind.older(tmp_path / "first").brought_up().ending is JournalEnd.END
    kept.flip(b"Emmy")
    replayed = behind.older(tmp_path / "again").brought_up()
    assert replayed.groups == 1
    assert replayed.ending == JournalEnd.DAMAGED
    assert replayed.damaged == kept.files()[0]
    with pytest.raises(StoreDamaged, match=r"\.log"):
        behind.connect()
    kept.add("Hedy")  # what lies before the present does not keep a laboratory from starting
    kept.flip(b"INSERT")  # words that later records use
    assert (behind.brought_up().groups, behind.brought_up().ending) == (0, JournalEnd.DAMAGED)
    for begins in (40, b""):
        if begins:
            kept.flip(begins)
        else:
            kept.files()[0].write_bytes(begins)
        with pytest.raises(StoreDamaged, match="begins"):
            kept.connect()


@pytest.mark.parametrize(("lost", "ending"), [(None, JournalEnd.LATE), (120, JournalEnd.DAMAGED)])
def test_a_journal_that_was_lost_or_lost_its_end_begins_again_and_says_so(kept, behind, caplog, lost, ending):
    (file,) = kept.files()
    if lost is None:
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-lost])
    kept.add("Hedy")
    assert len(caplog.records) == 1
    assert behind.brought_up().ending is ending
    with pytest.raises(StoreDamaged):
        behind.connect()
    kept.add("Maria")
    assert kept.names() == [*SIX, "Hedy", "Maria"]


def test_the_journal_of_another_laboratory_in_the_same_folder_is_left_alone(kept, behind, make, tmp_path, now):
    other = replace(make(tmp_path / "other", now, "UPDATE migration SET applied_at = 0"), journal=kept.journal)
    other.connect().close()
    assert len(kept.files()) == 2
    assert (behind.brought_up().groups, other.brought_up().groups) == (4, 0)


def test_a_database_that_went_another_way_is_not_mixed_with_the_journal(kept, behind, tmp_path):
    elsewhere = behind.older(tmp_path / "elsewhere")
    replace(elsewhere, journal=elsewhere.folder.journal).add("Else")
    assert elsewhere.brought_up().ending is JournalEnd.FOREIGN
    with pytest.raises(StoreDamaged, match="something else"):
        elsewhere.connect()
    with contextlib.closing(connect_writer(kept.folder.database)) as db:
        history.interrupt_history(db)
    kept.add("Hedy")
    replayed = behind.brought_up()  # which does not follow across an interruption
    assert (replayed.groups, replayed.ending) == (4, JournalEnd.GAP)


def test_what_an_older_copy_needs_is_not_pruned(kept, behind, tmp_path):
    kept.add("Hedy", "Maria", "Sonja", segment_bytes=1)
    middle = kept.older(tmp_path / "middle")
    kept.add("Chien", "Barbara", segment_bytes=1)
    point = standing(middle)
    assert [prune_journal(kept.journal, point.history, point.position) for _ in "ab"] == [4, 0]
    assert middle.brought_up().groups == 2
    assert middle.everything() == kept.everything()
    assert behind.brought_up().ending is JournalEnd.LATE


def test_a_parted_history_gives_no_number_twice_and_no_journal_fits_it(behind, make, tmp_path, now):
    experiment = "INSERT INTO experiment (name, version, manifest, created_at) VALUES ('a', 1, '', 0)"
    volunteer = "INSERT INTO volunteer (name, created_at) VALUES ('new', 0)"
    with contextlib.closing(connect_writer(behind.folder.database)) as db:
        history.fork_history(db, now)
        assert db.insert(volunteer) == 2 + history.SKIPPED + 1
        assert db.insert(experiment) == history.SKIPPED + 1
    assert behind.brought_up().ending is JournalEnd.ABSENT
    new = make(tmp_path / "new", now)  # what was never in a journal
    with contextlib.closing(connect_writer(new.folder.database)) as db:
        db.execute("DROP TABLE IF EXISTS journal")
        history.fork_history(db, now)
        history.interrupt_history(db)
        assert history.read_journal_point(db) is None
        assert db.insert(volunteer) == history.SKIPPED + 1
