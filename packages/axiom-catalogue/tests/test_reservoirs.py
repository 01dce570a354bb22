"""Reservoirs and automata: what theory knows of their memory, their edge of chaos and their rules."""

import functools
import math

import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, large_reservoirs, lyapunov, reservoirs
from axiom_catalogue import cellular_automata, edge_of_chaos, reservoir_computing, reservoir_extended
from axiom_catalogue import edge_of_chaos_by_radius as by_radius


# Below the edge the exponent is that of the largest eigenvalue; above it, that of mean-field theory.
def chaos_cell(units, drive, seed=5, **config):
    return edge_of_chaos.run(
        edge_of_chaos.Config(units=units, drive=drive, **{"steps": 700, "washout": 200} | config), seed
    )


def test_below_one_the_exponent_is_that_of_the_largest_eigenvalue():
    for seed in (5, 6, 7):
        radius = reservoirs.spectral_radius(reservoirs.gaussian(chance.stream(seed, "recurrent 0"), units=50))
        measured = chaos_cell(50, 0.0, seed, steps=1_500)
        assert measured.ordered_exponent == pytest.approx(math.log(0.8 * radius), abs=0.003)


def test_above_it_is_that_of_mean_field_theory():
    for drive in (0.5, 1.0):
        measured = chaos_cell(300, drive)
        expected = lyapunov.mean_field(edge_of_chaos.GAINS, drive=drive)
        assert measured.exponent_by_gain == pytest.approx(expected, abs=0.04)
        assert np.mean(np.subtract(measured.exponent_by_gain, expected)) == pytest.approx(0.0, abs=0.015)


def test_the_onset_lies_where_the_curve_first_leaves_zero():
    measured = chaos_cell(50, 0.5, steps=100, washout=20)
    above = [
        gain for gain, exponent in zip(edge_of_chaos.GAINS, measured.exponent_by_gain, strict=True) if exponent > 0.01
    ]
    assert above[0] - 0.1 < measured.onset < above[0]
    endless = lyapunov.mean_field(edge_of_chaos.GAINS, drive=0.5)
    assert measured.excess == measured.onset - lyapunov.onset(edge_of_chaos.GAINS, endless, above=0.01)
    assert measured.has_onset == 1


# A small network forgets below its edge and is chaotic above, and remembers most near a radius of 1.
RADIUS_SEED = 5


def test_a_reservoir_forgets_below_its_edge_and_is_chaotic_above():
    """Without input and below 1 the exponent is the logarithm of the radius; the largest radius is chaotic."""
    measured = by_radius.run(by_radius.Config(units=60, drive=0.0, steps=1_000), RADIUS_SEED)
    assert measured.exponent_by_radius[5] == pytest.approx(np.log(by_radius.RADII[5]), abs=0.02)
    assert measured.exponent_by_radius[-1] > 0.05
    assert 1.0 < measured.critical_radius < 2.2
    assert measured.has_critical == 1


def test_a_delay_line_remembers_as_many_steps_as_it_has_units():
    """A chain of six units that hardly bends remembers its input six steps back exactly, and one for the present."""
    heard = chance.stream(RADIUS_SEED, "input").uniform(-1.0, 1.0, 1_000)
    weights = np.array([0.01, 0.0, 0.0, 0.0, 0.0, 0.0])
    states = reservoirs.states(reservoirs.delay_line(units=6), weights, heard)
    targets = reservoirs.delayed(heard, delays=20)
    assert by_radius.memory(states, targets, learned=500) == pytest.approx(6.0, abs=0.05)


def test_the_peak_is_the_top_of_a_parabola():
    bump = 5.0 - (by_radius.RADII - 1.03) ** 2
    assert by_radius.peak(bump) == pytest.approx(1.03)
    assert by_radius.peak(by_radius.RADII) is None
    assert by_radius.peak(np.zeros(30)) is None


# Dambre et al. (2012): memory is at most as large as the network. Jaeger (2001): a fading echo is what it lives on.
NARMA_SEEDS = (5, 6, 7, 8)


def narma_cell(task, units, radius=0.9, seed=5, **config):
    return reservoir_computing.run(reservoir_computing.Config(task=task, units=units, radius=radius, **config), seed)


def narma_held(seeds=NARMA_SEEDS, **config):
    return [narma_cell("memory", seed=seed, **config).memory for seed in seeds]


def test_no_network_remembers_more_than_it_has_units():
    """Each of 1500 rows adds noise to the estimate, so the bound is asked of a mean."""
    for radius, drive in ((0.9, 0.05), (0.9, 0.3), (1.0, 0.3)):
        assert 2.5 < np.mean(narma_held(units=4, radius=radius, drive=drive)) <= 4.1
    assert 7.5 < np.mean(narma_held(units=10)) <= 10.0


def test_a_delay_line_in_its_linear_range_remembers_as_much_as_it_has_units():
    for units in (5, 15):
        assert np.median(narma_held(units=units, wiring="delay_line", drive=0.01)) == pytest.approx(units, rel=0.06)
    measured = narma_cell("memory", 5, wiring="delay_line", drive=0.01)
    assert measured.memory_by_delay[:5] == pytest.approx([1.0] * 5, abs=0.02)
    assert sum(measured.memory_by_delay[5:]) < 0.05


def test_without_connections_only_the_present_is_known():
    measured = narma_cell("memory", 20, wiring="none")
    assert measured.memory == pytest.approx(1.0, abs=0.05)
    assert measured.memory_by_delay[0] > 0.97


# Dambre et al. (2012): no network knows more than it has units. What linear units know, theory knows.
ECHO_SEED = 5


@functools.cache
def echo_cell(task="memory", seed=ECHO_SEED, **config):
    return reservoir_extended.run(
        reservoir_extended.Config(task=task, **({"units": 4, "doublings": 2, "length": 150} | config)), seed
    )


def echo_theory(wiring, units, *, radius, drive, noise):
    """What linear units know of each of the last steps, and the Fisher memory of each (Ganguli et al. 2008).

    The best estimate knows a value as far as its echo stands out from the echoes of all others and from the noise.
    """
    recurrent = radius * large_reservoirs.WIRINGS[wiring](chance.stream(ECHO_SEED, "recurrent"), units)
    echo, signal, spread = drive * chance.stream(ECHO_SEED, "weights").uniform(-1.0, 1.0, units), 0.0, 0.0
    powers = [np.linalg.matrix_power(recurrent, number) for number in range(60)]
    heard = [power @ echo for power in powers]
    signal = sum(np.outer(state, state) for state in heard) / 3  # the variance of the input
    spread = noise**2 * sum(power @ power.T for power in powers)
    memories = np.array([state @ np.linalg.solve(signal + spread, state) / 3 for state in heard])
    fisher = np.array([state @ np.linalg.solve(spread, state) for state in heard])
    return memories, fisher, float(echo @ echo)


def test_linear_units_know_what_theory_says():
    for wiring, noise in (("random", 0.2), ("ring", 0.05)):
        levels = {"wiring": wiring, "radius": 0.6, "drive": 1.0, "noise": noise}
        skills = echo_cell(activation="linear", length=300, **levels).skill_by_size
        expected = [echo_theory(units=units, **levels)[0].sum() for units in (4, 8, 16)]
        assert skills == pytest.approx(expected, rel=0.05)


def test_a_normal_network_holds_one_input_under_noise_whatever_its_radius():
    """The sum of the Fisher memory curve is that of the input itself; of a weak input it is the memory."""
    for radius in (0.3, 0.7):
        levels = {"wiring": "orthogonal", "radius": radius, "drive": 0.5, "noise": 1.0}
        memories, fisher, power = echo_theory(units=16, **levels)
        assert fisher == pytest.approx(power * (1 - radius**2) * radius ** (2.0 * np.arange(60)), abs=1e-9)
        assert echo_theory(units=16, **levels | {"drive": 0.05})[0].sum() == pytest.approx(power / 300, rel=0.01)
        skills = echo_cell(activation="linear", length=400, units=16, doublings=0, **levels).skill_by_size
        assert skills == pytest.approx([memories.sum()], rel=0.25)


def test_linear_units_know_no_products():
    measured = echo_cell("cubes", activation="linear", drive=1.0)
    assert measured.skill_by_size == pytest.approx([0, 0, 0], abs=0.2)
    assert echo_cell("cubes", drive=1.0).exponent > 0.3


# Mitchell, Crutchfield & Hraber (1994): a search climbs far above a half, and stays behind the rule that is known.
RING_SEED = seed_of("cellular_automata", 1, 0)


def ring_drawn(kind, count):
    return cellular_automata.rings(
        np.random.default_rng(1), cellular_automata.Config(method="search", shown=kind), count=count
    )


def ring_by_hand(rule, ring, steps):
    """One cell after the other, of the seven cells the one on the left first."""
    ring, cells = list(ring), len(ring)
    for _ in range(steps):
        seen = [[ring[(place + side) % cells] for side in range(-3, 4)] for place in range(cells)]
        ring = [int(rule[sum(bit << position for position, bit in enumerate(seven))]) for seven in seen]
    return ring


def test_rings_become_what_they_become_by_hand():
    """Rules of all sorts, of which some stand still early; both kinds of rest behind the last whole byte."""
    rng = np.random.default_rng(0)
    rules = np.concatenate(
        [rng.integers(0, 2, (4, 128), dtype=np.uint8), [cellular_automata.GKL, np.zeros(128, np.uint8)]]
    )
    for cells in (19, 21):
        begun = rng.integers(0, 2, (5, cells), dtype=np.uint8)
        for steps in (1, 11, 16):
            ends = cellular_automata.evolved(rules, begun, steps=steps)
            expected = [[ring_by_hand(rule, ring, steps) for ring in begun] for rule in rules]
            assert np.unpackbits(ends, axis=-1, bitorder="little")[..., :cells].tolist() == expected


def test_gkl_is_right_in_82_of_100():
    """Of coins on 149 cells: 0.816 (Andre, Bennett & Koza 1996); and it asks whom its authors say."""
    rings = ring_drawn("coin", 1_500)
    assert cellular_automata.right(cellular_automata.GKL[None], rings, 149)[0] == pytest.approx(0.816, abs=0.025)
    for number, answer in enumerate(cellular_automata.GKL):
        seen = [number >> place & 1 for place in range(7)]
        voters = (seen[3], seen[2], seen[0]) if seen[3] == 0 else (seen[3], seen[4], seen[6])
        assert answer == (sum(voters) >= 2)


def test_constants_are_right_in_half():
    """And the majority of a cell's own seven stands still with both kinds left, of coins nearly always."""
    seven = (np.arange(128)[:, None] >> np.arange(7)) & 1
    rules = np.stack([np.zeros(128), np.ones(128), seven.sum(axis=1) >= 4]).astype(np.uint8)
    for kind in ("flat", "coin"):
        rings = ring_drawn(kind, 200)
        shares_right = cellular_automata.right(rules, rings, 149)
        assert shares_right[:2].tolist() == [0.5, 0.5]
        assert (shares_right[2] < 0.02) == (kind == "coin")
        shares = rings.mean(axis=1)
        assert (shares.std() > 0.2) == (kind == "flat")


def test_children_have_two_parents():
    """Of those that live on, with one cut and two places turned over; and a lottery's have none."""
    config = cellular_automata.Config(method="search", shown="flat", rules=20)
    rules = cellular_automata.drawn(np.random.default_rng(3), 20)
    born = cellular_automata.children(config, RING_SEED, rules, 1)
    assert np.array_equal(born[:4], rules[:4])
    for child in born[4:]:
        least = min(
            int((child != np.concatenate([mother[:cut], father[cut:]])).sum())
            for mother in rules[:4]
            for father in rules[:4]
            for cut in range(1, 128)
        )
        assert least <= 2
    assert any((child != parent).sum() == 2 for child in born[4:] for parent in rules[:4])
    new = cellular_automata.children(
        cellular_automata.Config(method="lottery", shown="flat", rules=20), RING_SEED, rules, 1
    )
    assert np.array_equal(new[:4], rules[:4])
    assert np.abs(new[4:, None].astype(int) - rules[None]).sum(axis=2).min() > 4
