"""Tiles: where pixels lie, shapes of which everything is known, and networks side by side."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cell_host import Notebook
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.maps import ROOT, Band, Knob, Map, Tile
from axiom.kit import optimizers, pixel_networks, progress, tiles
from axiom.rules.planning.map_borders import measure_borders

# Where the pixels of a tile lie, how they are painted, and that its border is counted as the server counts it.
MAP = Map(
    title="A plane",
    x=Knob(name="a step", low=1e-3, high=1e6),
    y=Knob(name="a share", low=-1.0, high=1.0, log=False),
    measure="fate",
    bands=(Band(name="so", shades=3), Band(name="not so", shades=2)),
    pixels=8,
)


def test_pixels_are_those_of_quarters_and_shades_even_steps():
    across, up = tiles.knobs(MAP, ROOT)
    (left, _), (_, high) = tiles.knobs(MAP, ROOT.children[0]), tiles.knobs(MAP, ROOT.children[3])
    assert np.log(across[:4]) == pytest.approx(np.log(left[:8]).reshape(4, 2).mean(axis=1))
    assert up[32::8] == pytest.approx(high[::8].reshape(4, 2).mean(axis=1))
    assert across.reshape(8, 8)[0] == pytest.approx(across.reshape(8, 8)[7])
    values, shades = [0.0, 0.01, 0.06, 0.9, 1.1, 99.0, np.inf], [0, 0, 0, 1, 2, 3, 3]
    assert tiles.graded(values, 0.01, 100.0, 4).tolist() == shades
    progress.attach(heard := Notebook())
    numbers = np.arange(64.0)
    twice, odd = tiles.computed(64, 10, lambda part: [2 * numbers[part], numbers[part] % 2 == 1])
    progress.attach(None)
    assert twice.tolist() == (2 * numbers).tolist()
    assert odd.sum() == 32
    assert heard.fingerprints == []
    assert len(heard.fractions) == 8
    assert heard.fractions[-1] == 1.0


@settings(max_examples=20)
@given(values=st.lists(st.integers(0, 4), min_size=64, max_size=64))
def test_share_and_border_are_what_the_server_counts(values):
    pixels = np.array(values, np.uint8).reshape(8, 8)
    seen = measure_borders(pixels.tobytes(), MAP)
    assert tiles.border(MAP, pixels) == sum(seen.lengths)
    assert [tiles.share(MAP, pixels, band) for band in (0, 1)] == pytest.approx(list(seen.shares))


@settings(max_examples=20)
@given(pixels=st.sampled_from([16, 64, 4_096]), most=st.integers(1, 300))
def test_batches_are_of_one_size_and_hold_every_pixel_once(pixels, most):
    parts = tiles.batches(pixels, most)
    assert {part.stop - part.start for part in parts} == {pixels // len(parts)}
    assert pixels // len(parts) <= most
    assert [each for part in parts for each in range(part.start, part.stop)] == list(range(pixels))


# Shapes of which everything is known: lines, a disc, and a coast that is rough at every scale.
PLANE = Map(
    title="A plane",
    x=Knob(name="across", low=-1.0, high=1.0, log=False),
    y=Knob(name="up", low=-1.0, high=1.0, log=False),
    measure="inside",
    bands=(Band(name="inside", shades=3), Band(name="outside", shades=3)),
    pixels=64,
)
DECADES = Map(
    title="Decades",
    x=Knob(name="across", low=1e-2, high=1e4),
    y=Knob(name="up", low=1e-3, high=1e3),
    measure="inside",
    bands=PLANE.bands,
    pixels=64,
)


def boxes(inside, level, plane=PLANE):
    """How many boxes of two pixels the border of this shape crosses in all tiles of a level."""
    side = 2**level
    return sum(
        tiles.border(plane, tiles.painted(plane, ~inside(*tiles.knobs(plane, Tile(level=level, column=c, row=r))), 0))
        for c in range(side)
        for r in range(side)
    )


def dimension(inside, first, last):
    counts = [math.log2(boxes(inside, level)) for level in range(first, last + 1)]
    return float(np.polyfit(range(first, last + 1), counts, 1)[0])


def coast(x, y):
    """Below a sum of ever finer and flatter waves, whose graph has the dimension 2 - log 2 / log 4 = 1.5."""
    return y < sum(0.5 * 2.0**-k * np.cos(4.0**k * 3.0 * x) for k in range(8))


def test_a_rough_coast_is_more_than_a_line():
    assert dimension(coast, 0, 3) == pytest.approx(1.5, abs=0.15)


@pytest.mark.parametrize("tile", [ROOT, Tile(level=2, column=1, row=2)])
def test_a_straight_border_is_found_where_it_runs_with_the_slope_it_has(tile):
    across, up = tiles.knobs(DECADES, tile)
    edges = tiles.edges(DECADES, tile, across > 3 * up**-0.5)
    rows = tiles.rows(DECADES, tile)
    there = np.isfinite(edges)
    assert there.sum() > 10
    pixel = (1e6) ** (1 / 64 / 2**tile.level)
    assert edges[there] == pytest.approx(3 * rows[there] ** -0.5, rel=pixel**0.51 - 1)
    assert tiles.slope(rows, edges) == pytest.approx(-0.5, abs=0.02)


def test_a_border_has_a_middle_and_a_slope_only_where_enough_of_it_is_passed():
    for beyond in (np.zeros(4096, bool), np.ones(4096, bool), tiles.knobs(PLANE, ROOT)[0] < 0.1):
        edges = tiles.edges(PLANE, ROOT, beyond)
        assert np.isnan(edges).all()
        assert tiles.middle(edges) is None
        assert tiles.slope(tiles.rows(DECADES, ROOT), edges) is None
    assert tiles.middle([1.0, 100.0, np.nan]) == pytest.approx(10.0)
    assert tiles.middle([1.0, 100.0, np.nan, np.nan]) is None


# Many networks side by side are each what they would be alone, and their kernels are those of their gradients.
RNG = np.random.default_rng(3)
INPUTS, WIDTH, ROWS = 3, 5, 4
START = RNG.standard_normal((INPUTS, WIDTH)).astype(np.float32), RNG.standard_normal(WIDTH).astype(np.float32)
SEEN, AIMS = RNG.standard_normal((ROWS, INPUTS)).astype(np.float32), RNG.standard_normal(ROWS).astype(np.float32)


def alone(bend, start, row):
    """The sum over hidden units of one network for one row, as anybody would write it."""
    first, last = start
    return bend(row @ first / INPUTS**0.5) @ last


@pytest.mark.parametrize("activation", pixel_networks.ACTIVATIONS)
def test_sums_and_kernels_are_those_of_each_network(activation):
    bend = pixel_networks.ACTIVATIONS[activation]
    scales = np.float32([0.5, 1.0, 3.0])
    layers = tuple(layer * scales for layer in pixel_networks.begun(START, 3))
    sums, kernels = pixel_networks.sums(bend, layers, SEEN), pixel_networks.kernels(bend, layers, SEEN)
    slope_of = jax.jit(jax.grad(lambda net, row: alone(bend, net, row)))
    for place, scale in enumerate(scales):
        start = tuple(scale * layer for layer in START)
        slopes = [slope_of(start, row) for row in SEEN]
        flat = np.array([np.concatenate([np.ravel(each) for each in slope]) for slope in slopes])
        assert sums[:, place] == pytest.approx([float(alone(bend, start, row)) for row in SEEN], rel=1e-4)
        assert np.allclose(kernels[place], flat @ flat.T / WIDTH, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("seen", "is_once"),
    [(pixel_networks.FEW - 1, False), (pixel_networks.FEW, True), (pixel_networks.MANY, False)],
    ids=["few", "some", "many"],
)
def test_training_side_by_side_is_training_alone_with_a_push_before_a_step_or_once(is_once, seen):
    train = pixel_networks.trainer("tanh", 30, seen, is_pushed_once=is_once)
    pushes, rates = np.float32([0.0, 0.1, 1.0]), np.float32([1.0, 2.0, 4.0])
    learned, moments, losses = train(pushes, rates, rates, START, (SEEN, AIMS), None)
    bend = pixel_networks.ACTIVATIONS["tanh"]

    def loss(net):
        return jnp.mean((jnp.stack([alone(bend, net, row) for row in SEEN]) / WIDTH - AIMS) ** 2)

    step = jax.jit(jax.value_and_grad(loss))
    for place, (push, rate) in enumerate(zip(pushes, rates, strict=True)):
        net, told = (START[0] + push if is_once else START[0], START[1]), []
        first = float(loss(net))
        for _ in range(30):
            net = net[0] + (0.0 if is_once else push), net[1]
            value, slopes = step(net)
            told.append(float(value) / first)
            net = tuple(layer - rate * slope for layer, slope in zip(net, slopes, strict=True))
        assert bool(learned[place]) == (np.mean(told[-20:]) < 1)
        half = next(moment for moment, each in enumerate(told) if each <= (1 + np.mean(told[-20:])) / 2)
        assert not learned[place] or abs(int(moments[place]) - half) <= 1
    assert losses.shape == (3,)


@pytest.mark.parametrize("seen", [pixel_networks.FEW - 1, pixel_networks.MANY], ids=["few", "many"])
@pytest.mark.parametrize(
    ("optimizer", "goal"),
    [(optimizers.SGD, 0.7), (optimizers.MOMENTUM, 1.0), (optimizers.ADAMW, 1.0)],
    ids=["plain with a goal", "momentum", "adam"],
)
def test_side_by_side_an_optimizer_and_a_goal_are_those_of_each_network(optimizer, goal, seen):
    own = pixel_networks.PLAIN if optimizer is optimizers.SGD else optimizer
    train = pixel_networks.trainer("tanh", 30, seen, optimizer=own, goal=goal)
    first_rates, last_rates = np.float32([0.1, 1.0, 100.0]), np.float32([0.3, 2.0, 50.0])
    learned, _, losses = train(None, first_rates, last_rates, START, (SEEN, AIMS), None)
    bend = pixel_networks.ACTIVATIONS["tanh"]

    def loss(net):
        return jnp.mean((jnp.stack([alone(bend, net, row) for row in SEEN]) / WIDTH - AIMS) ** 2)

    step = jax.jit(jax.value_and_grad(loss))
    fates = []
    for place, rates in enumerate(zip(first_rates, last_rates, strict=True)):
        net, memories, told = START, optimizer.begin(START), []
        for count in range(1, 31):
            value, slopes = step(net)
            told.append(float(value))
            rows = zip(net, slopes, memories, rates, strict=True)
            moved = [optimizer.rule(*row, count, optimizers.Rates(lr=rate)) for *row, rate in rows]
            net, memories = tuple(weights for weights, _ in moved), [memory for _, memory in moved]
        fates.append(np.mean(told[-20:]) < goal * told[0])
        assert place or np.asarray(losses) == pytest.approx(told[:3], rel=1e-5)
    assert learned.tolist() == fates
    assert len(set(fates)) == 2


def test_a_loss_that_leaves_the_numbers_has_run_away():
    steps = np.arange(40)
    told = jnp.asarray(np.stack([0.9**steps, 2.0**steps, np.where(steps > 5, np.nan, 0.5)], axis=1))
    learned, moments = pixel_networks.fates(told)
    assert learned.tolist() == [True, False, False]
    assert moments[1] == 4  # 16 is the first above ten
    assert moments[2] == 6
