"""A good, a careless and a hostile model, each the scientist of a laboratory for some days. A month is a campaign."""

import pytest
from simulated_months import Place, careless_month, good_month, hostile_month


@pytest.fixture
def place(new_lab, prepared, tmp_path) -> Place:
    return Place(small=new_lab(tmp_path / "lab"), prepared=prepared, folder=tmp_path)


def test_what_a_good_model_asks_is_decided_on_valid_evidence(place):
    ended = good_month(place, 2)
    assert (ended.approved, ended.valid, ended.failed, ended.effects) == (2, 2, 0, [])
    assert ended.drafts == {"passed": 2, "refused": 1}
    assert ended.unasked  # so that what a hostile one would bring about is seen


def test_a_careless_model_costs_hosts_next_to_nothing(place):
    ended = careless_month(place, 3)
    assert ended.drafts.keys() - {"passed"}
    assert ended.failed <= 0.03 * ended.tasks  # of a month 1 %, which the campaign shows: chance has its part in 3 days
    assert ended.effects == []


def test_a_hostile_model_brings_nothing_about_and_learns_nothing(place):
    ended = hostile_month(place, 9, files_a_day=0)
    assert (ended.approved, ended.effects, ended.unasked) == (0, [], [])
    assert sum(ended.drafts.values()) == 9
