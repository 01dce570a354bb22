"""Of bowls, spirals and walks by lot everything is known."""

import numpy as np
import pytest

from axiom.kit import landscapes, losses, models

AFFINE = losses.SquaredError()


def network(sizes=(6, 8, 3), seed=1):
    rng = np.random.default_rng(seed)
    net = models.mlp(rng, sizes)
    return tuple(layer._replace(biases=rng.standard_normal(len(layer.biases)).astype(np.float32)) for layer in net)


def rows(inputs=6, classes=3, count=40):
    rng = np.random.default_rng(2)
    return rng.standard_normal((count, inputs)).astype(np.float32), rng.integers(0, classes, count).astype(np.int32)


def test_a_place_is_a_network_and_back():
    net = network()
    place = landscapes.flat(net)
    assert place.shape == (6 * 8 + 8 + 8 * 3 + 3,)
    again = landscapes.shaped(net, place)
    assert all((one == other).all() for a, b in zip(net, again, strict=True) for one, other in zip(a, b, strict=True))


def test_a_line_leads_from_the_start_to_the_end():
    places = landscapes.straight(np.array([0.0, 2.0]), np.array([1.0, 0.0]), count=5)
    assert places.tolist() == [[0.0, 2.0], [0.25, 1.5], [0.5, 1.0], [0.75, 0.5], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ([4.0, 2.0, 1.0, 0.0], 0.0),
        ([4.0, 5.0, 1.0, 0.0], 0.25),  # above the start
        ([4.0, 1.0, 3.0, 2.0], 1.0),  # out of a dip, as high as the whole fall
        ([4.0, 0.0, 1.0, 2.0], 1.0),  # the end lies above what is passed
        ([1.0, 0.5, 1.0], np.inf),
    ],
)
def test_a_bump_is_what_rises_on_the_way_down(line, expected):
    assert landscapes.bump(line) == pytest.approx(expected)


def test_losses_on_a_line_through_a_bowl_are_a_parabola():
    net, (x, y) = network((6, 3)), rows()
    end = landscapes.flat(network((6, 3), seed=4))
    places = landscapes.straight(landscapes.flat(net), end, count=5)
    found = landscapes.losses_at(AFFINE, net, places, x, y)
    by_hand = [float(AFFINE(landscapes.shaped(net, place), x, y)) for place in places]
    assert found == pytest.approx(by_hand, rel=1e-5)
    assert np.diff(found, n=3) == pytest.approx(0, abs=1e-4)
    assert np.diff(found, n=2).min() > 0.1


def test_two_principal_components_are_those_of_the_covariance():
    way = np.random.default_rng(3).standard_normal((12, 5)).cumsum(axis=0)
    values = np.sort(np.linalg.eigvalsh(np.cov(way.T)))
    assert landscapes.in_plane(way) == pytest.approx(values[-2:].sum() / values.sum())
    turned = np.linalg.qr(np.random.default_rng(4).standard_normal((50, 2)))[0]
    angle = np.linspace(0, 5, 30)
    spiral = np.column_stack([angle * np.cos(angle), angle * np.sin(angle)]) @ turned.T + 7
    assert landscapes.in_plane(spiral) == pytest.approx(1)


def test_a_walk_by_lot_has_the_components_that_theory_gives_it():
    """6 / pi^2 of the variance and a quarter of that, of many steps in many dimensions."""
    way = np.zeros((200, 6_000))
    way[:, 0] = np.arange(200)
    walk = landscapes.walked(np.random.default_rng(5), way)
    assert landscapes.in_plane(walk) == pytest.approx(6 / np.pi**2 * 1.25, abs=0.02)
    assert landscapes.in_plane(way) == pytest.approx(1)


def test_a_walk_by_lot_has_steps_as_long_and_the_same_start():
    way = np.random.default_rng(6).standard_normal((9, 300)).cumsum(axis=0)
    walk = landscapes.walked(np.random.default_rng(7), way)
    assert walk[0] == pytest.approx(way[0])
    steps, turned = np.diff(way, axis=0), np.diff(walk, axis=0)
    assert np.linalg.norm(turned, axis=1) == pytest.approx(np.linalg.norm(steps, axis=1))
    assert abs(np.sum(steps * turned) / np.sum(steps**2)) < 0.1


def test_a_direction_is_as_long_as_the_weights_of_each_neuron():
    net, drawn = network(), network(seed=8)
    found = landscapes.shaped(net, landscapes.by_neuron(drawn, net))
    for layer, part, way in zip(net, found, drawn, strict=True):
        assert np.linalg.norm(part.weights, axis=0) == pytest.approx(np.linalg.norm(layer.weights, axis=0), rel=1e-5)
        assert (part.biases == 0).all()
        cosines = np.sum(part.weights * way.weights, axis=0) / (
            np.linalg.norm(part.weights, axis=0) * np.linalg.norm(way.weights, axis=0)
        )
        assert cosines == pytest.approx(1, abs=1e-5)


def test_rescaling_layers_does_not_change_how_the_loss_rises():
    """Dinh et al. (2017): what one layer is multiplied with, the next is divided by; the function stays."""
    net, drawn, (x, y) = network(), network(seed=8), rows()
    scaled = (models.Layer(net[0].weights * 4, net[0].biases * 4), models.Layer(net[1].weights / 4, net[1].biases))

    def rises(which, net):
        places = landscapes.around(landscapes.flat(net), [which(drawn, net)], share=0.3)
        found = landscapes.losses_at(losses.CROSS_ENTROPY, net, places, x, y)
        return found[1:] - found[0]

    assert rises(landscapes.by_neuron, scaled) == pytest.approx(rises(landscapes.by_neuron, net), rel=1e-3)
    assert rises(landscapes.together, scaled) != pytest.approx(rises(landscapes.together, net), rel=0.1)


def test_a_direction_is_as_long_as_all_weights_together():
    net, drawn = network(), network(seed=8)
    found = landscapes.together(drawn, net)
    assert np.linalg.norm(found) ** 2 == pytest.approx(sum(np.sum(layer.weights**2) for layer in net), rel=1e-5)
    parts = landscapes.shaped(net, found)
    ratios = np.concatenate([(part.weights / way.weights).ravel() for part, way in zip(parts, drawn, strict=True)])
    assert np.ptp(ratios) == pytest.approx(0, abs=1e-5)
    assert all((part.biases == 0).all() for part in parts)


def test_around_a_place_one_goes_there_and_back():
    end, directions = np.array([1.0, 1.0]), [np.array([1.0, 0.0]), np.array([0.0, 4.0])]
    found = landscapes.around(end, directions, share=0.5)
    assert found.tolist() == [[1, 1], [1.5, 1], [0.5, 1], [1, 3], [1, -1]]


def test_the_mean_rise_in_a_bowl_is_half_the_mean_curvature():
    """Along a direction and back the linear terms cancel, and of a bowl nothing but the square is left."""
    net, drawn, (x, y) = network((6, 3)), network((6, 3), seed=8), rows()
    direction = landscapes.by_neuron(drawn, net)
    found = landscapes.losses_at(AFFINE, net, landscapes.around(landscapes.flat(net), [direction], share=0.3), x, y)
    along = x @ np.asarray(landscapes.shaped(net, direction)[0].weights)
    assert found[1:].mean() - found[0] == pytest.approx(0.5 * 0.3**2 * np.mean(np.sum(along**2, axis=1)), rel=1e-3)
