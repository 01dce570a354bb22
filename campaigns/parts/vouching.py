"""Says of a bundle that it was tried, where nobody computes what it asks for."""

from datetime import datetime

from axiom.domain.preflights import GATES, Preflight
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, preflights, releases

_WHY = "nobody computes it"


def vouch(db: Database, bundle: str, now: datetime) -> None:
    """It has passed every gate, and everybody may have it."""
    preflights.record_preflight(
        db,
        Preflight(
            bundle=bundle, gates=GATES, passed=True, reason=_WHY, platform="linux-x86_64-avx2", report="{}", at=now
        ),
    )
    stored = experiments.find_bundle(db, bundle)
    if stored is not None and not any(
        line.bundle == bundle for line in releases.list_version_releases(db, stored.experiment_id)
    ):
        releases.release_to_everybody(db, stored.experiment_id, bundle, _WHY, now)
