"""Credit for every task, once: for valid ones within a second by a job of the server, for the rest by each round."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from axiom.domain.credit import Award, Reason, Tariff
from axiom.domain.headlines.numbers import join_words
from axiom.domain.rounds import Note, Round
from axiom.domain.value import value_class
from axiom.laboratory.credit.book_awards import SLICE, pay_awards
from axiom.laboratory.credit.rules.failed_work import (
    BLAMING_US,
    BROKEN_BY_US,
    choose_failure_reason,
    is_failure_believed,
    price_failed_task,
)
from axiom.laboratory.credit.rules.lowered_prices import PaidShare, compute_paid_shares
from axiom.laboratory.credit.rules.prices import PaidSeconds, price_task
from axiom.laboratory.credit.rules.session_cap import cap_award, highest_session_cap
from axiom.laboratory.credit.rules.tariffs import DEFAULT
from axiom.limits import credit as limits
from axiom.server.returns.learn_costs import DeclaredSeconds, time_of_cores
from axiom.store.credit import ledger, settlements, tariffs
from axiom.store.credit.ledger import UnpaidTask
from axiom.store.credit.settlements import Settlement
from axiom.store.credit.tariffs import DatedTariff
from axiom.store.engine.database import Database
from axiom.store.experiments import costs, experiments
from axiom.store.tasks import endings, tasks

_THOUSANDTHS = 1_000
_ALL = PaidShare()
_USUAL_FOR = timedelta(minutes=1)  # what is known of an experiment changes slowly
_MOST_SLICES = 10  # that one step of a round pays; the job and the next round pay the rest


@value_class
class PricingFacts:
    """What is known of an experiment's tasks when one of them is priced."""

    looked_at: datetime
    paid: PaidShare  # of what is declared, where a processor computed it
    is_recalled: bool
    blamed_by: frozenset[int]  # volunteers on whose proven hosts it failed by our doing


class CreditPayer:
    """Pays what waits. It keeps for a minute what such tasks take, and belongs to the writer's thread."""

    def __init__(self) -> None:
        self._usual: dict[int, PricingFacts] = {}
        self._declared = DeclaredSeconds()
        self._shares: tuple[dict[int, PaidShare], datetime] | None = None  # of versions that are paid for less
        self._first: dict[tuple[int, int], list[int]] = {}  # by version and volunteer: first tasks broken by their word

    def pay(self, db: Database, now: datetime) -> int:
        """Award the oldest valid tasks that have no award yet, as far as the session's cap has room; how many."""
        return len(self._pay(db, ledger.list_unpaid_tasks(db, SLICE), now))

    def pay_all(self, db: Database, now: datetime) -> int:
        """Award whatever ended, the oldest tasks first; how many of these had failed."""
        failed = 0
        for _ in range(_MOST_SLICES):
            waiting = [*ledger.list_unpaid_tasks(db, SLICE), *ledger.list_unpaid_failures(db, SLICE)]
            awards = self._pay(db, sorted(waiting, key=lambda task: task.task_id)[:SLICE], now)
            failed += sum(award.reason != Reason.COMPUTED for award in awards)
            if len(awards) < SLICE:
                break
        return failed

    def _pay(self, db: Database, waiting: Sequence[UnpaidTask], now: datetime) -> list[Award]:
        """Book awards up to the first that the cap has no room for: those behind it wait.

        Price and cap are those of the tariff that was in force when the task was sent.
        """
        if not waiting:
            return []
        begun, awarded = read_tariffs(db, now), settlements.sum_unsettled_credit(db)
        priced: list[tuple[int, Award]] = []
        for task in waiting:
            dated = tariffs.choose_tariff(begun, task.sent_at or now)
            cap = dated.tariff.session_cap
            award = cap_award(cap, self.award(db, task, dated.tariff, now))
            if cap is not None and award.amount > max(0, cap - awarded):
                break
            priced.append((dated.id, award))
            awarded += award.amount
        # Failures are many, and nothing is no award.
        due = [(tariff_id, award) for tariff_id, award in priced if award.amount or award.reason == Reason.COMPUTED]
        for tariff_id, group in groupby(due, key=itemgetter(0)):
            pay_awards(db, [award for _, award in group], tariff_id=tariff_id, now=now)
        awards = [award for _, award in priced]
        tasks.mark_tasks_paid(db, [award.task_id for award in awards])
        return awards

    def award(self, db: Database, waiting: UnpaidTask, tariff: Tariff, now: datetime) -> Award:
        """What a task gets by a tariff: a valid one, or one that ended otherwise."""
        usual = self._usual_cost(db, waiting.experiment_id, now)
        is_proven = waiting.is_valid and not waiting.is_late
        # How fast a processor is says nothing of a GPU.
        work = self._work(db, waiting, _ALL if waiting.gpu else usual.paid)
        reason = Reason.COMPUTED
        times = time_of_cores(db, waiting.experiment_id, waiting.said, waiting.gpu)
        priced = price_task(tariff, work, times, is_proven=is_proven, on_gpu=bool(waiting.gpu))
        if not waiting.is_valid:
            believed = waiting.cause in BLAMING_US and self._is_believed(db, waiting, usual)
            reason = choose_failure_reason(waiting.cause, is_recalled=usual.is_recalled, is_believed=believed)
            priced = price_failed_task(tariff, reason, priced, elapsed_seconds=waiting.said.elapsed_seconds)
        return Award(
            task_id=waiting.task_id,
            reason=reason,
            host_id=waiting.host_id,
            volunteer_id=waiting.volunteer_id,
            team_id=waiting.team_id,
            amount=priced.amount,
            because=priced.because,
            tier=priced.tier,
        )

    def _work(self, db: Database, waiting: UnpaidTask, paid: PaidShare) -> PaidSeconds:
        """A task is worth the seconds that its registration declares, or the share of them that is paid."""
        declared = self._declared.seconds(db, waiting.registration_id, waiting.configs) * waiting.replicates
        limit = f"; {declared:.1f} are declared, and {paid.reason}" if paid.reason else ""
        return PaidSeconds(seconds=declared * paid.share, limit=limit)

    def _is_believed(self, db: Database, waiting: UnpaidTask, usual: PricingFacts) -> bool:
        """Is it our doing, as its host says?"""
        key = waiting.experiment_id, waiting.volunteer_id
        first = self._first.get(key, [])
        if waiting.task_id not in first and len(first) < limits.FAILURES_ON_ONE_WORD:
            first = ledger.list_first_failures(db, *key, BLAMING_US, limits.FAILURES_ON_ONE_WORD)
            self._first[key] = first
        return is_failure_believed(
            is_first=waiting.task_id in first,
            is_taken_back=waiting.is_taken_back,
            blamed_by=usual.blamed_by,
            volunteer_id=waiting.volunteer_id,
        )

    def _share(self, db: Database, experiment_id: int, now: datetime) -> PaidShare:
        """Look up the share of its declared seconds that a version is paid for, once a minute at most."""
        if self._shares is None or not timedelta(0) <= now - self._shares[1] < _USUAL_FOR:
            self._shares = compute_paid_shares(costs.list_cost_voices(db)), now
        return self._shares[0].get(experiment_id, _ALL)

    def _usual_cost(self, db: Database, experiment_id: int, now: datetime) -> PricingFacts:
        """Look a version up, once a minute at most."""
        usual = self._usual.get(experiment_id)
        if usual is None or not timedelta(0) <= now - usual.looked_at < _USUAL_FOR:
            experiment = experiments.find_experiment(db, experiment_id)
            usual = PricingFacts(
                looked_at=now,
                paid=self._share(db, experiment_id, now),
                is_recalled=experiment is not None and experiment.status == "recalled",
                blamed_by=endings.list_blaming_volunteers(db, experiment_id, BROKEN_BY_US),
            )
            self._usual[experiment_id] = usual
        return usual


def read_tariffs(db: Database, now: datetime) -> list[DatedTariff]:
    """Those that have begun, the last of which is in force. Before there is any, that which comes with Axiom begins."""
    if not tariffs.list_begun_tariffs(db, now):
        tariffs.add_tariff(db, replace(DEFAULT, version=tariffs.next_tariff_version(db, DEFAULT.name)), now)
    return tariffs.list_begun_tariffs(db, now)


def pay_credit(db: Database, current_round: Round, now: datetime) -> list[Note]:
    """A step of rounds: award what is left, settle, and say what was awarded since the last session looked."""
    begun = read_tariffs(db, now)
    failed = CreditPayer().pay_all(db, now)
    before = settlements.find_previous_settlement(db, current_round.id)
    seen = before.last_award if before else 0
    awarding = tariffs.list_applied_tariffs(db, seen) or [begun[-1].tariff]
    settled = settlements.settle_round(
        db, current_round.id, after=seen, session_cap=highest_session_cap(awarding), now=now
    )
    if settled.awards:
        notes = [_award_note(db, awarding, settled, about=f"/ledger/{current_round.name}")]
    else:
        notes = [Note(kind="credit.nothing", text="No task waited for credit.")]
    if failed:
        notes.append(
            Note(
                kind="credit.failed",
                text="Tasks that failed or were taken back and were looked at for credit: {tasks}.",
                facts={"tasks": failed},
                about="/ledger",
            )
        )
    oldest = ledger.list_unpaid_tasks(db, 1)
    if oldest and tariffs.choose_tariff(begun, oldest[0].sent_at or now).tariff.session_cap is not None:
        notes.append(
            Note(
                kind="credit.pending",
                text="Tasks that wait for the session’s end, since its cap is reached: {tasks}.",
                facts={"tasks": ledger.count_unpaid_tasks(db)},
                about="/ledger",
            )
        )
    return notes


def _award_note(db: Database, awarding: Sequence[Tariff], settled: Settlement, *, about: str) -> Note:
    return Note(
        kind="credit.awarded",
        text="Credit: {credit}, for {tasks} task(s), under {tariffs}. In all: {total}.",
        facts={
            "credit": settled.amount / _THOUSANDTHS,
            "tasks": settled.awards,
            "tariffs": join_words([f"{tariff.name} version {tariff.version}" for tariff in awarding]),
            "total": ledger.sum_awarded_credit(db) / _THOUSANDTHS,
        },
        about=about,
    )
