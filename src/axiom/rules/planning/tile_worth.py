"""Which quarters of a drawn tile are computed, and what is each worth? Of a level the worthiest come first.

Worth is counted in boxes of two pixels a side. What a look at a tile adds to its quarters is `LOOKED_AT`.
"""

from collections.abc import Sequence

from axiom.domain.maps import DEEPEST, Borders, Tile, place_of, tile_at


def measure_quarter_worth(tile: Tile, borders: Borders, differences: Sequence[int]) -> dict[Tile, int]:
    """The quarters through which a border passes, and what each is worth.

    A quarter has more to tell the longer its border is, and the more of it ended otherwise in another replicate.
    """
    return {
        quarter: length + differing
        for quarter, length, differing, passes in zip(
            tile.children, borders.lengths, differences, borders.passes, strict=True
        )
        if passes
    }


def list_visited_quarters(places: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Which tiles are worth more since somebody looks at these, each of an experiment: their quarters."""
    return [
        (experiment_id, place_of(quarter, arm))
        for experiment_id, (tile, arm) in ((experiment_id, tile_at(place)) for experiment_id, place in places)
        if tile.level < DEEPEST
        for quarter in tile.children
    ]
