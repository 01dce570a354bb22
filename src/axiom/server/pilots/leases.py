"""What a pilot has out is lent to it for as long as it speaks. From one that fell silent it is taken back.

A node that was switched off says nothing; its tasks should not wait two days for it, as a volunteer's do. Nobody is to
blame, so nothing counts as failed. A pilot that was only cut off may still bring what it computed.
"""

import logging
from datetime import datetime, timedelta

from axiom.server.returns.take_back import take_back
from axiom.server.returns.transitioner import START
from axiom.store.engine.database import Database
from axiom.store.hosts import clusters
from axiom.store.tasks import workunits
from axiom.store.upkeep import jobs

log = logging.getLogger("axiom.pilots")

_SLICE = 100  # pilots in one turn


def sweep(db: Database, lease: timedelta, now: datetime) -> int:
    """Take back what is out to pilots that were silent for a lease; how many tasks that was.

    For as long as nobody listened, nobody was silent.
    """
    listened = jobs.last_start(db, START)
    if listened is not None and now - listened < lease:
        return 0
    back = 0
    for host_id in clusters.silent(db, now - lease, _SLICE):
        reason = f"its pilot was silent for {lease.total_seconds():.0f} seconds"
        back += take_back(db, workunits.held(db, host_id), reason, now)
        clusters.not_lent(db, host_id)
    if back:
        log.info("leases.ended tasks=%d", back)
    return back
