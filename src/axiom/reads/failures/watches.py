"""What somebody waits for, met or not yet, until somebody ends it."""

from axiom.domain.failures import Watch
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.upkeep import watches

_WATCHES = 100


@page_at("/watches", "watches.html")
def watches_page(reading: Reading) -> Answer:
    """What somebody waits for, the newest first."""
    versions = {version.id: version for version in experiments.list_experiment_versions(reading.db)}
    newest = watches.list_newest_watches(reading.db, _WATCHES)
    return {"watches": [describe_watch(watch, versions.get(watch.experiment_id)) for watch in newest]}


def list_met_watches(reading: Reading) -> list[Answer]:
    """The open watches that a result has met: what the front page tells until somebody ends them."""
    return [
        describe_watch(watch, experiments.find_experiment(reading.db, watch.experiment_id))
        for watch in watches.list_open_watches(reading.db)
        if watch.first_hit is not None
    ]


def describe_watch(watch: Watch, version: StoredExperiment | None) -> Answer:
    return {
        "number": watch.id,
        "experiment": version.whole_name if version else None,
        "sentence": watch.sentence,
        "predicate": watch.predicate,
        "state": "ended" if watch.ended_at else "met" if watch.first_hit is not None else "waiting",
        "registered_at": watch.registered_at.isoformat(),
        "ended_at": watch.ended_at.isoformat() if watch.ended_at else None,
        "hits": watch.hits,
        "first_hit_at": watch.first_hit_at.isoformat() if watch.first_hit_at else None,
        "value": watch.value,
    }
