"""May somebody publish a finding as it stands? The only place that says so."""

from axiom_weigh.values import Evidence, Grade

_SURE = frozenset({Grade.STRONG, Grade.DEFINITIVE})


def is_ready_to_publish(line: Evidence | None, status: str) -> bool:
    """It is open, decided, at least Strong, counts among those of the whole laboratory, and nothing suspends it.

    Strong asks for other hosts, seeds computed again that agree, and that no alarm holds it back.
    """
    return (
        line is not None
        and status == "open"
        and line.verdict.is_decided
        and line.grade in _SURE
        and line.false_share is not None
        and not line.suspends
    )
