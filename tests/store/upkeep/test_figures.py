"""A picture's name stands for one picture; what it shows says whether it must be drawn again."""

from axiom.store.engine import blobs
from axiom.store.upkeep import figures


def test_a_picture_takes_the_place_of_the_one_before(database, folder, now):
    assert figures.shows(database) == {}
    digests = [blobs.put(database, folder, body, now) for body in (b"<svg/>", b"\x89PNG", b"<svg>2</svg>")]
    figures.keep(database, name="finding/1/strip/660", shown="one", svg=digests[0], png=digests[1], now=now)
    figures.keep(database, name="finding/1/strip/326", shown="one", svg=digests[0], png=digests[1], now=now)
    figures.keep(database, name="finding/1/strip/660", shown="two", svg=digests[2], png=digests[1], now=now)
    assert figures.shows(database) == {"finding/1/strip/660": "two", "finding/1/strip/326": "one"}
    row = database.one("SELECT svg FROM figure WHERE name = 'finding/1/strip/660'")
    assert blobs.get(database, folder, row["svg"]) == b"<svg>2</svg>"
