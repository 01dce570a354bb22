"""Tiles on pages of something else: the newest deep one, and those that somebody's computers drew."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from axiom.domain.maps import Tile
from axiom.limits import maps as limits
from axiom.reads.base.request import Answer, Reading
from axiom.reads.maps.map_view import Aspect, ShownMap, find_map, newest_versions
from axiom.signed.manifests import stored_manifest
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.views import maps
from axiom.store.views.maps import ListedTile

_EVEN = 0.5


def choose_tile_to_show(reading: Reading, versions: Iterable[StoredExperiment]) -> Answer | None:
    """Of the tiles that were drawn last the deepest, and of those the one that shows most, with the part around it.

    That part is a quarter of the whole, so that there is somewhere to drag it.
    """
    candidates = [
        (tile, stored)
        for stored in newest_versions(versions)
        if stored.status == "open" and stored_manifest(stored.manifest).map is not None
        for tile in maps.list_newest_tiles(reading.db, stored.id, limits.RECENT_TILES)
    ]
    if not candidates:
        return None
    tile, stored = max(
        candidates, key=lambda pair: (pair[0].tile.level, -abs(pair[0].shares[0] - _EVEN), pair[0].drawn_at)
    )
    shown = find_map(reading, stored)
    if shown is None:
        return None
    level = min(1, shown.drawn.deepest)
    side = 2.0 ** (level - tile.tile.level)
    around = Tile(level=level, column=int(tile.tile.column * side), row=int(tile.tile.row * side))
    aspect = Aspect(tile=around, arm=tile.arm, replicate=tile.replicate)
    return _row(shown, tile) | {
        "question": shown.manifest.question,
        "arm": shown.arm_in_words(tile.arm) if len(shown.arms) > 1 else "",
        "x": asdict(shown.drawn.x),
        "y": asdict(shown.drawn.y),
        "bands": [asdict(band) for band in shown.drawn.bands],
        "whole": shown.path,
        "here": aspect.address(shown.path),
        "view": aspect.picture(shown.path, "views"),
        "tiles_at": aspect.picture(shown.path, "tiles").rpartition("/")[0],
        "around": around.factors,
        "detail": shown.detail(around),
        "lowest": shown.drawn.deepest,
        "size": shown.drawn.pixels << shown.detail(around),
    }


def list_tiles_by_hosts(reading: Reading, host_ids: Sequence[int]) -> list[Answer]:
    """The deepest tiles that these hosts drew lately, a few of them."""
    if not maps.count_drawn_tiles(reading.db):
        return []
    tiles: Iterable[ListedTile] = (
        tile
        for host_id in sorted(host_ids, reverse=True)[: limits.RECENT_HOSTS]
        for tile in maps.list_host_tiles(reading.db, host_id, tasks=limits.RECENT_TASKS, limit=limits.RECENT_PICTURES)
    )
    chosen = sorted(tiles, key=lambda tile: (-tile.tile.level, -tile.drawn_at.timestamp()))[: limits.RECENT_PICTURES]
    return _rows(reading, chosen)


def list_tiles_by_task(reading: Reading, task_id: int) -> list[Answer]:
    return _rows(reading, maps.list_task_tiles(reading.db, task_id, limits.RECENT_PICTURES))


def _rows(reading: Reading, chosen: Sequence[ListedTile]) -> list[Answer]:
    maps_by_version: dict[int, ShownMap | None] = {}
    for tile in chosen:
        if tile.experiment_id not in maps_by_version:
            stored = experiments.find_experiment(reading.db, tile.experiment_id)
            maps_by_version[tile.experiment_id] = find_map(reading, stored) if stored else None
    return [_row(shown, tile) for tile in chosen if (shown := maps_by_version[tile.experiment_id])]


def _row(shown: ShownMap, tile: ListedTile) -> Answer:
    aspect = Aspect(tile=tile.tile, arm=tile.arm, replicate=tile.replicate)
    return {
        "map": shown.stored.name,
        "title": shown.drawn.title,
        **tile.tile.factors,
        "replicate": tile.replicate,
        "pixels": shown.drawn.pixels,
        "src": aspect.picture(shown.path, "tiles"),
        "href": aspect.address(shown.path),
        "drawn_at": tile.drawn_at.isoformat(),
    }
