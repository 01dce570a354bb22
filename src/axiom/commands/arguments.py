"""A moment as people write it, as in 2026-03-02T14:00: in UTC, unless it says otherwise."""

from datetime import UTC, datetime

from axiom.errors import WrongUse


def moment_said(text: str, otherwise: datetime, nothing: str) -> datetime:
    """The moment that is written, or this one where none is; `nothing` says what was not done if it is none."""
    if not text:
        return otherwise
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"{text!r} is no moment like 2026-03-02T14:00. {nothing}") from None
    return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
