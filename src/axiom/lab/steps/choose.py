"""What a principal investigator decides in a session: which questions come next, and what is ordered.

Everything else is the same whoever holds it. The autopilot decides by rule; a person, a language model or a program
leaves these two steps to the same rule, and says what it wants besides by commands of its own.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from axiom.domain.sessions import Note, Plan, Session
from axiom.lab.followups.propose import propose
from axiom.lab.planning import plan as planning
from axiom.lab.policy import Policy
from axiom.store.engine.database import Database


class Investigator(Protocol):
    """Who decides."""

    def design(self, db: Database, session: Session, policy: Policy, now: datetime) -> list[Note]:
        """What is asked next, given how every finding stands."""

    def plan(self, db: Database, policy: Policy, now: datetime) -> Plan:
        """What is ordered next."""


class ByRule:
    """Proposes what follows from the findings by rule, and orders what is least decided for its cost."""

    def design(self, db: Database, session: Session, policy: Policy, now: datetime) -> list[Note]:
        """Make the proposals that are new. None of them is asked before somebody has approved it."""
        return propose(db, session.id, now, most_core_hours=policy.followup_core_hours)

    def plan(self, db: Database, policy: Policy, now: datetime) -> Plan:
        """What is ordered next."""
        return planning.decide(db, policy, now)


INVESTIGATORS: Mapping[str, Investigator] = {"autopilot": ByRule(), "person": ByRule()}


def investigator(name: str) -> Investigator:
    """Whoever this is; somebody unknown here decides as the autopilot does."""
    return INVESTIGATORS.get(name, INVESTIGATORS["autopilot"])
