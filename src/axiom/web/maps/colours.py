"""The colours of maps: a ramp for each band, told apart by their lightness and by blue against yellow.

Nobody who sees colours otherwise, and no grey print, takes one band for another: every shade of the first is darker
than every shade of all others, and every shade of the second lighter than those; the further ones lie between, the
third darker than the fourth.
"""

from collections.abc import Sequence
from functools import lru_cache

from axiom.domain.maps import Map
from axiom.web.maps.png import Colour

RAMPS = (
    ("#08182e", "#2861a3"),
    ("#fbf5e9", "#f2ac54"),
    ("#6b6a33", "#8f8d4e"),
    ("#ad8fc2", "#bfa3d2"),
)
MEAN = ("#fbf5e9", "#08182e")
DIFFERENCE = ("#fbfcfa", "#b02a45")


@lru_cache(maxsize=256)
def map_colours(drawn: Map) -> tuple[Colour, ...]:
    """The colour of each number that a pixel may have."""
    return tuple(colour for place, band in enumerate(drawn.bands) for colour in band_colours(place, band.shades))


def band_colours(place: int, shades: int) -> tuple[Colour, ...]:
    """The colours of a band. A map of more bands than there are ramps begins the further ones again."""
    ramp = RAMPS[place] if place < len(RAMPS) else RAMPS[2 + place % 2]
    return ramp_between(ramp, shades)


@lru_cache(maxsize=256)
def ramp_between(ends: tuple[str, str], steps: int) -> tuple[Colour, ...]:
    """So many colours from the first end to the last."""
    first, last = (tuple(int(end[at : at + 2], 16) for at in (1, 3, 5)) for end in ends)
    shares = [place / max(1, steps - 1) for place in range(steps)]
    return tuple(_mixed(first, last, share) for share in shares)


def hex_colour(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _mixed(first: Sequence[int], last: Sequence[int], share: float) -> Colour:
    red, green, blue = (round(low + (high - low) * share) for low, high in zip(first, last, strict=True))
    return red, green, blue
