"""Programs that may work here, as the operator sees them. Nothing of a token is shown."""

from axiom.domain.programs import USUAL_LIMITS
from axiom.reads.base.request import Answer, Reading
from axiom.store.accounts import programs


def describe_programs(reading: Reading) -> Answer:
    return {
        "programs": [
            {
                "name": program.name,
                "model": program.model,
                "prompt": program.prompt,
                "may": str(program.right),
                "may_approve": program.may_approve,
                "limits": {**USUAL_LIMITS, **program.limits},
                "created_at": program.created_at.isoformat(),
                "expires_at": program.expires_at.isoformat(),
                "ended_at": program.ended_at.isoformat() if program.ended_at else None,
                "is_let_in": program.is_let_in(reading.now),
            }
            for program in programs.list_model_programs(reading.db)
        ]
    }
