"""Puts what tasks brought on its map: measures each new tile, has its quarters weighed, and stores it."""

from collections.abc import Sequence
from datetime import datetime

from axiom.domain.maps import Map, tile_at
from axiom.domain.work import Result
from axiom.rules.planning.map_borders import measure_borders, measure_differences
from axiom.rules.planning.next_tiles import measure_quarter_worth
from axiom.store.engine.database import Database
from axiom.store.maps import tiles
from axiom.store.maps.tiles import NewTile


def draw_tiles(db: Database, drawn: Map, results: Sequence[Result], now: datetime) -> None:
    """Keep the pixels of an experiment's results, and open the quarters through which a border passes.

    Each tile is drawn once: what a check brings of it is no other tile.
    """
    new = [_new_tile(db, drawn, result) for result in tiles.list_unsettled_results(db, results)]
    tiles.store_tiles(db, new, now)


def _new_tile(db: Database, drawn: Map, result: Result) -> NewTile:
    if result.pixels is None:
        return NewTile(result=result)
    (tile, _), borders = tile_at(result.config), measure_borders(result.pixels, drawn)
    if tile.level >= drawn.deepest:
        return NewTile(result=result, shares=borders.shares)
    others = tiles.find_other_pixels(db, result)
    differences = (0, 0, 0, 0) if others is None else measure_differences(result.pixels, others, drawn)
    return NewTile(result=result, shares=borders.shares, opened=measure_quarter_worth(tile, borders, differences))
