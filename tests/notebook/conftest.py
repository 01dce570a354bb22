"""A laboratory with results in it, opened as in a notebook."""

import itertools
from dataclasses import replace

import pytest

import axiom
from axiom.domain.rounds import Allotment
from axiom.domain.work import Outcome
from axiom.laboratory.planning.replicate_orders import order_replicates
from axiom.signed.outputs import cell_line, footer_line, header_line


@pytest.fixture
def fill():
    """Proves one task of two cells per replicate; `totals` are what its cells measured."""

    def fill(lab, totals, outcomes=(), registration_id=None):
        allotment = Allotment(
            experiment_id=1,
            workunits=len(totals),
            replicates_each=1,
            registration_id=registration_id,
            reason="a test",
        )
        with lab.db.transaction():
            order_replicates(lab.db, allotment, max_failures=3, now=lab.now)
        for measured, outcome in itertools.zip_longest(totals, outcomes, fillvalue=Outcome.OK):
            lab.later(minutes=1)
            order = lab.order(1)
            cells = [
                replace(cell, outcome=outcome, measures=None if outcome is Outcome.LATE else measures(total, outcome))
                for cell, total in zip(lab.cells(order), measured, strict=True)
            ]
            output = header_line(lab.header(order)) + b"".join(map(cell_line, cells)) + footer_line(len(cells))
            lab.report(order, output)
        assert lab.validate() == len(totals)

    return fill


def measures(total, outcome):
    return {"total": total if outcome is Outcome.OK else None, "count": None}


@pytest.fixture
def measured_lab(small_lab, prepared, fill):
    """Eight replicates of two configs: size 1 measures 1 to 8, size 2 ten times as much."""
    small_lab.publish(prepared())
    small_lab.host()
    fill(small_lab, [(float(number), 10.0 * number) for number in range(1, 9)])
    return small_lab


@pytest.fixture
def opened(measured_lab):
    return axiom.open(measured_lab.folder.path)
