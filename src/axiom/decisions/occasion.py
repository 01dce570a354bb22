"""Should a session be held now? One that would change nothing is not held."""

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
) -> str:
    """Return why a session should be held now; nothing when there is no reason."""
    if not has_session:
        return "no session has been held yet"
    if closed_blocks_unweighed > 0:
        return f"{closed_blocks_unweighed} closed blocks are not weighed yet"
    if stage_changed:
        return "an experiment has moved on, and more of it may be ordered"
    if waiting < cores and seconds_since_last >= _PATIENCE_SECONDS:
        return f"{waiting} tasks wait for {cores} cores, and the last session was {seconds_since_last:.0f} s ago"
    return ""
