"""Credit for every task, once: for valid ones within a second by a job of the server, for the rest by each session."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from axiom.decisions.credit.prices import (
    BLAMING_US,
    BROKEN_BY_US,
    ON_ITS_WORD,
    Counted,
    is_believed,
    price,
    price_of_failure,
    why_unproven,
)
from axiom.decisions.credit.tariffs import DEFAULT, cap_during
from axiom.decisions.hosts.costs import PaidShare, paid_shares
from axiom.domain.credit import Award, Reason, Tariff
from axiom.domain.sessions import Note, Session
from axiom.domain.value import value
from axiom.lab.credit.booking import SLICE, book_or_hold, release
from axiom.server.returns.learn_costs import DeclaredSeconds
from axiom.store.credit import ledger, settlements, tariffs
from axiom.store.credit.ledger import Unpaid
from axiom.store.credit.settlements import Settlement
from axiom.store.engine.database import Database
from axiom.store.experiments import costs, experiments
from axiom.store.tasks import endings, tasks

_THOUSANDTHS = 1_000
_ALL = PaidShare()
_USUAL_FOR = timedelta(minutes=1)  # what is known of an experiment changes slowly
_MOST_SLICES = 10  # that one step of a session pays; the job and the next session pay the rest


@value
class UsualCost:
    """What is known of an experiment's tasks when one of them is priced."""

    looked_at: datetime
    paid: PaidShare  # of what is declared, where a processor computed it
    is_recalled: bool
    blamed_by: frozenset[int]  # volunteers on whose proven hosts it failed by our doing


class Paying:
    """Pays what waits. It keeps for a minute what such tasks take, and belongs to the writer's thread."""

    def __init__(self) -> None:
        self._usual: dict[int, UsualCost] = {}
        self._declared = DeclaredSeconds()
        self._shares: tuple[dict[int, PaidShare], datetime] | None = None  # of versions that are paid for less
        self._first: dict[tuple[int, int], list[int]] = {}  # by version and volunteer: first tasks broken by their word

    def pay(self, db: Database, now: datetime, *, session_id: int | None = None) -> int:
        """Award the oldest valid tasks that have no award yet; how many there were.

        What waited behind a cap that leaves room again comes before them.
        """
        waiting, held = ledger.unpaid(db, SLICE), settlements.waiting(db, 1)
        if not (waiting or held):
            return 0
        tariff_id, tariff = tariff_of(db, now)
        if held:
            booked, is_blocked = release(db, tariff.session_cap, session_id=session_id, now=now)
            if booked == SLICE:
                return SLICE  # more may wait; what is younger comes after it
        else:
            is_blocked = False
        awards = [self.award(db, one, tariff, now) for one in waiting]
        book_or_hold(
            db, awards, tariff_id, cap=tariff.session_cap, is_blocked=is_blocked, session_id=session_id, now=now
        )
        tasks.mark_paid(db, [one.task_id for one in waiting])
        return len(waiting)

    def thank(self, db: Database, now: datetime, *, session_id: int) -> int:
        """Look at the oldest tasks that ended otherwise, and award what the tariff gives; how many they were."""
        waiting = ledger.unthanked(db, SLICE)
        if waiting:
            tariff_id, tariff = tariff_of(db, now)
            awards = [self.award(db, one, tariff, now) for one in waiting]
            is_blocked = bool(settlements.waiting(db, 1, most=tariff.session_cap))
            due = [award for award in awards if award.amount]  # nothing is no award: failures are many
            book_or_hold(
                db, due, tariff_id, cap=tariff.session_cap, is_blocked=is_blocked, session_id=session_id, now=now
            )
            tasks.mark_paid(db, [one.task_id for one in waiting])
        return len(waiting)

    def award(self, db: Database, waiting: Unpaid, tariff: Tariff, now: datetime) -> Award:
        """What a task gets by a tariff: a valid one, or one that ended otherwise."""
        usual = self._known(db, waiting.experiment_id, now)
        is_proven = waiting.is_valid and not waiting.is_late
        # How fast a processor is says nothing of a GPU.
        work = self._work(db, waiting, _ALL if waiting.gpu else usual.paid)
        reason = Reason.COMPUTED
        priced = price(tariff, work, waiting.said, is_proven=is_proven, on_gpu=bool(waiting.gpu))
        if not waiting.is_valid:
            believed = waiting.cause in BLAMING_US and self._believed(db, waiting, usual)
            reason = why_unproven(waiting.cause, is_recalled=usual.is_recalled, is_believed=believed)
            priced = price_of_failure(tariff, reason, priced, elapsed_seconds=waiting.said.elapsed_seconds)
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

    def _work(self, db: Database, waiting: Unpaid, paid: PaidShare) -> Counted:
        """A task is worth the seconds that its registration declares, or the share of them that is paid."""
        declared = self._declared.seconds(db, waiting.registration_id, waiting.configs) * waiting.replicates
        limit = f"; {declared:.1f} are declared, and {paid.reason}" if paid.reason else ""
        return Counted(seconds=declared * paid.share, limit=limit)

    def _believed(self, db: Database, waiting: Unpaid, usual: UsualCost) -> bool:
        """Is it our doing, as its host says?"""
        key = waiting.experiment_id, waiting.volunteer_id
        first = self._first.get(key, [])
        if waiting.task_id not in first and len(first) < ON_ITS_WORD:
            first = ledger.first_broken(db, *key, BLAMING_US, ON_ITS_WORD)
            self._first[key] = first
        return is_believed(
            is_first=waiting.task_id in first,
            is_taken_back=waiting.is_taken_back,
            blamed_by=usual.blamed_by,
            volunteer_id=waiting.volunteer_id,
        )

    def _share(self, db: Database, experiment_id: int, now: datetime) -> PaidShare:
        """Look up the share of its declared seconds that a version is paid for, once a minute at most."""
        if self._shares is None or not timedelta(0) <= now - self._shares[1] < _USUAL_FOR:
            self._shares = paid_shares(costs.voices(db)), now
        return self._shares[0].get(experiment_id, _ALL)

    def _known(self, db: Database, experiment_id: int, now: datetime) -> UsualCost:
        """Look a version up, once a minute at most."""
        found = self._usual.get(experiment_id)
        if found is None or not timedelta(0) <= now - found.looked_at < _USUAL_FOR:
            experiment = experiments.by_id(db, experiment_id)
            found = UsualCost(
                looked_at=now,
                paid=self._share(db, experiment_id, now),
                is_recalled=experiment is not None and experiment.status == "recalled",
                blamed_by=endings.blaming(db, experiment_id, BROKEN_BY_US),
            )
            self._usual[experiment_id] = found
        return found


def tariff_of(db: Database, now: datetime) -> tuple[int, Tariff]:
    """The tariff in force, with its id; before the first one, that which comes with Axiom."""
    held = tariffs.in_force(db, now)
    if held is not None:
        return held
    later = [one.tariff.version for one in tariffs.everything(db) if one.tariff.name == DEFAULT.name]
    first = replace(DEFAULT, version=max(later, default=0) + 1)  # one of its name may be announced for later
    return tariffs.announce(db, first, now), first


def credit(db: Database, session: Session, now: datetime) -> list[Note]:
    """A step of sessions: award what is left, settle, and say what was awarded since the last session looked."""
    _, tariff = tariff_of(db, now)
    paying = Paying()
    _through(lambda: paying.pay(db, now, session_id=session.id))
    looked = _through(lambda: paying.thank(db, now, session_id=session.id))
    before = settlements.before(db, session.id)
    seen = before.last_award if before else 0
    held = [one.tariff for one in _in_force_since(db, ledger.first_after(db, seen) or now, now)]
    settled = settlements.settle(db, session.id, after=seen, session_cap=cap_during(held), now=now)
    waits, amount_waiting = settlements.waiting_in_all(db)
    if settled.awards:
        notes = [_awarded(db, tariff, settled, about=f"/ledger/{session.name}")]
    else:
        notes = [Note(kind="credit.nothing", text="No task waited for credit.")]
    if looked:
        notes.append(
            Note(
                kind="credit.failed",
                text="Tasks that failed or were taken back and were looked at for credit: {tasks}.",
                facts={"tasks": looked},
                about="/ledger",
            )
        )
    if waits:
        notes.append(
            Note(
                kind="credit.pending",
                text="Awards that wait, since the session’s cap is reached: {awards}, {credit} credit.",
                facts={"awards": waits, "credit": amount_waiting / _THOUSANDTHS},
                about="/ledger",
            )
        )
    return notes


def _awarded(db: Database, tariff: Tariff, settled: Settlement, *, about: str) -> Note:
    return Note(
        kind="credit.awarded",
        text="Credit: {credit}, for tasks in number {tasks}, under {tariff} version {version}. In all: {total}.",
        facts={
            "credit": settled.amount / _THOUSANDTHS,
            "tasks": settled.awards,
            "tariff": tariff.name,
            "version": tariff.version,
            "total": ledger.total(db) / _THOUSANDTHS,
        },
        about=about,
    )


def _through(pay: Callable[[], int]) -> int:
    """Slice after slice until one is not full; how many there were in all."""
    done = 0
    for _ in range(_MOST_SLICES):
        paid = pay()
        done += paid
        if paid < SLICE:
            break
    return done


def _in_force_since(db: Database, since: datetime, now: datetime) -> list[tariffs.Announced]:
    """The tariffs that held at any time since then, up to now. One under which nothing was awarded capped nothing."""
    begun = [one for one in tariffs.everything(db) if one.valid_from <= now]
    older = [one for one in begun if one.valid_from <= since]
    return begun[max(0, len(older) - 1) :]
