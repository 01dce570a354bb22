"""Each question about tiles is answered from an index that leads straight to them, however many there are."""

import pytest

from axiom.store.maps import tiles

ASKED = {
    "experiment_id": 1,
    "arm": 0,
    "level": 3,
    "above": -1,
    "most": 9,
    "limit": 9,
    "first": 0,
    "deepest": 4,
    "config": 5,
}


@pytest.mark.parametrize(
    ("sql", "seeks"),
    [
        (tiles._COARSEST, "tile_open (experiment_id=? AND arm=? AND level>?)"),
        (tiles._AMOUNT_OPEN, "tile_open (experiment_id=? AND arm=? AND level=?)"),
        (tiles._NEXT, "tile_open (experiment_id=? AND arm=? AND level=?)"),
        (tiles._CHARTED, "tile_replicate (experiment_id=? AND replicate=? AND level>? AND level<?)"),
        (tiles._AT, "(experiment_id=? AND config=?)"),
        (tiles._OUT, "workunit_open (experiment_id=?)"),
    ],
)
def test_no_question_reads_tiles_that_it_does_not_tell_of(database, sql, seeks):
    wanted = {name: value for name, value in ASKED.items() if f":{name}" in sql}
    steps = [row["detail"] for row in database.select(f"EXPLAIN QUERY PLAN {sql}", **wanted)]
    assert any(seeks in step for step in steps), steps
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in steps), steps
