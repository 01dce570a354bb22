"""Hosts that return an effect of a chosen size, for a small laboratory whose claim leaves a factor open."""

import hashlib
from dataclasses import replace

from axiom.domain.registrations import StoppingRule
from axiom.domain.rounds import Allotment
from axiom.laboratory.planning.replicate_orders import order_replicates
from axiom.laboratory.registrations.register import register_further
from axiom.signed.outputs import cell_line, footer_line, header_line
from axiom.store.experiments import experiments

WIDER = [
    ({"size": 1, "shift": 0}, 1.0),
    ({"size": 2, "shift": 0}, 1.5),
    ({"size": 2, "shift": 9}, 4.0),
    ({"size": 1, "shift": 9}, 3.5),
]
SAID = {"positive": 0.6, "negative": 0.3, "absent": 0.1, "interval": [-2.0, 2.0], "because": "the first numbers"}


def noise(*what: object) -> float:
    """A number between 0 and 1 that anybody can make again."""
    return int(hashlib.sha256(repr(what).encode()).hexdigest()[:13], 16) / 16**13


def output(lab, order, measure, **changes):
    cells = [replace(cell, measures={"total": measure(cell), "count": None}, **changes) for cell in lab.cells(order)]
    return header_line(lab.header(order)) + b"".join(map(cell_line, cells)) + footer_line(len(cells))


def values(rounds, effect: float, spread: float = 0.3, host_effect: float = 0.0):
    """Makes outputs in which size 1 has a total larger by so much than size 2, more or less."""

    def measure(order):
        lift = host_effect if order.host == 2 else 0.0
        return lambda cell: (effect + lift) * (cell.config == 0) + spread * noise(cell.replicate, cell.config)

    return lambda order: output(rounds.lab, order, measure(order))


def order_of(rounds, registration_id: int, workunits: int = 8) -> None:
    allotment = Allotment(
        experiment_id=1, workunits=workunits, replicates_each=1, registration_id=registration_id, reason="a test"
    )
    with rounds.db.transaction():
        order_replicates(rounds.db, allotment, max_failures=3, now=rounds.lab.now)


def block(rounds, registration_id: int = 1, *, effect: float = 1.0, **more) -> None:
    order_of(rounds, registration_id)
    rounds.compute(8, by=values(rounds, effect, **more))


def further(rounds, name="wide", points=WIDER) -> int:
    with rounds.db.transaction():
        version = experiments.find_experiment(rounds.db, 1)
        assert version
        return register_further(
            rounds.db, version, name, points, stopping=StoppingRule(replicates=256), why="a test", now=rounds.lab.now
        ).id
