"""Should a session be held now? One that would change nothing is not held."""

_LONGEST_GATHERING = 600.0  # seconds that a closed block waits to be weighed, at most
_PARTS_OF_AGE = 60.0  # after an hour it waits a minute
_PATIENCE_SECONDS = (
    300.0  # between sessions that only hope to find work for idle cores: with none there, logs stay short
)


def occasion(
    *,
    has_session: bool,
    closed_blocks_unweighed: int,
    waiting: int,
    cores: int,
    stage_changed: bool,
    seconds_since_last: float,
    age_seconds: float,
) -> str:
    """Return why a session should be held now; nothing when there is no reason.

    A young laboratory is watched, so it weighs each block at once; an old one gathers several for one session.
    """
    if not has_session:
        return "no session has been held yet"
    if closed_blocks_unweighed > 0 and seconds_since_last >= min(_LONGEST_GATHERING, age_seconds / _PARTS_OF_AGE):
        return f"{closed_blocks_unweighed} closed blocks are not weighed yet"
    if stage_changed:
        return "an experiment has moved on, and more of it may be ordered"
    if waiting < cores and seconds_since_last >= _PATIENCE_SECONDS:
        return f"{waiting} tasks wait for {cores} cores, and the last session was {seconds_since_last:.0f} s ago"
    return ""
