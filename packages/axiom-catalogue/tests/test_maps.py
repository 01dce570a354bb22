"""Maps: borders where theory puts them, each pixel what a network alone would do, each tile a part of its parent."""

import json
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import make_golden
import numpy as np
import pytest
from map_tiles import bands, quarter_that_disagrees

import axiom_catalogue as catalogue
from axiom.domain.maps import ROOT
from axiom.kit import arithmetic, chance, features, optimizers, pixel_networks, tiles
from axiom.kit.data import LearningTask
from axiom.rules.tasks.agreement import are_numbers_near
from axiom_catalogue import (
    catapult_map,
    double_descent_map,
    grokking_map,
    lazy_map,
    trainability,
    trainability_of_starts,
)

# Lewkowycz et al. (2020): one example and linear units have their borders at 2 and 4, whatever the scale.
CATAPULT_SHORT = catapult_map.Config(width=32, steps=60)
CATAPULT_PIXEL = 64 ** (1 / 64)  # by which factor a pixel's step size differs from its neighbour's


def test_a_linear_network_on_one_example_has_the_borders_of_theory():
    measured = catapult_map.run(catapult_map.Config(examples=1, width=512, steps=60), 3)
    assert measured.shoots_up_from == pytest.approx(2.0, rel=CATAPULT_PIXEL**1.5 - 1)
    assert measured.runs_away_from == pytest.approx(4.0, rel=CATAPULT_PIXEL**1.5 - 1)


def test_a_pixel_alone_ends_as_it_does_in_its_tile():
    whole = bands(catapult_map, CATAPULT_SHORT, 4)
    times, scales = tiles.knobs(catapult_map.MAP, ROOT)
    draw = catapult_map.chance.stream(4, "data")
    inputs = draw.standard_normal((8, 16))
    inputs = np.float32(inputs * 4.0 / np.linalg.norm(inputs, axis=1, keepdims=True))
    wanted = np.float32(draw.choice([-1.0, 1.0], 8))
    draw = catapult_map.chance.stream(4, "start")
    start = np.float32(draw.standard_normal((16, 32))), np.float32(draw.standard_normal(32))
    for place in range(5, 4096, 257):
        scale = np.float32([scales[place]])
        kernel = catapult_map.at_start("linear")(scale, start, inputs)
        rate = np.float32(times[place] / catapult_map.curvatures(kernel))
        band = catapult_map.program("linear", 60)(scale, jnp.asarray(rate), start, inputs, wanted)[0]
        assert band[0] == whole.ravel()[place], place


# Belkin et al. (2019): the error is largest where parameters equal examples, and stopping early spares one that.
def test_the_ridge_runs_where_parameters_equal_examples():
    measured = double_descent_map.run(double_descent_map.Config(), 3)
    assert measured.ridge_slope == pytest.approx(1.0, abs=0.05)
    assert measured.ridge_at == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("rows", "columns"), [(12, 30), (30, 12), (20, 20)])
def test_weights_are_those_of_descent_step_by_step_and_of_least_squares(rows, columns):
    rng = np.random.default_rng(4)
    seen, wanted = rng.standard_normal((rows, columns)), rng.standard_normal(rows)
    rate, weights = 1 / np.linalg.norm(seen, 2) ** 2, np.zeros(columns)
    for _ in range(25):
        weights = weights - rate * seen.T @ (seen @ weights - wanted)
    assert np.allclose(double_descent_map.descended(seen, wanted, 25), weights)
    assert np.allclose(double_descent_map.descended(seen, wanted, 0), features.minimum_norm(seen, wanted))


# Power et al. (2022), Liu et al. (2022): enough of the table and enough decay, or it is known by heart alone.
GROKKING_SHORT = grokking_map.Config(steps=80)


def test_a_pixel_alone_ends_as_the_kit_trains_it():
    """Another program for the same training: one network, the shown sums only."""
    whole = bands(grokking_map, GROKKING_SHORT, 4)
    shares, decays = tiles.knobs(grokking_map.MAP, ROOT)
    order = chance.stream(4, "order of 11").permutation(121)
    start = arithmetic.quadratic(chance.stream(4, "start"), modulus=11, hidden=32)
    first, second = np.divmod(np.arange(121), 11)
    unit = np.eye(11, dtype=np.float32)
    x, y = np.concatenate([unit[first], unit[second]], axis=1), ((first + second) % 11).astype(np.int32)
    for place in (20, 600, 890):
        is_shown = order < round(shares[place] * 121)
        task = LearningTask(x_train=x[is_shown], y_train=y[is_shown], x_test=x[~is_shown], y_test=y[~is_shown])
        rates = optimizers.Rates(lr=np.float32(0.03), weight_decay=np.float32(decays[place]))
        course = arithmetic.learned(start, task, rates=rates, steps=80, every=20)
        band = 0 if course.grokked_at else 1 if course.train[-1] >= 0.95 else 2
        assert band == whole.ravel()[place], place


# Chizat et al. (2019): a scale of the outputs that grows with a power of the width tilts the border by that power.
LAZY_SHORT = lazy_map.Config(steps=20)


def test_a_pixel_alone_ends_as_plain_descent_of_a_network_of_that_width():
    """Another program: the network has no silent units, and JAX differentiates the loss as it is written."""
    pixels = np.frombuffer(lazy_map.run(LAZY_SHORT, 4).regime, np.uint8)
    alphas, heights = tiles.knobs(lazy_map.MAP, ROOT)
    draw = chance.stream(4, "data")
    inputs, wanted = draw.standard_normal((8, 8)), draw.choice([-1.0, 1.0], 8)
    draw = chance.stream(4, "start")
    first, last = draw.standard_normal((8, 256)), draw.standard_normal(256)

    def output(net, row):
        return np.float32(net[1].size ** -0.5) * (jax.numpy.tanh(2**0.5 * (row @ net[0] / 8**0.5)) @ net[1])

    outputs = jax.jit(jax.vmap(output, (None, 0)))
    slopes = jax.jit(jax.vmap(jax.grad(output), (None, 0)))

    def kernel(net):
        flat = np.concatenate([np.reshape(slope, (8, -1)) for slope in slopes(net, inputs)], axis=1)
        return flat @ flat.T

    for place in (300, 3900):
        width, alpha = round(heights[place]), alphas[place]
        net = first[:, :width], last[:width]
        begun, before = outputs(net, inputs), kernel(net)

        def loss(net, begun=begun, alpha=alpha):
            return ((alpha * (outputs(net, inputs) - begun) - wanted) ** 2).mean() / 2 / alpha**2

        descend = jax.jit(jax.grad(loss))
        for _ in range(20):
            rate = 1 / np.diag(kernel(net)).mean()
            net = tuple(layer - rate * np.asarray(slope) for layer, slope in zip(net, descend(net), strict=True))
        moved = np.linalg.norm(kernel(net) - before) / np.linalg.norm(before)
        is_lazy = moved < 0.5
        grade = 7 - tiles.graded(moved, 1 / 256, 0.5, 8) if is_lazy else tiles.graded(moved, 0.5, 64.0, 8)
        assert pixels[place] == 8 * is_lazy + grade, (place, moved)


# Sohl-Dickstein (2024): small steps train, large ones do not, and where a step is a parabola's, theory knows where.
STEPS_SHORT = trainability.Config(examples=1, steps=60)
STEPS_ACROSS, STEPS_UP = (knob.reshape(64, 64) for knob in tiles.knobs(trainability.MAP, ROOT))


def steps_limit(seed):
    """The largest step size of the last layer alone that trains one example: two over its curvature, a parabola's."""
    inputs = chance.stream(seed, "data").standard_normal((1, 16))
    first = chance.stream(seed, "start").standard_normal((16, 16))
    hidden = np.tanh(2**0.5 * inputs @ first / 4.0)
    return 2 / (2 * float((hidden**2).sum()) / 16**2)


def test_where_one_layer_learns_alone_the_border_is_that_of_a_parabola():
    config = trainability.Config(examples=1, steps=200)
    for seed in (3,):
        fates = bands(trainability, config, seed)
        border = tiles.edges(trainability.MAP, ROOT, fates.T == 1)[0]  # the first layer hardly moves
        # Beyond its limit a loss grows until the first layer moves after all, which may lower the curvature in time.
        assert 0.8 < border / steps_limit(seed) < 2.5  # a pixel is 24 % high
        assert (fates[steps_limit(seed) * 10 < STEPS_UP] == 1).mean() > 0.95


def test_both_precisions_agree_but_at_the_border():
    fates, precise = (bands(trainability, replace(STEPS_SHORT, digits=digits), 5) for digits in (7, 16))
    assert (fates != precise).mean() < 0.005


@np.errstate(all="ignore")  # what runs away leaves the numbers
def test_a_pixel_alone_ends_as_one_network_in_double_precision():
    """Another program: one network in double precision, and slopes as anybody would write them."""
    fates = bands(trainability, STEPS_SHORT, 5).ravel()
    draw = chance.stream(5, "data")
    inputs, wanted = draw.standard_normal((1, 16)), draw.standard_normal(1)
    draw = chance.stream(5, "start")
    start = draw.standard_normal((16, 16)), draw.standard_normal(16)
    for place in range(40, 4096, 111):
        first, last = start
        losses = []
        for _ in range(60):
            bent = np.tanh(2**0.5 * inputs @ first / 4.0)
            error = bent @ last / 16 - wanted
            losses.append(float((error**2).mean()))
            pull = 2 * error[:, None] / 16
            through = pull * last * (1 - bent**2) * 2**0.5 / 4.0
            first = first - STEPS_ACROSS.ravel()[place] * inputs.T @ through
            last = last - STEPS_UP.ravel()[place] * (pull * bent).sum(axis=0)
        shares = np.minimum(np.nan_to_num(np.array(losses) / losses[0], nan=1e6), 1e6)
        assert fates[place] == (shares[-20:].mean() >= 1), place


# Sohl-Dickstein's sixth setting: where nothing is added it is a row of `trainability`, and a push is no shift.
STARTS_SHIFTS, STARTS_RATES = (knob.reshape(64, 64) for knob in tiles.knobs(trainability_of_starts.MAP, ROOT))


def starts_descended(shift, rate, is_once, seed):
    """Did one network learn, in double precision and with slopes as anybody would write them?"""
    draw = chance.stream(seed, "data")
    inputs, wanted = draw.standard_normal((20, 8)), draw.standard_normal(20)
    draw = chance.stream(seed, "start")
    first, last = draw.standard_normal((8, 8)), draw.standard_normal(8)
    losses = []
    first = first + shift * is_once

    def error(first, last):
        bent = np.tanh(2**0.5 * inputs @ first / 8**0.5)
        return bent, bent @ last / 8 - wanted

    begun = float((error(first, last)[1] ** 2).mean())
    for _ in range(60):
        first = first + shift * (not is_once)
        bent, miss = error(first, last)
        losses.append(float((miss**2).mean()))
        pull = 2 * miss[:, None] / 20 / 8
        through = pull * last * (1 - bent**2) * 2**0.5 / 8**0.5
        first, last = first - rate * inputs.T @ through, last - rate * (pull * bent).sum(axis=0)
    return np.minimum(np.nan_to_num(np.array(losses) / begun, nan=1e6), 1e6)[-20:].mean() < 1


def test_pixels_of_shifted_starts_end_as_plain_descent_does():
    for added in ("always", "once"):
        fates = bands(
            trainability_of_starts, trainability_of_starts.Config(examples=20, width=8, steps=60, added=added), 5
        )
        places = [(row, column) for row in range(2, 64, 10) for column in range(1, 64, 9)]
        alone = [starts_descended(STARTS_SHIFTS[place], STARTS_RATES[place], added == "once", 5) for place in places]
        drawn = [bool(fates[place] == 0) for place in places]
        assert (
            sum(learned != other for learned, other in zip(alone, drawn, strict=True)) <= 2
        )  # of 49: dust is sensitive
        assert 10 < sum(drawn) < 40


def short(module):
    """A cheap cell, which takes few steps."""
    steps = {catapult_map: 60, double_descent_map: 100, grokking_map: 80, lazy_map: 20}
    return module.Config(steps=steps.get(module, 60), **({"examples": 1} if module is trainability else {}))


@pytest.mark.parametrize(
    ("module", "row", "most"),
    [
        (catapult_map, 1, 0.0),
        (double_descent_map, 1, 0.01),  # where examples are many, a half of a pixel is another number of them
        (grokking_map, 1, 0.01),
        (lazy_map, 1, 0.01),  # in rows of few units a half of a pixel is another network
        (trainability, 1, 0.0),
    ],
)
def test_a_deeper_tile_shows_what_its_parent_shows(module, row, most):
    assert quarter_that_disagrees(module, short(module), 4, column=0, row=row) <= most


@pytest.mark.parametrize(
    ("module", "tile", "names"),
    [
        (catapult_map, {"level": 1, "row": 0}, ["shoots_up_from"]),
        (double_descent_map, {"level": 2, "row": 3}, ["ridge_slope", "ridge_at"]),
        (grokking_map, {"level": 2, "row": 3}, ["enough", "enough_over_coupons", "enough_when_light"]),
        (lazy_map, {"level": 3, "row": 0}, ["slope", "lazy_from"]),
    ],
)
def test_a_tile_away_from_a_border_says_nothing_of_it(module, tile, names):
    measured = module.run(replace(short(module), column=0, **tile), 3)
    assert [getattr(measured, name) for name in names] == [None] * len(names)


MAPS = {"catapult_map", "grokking_map", "lazy_map", "trainability", "trainability_of_starts"}


def test_maps_that_train_with_jax_may_use_a_gpu_and_what_it_computes_side_by_side():
    needs = {name: make_golden.load(name).needs for name in make_golden.names()}
    batches = {name for name in needs if needs[name].side_by_side}
    assert {name for name in needs if needs[name].may_use_gpu} == MAPS | batches
    assert not any(need.gpu for need in needs.values())  # what a GPU alone may compute, most hosts never could
    shipped = Path(catalogue.__file__).with_name("declared.json")
    manifests = [entry["manifest"] for entry in json.loads(shipped.read_text(encoding="utf-8"))["experiments"].values()]
    may = {manifest["name"]: manifest["avx"] for manifest in manifests if manifest.get("may_use_gpu")}
    assert may == dict.fromkeys(MAPS | batches, True)  # a process found JAX among what it imports


def test_a_tile_is_one_program_on_a_gpu_and_the_picture_of_a_core(monkeypatch):
    module, config, drawn = trainability, trainability.Config(examples=1, width=8, steps=60), []
    for backend in ("cpu", "gpu"):
        monkeypatch.setattr(jax, "default_backend", lambda backend=backend: backend)  # its programs still run here
        measures, heard = make_golden.compute(module.experiment, config, 7)
        drawn.append((np.frombuffer(getattr(measures, module.MAP.measure), np.uint8), heard))
    (on_core, heard_of_core), (on_gpu, heard_of_gpu) = drawn
    assert heard_of_gpu.fractions == [1.0]
    assert len(heard_of_core.fractions) > 5
    assert np.mean(on_core == on_gpu) > 0.98
    pairs = zip(heard_of_core.early_values, heard_of_gpu.early_values, strict=True)
    assert all(are_numbers_near(*pair, module.experiment.tolerance) for pair in pairs)


def test_a_gpu_has_room_for_so_many_networks_and_a_core_for_a_few(monkeypatch):
    assert pixel_networks.side_by_side(8, 10_000) == 8
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert pixel_networks.side_by_side(8, 10_000) == pixel_networks.ROOMY // 10_000
    assert pixel_networks.side_by_side(8, 2 * pixel_networks.ROOMY) == 8  # no fewer than a core has in its cache
