"""Tiles on pages of something else: the newest deep one, and those that somebody's computers drew."""

from collections.abc import Iterable, Sequence

from axiom.limits import maps as limits
from axiom.signed.manifests import stored_manifest
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.views import maps
from axiom.store.views.maps import ListedTile
from axiom.web.base.request import Answer, Reading
from axiom.web.maps.view import Aspect, ShownMap, map_of, newest_of

_EVEN = 0.5


def newest(reading: Reading, versions: Iterable[StoredExperiment]) -> Answer | None:
    """Of the tiles that were drawn last the deepest, and of those the one that shows most; None before level 1."""
    found = [
        (one, stored)
        for stored in newest_of(versions)
        if stored.status == "open" and stored_manifest(stored.manifest).map is not None
        for one in maps.newest(reading.db, stored.id, limits.RECENT_TILES)
        if one.tile.level > 0
    ]
    if not found:
        return None
    one, stored = max(found, key=lambda each: (each[0].tile.level, -abs(each[0].shares[0] - _EVEN), each[0].drawn_at))
    shown = map_of(reading, stored)
    return _row(shown, one) | {"question": shown.manifest.question} if shown else None


def drawn_by(reading: Reading, host_ids: Sequence[int]) -> list[Answer]:
    """The deepest tiles that these hosts drew lately, a few of them."""
    if not maps.drawn(reading.db):
        return []
    tiles: Iterable[ListedTile] = (
        one
        for host_id in sorted(host_ids, reverse=True)[: limits.RECENT_HOSTS]
        for one in maps.of_host(reading.db, host_id, tasks=limits.RECENT_TASKS, limit=limits.RECENT_PICTURES)
    )
    chosen = sorted(tiles, key=lambda one: (-one.tile.level, -one.drawn_at.timestamp()))[: limits.RECENT_PICTURES]
    known: dict[int, ShownMap | None] = {}
    for one in chosen:
        if one.experiment_id not in known:
            stored = experiments.by_id(reading.db, one.experiment_id)
            known[one.experiment_id] = map_of(reading, stored) if stored else None
    return [_row(shown, one) for one in chosen if (shown := known[one.experiment_id])]


def _row(shown: ShownMap, one: ListedTile) -> Answer:
    aspect = Aspect(tile=one.tile, arm=one.arm, replicate=one.replicate)
    return {
        "map": shown.stored.name,
        "title": shown.drawn.title,
        **one.tile.factors,
        "replicate": one.replicate,
        "pixels": shown.drawn.pixels,
        "src": aspect.picture(shown.path, "tiles"),
        "href": aspect.address(shown.path),
        "drawn_at": one.drawn_at.isoformat(),
    }
