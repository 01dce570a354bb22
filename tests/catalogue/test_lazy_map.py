"""Chizat et al. (2019): a scale of the outputs that grows with a power of the width tilts the border by that power."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from map_tiles import bands, quarter_that_disagrees
from wrong import wrong

from axiom.catalogue import lazy_map as right
from axiom.domain.maps import ROOT
from axiom.kit import chance, tiles

SHORT = right.Config(steps=20)
WIDTHS = np.round(tiles.rows(right.MAP, ROOT))


def borders(module, config, seed):
    regime = bands(module, config, seed)
    return tiles.edges(module.MAP, ROOT, regime == 1)


def truth(module):
    """Divided by another power of the width, a network is the same at another scale: of its root, up or down."""
    plain, summed = (borders(module, module.Config(steps=20, power=power), 3) for power in (0.5, 0.0))
    there = np.isfinite(plain) & np.isfinite(summed)
    assert there.sum() > 16
    assert np.log(plain[there] / summed[there]) == pytest.approx(np.log(WIDTHS[there]) / 2, abs=0.3)
    assert -0.9 < tiles.slope(WIDTHS, plain) < -0.1


def test_another_power_of_the_width_is_another_scale():
    truth(right)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("shares = widths**-config.power", "shares = widths**-0.5 + 0 * config.power"),
        ("< widths).astype", "< widths * 0 + 256).astype"),  # all units are awake at any width
        ("(alphas * len(wanted) * diagonal)", "(len(wanted) * diagonal)"),  # the loss is not divided
    ],
)
def test_a_wrong_version_is_found_out(old, new):
    with pytest.raises((AssertionError, TypeError)):
        truth(wrong("lazy_map", old, new))


def test_a_large_scale_is_lazy_and_a_small_one_is_rich():
    regime = bands(right, right.Config(steps=60), 4)
    assert not regime[:, :8].any()
    assert regime[WIDTHS > 32][:, -8:].all()


def test_a_pixel_alone_ends_as_plain_descent_of_a_network_of_that_width():
    """Another program: the network has no silent units, and JAX differentiates the loss as it is written."""
    pixels = np.frombuffer(right.run(SHORT, 4).regime, np.uint8)
    alphas, heights = tiles.knobs(right.MAP, ROOT)
    draw = chance.stream(4, "data")
    inputs, wanted = draw.standard_normal((8, 8)), draw.choice([-1.0, 1.0], 8)
    draw = chance.stream(4, "start")
    first, last = draw.standard_normal((8, 256)), draw.standard_normal(256)

    def output(net, row):
        return np.float32(net[1].size ** -0.5) * (jax.numpy.tanh(2**0.5 * (row @ net[0] / 8**0.5)) @ net[1])

    outputs = jax.jit(jax.vmap(output, (None, 0)))
    slopes = jax.jit(jax.vmap(jax.grad(output), (None, 0)))

    def kernel(net):
        flat = np.concatenate([np.reshape(each, (8, -1)) for each in slopes(net, inputs)], axis=1)
        return flat @ flat.T

    for place in (300, 1500, 2222, 3900):
        width, alpha = round(heights[place]), alphas[place]
        net = first[:, :width], last[:width]
        said, before = outputs(net, inputs), kernel(net)

        def loss(net, said=said, alpha=alpha):
            return ((alpha * (outputs(net, inputs) - said) - wanted) ** 2).mean() / 2 / alpha**2

        descend = jax.jit(jax.grad(loss))
        for _ in range(20):
            rate = 1 / np.diag(kernel(net)).mean()
            net = tuple(layer - rate * np.asarray(slope) for layer, slope in zip(net, descend(net), strict=True))
        moved = np.linalg.norm(kernel(net) - before) / np.linalg.norm(before)
        is_lazy = moved < 0.5
        grade = 7 - tiles.graded(moved, 1 / 256, 0.5, 8) if is_lazy else tiles.graded(moved, 0.5, 64.0, 8)
        assert pixels[place] == 8 * is_lazy + grade, (place, moved)


def test_a_deeper_tile_shows_what_its_parent_shows():
    """But for the rows of few units, where a half of a pixel is another network."""
    assert quarter_that_disagrees(right, SHORT, 4, column=0, row=1) <= 0.01


def test_a_tile_of_rich_networks_has_no_border():
    measured = right.run(replace(SHORT, level=3, column=0, row=0), 4)
    assert (measured.slope, measured.lazy_from, measured.rich) == (None, None, 1.0)
