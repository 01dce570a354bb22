"""The measures of one replicate become one number, or a sentence that says why there is none."""

import math
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.statistics.estimand_arithmetic import compute_estimand, evenly_spaced, list_needed_configs


def estimand(kind: str, *, across: str = "", between: tuple = (), measure: str = "loss") -> dict:
    common = {"name": "asked", "claim": "something is so", "kind": kind, "measure": measure, "smallest": 0.1}
    return common | {"null": 0.0, "prediction": {}, "across": across, "between": [*map(dict, between)], "bounds": None}


def over_width(*losses: object) -> list:
    """Width 8, 16, 32, … and the loss measured there; None where nothing came back."""
    return [
        ({"width": 8 * 2**place, "lr": 0.1}, None if loss is None else {"loss": loss})
        for place, loss in enumerate(losses)
    ]


ENDS = ({"width": 32}, {"width": 8})
CONTRAST = estimand("contrast", between=ENDS)
SLOPE = estimand("slope", across="width")
RANKS = estimand("rank_correlation", across="width")
EXPONENT = estimand("exponent", across="width")
BREAKPOINT = estimand("breakpoint", across="width")


@pytest.mark.parametrize(
    ("question", "losses", "number"),
    [
        (CONTRAST, (1.0, None, 5.0), 4.0),  # the middle is not needed
        (CONTRAST, (1e308, 0.0, -2e307), -1.2e308),
        (estimand("level", between=({"width": 16},)), (1.0, 2.5, 5.0), 2.5),
        (estimand("level"), (1.0, 2.0, 6.0), 3.0),
        (estimand("proportion", between=({"width": 8},)), (True, False), 1.0),
        (estimand("proportion"), (1, 0), 0.0),  # it has to happen everywhere
        (SLOPE, (8.0, 4.0, 2.0), -1.0),
        (SLOPE, (1.0, 2.0, 2.0), 0.5),  # by hand: (-1 × 0 + 1 × 1) / 2 in powers of two
        (RANKS, (1.0, 2.0, 30.0), 1.0),
        (RANKS, (1.0, 3.0, 2.0), 0.5),
        (RANKS, (1.0, 1.0, 2.0), math.sqrt(3) / 2),  # a tie: the ranks are 1.5, 1.5, 3
        (EXPONENT, (2.0, 1.25, 1.0625, 1.015625), -2.0),  # 1 + 64 / width²
        (BREAKPOINT, (0.0, 1.0, 2.0, 2.0, 2.0, 2.0), 32.0),
        (BREAKPOINT, (0.0, 1.0, 2.0, 3.0, 3.0, 2.0, 1.0), 8.0 * 2.0**3.5),  # half an octave beyond 64
    ],
)
def test_an_estimand_is_computed_as_its_kind_says(question, losses, number):
    result, why = compute_estimand(question, over_width(*losses))
    assert result == pytest.approx(number, rel=1e-6 if question is EXPONENT else 1e-12, abs=1e-12)
    assert why == ""


@pytest.mark.parametrize(
    ("question", "losses", "fact"),
    [
        (CONTRAST, (1.0, 2.0, None), "width=32, lr=0.1"),
        (CONTRAST, (1.7e308, 0.0, -1.7e308), "loss left the real numbers"),
        (CONTRAST | {"measure": "missing"}, (1.0, 2.0, 3.0), "missing has no value at width=32, lr=0.1"),
        (estimand("level"), (), "no config"),
        (estimand("level"), (1.0, [1.0, 2.0]), "loss is a list"),
        (estimand("level"), (1.0, math.nan), "loss left the real numbers at width=16, lr=0.1"),
        (estimand("level"), (10**400,), "loss left the real numbers at width=8, lr=0.1"),
        (estimand("proportion"), (1.0, 0.3), "loss is 0.3"),
        (SLOPE, (1.0, 0.0, 1.0), "loss is 0 at width=16, lr=0.1"),
        (SLOPE, (1.0,), "width has one level"),
        (RANKS | {"across": "depth"}, (1.0, 2.0), "depth is None at width=8, lr=0.1"),
        (EXPONENT, (1.0, 2.0, 3.0), "there are 3 levels, and this needs 4"),
        (EXPONENT, (1.0, 1.0, 1.0, 9.0), "-8 and 8"),
        (EXPONENT, (1.0, 2.0, -3.0, 4.0), "loss is -3 at width=32, lr=0.1"),
        (BREAKPOINT, (1.0, 2.0, 3.0, 4.0, 5.0), "straight"),
    ],
)
def test_where_there_is_no_number_a_sentence_names_the_fact(question, losses, fact):
    number, why = compute_estimand(question, over_width(*losses))
    assert number is None
    assert fact in why


def crossed(losses: dict[tuple[int, float], float]) -> list:
    return [({"width": width, "lr": lr}, {"loss": loss}) for (width, lr), loss in losses.items()]


def test_other_factors_are_averaged_over_and_one_without_a_logarithm_is_named():
    cells = crossed({(8, 0.1): 1.0, (8, 0.2): 4.0, (16, 0.1): 2.0, (16, 0.2): 8.0})
    assert compute_estimand(SLOPE, cells)[0] == pytest.approx(1.0)  # geometric means 2 and 4
    uneven = crossed({(8, 0.1): 1.0, (8, 0.2): 16.0, (16, 0.1): 8.0, (16, 0.2): 8.0})
    assert compute_estimand(SLOPE, uneven)[0] == pytest.approx(1.0)  # 4 and 8; the means 8.5 and 8 would fall
    assert compute_estimand(RANKS, uneven)[0] == -1.0  # the means 8.5 and 8 do
    contrast = estimand("contrast", between=({"width": 16}, {"width": 8}))
    assert compute_estimand(contrast, cells)[0] == pytest.approx(2.5)  # 5 - 2.5
    assert compute_estimand(estimand("slope", across="width", between=({"lr": 0.1},)), cells)[0] == pytest.approx(1.0)
    cells = [({"step": level}, {"loss": abs(level - 1.5)}) for level in (-2.0, 0.0, 1.0, 2.0, 4.0)]
    assert compute_estimand(estimand("breakpoint", across="step"), cells)[0] == pytest.approx(1.5)
    cells = [({"lr": 0.0}, {"loss": 1.0}), ({"lr": 1.0}, {"loss": 2.0})]
    assert "lr is 0 at lr=0.0" in compute_estimand(estimand("slope", across="lr"), cells)[1]
    for level in ("wide", True, None):
        cells = [({"kind": level}, {"loss": 1.0}), ({"kind": 2.0}, {"loss": 2.0})]
        number, why = compute_estimand(estimand("rank_correlation", across="kind"), cells)
        assert number is None
        assert "must be a number" in why


LOSSES = st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=6)


@settings(max_examples=40)
@given(losses=LOSSES, factor=st.floats(0.01, 100.0))
def test_a_trend_knows_no_scale_and_is_reversed_with_its_arms(losses, factor):
    scaled = compute_estimand(SLOPE, over_width(*[loss * factor for loss in losses]))[0]
    assert scaled == pytest.approx(compute_estimand(SLOPE, over_width(*losses))[0], rel=1e-6, abs=1e-6)
    assert compute_estimand(RANKS, over_width(*losses)) == compute_estimand(
        RANKS, over_width(*[loss * 8 for loss in losses])
    )
    assert -1.0 <= compute_estimand(RANKS, over_width(*losses))[0] <= 1.0
    for question in (SLOPE, RANKS):
        there, back = (compute_estimand(question, over_width(*order))[0] for order in (losses, losses[::-1]))
        assert there == pytest.approx(-back, abs=1e-9)


@settings(max_examples=20)
@given(losses=LOSSES, order=st.randoms(use_true_random=False))
def test_the_order_of_the_cells_does_not_matter(losses, order):
    cells = over_width(*losses)
    shuffled = list(cells)
    order.shuffle(shuffled)
    for question in (SLOPE, RANKS, estimand("level"), EXPONENT, BREAKPOINT):
        first, again = compute_estimand(question, cells)[0], compute_estimand(question, shuffled)[0]
        assert (first is None) == (again is None)
        assert first is None or again == pytest.approx(first, rel=1e-6, abs=1e-9)


def at_levels(*levels: float, lr: float = 0.1) -> list:
    return [{"width": level, "lr": lr} for level in levels]


@pytest.mark.parametrize(
    ("question", "configs", "is_even"),
    [
        (SLOPE, at_levels(8, 16, 32), True),
        (SLOPE, at_levels(10, 32, 100, 316), True),  # whole numbers near it
        (SLOPE, at_levels(8, 16, 24), False),  # evenly spaced, and not in their logarithms
        (SLOPE, at_levels(8), False),
        (SLOPE, at_levels(0, 8, 16), False),
        (SLOPE, [{"width": "small", "lr": 0.1}, {"width": "large", "lr": 0.1}], False),
        (SLOPE, at_levels(8, 16, 32) + at_levels(8, 16, lr=0.2), False),
        (SLOPE | {"between": [{"lr": 0.1}]}, at_levels(8, 16, 32) + at_levels(8, lr=0.2), True),
        (RANKS, at_levels(1, 2, 9), True),  # it sees their order alone
        (RANKS, at_levels(1, 2, 9) + at_levels(9, lr=0.2), False),
    ],
)
def test_arms_are_evenly_spaced_as_the_estimand_sees_them(question, configs, is_even):
    assert evenly_spaced(configs, question) is is_even


@pytest.mark.parametrize(
    ("question", "places"),
    [(CONTRAST, (0, 2)), (SLOPE, (0, 1, 2)), (SLOPE | {"between": [{"width": 16}]}, (1,)), (RANKS, (0, 1, 2))],
)
def test_only_the_cells_of_its_arms_are_needed(question, places):
    configs = at_levels(8, 16, 32)
    assert list_needed_configs(question, configs) == places
    cells = [(config, {"loss": 1.0 + place} if place in places else None) for place, config in enumerate(configs)]
    assert (
        compute_estimand(question if question["kind"] == "contrast" else question | {"kind": "level"}, cells)[0]
        is not None
    )


KINDS = st.sampled_from(["contrast", "slope", "rank_correlation"])


@settings(max_examples=20)
@given(KINDS, st.floats(1e-3, 1e3), st.integers(1, 30), st.integers(1, 30))
def test_arms_of_any_size_that_measured_the_same_do_not_differ(kind, loss, some, others):
    question = estimand(kind, across="width", between=() if kind != "contrast" else ENDS)
    configs = [{"width": width, "lr": 0.1 * n} for width, amount in ((8, some), (32, others)) for n in range(amount)]
    assert compute_estimand(question, [(config, {"loss": loss}) for config in configs]) == (0.0, "")


LEVELS = [1, 4]


def dimension(*arms: dict, levels: list[int] = LEVELS) -> dict:
    return estimand("dimension", between=arms, measure="border") | {"levels": levels}


def charted(boxes: dict[int, list[int]], **arm: object) -> list:
    """So many boxes in each of the tiles of a level."""
    return [
        ({**arm, "level": level, "column": place, "row": 0}, {"border": count})
        for level, counts in boxes.items()
        for place, count in enumerate(counts)
    ]


def koch(share: float) -> tuple[float, float]:
    """A point of Koch's curve, whose dimension is log 4 / log 3."""
    place, turned, length = 0.0 + 0.3j, 1.0 + 0.0j, 0.999
    bends = (1.0, complex(0.5, 3**0.5 / 2), complex(0.5, -(3**0.5) / 2), 1.0)
    for _ in range(9):
        share *= 4
        part, length = min(int(share), 3), length / 3
        place += turned * length * sum(bends[:part])
        turned *= bends[part]
        share -= part
    return place.real, place.imag


def counted(points: Callable[[float], tuple[float, float]]) -> list:
    """A map of this curve from 0 to 1: tiles of 16 boxes a side, each level's boxes counted tile by tile."""
    cells, curve = [], [points((sample + 0.5) / 60_000) for sample in range(60_000)]
    for level in range(LEVELS[0], LEVELS[1] + 1):
        boxes = {(int(x * (16 << level)), int(y * (16 << level))) for x, y in curve}
        by_tile = Counter((x // 16, y // 16) for x, y in boxes)
        cells += [({"level": level, "column": x, "row": y}, {"border": n}) for (x, y), n in by_tile.items()]
    return cells


def test_the_dimension_of_a_known_curve_is_found():
    number, why = compute_estimand(dimension(), counted(koch))
    assert (number, why) == (pytest.approx(math.log(4) / math.log(3), abs=0.04), "")
    straight = counted(lambda share: (0.999 * share, 0.2 + 0.41 * share))
    assert compute_estimand(dimension(), straight)[0] == pytest.approx(1, abs=0.01)


def test_the_boxes_of_a_level_are_counted_together_and_other_levels_are_none_of_it():
    plane = charted({level: [4**level] for level in range(5)})
    assert compute_estimand(dimension(), plane)[0] == pytest.approx(2.0)
    assert compute_estimand(dimension(), charted({level: [1] for level in range(5)}))[0] == 0.0  # an island of one box
    split = charted({0: [900], 1: [1, 3], 2: [4, 0, 4], 3: [16], 4: [7, 25], 5: [9_000]})
    assert compute_estimand(dimension(), split)[0] == pytest.approx(1.0)
    cells = [*charted({size: [4**size] for size in range(5)}, digits=7)]
    cells += charted({size: [2**size] for size in range(5)}, digits=16)
    of_seven = dimension({"digits": 7}, {"digits": 16})
    assert compute_estimand(of_seven, cells)[0] == pytest.approx(1.0)
    assert compute_estimand(dimension({"digits": 16}), cells)[0] == pytest.approx(1.0)
    assert list_needed_configs(of_seven, [config for config, _ in cells]) == tuple(range(10))
    assert list_needed_configs(dimension({"digits": 16}), [config for config, _ in cells]) == tuple(range(5, 10))


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (charted({1: [2], 2: [0, 0], 3: [8], 4: [16]}), "no border passes at level 2"),
        (charted({1: [2], 2: [4], 3: [8], 4: [16]}, digits=7), ""),
        ([], "no config"),
        ([*charted({1: [2], 2: [4], 3: [8], 4: [16]}), ({"level": 4, "column": 9}, None)], "nothing was measured"),
        ([({"column": 0}, {"border": 3})], "level is None"),
        ([*charted({1: [2]}), ({"level": 2, "column": 0}, {"border": None})], "border has no value at level=2"),
    ],
)
def test_a_dimension_without_a_border_at_each_level_has_no_value_and_says_where(cells, words):
    number, why = compute_estimand(dimension(), cells)
    assert (number is None) == bool(words)
    assert words in why
