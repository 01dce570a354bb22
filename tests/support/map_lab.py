"""A laboratory with a map, whose hosts compute what they are ordered."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import disc_map

import axiom
from axiom.domain.declaration import measures, plain
from axiom.domain.maps import ROOT, Tile, place_of
from axiom.domain.work import Outcome, Result
from axiom.laboratory.experiments.publish import PackedBundle, pack_experiment
from axiom.laboratory.planning.tile_orders import OrderedTiles, order_tiles
from axiom.laboratory.policy import Policy
from axiom.signed.outputs import CellOutput, cell_line, footer_line, header_line
from axiom.signed.tickets import Order, read_ticket

POLICY = Policy(per_core=3, task_seconds=8.0, max_failures=1)


@cache
def prepared_map() -> PackedBundle:
    """The disc's experiment, packed and described by a real child."""
    return pack_experiment(Path(axiom.__file__).parent, Path(disc_map.__file__))


def drawn(config: disc_map.Config, seed: int) -> tuple[dict[str, Any], bytes]:
    """What an honest host measures at a tile, as it travels, and the tile's pixels."""
    found = disc_map.run(config, seed)
    values, _ = plain(found, measures(disc_map.Measures))
    return values, found.inside


def result(
    *, tile: Tile = ROOT, arm: int = 0, replicate: int = 0, task: int = 1, pixels: bytes | None = None, seed: int = 7
) -> Result:
    """A proven result of a tile; without pixels those that an honest host draws."""
    sizes = [one.size for one in disc_map.experiment.sweep]
    config = disc_map.Config(size=sizes[arm], **tile.factors)
    return Result(
        task_id=task,
        experiment_id=1,
        replicate=replicate,
        config=place_of(tile, arm),
        seed=seed,
        outcome=Outcome.OK,
        measures={},
        early=(),
        cpu_seconds=1.0,
        pixels=drawn(config, seed)[1] if pixels is None else pixels,
    )


@dataclass(kw_only=True)
class MapLab:
    """A small laboratory whose hosts draw the disc, wherever a tile lies."""

    lab: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.lab, name)

    def cells(self, order: Order) -> list[CellOutput]:
        ticket = read_ticket(order.ticket, trust=self.lab.keys.trust, now=self.lab.now)
        return [
            CellOutput(
                replicate=cell.replicate,
                config=cell.config,
                seed=cell.seed,
                outcome=Outcome.OK,
                measures=drawn(disc_map.Config(**cell.values), cell.seed)[0],  # type: ignore[arg-type]
                early=(cell.seed / 2**63,),  # no two replicates begin alike
                cpu_seconds=0.25,
            )
            for cell in ticket.cells
        ]

    def output(self, order: Order, **changes: Any) -> bytes:
        cells = [cell_line(replace(cell, **changes)) for cell in self.cells(order)]
        return header_line(self.lab.header(order)) + b"".join(cells) + footer_line(len(cells))

    def chart(self, *, is_idle: bool = True, cores: int = 2, has_volunteers: bool = False) -> list[OrderedTiles]:
        with self.lab.db.transaction():
            return order_tiles(
                self.lab.db,
                POLICY,
                self.lab.now,
                cores=cores,
                lacking=cores if is_idle else 0,
                has_volunteers=has_volunteers,
            )

    def compute(self, most: int = 1_000, *, host: int = 1, fails: bool = False) -> int:
        for done in range(most):
            orders = self.lab.ask(host)
            if not orders:
                return done
            self.lab.report(orders[0], None if fails else self.output(orders[0]), exit_status=10 if fails else 0)
            self.lab.validate()
            self.lab.later(seconds=1)
        return most

    def levels(self, state: str) -> dict[int, int]:
        sql = "SELECT level, count(*) AS tiles FROM tile WHERE experiment_id = 1 AND state = :state GROUP BY level"
        return {row["level"]: row["tiles"] for row in self.lab.db.select(sql, state=state)}


def map_lab(lab: Any, *, replicates: int = 0) -> MapLab:
    """The disc is published here, a host is there, and so many replicates are ordered."""
    lab.publish(prepared_map())
    assert lab.host(memory_mb=64_000, cores=2) == 1
    if replicates:
        lab.deploy(workunits=replicates, max_failures=1)
    return MapLab(lab=lab)
