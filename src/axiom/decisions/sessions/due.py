"""Should a session be held now?"""

from axiom.domain.amounts import counted

_LONGEST_GATHERING = 600.0  # seconds that a closed block waits to be weighed, at most
_PARTS_OF_AGE = 60.0  # after an hour it waits a minute
# Between sessions that only hope to find work for idle cores. Each that finds none makes the next wait twice as long: a
# laboratory that has asked everything would otherwise hold a hundred thousand empty ones in a year.
_PATIENCE_SECONDS = 300.0
_LONGEST_PATIENCE = 3_600.0  # also for credit above the last cap, and for what else waits for a session
_PUBLISHING_SECONDS = 30.0  # that the first session waits for the whole catalogue, so that it begins with the cheapest


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
) -> str:
    """Return why a session should be held now; nothing when there is no reason.

    A young laboratory is watched, so it weighs each block at once; an old one gathers several for one session.
    `publishing_seconds`: for so long the catalogue is being published for the first time. `idle_before_last`: for so
    long nothing had been ordered when the last session began.
    """
    if not has_session:
        is_early = publishing_seconds is not None and publishing_seconds < _PUBLISHING_SECONDS
        return "" if is_early else "no session has been held yet"
    if closed_blocks_unweighed > 0 and seconds_since_last >= min(_LONGEST_GATHERING, age_seconds / _PARTS_OF_AGE):
        return f"{counted(closed_blocks_unweighed, 'closed block')} not weighed yet"
    if stage_changed:
        return "an experiment has moved on, and more of it may be ordered"
    patience = min(_LONGEST_PATIENCE, max(_PATIENCE_SECONDS, idle_before_last))
    if waiting < cores and seconds_since_last >= patience:
        work = f"{counted(waiting, 'task')} in the queue for {counted(cores, 'core')}"
        return f"{work}, and the last session was {seconds_since_last:.0f} s ago"
    return ""
