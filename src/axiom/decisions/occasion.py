"""Should a session be held now? One that would change nothing is not held."""

from axiom.domain.amounts import counted

_LONGEST_GATHERING = 600.0  # seconds that a closed block waits to be weighed, at most
_PARTS_OF_AGE = 60.0  # after an hour it waits a minute
_PATIENCE_SECONDS = (
    300.0  # between sessions that only hope to find work for idle cores: with none there, logs stay short
)
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
    age_seconds: float,
) -> str:
    """Return why a session should be held now; nothing when there is no reason.

    A young laboratory is watched, so it weighs each block at once; an old one gathers several for one session.
    `publishing_seconds`: for so long the catalogue is being published for the first time.
    """
    if not has_session:
        is_early = publishing_seconds is not None and publishing_seconds < _PUBLISHING_SECONDS
        return "" if is_early else "no session has been held yet"
    if closed_blocks_unweighed > 0 and seconds_since_last >= min(_LONGEST_GATHERING, age_seconds / _PARTS_OF_AGE):
        return f"{counted(closed_blocks_unweighed, 'closed block')} not weighed yet"
    if stage_changed:
        return "an experiment has moved on, and more of it may be ordered"
    if waiting < cores and seconds_since_last >= _PATIENCE_SECONDS:
        work = f"{counted(waiting, 'task')} in the queue for {counted(cores, 'core')}"
        return f"{work}, and the last session was {seconds_since_last:.0f} s ago"
    return ""
