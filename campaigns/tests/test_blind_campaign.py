"""The adversary of the campaign on blindness, in a few worlds: one forecast of each is called blind, and it counts."""

import blind
import pytest
from blind_disguises import CHANNELS, CONTROLS, KNOWN, NEW, OUT_OF_REACH
from real_parts import need

from axiom.laboratory.experiments.rules.source_rules import check_source


def test_of_each_world_one_forecast_is_called_blind_and_counts_whatever_comes_of_it(tmp_path):
    by_strategy = blind.played(6, 1, tmp_path)
    for name, counts in by_strategy.items():
        assert counts["blind"] == 1, name
        assert counts["registered"] + counts["lost"] == 1, name
    assert by_strategy["forty"]["texts"] == blind.TEXTS
    assert by_strategy["forty"]["informed"] > 3


def test_a_control_that_is_the_comparison_is_refused_and_no_other():
    assert blind.refused_controls() == (0, 0)


@pytest.mark.parametrize("name", [*KNOWN, *NEW, *OUT_OF_REACH, *CONTROLS])
def test_every_disguise_is_a_file_that_may_be_tried(name):
    make = (dict(KNOWN) | NEW | OUT_OF_REACH | CONTROLS)[name]
    assert check_source(make(), "disguised") == ()


@need("bwrap")
def test_a_tried_text_is_found_in_other_code_and_a_failed_one_tells_one_bit(tmp_path):
    gates = blind.RealGates(tmp_path)
    assert "draft 1" in (gates.tried(NEW["by another formula, the errors"]()).informed or "")
    tried = [
        gates.tried(CHANNELS["the line that fails"]().replace("SHIFT", shift), "probe") for shift in ("0.1", "0.3")
    ]
    assert tried[0].gates != tried[1].gates
    assert blind.public_gates(tried[0]) == blind.public_gates(tried[1])
