"""Files of one's own are there again after a restore, as they were sealed, and nothing else is."""

import logging

import pytest

from axiom.lab.experiments import published_files
from axiom.lab.experiments.withdraw import withdraw
from axiom.signed.bundles import contents
from axiom.store.experiments import experiments

INSIDE = "axiom/catalogue/tiny_sum.py"


@pytest.fixture
def file(working_lab):
    """Where the file of the published experiment belongs, and is not."""
    return working_lab.folder.catalogue / "tiny_sum.py"


def lay_out(lab, *shipped: str) -> list[str]:
    return published_files.lay_out(lab.db, lab.folder, shipped)


def test_a_lost_file_is_laid_out_again_with_the_bytes_of_the_newest_bundle(working_lab, file, prepared):
    newest = prepared(top="LATER = 1")
    assert working_lab.publish(newest).change == "new bundle"
    assert lay_out(working_lab) == ["tiny_sum"]
    assert file.read_bytes() == contents(newest.archive)[INSIDE] != contents(prepared().archive)[INSIDE]
    assert lay_out(working_lab) == []


def test_a_file_that_is_there_or_comes_with_axiom_stays_as_it_is(working_lab, file):
    assert lay_out(working_lab, "tiny_sum") == []
    assert not file.exists()
    file.parent.mkdir()
    file.write_text("changed and not published yet")
    assert lay_out(working_lab) == []
    assert file.read_text() == "changed and not published yet"


@pytest.mark.parametrize("how", ["retired", "recalled"])
def test_what_was_taken_back_stays_away_also_where_an_older_version_is_open(working_lab, file, prepared, how):
    working_lab.publish(prepared(version=2))
    newest = experiments.by_name(working_lab.db, "tiny_sum")
    with working_lab.db.transaction():
        experiments.reopen(working_lab.db, 1)
        if how == "retired":
            withdraw(working_lab.db, newest.id, "no more", working_lab.now)
        else:
            experiments.recall(working_lab.db, newest.id, working_lab.now)
    assert experiments.by_id(working_lab.db, 1).status == "open"
    assert lay_out(working_lab) == []
    assert not file.exists()


def test_a_bundle_that_is_lost_or_damaged_is_logged_and_the_laboratory_starts_all_the_same(working_lab, file, caplog):
    working_lab.db.execute("UPDATE blob SET body = x'00'")
    for stored in working_lab.folder.blobs.glob("??/*"):
        stored.write_bytes(b"something else")
    with caplog.at_level(logging.ERROR, "axiom.own_files"):
        assert lay_out(working_lab) == []
    assert "file.lost experiment=tiny_sum" in caplog.text
    assert not file.exists()
