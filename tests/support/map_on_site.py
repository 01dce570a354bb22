"""A laboratory with a map that was drawn as the program draws one: tiles are ordered, computed, proven and refined."""

import functools
from dataclasses import asdict
from pathlib import Path

import small_map

import axiom
from axiom.domain.declaration import pack_pixels
from axiom.domain.maps import PlacedConfigs
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.publish import PackedBundle, pack_experiment
from axiom.laboratory.planning.tile_orders import order_tiles
from axiom.laboratory.policy import policy_from_settings
from axiom.settings import Settings
from axiom.signed.outputs import CellOutput, cell_line, footer_line, header_line
from axiom.signed.tickets import Order, read_ticket

REPLICATES = 3
DEPTH = 3


@functools.cache
def prepared_map() -> PackedBundle:
    return pack_experiment(Path(axiom.__file__).parent, Path(small_map.__file__))


def publish_map(lab) -> int:
    return lab.publish(prepared_map()).experiment_id


def draw_map(lab, *, depth: int = DEPTH) -> None:
    """Draw three replicates of both discs, by the computers of two people, wherever the edge passes."""
    number = publish_map(lab)
    hosts = [lab.host("first"), lab.host("second", volunteer="Grace")]
    lab.deploy(number, workunits=REPLICATES)
    for _ in range(depth + 1):
        for place in range(1_000):
            asked = lab.ask(hosts[place % 2]) or lab.ask(hosts[1 - place % 2])
            if not asked:
                break
            for order in asked:
                lab.report(order, drawn(lab, order))
            lab.validate()
            lab.later(seconds=1)
        with lab.db.transaction():
            order_tiles(lab.db, policy_from_settings(Settings()), lab.now, cores=1_000, lacking=0, has_volunteers=True)


def drawn(lab, order: Order) -> bytes:
    configs = PlacedConfigs({place: asdict(config) for place, config in enumerate(small_map.experiment.sweep)})
    cells = []
    ticket = read_ticket(order.ticket, trust=lab.keys.trust, now=lab.now)
    for cell in sorted(ticket.cells, key=lambda cell: (cell.replicate, cell.config)):
        measured = small_map.run(small_map.Config(**configs[cell.config]), cell.seed)
        cells.append(
            CellOutput(
                replicate=cell.replicate,
                config=cell.config,
                seed=cell.seed,
                outcome=Outcome.OK,
                measures=asdict(measured) | {"inside": pack_pixels(measured.inside)},
                early=(1.0, 0.5),
                cpu_seconds=0.25,
            )
        )
    return header_line(lab.header(order)) + b"".join(map(cell_line, cells)) + footer_line(len(cells))
