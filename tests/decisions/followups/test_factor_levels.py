"""Further levels lie inside the declared range, are whole where they count, and cost about what their neighbours do."""

import pytest
from follow_up_subjects import manifest, sweep
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.followups import factor_levels
from axiom.decisions.followups.factor_levels import known_levels, outside
from axiom.decisions.followups.pricing import prices
from axiom.domain.declaration import ValueType


@pytest.mark.parametrize(
    ("ends", "amount", "grid"),
    [
        ((16, 64), 3, (16, 32, 64)),  # the file's own levels are in equal ratios
        ((16, 17), 5, (16, 17)),  # there is no whole number in between
        ((4, 256), 4, (4, 16, 64, 256)),
    ],
)
def test_a_grid_goes_from_one_end_to_the_other(ends, amount, grid):
    assert factor_levels.between(manifest(), "width", ends, amount) == grid
    assert factor_levels.between(manifest(), "noise", (0.0, 0.5), 3) == (0.0, 0.25, 0.5)


def test_levels_besides_one_lie_on_both_sides_of_it():
    assert factor_levels.others(manifest(), "lr", 0.1) == (0.316, 0.0316, 0.658, 0.0208)
    assert factor_levels.others(manifest(), "noise", 0.0) == (0.25, 0.375)
    assert factor_levels.others(manifest(), "task", "a") == ()
    assert factor_levels.others(manifest(configs=(*sweep(), *sweep(task="b"))), "task", "a") == ("b",)


def test_a_nothing_that_was_never_tried_is_no_end():
    declared = manifest(ranges={"lr": (0.0, 1.0), "noise": (0.0, 0.5)})
    assert factor_levels.ends_beyond(declared, "lr", (0.1, 0.2)) == (0.1, 1.0)
    assert factor_levels.ends_beyond(declared, "noise", (0.0, 0.1)) == (0.0, 0.5)


@settings(max_examples=40)
@given(st.sampled_from(["width", "lr", "noise"]), st.floats(0, 1), st.floats(0, 1), st.integers(3, 9))
def test_every_level_is_one_that_the_file_allows(factor, first, second, amount):
    declared = manifest()
    low, high = declared.ranges[factor]
    ends = sorted(low + part * (high - low) for part in (first, second))
    if declared.factors[factor] is ValueType.INT:
        ends = [round(end) for end in ends]
    found = factor_levels.between(declared, factor, tuple(ends), amount) if ends[0] < ends[1] else ()
    for level in (*found, *factor_levels.others(declared, factor, ends[0])):
        assert not outside(declared, factor_levels.with_level(sweep(), factor, level))
        assert isinstance(level, int) or declared.factors[factor] is ValueType.FLOAT


@pytest.mark.parametrize(
    ("config", "seconds"),
    [
        ({"width": 16}, 2.0),  # as declared
        ({"width": 256}, 32.0),  # in proportion, as the file's own costs are
        ({"lr": 0.2, "width": 8}, 2.0),  # unknown, so in proportion
        ({"task": "b", "width": 8}, 1.0),
        ({"noise": 0.5, "width": 8}, 1.0),  # from nothing there is no ratio
    ],
)
def test_a_config_costs_about_what_its_neighbours_do(config, seconds):
    asked = {**sweep()[0], **config}
    assert prices(manifest()).of([asked]) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"width": 257}, "width=257 is outside 4 to 256"),
        ({"lr": "fast"}, "lr=fast is outside 0.01 to 1"),
        ({"task": "b"}, "task=b is none of the levels of widths"),
        ({"control": "placebo"}, ""),  # the file's own control was computed before anything was let out
    ],
)
def test_what_the_file_does_not_allow_is_said(config, why):
    assert outside(manifest(), [{**sweep()[0], **config}]).startswith(why)
    assert bool(outside(manifest(), [{**sweep()[0], **config}])) is bool(why)
    # a truth is no number
    declared = manifest(ranges={}, configs=tuple({**config, "lr": 1} for config in sweep()))
    assert outside(declared, [{**sweep()[0], "lr": True}]).startswith("lr=True is none of the levels")
    assert known_levels(declared, "control") == ["", "placebo"]
