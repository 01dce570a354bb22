"""Should a round of the steps be held now, and does it end a session, which tells of all rounds since the last?"""

from datetime import timedelta

from axiom.domain.rounds import UntoldCounts
from axiom.limits import rounds as limits
from axiom_weigh.amounts import tell_amount

_PARTS_OF_AGE = 60.0  # after an hour it waits a minute
_ANYHOW_AFTER = timedelta(days=1)


def why_hold_first_round(publishing_seconds: float | None) -> str:
    """Return why the first round should be held now; `publishing_seconds`: for so long the catalogue is published."""
    is_early = publishing_seconds is not None and publishing_seconds < limits.FIRST_ROUND_SECONDS
    return "" if is_early else "no round has been held yet"


def why_hold_round(
    *,
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
    """Return why another round should be held now; nothing when there is no reason.

    A young laboratory is watched, so it weighs each block at once; an old one gathers several for one round.
    `idle_before_last`: for so long nothing had been ordered when the last round began. `tiles_open`: maps have tiles
    that could be ordered. `to_tell`: why this round would end a session.
    """
    if closed_blocks_unweighed > 0 and seconds_since_last >= min(
        limits.BLOCK_WAITS_SECONDS, age_seconds / _PARTS_OF_AGE
    ):
        return f"{tell_amount(closed_blocks_unweighed, 'closed block')} not weighed yet"
    if stage_changed:
        return "an experiment has moved on, and more of it may be ordered"
    patience = min(limits.IDLE_ROUND_SECONDS, max(limits.IDLE_ROUND_AFTER_SECONDS, idle_before_last))
    patience = min(patience, limits.MAP_ROUND_SECONDS) if tiles_open else patience
    if waiting < cores and seconds_since_last >= patience:
        work = f"{tell_amount(waiting, 'task')} in the queue for {tell_amount(cores, 'core')}"
        return f"{work}, and the last round was {seconds_since_last:.0f} s ago"
    return to_tell


def why_end_session(untold: UntoldCounts, since_told: timedelta | None) -> str:
    """Return why a round ends a session; nothing where it is held quietly.

    `since_told` is the time since the last session ended; None: there was none yet.
    """
    if since_told is None:
        return "the laboratory has begun"
    if since_told >= limits.URGENT_AFTER and (untold.failures or untold.unanswered):
        return _events(untold)
    if since_told >= limits.NEWS_AFTER and (news := _events(untold)):
        return news
    return "a day has passed" if since_told >= _ANYHOW_AFTER else ""


def _events(untold: UntoldCounts) -> str:
    amounts = {
        "failures and watches that were met": untold.failures,
        "ideas and proposals that wait for an answer": untold.unanswered,
        "findings with another verdict or grade": untold.changed,
        "follow-ups that wait for an answer": untold.proposed,
        "new versions": untold.published,
    }
    return "; ".join(f"{what}: {number}" for what, number in amounts.items() if number)
