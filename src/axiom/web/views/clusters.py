"""Clusters whose pilots compute here, as the operator sees them. Nothing of a key is shown."""

from datetime import timedelta

from axiom.store.hosts import clusters
from axiom.web.base.request import Answer, Reading

_LATELY = timedelta(minutes=10)


def listed(reading: Reading) -> Answer:
    """Every cluster that ever had a key, and how many of its pilots spoke in the last ten minutes."""
    at_work = clusters.at_work(reading.db, reading.now, _LATELY)
    return {
        "clusters": [
            {
                "name": one.name,
                "volunteer": one.volunteer_id,
                "created_at": one.created_at.isoformat(),
                "expires_at": one.expires_at.isoformat(),
                "ended_at": one.ended_at.isoformat() if one.ended_at else None,
                "may_compute": one.may_compute(reading.now),
                "pilots": at_work.get(one.id, (0, 0))[0],
                "cores": at_work.get(one.id, (0, 0))[1],
            }
            for one in clusters.clusters(reading.db)
        ]
    }
