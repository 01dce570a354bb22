"""Laboratories that hold sessions: rounds of steps, each in one transaction as in the writer."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from gate_door import caller as caller
from gate_door import door as door
from gate_door import new_door as new_door
from gate_door import package as package
from gate_door import secret as secret
from tiny_experiment import prepare_text, tiny_source

import axiom
from axiom.domain.rounds import Step
from axiom.laboratory import promises
from axiom.laboratory.experiments.publish import PackedBundle
from axiom.laboratory.policy import Policy
from axiom.laboratory.rounds.rounds import StepResult, take_next_step
from axiom.store.engine.database import Database
from axiom.store.rounds import rounds as sessions

PACKAGE = Path(axiom.__file__).parent
POLICY = Policy(per_core=3, task_seconds=8.0, max_failures=3)
ESTIMANDS = re.compile(r"estimands=\(.*?\n    \),\n", re.DOTALL)
CURVE = ("    total: float\n", "    total: float\n    total_by_step: tuple[float, ...] | None = None\n")
FIGURE = 'figure=Figure(x="size", y="total", title="The sum over the size"),\n    needs='


@dataclass(kw_only=True)
class Rounds:
    """A small laboratory whose sessions are held, and what tests ask about them."""

    lab: Any
    policy: Policy = POLICY

    @property
    def db(self) -> Database:
        return self.lab.db

    def in_stages(self) -> None:
        """Nobody has let anything out yet: what is published begins with its pilot."""
        self.db.execute("DELETE FROM release")

    def step(self) -> StepResult:
        with self.db.transaction(), self.db.savepoint():
            return take_next_step(self.db, self.policy, pi="autopilot", reason="a test", now=self.lab.now)

    def up_to(self, wanted: Step) -> StepResult:
        """The open session, or a new one, as far as this step."""
        while (stepped := self.step()).step is not wanted:
            continue
        return stepped

    def hold(self) -> list[StepResult]:
        steps = [self.step()]
        while not steps[-1].ended:
            steps.append(self.step())
        return steps

    def kinds(self) -> list[str]:
        return [note.kind for _, note in sessions.list_round_notes(self.db, sessions.find_last_round(self.db).id)]

    def said(self, kind: str) -> list[str]:
        return [
            note.sentence
            for _, note in sessions.list_round_notes(self.db, sessions.find_last_round(self.db).id)
            if note.kind == kind
        ]

    def compute(self, amount: int = 1, *, host: int = 1, by: Callable[[Any], bytes | None] | None = None) -> list:
        """So many tasks are handed out, computed and judged; `by` makes the output, or None for a failure."""
        orders = []
        for _ in range(amount):
            order = self.lab.order(host)
            output = self.lab.output(order) if by is None else by(order)
            self.lab.report(order, output, exit_status=0 if output else 10)
            orders.append(order)
        self.lab.validate()
        self.lab.later(seconds=1)
        return orders

    def fill_block(self, experiment_id: int = 1) -> None:
        """The next eight replicates, ordered and computed."""
        self.lab.deploy(experiment_id, workunits=8)
        self.compute(8)

    def stored(self, *tables: str) -> dict[str, list]:
        return {
            table: self.db.select(f"SELECT * FROM {table}")  # noqa: S608  our own tables
            for table in tables or sorted(self.db.tables())
        }

    def broken(self) -> dict[str, list[str]]:
        found = promises.find_broken_promises(self.db, self.lab.folder, self.lab.keys.trust, self.lab.now)
        return {promise: problems for promise, problems in found.items() if problems}


@pytest.fixture(scope="session")
def variant(tmp_path_factory) -> Callable[..., PackedBundle]:
    """The tiny experiment under another name, cost or declaration; each variant once in a session."""

    @functools.cache
    def make(
        name: str,
        *,
        seconds: float = 1.0,
        asks: bool = True,
        figure: bool = False,
        curve: bool = False,
        answer: str = "",
    ) -> PackedBundle:
        text = tiny_source(name=name).replace("lambda config: 1.0", f"lambda config: {seconds}")
        if not asks:
            text = ESTIMANDS.sub("estimands=(),\n", text)
        if figure:
            text = text.replace("import Experiment, ", "import Experiment, Figure, ").replace("needs=", FIGURE)
        if curve:
            text = text.replace(*CURVE)
        if answer:
            headlines = f'headlines=(Headline(says="{answer}", when={{"grows": Direction.LESS}}),),'
            text = text.replace("import Experiment, ", "import Experiment, Headline, ").replace(
                "needs=", f"{headlines}\n    needs="
            )
        return prepare_text(name, text, tmp_path_factory.mktemp(name))

    return make


@pytest.fixture
def rounds_of():
    """Holds the sessions of a laboratory under its own policy."""
    return lambda lab, **changes: Rounds(lab=lab, policy=replace(POLICY, **changes))


@pytest.fixture
def rounds(small_lab, prepared) -> Rounds:
    """tiny_sum is published and host 1 is there."""
    small_lab.publish(prepared())
    assert small_lab.host() == 1
    return Rounds(lab=small_lab)


@pytest.fixture
def due_rounds(rounds, variant) -> Rounds:
    """Every step of the next session has something to do, and something to leave alone."""
    lab = rounds.lab
    lab.publish(variant("deploy_sum", asks=False))
    lab.host("gone", cores=1)
    for _ in range(2):
        lab.deploy(workunits=8)
        rounds.compute(8)
    lab.deploy(workunits=2)
    lab.order(2)
    rounds.compute(by=lambda _order: None)
    lab.later(hours=49)
    lab.ask(1, wanted=0)
    return rounds


@pytest.fixture
def shifting(rounds_of, small_lab, prepared):
    """A laboratory whose sessions order nothing by themselves, and whose claim leaves a factor open."""
    small_lab.publish(prepared(has_shift=True))
    assert small_lab.host() == 1
    return rounds_of(small_lab, per_core=0)
