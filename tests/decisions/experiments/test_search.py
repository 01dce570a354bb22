"""Which experiments are looked for."""

import pytest

from axiom.decisions.experiments.search import is_looked_for

ROW = {
    "question": "Does a network compress?",
    "name": "rank_dynamics",
    "aliases": ["ranks"],
    "theme": "Inside",
    "status": "open",
}


@pytest.mark.parametrize(
    ("asked", "is_meant"),
    [
        ({"q": "", "theme": "", "status": ""}, True),
        ({"q": "COMPRESS"}, True),
        ({"q": "rank_dyn"}, True),
        ({"q": "rank dynamics"}, True),
        ({"q": "old_rank"}, True),
        ({"q": "ranks and files"}, False),
        ({"theme": "Outside"}, False),
        ({"status": "retired"}, False),
    ],
)
def test_an_experiment_is_found_by_its_words_theme_and_status(asked, is_meant):
    assert is_looked_for(ROW, ["old_rank"], asked) is is_meant
