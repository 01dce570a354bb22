"""How large the fleet is, as pages show it."""

from dataclasses import dataclass

from axiom.store.engine.database import Database

_EXTENT = """
SELECT count(*) AS known, coalesce(sum(is_shown), 0) AS hosts, coalesce(sum(is_shown * cores), 0) AS cores
FROM (SELECT cores, valid_in_row > 0 OR volunteer_id IN (SELECT id FROM volunteer WHERE is_ours = 1) OR EXISTS (
    SELECT 1 FROM task t WHERE t.host_id = host.id AND t.sent_at IS NOT NULL AND t.state = 'valid') AS is_shown
    FROM host)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class FleetExtent:
    """How large the fleet is. A volunteer's host counts from its first valid task on: whatever it is, it computes."""

    hosts: int
    cores: int  # of these
    new: int  # hosts that had no valid task yet, of whose cores nothing is known but what they say


def measure_fleet_extent(db: Database) -> FleetExtent:
    row = db.row(_EXTENT)
    if row is None:
        return FleetExtent(hosts=0, cores=0, new=0)
    return FleetExtent(hosts=row["hosts"], cores=row["cores"], new=row["known"] - row["hosts"])
