"""Takes back what is ordered of an experiment, so that nothing of it is sent or created any more."""

import logging
from datetime import datetime

from axiom.server.transitioner import transit
from axiom.store import experiments, work
from axiom.store.database import Database

log = logging.getLogger("axiom.withdraw")

_SLICE = 2_000


def withdraw(db: Database, experiment_id: int, reason: str, now: datetime) -> int:
    """Retire a version and cancel its open workunits. Tasks that are out may still come back and are kept."""
    experiments.retire(db, experiment_id, now)
    cancelled, after = 0, 0
    while ids := work.open_workunits(db, experiment_id, after=after, limit=_SLICE):
        for workunit_id in ids:
            work.request_abort(db, workunit_id, reason)
            transit(db, workunit_id, now)
        cancelled, after = cancelled + len(ids), ids[-1]
    log.info("experiment.retired id=%d workunits=%d", experiment_id, cancelled)
    return cancelled
