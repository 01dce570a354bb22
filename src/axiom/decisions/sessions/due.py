"""Should a round of the steps be held now, and does it end a session, which tells of all rounds since the last?"""

from datetime import timedelta

from axiom.domain.amounts import counted
from axiom.domain.sessions import Untold

_LONGEST_GATHERING = 600.0  # seconds that a closed block waits to be weighed, at most
_PARTS_OF_AGE = 60.0  # after an hour it waits a minute
# Between rounds that only hope to find work for idle cores. Each that finds none makes the next wait twice as long: a
# laboratory that has asked everything would otherwise hold a hundred thousand empty ones in a year.
_PATIENCE_SECONDS = 300.0
_CHART_SECONDS = 60.0  # between rounds of which it is known that they find work: further tiles of a map
_LONGEST_PATIENCE = 3_600.0  # also for credit above the last cap, and for what else waits for a round
# Between sessions. What went wrong and what somebody asks are told sooner than what is merely new.
_URGENT_AFTER, _NEWS_AFTER, _ANYHOW_AFTER = timedelta(minutes=30), timedelta(hours=3), timedelta(days=1)
_PUBLISHING_SECONDS = 30.0  # that the first round waits for the whole catalogue, so that it begins with the cheapest


def occasion(
    *,
    has_session: bool,
    publishing_seconds: float | None,
    closed_blocks_unweighed: int,
    waiting: int,
    cores: int,
    stage_changed: bool,
    seconds_since_last: float,
    idle_before_last: float,
    age_seconds: float,
    tiles_open: bool = False,
    to_tell: str = "",
) -> str:
    """Return why a round should be held now; nothing when there is no reason.

    A young laboratory is watched, so it weighs each block at once; an old one gathers several for one round.
    `publishing_seconds`: for so long the catalogue is being published for the first time. `idle_before_last`: for so
    long nothing had been ordered when the last round began. `tiles_open`: maps have tiles that could be ordered.
    `to_tell`: why this round would end a session.
    """
    if not has_session:
        is_early = publishing_seconds is not None and publishing_seconds < _PUBLISHING_SECONDS
        return "" if is_early else "no round has been held yet"
    if closed_blocks_unweighed > 0 and seconds_since_last >= min(_LONGEST_GATHERING, age_seconds / _PARTS_OF_AGE):
        return f"{counted(closed_blocks_unweighed, 'closed block')} not weighed yet"
    if stage_changed:
        return "an experiment has moved on, and more of it may be ordered"
    patience = min(_LONGEST_PATIENCE, max(_PATIENCE_SECONDS, idle_before_last))
    patience = min(patience, _CHART_SECONDS) if tiles_open else patience
    if waiting < cores and seconds_since_last >= patience:
        work = f"{counted(waiting, 'task')} in the queue for {counted(cores, 'core')}"
        return f"{work}, and the last round was {seconds_since_last:.0f} s ago"
    return to_tell


def telling(untold: Untold, since_told: timedelta | None) -> str:
    """Return why a round ends a session; nothing where it is held quietly.

    `since_told` is the time since the last session ended; None: there was none yet.
    """
    if since_told is None:
        return "the laboratory has begun"
    if since_told >= _URGENT_AFTER and (untold.failures or untold.asked):
        return _happened(untold)
    if since_told >= _NEWS_AFTER and (news := _happened(untold)):
        return news
    return "a day has passed" if since_told >= _ANYHOW_AFTER else ""


def _happened(untold: Untold) -> str:
    told = {
        "failures and watches that were met": untold.failures,
        "ideas and proposals that wait for an answer": untold.asked,
        "findings with another verdict or grade": untold.changed,
        "follow-ups that wait for an answer": untold.proposed,
        "new versions": untold.published,
    }
    return "; ".join(f"{what}: {number}" for what, number in told.items() if number)
