"""Orders the next tiles of maps: reads what could be computed, decides, writes workunits of one replicate each."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.planning import Purpose
from axiom.domain.registrations import Design, read_registration_body
from axiom.domain.rounds import Allotment
from axiom.laboratory.experiments.release_stages import read_version_stages
from axiom.laboratory.planning.replicate_orders import find_orderable_registration
from axiom.laboratory.policy import Policy
from axiom.limits import maps as map_limits
from axiom.limits import tasks as task_limits
from axiom.rules.planning.next_tiles import (
    Frontier,
    TileOrder,
    cap_task_seconds,
    choose_tiles_to_chart,
    deep_tile_seconds,
    next_tiles,
    task_length,
    task_sizes,
    tiles_per_task,
    wanted_tile_seconds,
)
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.maps import tiles
from axiom.store.tasks import workunits
from axiom_weigh.amounts import tell_amount
from axiom_weigh.grouping import group_pairs


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartedVersion:
    experiment_id: int
    name: str
    registration_id: int
    manifest: Manifest
    design: Design


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderedTiles:
    """Tiles that were ordered: of which experiment, at which level, in which workunits."""

    name: str
    level: int
    tiles: int
    workunits: tuple[int, ...]
    seconds: float  # of a reference core, for all of them


def list_charted_versions(db: Database, now: datetime, approvals: str) -> list[ChartedVersion]:
    """The versions with a map that may be computed beyond a pilot."""
    staged = read_version_stages(db, now, approvals)
    takes_blocks = {number for number, version in staged.items() if version.rollout.stage.takes_blocks}
    stored = (
        find_charted_version(db, version)
        for version in experiments.list_experiment_versions(db)
        if version.id in takes_blocks
    )
    return [version for version in stored if version is not None]


def find_charted_version(db: Database, stored: StoredExperiment) -> ChartedVersion | None:
    """What a version's tiles are ordered by; none where it has no map, or nothing of it is registered."""
    manifest = stored_manifest(stored.manifest)
    registration = find_orderable_registration(db, stored.id) if manifest.map else None
    if registration is None:
        return None
    return ChartedVersion(
        experiment_id=stored.id,
        name=stored.name,
        registration_id=registration.id,
        manifest=manifest,
        design=read_registration_body(registration.body).design,
    )


def order_tiles(
    db: Database, policy: Policy, now: datetime, *, cores: int, lacking: int, has_volunteers: bool
) -> list[OrderedTiles]:
    """Order the next tiles of all maps, as many as should wait. `lacking`: so many cores have no task that waits."""
    done = []
    orders = _decide(db, policy, now, cores=cores, lacking=lacking, has_volunteers=has_volunteers)
    for version, wanted, per_task in orders:
        done.append(_order(db, version, wanted, per_task, max_failures=policy.max_failures, now=now))
    return done


def preview_tile_orders(
    db: Database, policy: Policy, now: datetime, *, cores: int, lacking: int, has_volunteers: bool
) -> list[Allotment]:
    """The tiles that would be ordered, as orders of about so many tasks."""
    return [
        Allotment(
            experiment_id=version.experiment_id,
            workunits=-(-wanted.tiles // per_task),
            replicates_each=1,
            registration_id=version.registration_id,
            purpose=Purpose.FILL,
            core_seconds=wanted.tiles * wanted.frontier.seconds,
            reason=f"{tell_amount(wanted.tiles, 'tile')} of the map of {version.name} at level {wanted.frontier.level}"
            f": {'cores would be idle otherwise' if lacking else 'a registered number needs them'}",
        )
        for version, wanted, per_task in _decide(
            db, policy, now, cores=cores, lacking=lacking, has_volunteers=has_volunteers
        )
    ]


def _decide(
    db: Database, policy: Policy, now: datetime, *, cores: int, lacking: int, has_volunteers: bool
) -> list[tuple[ChartedVersion, TileOrder, int]]:
    """What is ordered of which version, and how many tiles make a task."""
    by_id = {version.experiment_id: version for version in list_charted_versions(db, now, policy.approvals)}
    turn, is_idle = task_limits.USUAL_SECONDS if has_volunteers else policy.task_seconds, lacking > 0
    wanted = wanted_tile_seconds(cores, policy.per_core, turn, is_idle=is_idle)
    frontiers = [frontier for version in by_id.values() for frontier in _frontiers(db, version, wanted)]
    out = sum(_seconds_out(db, version, turn) for version in by_id.values())
    deep = deep_tile_seconds(cores, turn)
    orders = next_tiles(frontiers, wanted=wanted, deep=deep, out=out, is_idle=is_idle, turn=turn)
    length = task_length(orders, lacking, turn)
    return [
        (by_id[order.frontier.experiment_id], order, tiles_per_task(order.frontier.seconds, length)) for order in orders
    ]


def has_open_tile(db: Database, now: datetime, approvals: str) -> bool:
    """Is there a tile that could be ordered?"""
    return any(
        tiles.list_open_levels(db, version.experiment_id, arm, most=1)
        for version in list_charted_versions(db, now, approvals)
        for arm in version.design.seconds_by_place
    )


def order_tiles_to_chart(
    db: Database, version: ChartedVersion, policy: Policy, now: datetime, *, most: int
) -> list[OrderedTiles]:
    """Order tiles that the replicates of one version need to be charted, in about so many workunits."""
    turn = policy.task_seconds
    frontiers = [order for order in _frontiers(db, version, most * turn) if order.is_needed]
    done: list[OrderedTiles] = []
    for wanted in choose_tiles_to_chart(frontiers, most=most, turn=turn):
        per_task = min(tiles_per_task(wanted.frontier.seconds, turn), math.ceil(wanted.tiles / most))
        done.append(_order(db, version, wanted, per_task, max_failures=policy.max_failures, now=now))
    return done


def _order(
    db: Database, version: ChartedVersion, wanted: TileOrder, per_task: int, *, max_failures: int, now: datetime
) -> OrderedTiles:
    """Write the workunits of some tiles, no more than so many tiles in each."""
    frontier = wanted.frontier
    chosen = tiles.list_next_open_tiles(db, version.experiment_id, frontier.arm, frontier.level, wanted.tiles)
    made: list[int] = []
    for replicate, places in _tasks(chosen, per_task):
        made += workunits.add_workunits(
            db,
            experiment_id=version.experiment_id,
            registration_id=version.registration_id,
            replicates=[[replicate]],
            configs=places,
            max_failures=max_failures,
            now=now,
            copies=version.manifest.copies,
        )
    tiles.mark_tiles_ordered(db, version.experiment_id, chosen)
    return OrderedTiles(
        name=version.name,
        level=frontier.level,
        tiles=len(chosen),
        workunits=tuple(made),
        seconds=frontier.seconds * len(chosen),
    )


def _frontiers(db: Database, version: ChartedVersion, wanted: float) -> Iterator[Frontier]:
    """Of no arm more tiles are counted than would be ordered if it were alone: there may be a million."""
    drawn = version.manifest.map
    if drawn is None:
        return
    for arm, seconds in version.design.seconds_by_place.items():
        most = min(map_limits.TILES_OF_A_ROUND, 1 + int(wanted / seconds))
        for level, amount in tiles.list_open_levels(db, version.experiment_id, arm, most):
            yield Frontier(
                experiment_id=version.experiment_id,
                arm=arm,
                level=level,
                tiles=amount,
                seconds=seconds,
                is_needed=level <= drawn.charted,
            )


def _seconds_out(db: Database, version: ChartedVersion, turn: float) -> float:
    """For how many seconds of a reference core all stands that is ordered of it and not back."""
    ordered = tiles.list_open_orders(db, version.experiment_id)
    return sum(cap_task_seconds(times * version.design.seconds_of(places), turn) for times, places in ordered)


def _tasks(chosen: list[tiles.OpenTile], per_task: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Tiles put together by replicate, no more than so many in each task."""
    by_replicate = group_pairs((tile.replicate, tile.place) for tile in chosen)
    sizes = task_sizes({replicate: len(places) for replicate, places in by_replicate.items()}, per_task)
    for replicate, amount in sizes:
        waiting = by_replicate[replicate]
        yield replicate, tuple(sorted(waiting[:amount]))
        del waiting[:amount]
