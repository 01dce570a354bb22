"""A host whose clock is wrong by years computes what is right, or refuses in a sentence that names its clock."""

from datetime import timedelta

import pytest

from axiom.domain.work import Exit
from axiom.runner.tasks import Runner


@pytest.fixture
def obey(lab, now, tmp_path):
    runner = Runner(lab.home, 1)
    yield lambda later: runner.obey(lab.order().argv(), tmp_path / "slot", now=now + later, report=lambda *_: None)
    runner.stop()


def test_a_clock_years_ahead_is_named_and_nothing_is_computed(obey, lab):
    answer = obey(timedelta(days=3_650))
    assert (answer.exit, answer.output, answer.elapsed_seconds < 60) == (Exit.BAD_TICKET, None, True)
    assert "see that this host's clock is right" in answer.message
    assert lab.nothing_was_imported


def test_a_clock_years_behind_computes_and_its_times_are_its_processors(obey):
    answer = obey(timedelta(days=-3_650))
    assert answer.exit is Exit.DONE
    assert 0 <= answer.elapsed_seconds < 60
    assert 0 <= answer.cpu_seconds < 60
