"""Somebody who has the role of an operator at a site of tests, and something that waits for their answer."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyotp
from furnished_lab import proposed

from axiom.domain.proposals import Admission, Template
from axiom.domain.registrations import Rule, StoppingRule
from axiom.server.accounts.second_factor import secret_of
from axiom.signed.keys import load_secrets
from axiom.store.accounts import operators
from axiom.store.registrations import proposals


def furnish(lab: Any, prepared: Any) -> None:
    """A published experiment and a proposal to compute more of its finding."""
    lab.publish(prepared())
    made = replace(
        proposed(),
        slug="confirm-1",
        template=Template.CONFIRM,
        admission=Admission.COHORT,
        configs=(),
        stopping=StoppingRule(rule=Rule.FIXED, replicates=32),
        is_informed=True,
    )
    with lab.db.transaction():
        proposals.add_proposal(lab.db, made, 1, None, lab.now)


def give_role(app: Any, volunteer_id: int, now: datetime, name: str = "ada") -> None:
    app.writer.run(lambda db: operators.grant_operator_role(db, name, volunteer_id, now))


def code_of(keys: Path, volunteer_id: int, now: datetime, *, serial: int = 1) -> str:
    return pyotp.TOTP(secret_of(load_secrets(keys).accounts, volunteer_id, serial)).at(now)
