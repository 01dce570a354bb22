"""Which stamps has a volunteer earned? A stamp says what was done, not how fast; none can be bought, lost or ranked."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.locale.languages import mark

_JOBS = (100, mark("A hundred jobs")), (10_000, mark("Ten thousand jobs"))
_HOURS = (100, mark("A hundred hours")), (10_000, mark("Ten thousand hours"))
_ANSWERS = 10
_HOUR = 3_600.0  # seconds
# The number by which statistics sites know each stamp: one that is added gets the next, and none is given twice.
NUMBERS = {
    "first": 1,
    "jobs-100": 2,
    "jobs-10000": 3,
    "hours-100": 4,
    "hours-10000": 5,
    "answer": 6,
    "answers": 7,
    "mind": 8,
    "year": 9,
}
_YEAR = timedelta(days=366)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """What somebody's computers have done so far."""

    valid: int  # jobs whose results are proven
    hours: float  # of a core
    answers: int  # findings that their results are in
    changed: int  # of these, how many went against their claim
    since: datetime  # when the account was opened


def sum_contribution(
    *, valid: int, cpu_seconds: float, answers: Set[int], against: Set[int], since: datetime
) -> Contribution:
    """From the numbers of the findings that their results are in, and of all that went against their claim."""
    return Contribution(
        valid=valid,
        hours=cpu_seconds / _HOUR,
        answers=len(answers),
        changed=len(answers & against),
        since=since,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """A stamp and, in words, for what it is; or how far it is away."""

    name: str
    title: str
    is_earned: bool
    why: str
    done: int
    wanted: int


def list_stamps(done: Contribution, now: datetime) -> Sequence[Stamp]:
    """Return every stamp, those that were earned first."""
    days = max(0, (now - done.since).days)
    all_stamps = [
        _stamp("first", mark("First light"), done.valid, 1, "valid job"),
        *(_stamp(f"jobs-{most}", title, done.valid, most, "valid jobs") for most, title in _JOBS),
        *(_stamp(f"hours-{most}", title, done.hours, most, "hours of computing") for most, title in _HOURS),
        _stamp("answer", mark("Part of an answer"), done.answers, 1, "finding with results of these computers"),
        _stamp("answers", mark("Ten answers"), done.answers, _ANSWERS, "findings with results of these computers"),
        _stamp("mind", mark("Changed our mind"), done.changed, 1, "answer that went against its claim"),
        _stamp("year", mark("A year and a day"), days, _YEAR.days, "days since the account was opened"),
    ]
    return sorted(all_stamps, key=lambda stamp: not stamp.is_earned)


def _stamp(name: str, title: str, done: float, wanted: int, what: str) -> Stamp:
    is_earned = done >= wanted
    why = f"{wanted:,} {what}" if is_earned else f"{int(done):,} of {wanted:,} {what}"
    return Stamp(name=name, title=title, is_earned=is_earned, why=why, done=int(done), wanted=wanted)
