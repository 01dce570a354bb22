"""Programs that may work here, as the operator sees them. Nothing of a token is shown."""

from axiom.domain.programs import USUAL_LIMITS, AdmittedProgram
from axiom.store.accounts import programs
from axiom.web.base.request import Answer, Reading


def let_in(reading: Reading) -> Answer:
    """Everyone that was ever let in, and how each stands."""
    return {"programs": [_row(one, reading) for one in programs.programs(reading.db)]}


def _row(one: AdmittedProgram, reading: Reading) -> Answer:
    return {
        "name": one.name,
        "model": one.model,
        "prompt": one.prompt,
        "may": str(one.right),
        "may_approve": one.may_approve,
        "limits": {**USUAL_LIMITS, **one.limits},
        "created_at": one.created_at.isoformat(),
        "expires_at": one.expires_at.isoformat(),
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
        "is_let_in": one.is_let_in(reading.now),
    }
