"""Each way in which the laboratory writes, killed at each of its statements: nothing is lost and nothing done twice."""

import pytest
from world import boundaries
from world.boundaries import PATHS, kill_everywhere, stage

# A session has hundreds of statements; `scripts/campaign months` kills it at every one.
EVERY = {"session": 17}
LEAST = {"dispatch": 20, "upload": 8, "report": 25, "transition": 15, "validate": 20, "credit": 20, "cancel": 20}


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A laboratory whose tasks stand at every point of their way."""
    return stage(tmp_path_factory.mktemp("boundaries") / "origin")


@pytest.mark.parametrize("path", PATHS)
def test_a_laboratory_that_is_killed_anywhere_goes_on_as_if_it_had_lived(origin, tmp_path, path):
    course = kill_everywhere(path, origin, tmp_path, every=EVERY.get(path, 1))
    assert course.broken == []
    assert course.points >= LEAST.get(path, 15)


def test_what_is_done_twice_or_by_halves_after_a_kill_is_found_out(origin, tmp_path, monkeypatch):
    def twice(acted):
        acted.lab.order(1)
        acted.lab.order(1)  # asked again after a kill between the two, the first is there already

    def by_halves(acted):
        db = acted.lab.up.writer._kept
        with db.transaction():
            db.execute("UPDATE task SET is_paid = 1 WHERE state = 'valid' AND is_paid = 0")
        acted.lab.pay()

    for wrong, problem in ((twice, "it ends as"), (by_halves, "I3")):
        monkeypatch.setitem(boundaries.PATHS, wrong.__name__, wrong)
        course = kill_everywhere(wrong.__name__, origin, tmp_path)
        assert any(problem in text for text in course.broken)
