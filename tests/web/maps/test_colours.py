"""The colours of maps: bands are told apart in grey, and by eyes that lack one kind of cone."""

import itertools

import pytest

from axiom.domain.maps import Band, Knob, Map
from axiom.web.maps import colours

# Machado, Oliveira and Fernandes 2009: what eyes without one kind of cone make of linear red, green and blue.
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
APART = 12.0  # in CIELAB, of which 2.3 is just seen


def linear(colour) -> list[float]:
    parts = [part / 255 for part in colour]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def light(colour) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def lab(colour, eye: str) -> tuple[float, float, float]:
    red, green, blue = (
        min(1.0, max(0.0, sum(share * part for share, part in zip(row, linear(colour), strict=True))))
        for row in EYES[eye]
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    a, b, c = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * b - 16, 500 * (a - b), 200 * (b - c)


def drawn(*shades: int) -> Map:
    return Map(
        title="A map",
        x=Knob(name="x", low=1, high=2),
        y=Knob(name="y", low=1, high=2),
        measure="fate",
        bands=tuple(Band(name=f"band {place}", shades=each) for place, each in enumerate(shades)),
    )


@pytest.mark.parametrize("shades", [(12, 12), (1, 1), (12, 12, 4), (8, 8, 8, 8)])
def test_every_shade_of_the_first_band_is_the_darkest_and_of_the_second_the_lightest(shades):
    of_map = colours.of_map(drawn(*shades))
    assert len(of_map) == sum(shades)
    ends = list(itertools.accumulate(shades))
    bands = [of_map[end - many : end] for end, many in zip(ends, shades, strict=True)]
    ordered = [bands[0], *bands[2:], bands[1]]
    for darker, lighter in itertools.pairwise(ordered):
        assert max(map(light, darker)) < min(map(light, lighter))
    if len(shades) == 2:
        assert (min(map(light, bands[1])) + 0.05) / (max(map(light, bands[0])) + 0.05) > 3.0


@pytest.mark.parametrize("eye", EYES)
def test_no_eye_takes_one_band_for_another(eye):
    ramps = [[lab(colour, eye) for colour in colours.of_band(place, 12)] for place in range(4)]
    for some, other in itertools.combinations(ramps, 2):
        nearest = min(
            sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5 for first in some for second in other
        )
        assert nearest > APART
