"""What even the laboratory's own hosts demand of a bundle: two gates that take milliseconds, and a row that says so.

Our own hosts compute what their operator wrote, held as every process that computes; with or without bubblewrap. So
they need not wait for all configs to be computed beforehand. What they do not get is a bundle that nobody looked at.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from axiom.domain.preflights import OWN_GATES, Preflight, Refusal
from axiom.laboratory.experiments.rules.gates import judge_own_host_gates
from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom.runner.platform.host import platform_here
from axiom.signed import bundles, canonical_json
from axiom.store.engine.database import Database
from axiom.store.experiments import preflights


def check_archive_source(archive: bytes, name: str) -> tuple[Refusal, ...]:
    """What keeps the experiment's file in this bundle from being tried. It is read, and never run."""
    return check_source(bundles.read_bundle_files(archive)[bundles.experiment_path(name)], name)


def record_own_host_gates(db: Database, bundle: str, refusals: Sequence[Refusal], now: datetime) -> Preflight:
    """Remember how a stored bundle fared at the gates of our own hosts; it has said what it declares already."""
    judged = judge_own_host_gates(refusals)
    made = Preflight(
        bundle=bundle,
        gates=OWN_GATES,
        passed=judged.passed,
        reason=judged.reason,
        platform=str(platform_here()),
        report=canonical_json.canonical_bytes({"refusals": [asdict(refusal) for refusal in refusals]}).decode(),
        at=now,
        ours_only=True,
    )
    preflights.record_preflight(db, made)
    return made
