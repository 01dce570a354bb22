"""Takes back what is ordered of an experiment, so that nothing of it is sent or created any more."""

import logging
from datetime import datetime

from axiom.server.returns.transitioner import transit_many
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.tasks import endings, workunits

log = logging.getLogger("axiom.withdraw")

_SLICE = 2_000


def retire_version(db: Database, experiment_id: int, reason: str, now: datetime) -> int:
    """Retire a version and cancel its open workunits. Tasks that are out may still come back and are kept.

    What was concluded of it stays. Where it is opened again, what was taken back is ordered before anything new, and
    its failures count no more.
    """
    experiments.retire_experiment(db, experiment_id, now, reason)
    endings.forgive_failures(db, experiment_id)
    cancelled, after = 0, 0
    while ids := workunits.list_open_workunits(db, experiment_id, after=after, limit=_SLICE):
        workunits.request_aborts(db, ids, reason)
        transit_many(db, ids, now)
        cancelled, after = cancelled + len(ids), ids[-1]
    db.log_once_stored(log, "experiment.retired id=%d workunits=%d", experiment_id, cancelled)
    return cancelled
