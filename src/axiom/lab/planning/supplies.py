"""How large what a person orders is, where they do not say: as it fits those who will compute it."""

from datetime import datetime

from axiom.decisions.planning.task_size import TaskSize, order_size, usual_of
from axiom.domain.findings import Registration
from axiom.domain.registrations import read_body
from axiom.lab.planning.supplies_supplies import supplies
from axiom.lab.policy import Policy
from axiom.store.engine.database import Database


def size_to_order(
    db: Database, registration: Registration | None, policy: Policy, now: datetime, *, host_id: int | None = None
) -> TaskSize:
    """Decide it from the hosts that were heard from lately; for one host alone, from that one."""
    body = read_body(registration.body) if registration else None
    there = supplies(db, policy, now)
    usual = usual_of([one for one in there if host_id in {None, one.host_id}])
    return order_size(
        sum(body.design.seconds) if body else 0.0,
        block=body.block if body else 1,
        usual=usual,
        task_seconds=policy.task_seconds,
    )
