"""Commands about credit: bring over what was earned before, set right what was awarded, announce a tariff."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.headlines.numbers import format_number
from axiom.errors import NotFound, Refused, UnknownName, WrongUse
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import NUMBER, PUBLIC, parse_moment
from axiom.laboratory.credit.correct import correct_award
from axiom.laboratory.credit.pay import read_tariffs
from axiom.laboratory.credit.rules.prices import describe_tariff_change
from axiom.laboratory.credit.rules.session_cap import cap_problem
from axiom.laboratory.credit.rules.tariffs import PRESETS, begin_problem, choose_earliest_begin
from axiom.limits import credit as limits
from axiom.limits import news as news_limits
from axiom.store import news
from axiom.store.accounts import accounts
from axiom.store.credit import ledger, tariffs
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts as host_store
from axiom.store.views.credit import list_carried_credit

_AS_BEFORE = "Credit is computed as before."
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class LifetimeCredit:
    """What one volunteer has from one source, in thousandths."""

    volunteer: int = field(metadata=NUMBER)
    source: str = field(metadata={"min_length": 1, "max_length": 100})
    amount: int = field(metadata={"ge": 1, "le": limits.THOUSANDTHS_OF_A_SOURCE})


@dataclass(frozen=True, kw_only=True)
class CarryOver(Command, name="volunteer.carry-over", capability=Capability.RUN):
    """Let credit from elsewhere count from now on, once from each source. It is not recent, and no team's."""

    rows: list[LifetimeCredit] = field(metadata={"min_length": 1, "max_length": limits.ROWS_OF_A_COMMAND})
    because: str = field(default="lifetime total from before", metadata={"min_length": 1, "max_length": 500})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Carry over what was not carried over before; what was stays as it is, and the answer says so."""
        _refuse_twice(self.rows)
        new = [row for row in self.rows if self._carry(db, row, now)]
        unchanged = [row for row in self.rows if row not in new]
        return {
            "carried": [asdict(row) for row in new],
            "amount": sum(row.amount for row in new),
            "kept": [asdict(row) | {"kept": _carried_amount(db, row)} for row in unchanged],
        }

    def _carry(self, db: Database, row: LifetimeCredit, now: datetime) -> bool:
        if accounts.find_account(db, row.volunteer) is None:
            raise NotFound(f"There is no volunteer {row.volunteer}. No credit was carried over.")
        return ledger.carry_over_credit(
            db, row.volunteer, source=row.source, amount=row.amount, because=self.because, now=now
        )


@dataclass(frozen=True, kw_only=True)
class CorrectCredit(Command, name="ledger.correct", capability=Capability.RUN):
    """Add credit for a task or take some back, by a further award: what was booked is never changed."""

    task: int = field(metadata=NUMBER)
    amount: int = field(metadata={"ge": -limits.THOUSANDTHS_OF_A_SOURCE, "le": limits.THOUSANDTHS_OF_A_SOURCE})
    because: str = field(
        metadata={
            "min_length": 3,
            "max_length": 500,
            "flag": "--because",
            "help": "Why; it stays with the award.",
        }
    )

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        award = correct_award(db, self.task, self.amount, self.because, now)
        return {
            "task": self.task,
            "reason": str(award.reason),
            "volunteer": award.volunteer_id,
            "host": award.host_id,
            "amount": award.amount,
            "in_all": sum(entry.amount for entry in ledger.list_task_awards(db, self.task)),
        }


@dataclass(frozen=True, kw_only=True)
class UseTariff(Command, name="ledger.tariff", capability=Capability.RUN):
    """Announce that tasks sent from a day on are paid by one of the tariffs that come with Axiom, by their work.

    It is in the news before it begins. Where nobody else has computed of late, that may be at once.
    """

    tariff: str = field(metadata={"min_length": 1, "max_length": 40, "metavar": "NAME"})
    because: str = field(metadata={"min_length": 3, "max_length": 500, "flag": "--because", **PUBLIC})
    session_cap: int | None = field(default=None, metadata={"ge": 0, "le": limits.THOUSANDTHS_OF_A_SOURCE})
    valid_from: str = field(
        default="",
        metadata={
            "max_length": 40,
            "flag": "--from",
            "metavar": "DAY",
            "help": "Like 2026-03-10, in UTC; else as soon as may be.",
        },
    )

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Announce it under the next version of its name. What was announced for other days begins on those."""
        if self.tariff not in PRESETS:
            raise UnknownName("tariff", self.tariff, PRESETS)
        preset, begins = PRESETS[self.tariff], self._begins(db, now)
        read_tariffs(db, now)  # what was sent before is paid by one that had begun
        before = tariffs.choose_tariff(tariffs.list_begun_tariffs(db, begins), begins - _MICROSECOND)
        tariff = replace(
            preset,
            version=tariffs.next_tariff_version(db, self.tariff),
            by_clock=False,
            session_cap=preset.session_cap if self.session_cap is None else self.session_cap,
        )
        if why_not := cap_problem(tariff):
            raise WrongUse(f"{why_not} {_AS_BEFORE}")
        line = describe_tariff_change(before.tariff, tariff, begins)
        cap = (
            "no cap"
            if tariff.session_cap is None
            else f"a session's cap of {format_number(tariff.session_cap / 1_000)}"
        )
        text = f"Why: {self.because}\n\nIt is {tariff.name}, version {tariff.version}, with {cap}; see the ledger."
        return {
            "tariff": tariff.name,
            "version": tariff.version,
            "number": tariffs.add_tariff(db, tariff, begins, because=self.because, announced_at=now),
            "valid_from": begins.isoformat(),
            "because": self.because,
            "news": news.add_news(db, line=line, text=text, until=begins + news_limits.STANDS_FOR, now=now),
            "line": line,
        }

    def _begins(self, db: Database, now: datetime) -> datetime:
        """When it begins: as it is said, or as soon as it may."""
        ours, since = accounts.find_laboratory_account(db, now), now - limits.ANNOUNCED_AHEAD
        earliest = choose_earliest_begin(now, others_compute=host_store.has_other_hosts_since(db, ours, since))
        begins = parse_moment(self.valid_from, earliest.at, _AS_BEFORE)
        if why_not := begin_problem(begins, earliest, now):
            raise Refused(f"{why_not} {_AS_BEFORE}")
        return begins


def _refuse_twice(rows: list[LifetimeCredit]) -> None:
    seen: set[tuple[int, str]] = set()
    for row in rows:
        if (row.volunteer, row.source) in seen:
            raise WrongUse(
                f"Volunteer {row.volunteer} stands twice with the source {row.source!r}, so it is not known which "
                "amount is meant. No credit was carried over."
            )
        seen.add((row.volunteer, row.source))


def _carried_amount(db: Database, row: LifetimeCredit) -> int:
    """What was carried over before from this source."""
    return next(credit.amount for credit in list_carried_credit(db, row.volunteer) if credit.source == row.source)
