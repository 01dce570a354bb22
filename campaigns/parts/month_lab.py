"""A laboratory that lives through simulated days: real sandbox, real runner, real sessions; only its clock is ours."""

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from mcp_lab import gated
from model_line import Line
from scientist_lab import Call, ScientistLab, Talks, results_of, scientist_lab

import axiom
from axiom.autopilot.autopilot import hold_session
from axiom.domain.fleet import Capacity
from axiom.domain.proposals import Admission, Proposal, ProposalState
from axiom.domain.work import Exit, Report
from axiom.laboratory.credit.pay import CreditPayer
from axiom.laboratory.experiments import drafts, preflight_report
from axiom.laboratory.experiments.commands.drafts import ReportDraft
from axiom.laboratory.experiments.preflight import preflight_secret
from axiom.laboratory.policy import policy_from_settings
from axiom.laboratory.proposals.commands.proposals import ApproveProposal, RefuseProposal
from axiom.laboratory.rounds import rounds as session
from axiom.runner.child.pause import PauseGate
from axiom.runner.files.home import RunnerHome
from axiom.runner.platform.host import platform_here
from axiom.runner.tasks import Runner
from axiom.server.pilots.local_work_source import LocalWorkSource
from axiom.server.returns.transitioner import sweep_late, sweep_unattended
from axiom.server.returns.validator import Validator
from axiom.service import standard_callers as callers
from axiom.signed.trust import write_trust
from axiom.store.accounts import accounts
from axiom.store.experiments import drafts as kept_drafts
from axiom.store.hosts import hosts
from axiom.store.registrations import proposals

CORES = 8
OPERATOR = callers.operator_caller()
Turn = Sequence[Call]
Author = Generator[Turn, Any, None]  # it is sent what its last calls came to
Judges = Callable[[Proposal], bool]  # the person who answers proposals


@dataclass(kw_only=True)
class MonthLab:
    """The laboratory, its scientist and its one computer."""

    lab: ScientistLab
    source: LocalWorkSource
    runner: Runner
    slots: Path
    ended: Counter[str] = field(default_factory=Counter)  # tasks of experiments, by how they ended
    failures: Counter[str] = field(default_factory=Counter)  # failed tasks by their file's bundle
    answers: list[str] = field(default_factory=list)  # all that the model was told

    def day(self, author: Author, judges: Judges, *, rounds: int = 12) -> None:
        """The scientist holds one session, the person answers, and the laboratory goes on for the rest of the day."""
        self.lab.line.service.play = talks = Talks(self.lab.line, [author], between=self.try_drafts)
        self.lab.held()
        self.answers += [json.dumps(results_of(self.lab.line, body)) for body in talks.asked]
        for fault in talks.faults:
            raise fault
        self.answer(judges)
        for _ in range(rounds):
            self.later(hours=24 / rounds)
            self.compute()
            reason = self._run(lambda db: session.why_round_due(db, policy_from_settings(self.lab.settings), self.now))
            if reason:
                hold_session(self, reason)
        self.compute()

    @property
    def now(self) -> Any:
        """What time it is here."""
        return self.lab.mcp.lab.now

    def later(self, **time: float) -> None:
        """Time passes."""
        self.lab.mcp.lab.now += timedelta(**time)

    def status(self) -> dict[str, Any]:
        """Nothing that the autopilot is told here: it is sent when there is a reason."""
        return {}

    def submit(self, command: Any) -> Any:
        """Have a command done."""
        return self.lab.mcp.gate.submit(command, OPERATOR)

    def answer(self, judges: Judges) -> None:
        """The person answers whatever waits."""
        waiting = [
            proposal for proposal in self._run(proposals.list_all_proposals) if proposal.state is ProposalState.OPEN
        ]
        for proposal in waiting:
            if proposal.proposal.admission is Admission.CODE and proposal.proposal.author.startswith("program:"):
                how = ApproveProposal if judges(proposal.proposal) else RefuseProposal
                self.submit(how(proposal=proposal.number, why="a person has looked at it"))

    def try_drafts(self) -> None:
        """Put every draft that waits to all gates, in the sandbox."""
        secret, package = preflight_secret(self.lab.mcp.lab.keys.ticket), Path(axiom.__file__).parent
        while (draft := self._run(kept_drafts.find_next_draft)) is not None:
            attempt, declaration = drafts.preflight_draft(package, draft, secret, PauseGate())
            self.submit(
                ReportDraft(
                    draft=draft.number, report=preflight_report.write_preflight_report(attempt), declaration=declaration
                )
            )

    def compute(self) -> None:
        """Compute all that is ordered, as a computer of the laboratory does."""
        validator, paying = Validator(self.source.pilots.folder, b"a secret"), CreditPayer()
        while orders := self.source.ask(frozenset(), CORES):
            for order in orders:
                bundle = self.slots.parent / "home" / "bundles" / order.bundle
                bundle.with_suffix(".zip").write_bytes(self.source.bundle(order.bundle))
                bundle.with_suffix(".seal").write_text(self.source.seal(order.bundle))
                slot = self.slots / str(order.task)
                done = self.runner.obey(order.argv(), slot, now=self.now, report=lambda *_: None)
                report = Report(
                    task_id=order.task,
                    host_id=order.host,
                    exit_status=int(done.exit),
                    output_digest=None,
                    cpu_seconds=done.cpu_seconds,
                    elapsed_seconds=done.elapsed_seconds,
                    message=done.message,
                )
                self.ended[done.exit.name] += 1
                self.failures[order.bundle] += done.exit is not Exit.DONE
                self.source.report([(report, Path(done.output).read_bytes() if done.output else None)])
            self.later(minutes=1)
        self._run(lambda db: sweep_late(db, self.now) + sweep_unattended(db, self.now))
        self._run(lambda db: validator.judge(db, self.now))
        self._run(lambda db: paying.pay(db, self.now))

    def _run(self, work: Any) -> Any:
        return self.lab.mcp.gate.writer.run(work)


@contextmanager
def month_lab(small: Any, line: Line, place: Path) -> Iterator[MonthLab]:
    """An empty laboratory with one computer of its own and a scientist at the line."""
    with gated(small) as mcp, scientist_lab(mcp, line) as lab:
        host = mcp.gate.writer.run(
            lambda db: hosts.upsert_host(
                db,
                volunteer_id=accounts.find_laboratory_account(db, small.now),
                name="bench",
                platform=platform_here(),
                capacity=Capacity(cores=CORES, memory_mb=16_000),
                now=small.now,
            )
        )
        home, slots = RunnerHome(place / "home"), place / "slots"
        home.create()
        slots.mkdir()
        (home.path / "trust.json").write_bytes(write_trust(small.keys.trust, [small.keys.root]))
        runner = Runner(home, host)
        source = LocalWorkSource(writer=mcp.gate.writer, pilots=small.pilots(), host_id=host)
        try:
            yield MonthLab(lab=lab, source=source, runner=runner, slots=slots)
        finally:
            runner.stop()
