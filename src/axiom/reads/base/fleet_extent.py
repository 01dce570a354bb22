"""How many hosts and cores a laboratory has. All are counted for it, which takes a second where there are a million."""

from datetime import datetime

from axiom.reads.base.memo import Memo
from axiom.store.engine.database import Database
from axiom.store.views.fleet_extent import FleetExtent, measure_fleet_extent
from axiom.store.views.tasks import find_highest_number

_HOSTS_A_SECOND = 20_000  # so that counting costs a few hundredths of the time, whatever there is to count


def fleet_extent(db: Database, memo: Memo, now: datetime) -> FleetExtent:
    """How many there are; of very many, as they were a little while ago."""
    last_host = find_highest_number(db, "host")
    moment = int(now.timestamp() * _HOSTS_A_SECOND / (1 + last_host))
    return memo.get_or_create("fleet extent", lambda: measure_fleet_extent(db), version=moment)
