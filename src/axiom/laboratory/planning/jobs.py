from collections.abc import Callable

from axiom.limits import maps as limits
from axiom.rules.planning.next_tiles import list_visited_quarters
from axiom.server.upkeep.jobs import Job
from axiom.store.maps import tiles
from axiom.store.writer import Writer


def visits_job(writer: Writer, take_visits: Callable[[], list[tuple[int, int]]]) -> Job:
    """What is finer where people looked is computed sooner."""

    def prefer() -> None:
        if places := take_visits():
            quarters = list_visited_quarters(places)
            writer.run(lambda db: tiles.raise_tile_worth(db, quarters, limits.LOOKED_AT))

    return Job(name="visits", every=60.0, work=prefer, remembered=False)
