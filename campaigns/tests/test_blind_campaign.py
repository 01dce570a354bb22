"""The adversary of the campaign on blindness, in a few worlds: one forecast of each is called blind, and it counts."""

import blind


def test_of_each_world_one_forecast_is_called_blind_and_counts_whatever_becomes_of_it(tmp_path):
    by_strategy = blind.played(6, 1, tmp_path)
    for name, counts in by_strategy.items():
        assert counts["blind"] == 1, name
        assert counts["registered"] + counts["lost"] == 1, name
    assert by_strategy["forty"]["texts"] == blind.TEXTS
    assert by_strategy["forty"]["informed"] > 3


def test_a_control_that_is_the_comparison_is_refused_and_no_other():
    assert blind.refused_controls() == (0, 0)
