"""A database that goes along with the journal of another is that other, row by row, or stops."""

import random
import shutil
from dataclasses import replace

import pytest

from axiom.errors import StoreDamaged
from axiom.limits import backups as limits
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_writer
from axiom.store.journal.journal import prune_journal
from axiom.store.journal.journal_follower import JournalFollower
from axiom.store.migrate import Migration, migrate_database, read_migrations

LOOKS = 200  # more than anything is waited for


class Copy:
    """A copy that follows, and where it reads the journal."""

    def __init__(self, kept, journal=None):
        self.kept = kept
        self.db = connect_writer(kept.folder.database)
        self.follower = JournalFollower(self.db, kept.folder, journal or kept.journal)

    def look(self, times=1):
        return [self.follower.advance() for _ in range(times)]

    def catch_up(self):
        """Look until two looks in a row bring nothing."""
        idle = 0
        while idle < 3:
            followed = self.follower.advance()
            idle = 0 if followed.groups or followed.again else idle + 1

    def stops(self):
        with pytest.raises(StoreDamaged) as stopped:
            self.look(LOOKS)
        return str(stopped.value)


@pytest.fixture
def copy_of():
    """Makes followers, and closes what they have open."""
    made = []

    def make(*words):
        made.append(Copy(*words))
        return made[-1]

    yield make
    for copy in made:
        copy.db.close()


def test_a_copy_goes_along_with_what_is_added(kept, behind, copy_of):
    copy = copy_of(behind)
    copy.catch_up()
    assert behind.names() == kept.names()
    with kept.opened() as db, db.transaction():
        db.insert("INSERT INTO volunteer (name, created_at) VALUES (:name, 0)", name="Hedy")
        blobs.store_blob(db, kept.folder, b"large" * blobs.LIMIT, kept.now)
    first, second = copy.look(2)
    assert first.groups == 0
    assert second.groups == 1
    assert second.until == kept.now
    assert behind.everything() == kept.everything()
    assert blobs.list_blob_problems(copy.db, behind.folder) == []
    newest = read_migrations()
    with kept.opened() as db:
        further = Migration(number=9_000, name="9000_more", text="CREATE TABLE more (id BIGINT);")
        migrate_database(db, None, kept.now, [*newest, further])
    assert any(followed.changes_form for followed in copy.look(3))
    before, stored = (file := kept.files()[0]).read_bytes(), kept.folder.database.read_bytes()
    refused = []
    for name in ("Maria", "Marie"):
        kept.add(name)
        refused.append(file.read_bytes())
        file.write_bytes(before)
        kept.folder.database.write_bytes(stored)
    for record in refused:  # the second comes to the place of the first
        file.write_bytes(record)
        copy.look()  # it sees the record, which is taken back
    file.write_bytes(before)
    copy.look(3)
    assert behind.names()[-1] == "Hedy"


def test_it_goes_from_file_to_file_and_on_after_a_stop(kept, tmp_path, copy_of):
    kept.add("Ada")
    older = kept.older(tmp_path / "older")
    dice = random.Random(7)
    copy = copy_of(older)
    for number in range(25):
        kept.add(
            *(f"{number}-{each}" for each in range(dice.randint(1, 5))),
            segment_bytes=dice.choice([1, 2_000, limits.SEGMENT_BYTES]),
        )
        copy.look(dice.randint(0, 3))
        if dice.random() < 0.1:
            copy.db.close()
            copy = copy_of(older)
    copy.catch_up()
    assert older.everything() == kept.everything()
    assert len(kept.files()) > 10


def test_half_a_record_is_waited_for(kept, behind, tmp_path, copy_of):
    """The journal as rsync brings it, a piece at a time; at first there is none."""
    whole = kept.files()[0].read_bytes().rstrip(b"\0")
    arriving = tmp_path / "arriving"
    copy = copy_of(behind, arriving)
    copy.look(5)
    arriving.mkdir()
    for end in [*range(0, 200, 3), *range(2_000, len(whole), 41), len(whole)]:
        (arriving / kept.files()[0].name).write_bytes(whole[:end])
        copy.look()
    copy.catch_up()
    assert behind.names() == kept.names()


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_next_file_that_came_in_part_is_waited_for_after_a_stop_too(kept, behind, tmp_path, copy_of, is_stopped):
    kept.add("Hedy", segment_bytes=1)
    last = kept.files()[-1]
    arriving = tmp_path / "arriving"
    shutil.copytree(kept.journal, arriving)
    whole = last.read_bytes().rstrip(b"\0")
    copy = copy_of(behind, arriving)
    for cut in (b"", bytes(4_096), whole[:3], whole[:40]):  # a crash of the copy's computer leaves these as well
        (arriving / last.name).write_bytes(cut)
        if is_stopped:
            copy.db.close()
            copy = copy_of(behind, arriving)
        copy.look(LOOKS)
        assert behind.names() == kept.names()[:-1]
    (arriving / last.name).write_bytes(whole)
    copy.catch_up()
    assert behind.names() == kept.names()


def test_another_history_from_the_same_point_stops_it(kept, tmp_path, copy_of):
    """Two copies of one laboratory worked on: whoever followed the one never takes anything of the other."""
    kept.add("Ada")
    following, other = kept.older(tmp_path / "following"), kept.older(tmp_path / "other")
    other = replace(other, journal=tmp_path / "elsewhere")
    shutil.copytree(kept.journal, other.journal)
    kept.add("Grace", "Mary")
    other.add("Somebody else", "And another", "And more")
    copy = copy_of(following)
    copy.catch_up()
    shutil.copytree(other.journal, kept.journal, dirs_exist_ok=True)
    copy.stops()
    assert following.names() == ["Ada", "Grace", "Mary"]
    assert "something else" in copy_of(following.older(tmp_path / "new"), other.journal).stops()


@pytest.mark.parametrize("place", [b"Mary", b"Lise", None])
def test_a_bit_that_flipped_or_a_change_by_somebody_else_stops_it(kept, behind, place, copy_of):
    before, copy = behind.names(), copy_of(behind)
    if place is None:
        copy.catch_up()
        with copy.db.transaction():
            copy.db.execute("UPDATE journal SET position = position + 1")
        kept.add("Hedy")
    else:
        kept.flip(place)
    copy.stops()
    names = behind.names()
    assert names[: len(before)] == before
    assert names == kept.names()[: len(names)]


def test_a_part_that_was_deleted_stops_it(kept, tmp_path, copy_of):
    kept.add("Ada", segment_bytes=1)
    older = kept.older(tmp_path / "older")
    kept.add("Grace", "Mary", "Emmy", segment_bytes=1)
    with kept.opened() as db:
        row = db.row("SELECT history FROM journal")
    assert prune_journal(kept.journal, row["history"], 3) >= 2
    assert "only after" in copy_of(older).stops()
