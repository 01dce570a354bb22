"""A small laboratory in which accidents are tried again: hosts, work, sessions, and clients that call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from scheduler_calls import Exchange

from axiom.laboratory.policy import Policy
from axiom.laboratory.rounds.rounds import take_next_step
from axiom.signed.keys import make_secrets
from axiom.signed.outputs import CellOutput, cell_line, footer_line, header_line
from axiom.store.engine.database import Database

POLICY = Policy(per_core=3, task_seconds=8.0, max_failures=3)


@dataclass(kw_only=True)
class Bench:
    """tiny_sum is published; three hosts of three volunteers compute."""

    lab: Any
    computes: Callable[[Any], bytes | None] | None = None  # what a host makes of an order, if not what it should
    tend: Callable[[Database], None] = lambda _db: None  # what an operator does meanwhile

    @property
    def db(self) -> Database:
        return self.lab.db

    def hold(self) -> None:
        """One session to its end."""
        is_over = False
        while not is_over:
            with self.db.transaction(), self.db.savepoint():
                done = take_next_step(self.db, POLICY, pi="autopilot", reason="a test", now=self.lab.now)
            is_over = done.ended
        self.lab.later(seconds=1)

    def compute(self, amount: int, by: Callable[[Any], bytes | None], *, hosts: Sequence[int] = (1,)) -> list[int]:
        """So many tasks in turn; `by` makes what comes back, None where the code raised. Fewer where fewer are left."""
        done = []
        for number in range(amount):
            orders = self.lab.ask(hosts[number % len(hosts)], wanted=1)
            for order in orders:
                brought = by(order)
                self.lab.report(order, brought, exit_status=0 if brought else 10)
                done.append(order.task)
            self.lab.validate()
            self.lab.later(seconds=1)
        return done

    def output(self, order: Any, change: Callable[[CellOutput], CellOutput]) -> bytes:
        """An output of which each cell was changed."""
        cells = [cell_line(change(cell)) for cell in self.lab.cells(order)]
        return header_line(self.lab.header(order)) + b"".join(cells) + footer_line(len(cells))

    def amount(self, sql: str) -> int:
        """The one number that a question has for an answer."""
        return int(self.db.row(sql)["n"])


@pytest.fixture
def bench(small_lab, prepared):
    """Nothing is ordered yet."""
    small_lab.publish(prepared())
    for name, volunteer in (("first", "Ada"), ("second", "Ben"), ("third", "Cleo")):
        small_lab.host(name, cores=8, memory_mb=16_000, volunteer=volunteer)
    return Bench(lab=small_lab)


@pytest.fixture
def exchange(working_lab, tmp_path_factory):
    """A laboratory that answers clients, with one workunit ordered."""
    folder = tmp_path_factory.mktemp("secrets")
    folder.chmod(0o700)
    opened = Exchange(working_lab, make_secrets(folder))
    yield opened
    opened.close()
