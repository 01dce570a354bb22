"""Whoever brings as an output what the laboratory itself put here takes nothing away with it."""

from datetime import timedelta

import pytest
from scheduler_calls import MASTER

from axiom.server.upkeep.janitor import clean
from axiom.store.engine import blobs
from axiom.store.upkeep import figures


@pytest.fixture
def handed(exchange, attic):
    """A task that is out."""
    (given,) = exchange.call(attic, ask=1.0).tasks.values()
    return given


def files_of(exchange, handed):
    """The bundle that a task needs, and its seal."""
    names = {each.findtext("file_name") for each in handed.workunit.findall("file_ref")}
    return {name: exchange.download(f"{MASTER}download/{name}") for name in names}


@pytest.mark.parametrize("other", [b"another output", b"y" * 100_000], ids=["small", "large"])
def test_a_bundle_and_its_seal_are_given_to_others_all_the_same(exchange, handed, other):
    files = files_of(exchange, handed)
    assert len(files) == 2
    for body in files.values():
        exchange.upload(handed, body)
        exchange.upload(handed, other)
    assert files_of(exchange, handed) == files


@pytest.mark.parametrize("is_first", [True, False])
def test_a_picture_stays_and_what_was_brought_is_cleaned_away(exchange, handed, is_first):
    picture, now = b"<svg/>", exchange.lab.now

    def draw(db):
        digest = blobs.put(db, exchange.folder, picture, now)
        figures.keep(db, name="a picture", shown="", svg=digest, png=digest, now=now)
        return digest

    if is_first:
        exchange.upload(handed, picture)
    digest = exchange.do(draw)
    if not is_first:
        exchange.upload(handed, picture)
    later = now + timedelta(days=31)
    assert exchange.do(lambda db: clean(db, exchange.folder, later)).uploads == 1
    assert exchange.do(lambda db: blobs.get(db, exchange.folder, digest)) == picture
