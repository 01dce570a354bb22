"""What the laboratory of the reckoning says: of each experiment how much is computed, and how its findings stand."""

from typing import Any

from axiom.domain.estimands import Direction
from axiom.domain.evidence import ConfigEstimate, verdict_meaning
from axiom.laboratory.figures.redraw_figures import experiment_sweep
from axiom.laboratory.figures.rules.sweeps_and_strips import draws_shares, summarize_values
from axiom.laboratory.policy import Policy, policy_from_settings
from axiom.laboratory.rounds.rounds import take_next_step
from axiom.service.open_laboratory import prepare_database, writer_of
from axiom.settings import Settings, read_process_settings
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder, lock_folder
from axiom.store.experiments import experiments
from axiom.store.findings import blocks, evidence
from axiom.store.registrations import registrations
from axiom.store.views import findings
from axiom.store.views.results import MeasureTally
from axiom.store.writer import Writer
from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.evidence.counted_values import select_sound_values
from old_claims.findings import ComputedExperiment, Conclusion, WeighedFinding

_SESSIONS = 3  # at most: the first may be one that was open already, with its weighing behind it
_COST = "SELECT sum(cpu_seconds) AS seconds, count(DISTINCT replicate) AS amount FROM result WHERE experiment_id = :id"


def open_up(folder: Folder) -> None:
    """A laboratory that an older program left behind is brought up to date."""
    if folder.exists():
        with lock_folder(folder, "scripts/campaign reproduce"):
            prepare_database(folder)


def computed_experiments(folder: Folder, *, with_pictures: bool = False) -> dict[str, ComputedExperiment]:
    """Every experiment of the laboratory by name, in its newest version; none where there is no laboratory."""
    if not folder.exists():
        return {}
    with Connections(folder=folder).follower() as db:
        newest = {version.name: version for version in experiments.list_experiment_versions(db)}
        return {name: _experiment(db, stored, with_pictures) for name, stored in newest.items()}


def weigh(folder: Folder, settings: Settings | None = None) -> None:
    """Hold a whole session, which weighs what closed; it orders nothing, since nothing is to be kept waiting."""
    settings = settings or read_process_settings(folder.settings)[0]
    policy = Policy(**{**vars(policy_from_settings(settings)), "per_core": 0})
    with lock_folder(folder, "scripts/campaign reproduce"):
        clock = prepare_database(folder)
        writer = writer_of(folder, settings, clock.now)
        writer.start()
        try:
            while not _step(writer, policy, clock.now):
                continue
        finally:
            writer.stop()


def weigh_closed_blocks(folder: Folder) -> None:
    """Hold sessions until every block that closed has been weighed."""
    for _ in range(_SESSIONS):
        if folder.exists() and not is_weighed(folder):
            weigh(folder)


def is_weighed(folder: Folder) -> bool:
    """Has every block that closed been weighed?"""
    with Connections(folder=folder).follower() as db:
        return not blocks.list_changed_versions(db)


def _step(writer: Writer, policy: Policy, now: Any) -> bool:
    """One step of the session; was it the last one?"""
    return writer.run(lambda db: take_next_step(db, policy, pi="person", reason="the reckoning", now=now())).ended


def _experiment(db: Database, stored: experiments.StoredExperiment, with_pictures: bool) -> ComputedExperiment:
    manifest = stored_manifest(stored.manifest)
    registered = registrations.read_registrations(db, stored.id)
    over = blocks.list_ordered_replicates(db, registered[0].id) if registered else {}
    cost = db.row(_COST, id=stored.id) or {"amount": 0}
    weighed = (_finding(db, view) for view in findings.list_experiment_findings(db, stored.id))
    return ComputedExperiment(
        manifest=manifest,
        done=sum(over.values()),
        seconds=cost["seconds"] / cost["amount"] if cost["amount"] else None,
        findings={finding.estimand["name"]: finding for finding in weighed if finding is not None},
        sweep=experiment_sweep(db, stored, manifest) if with_pictures else None,
        estimates=_read_estimates(db, stored, manifest) if with_pictures else {},
    )


def _read_estimates(
    db: Database, stored: experiments.StoredExperiment, manifest: Manifest
) -> dict[int, ConfigEstimate]:
    if (figure := manifest.figure) is None:
        return {}
    by_config = MeasureTally().values(db, stored.id, figure.y).by_config
    return {
        place: summarize_values(by_config[place], is_event=draws_shares(manifest))
        for place, config in enumerate(manifest.configs)
        if place in by_config and figure.shows(config)
    }


def _finding(db: Database, view: findings.FindingView) -> WeighedFinding | None:
    number = view.finding.number
    inputs, latest = evidence.read_card_inputs(db, number), evidence.find_latest_evidence(db, number)
    if inputs is None or latest is None:
        return None
    weighed = select_sound_values(pose_question(inputs.estimand), inputs.observations, inputs.blocks)
    numbers = [observation.replicate for observation in weighed.counted]
    return WeighedFinding(
        estimand=inputs.estimand,
        conclusion=Conclusion.of(latest),
        meaning=verdict_meaning(latest.verdict, Direction(inputs.estimand["expects"])),
        status=view.finding.status,
        question=weighed.question,
        counted=weighed.counted,
        issued_seeds=dict(zip(numbers, experiments.read_seeds(db, view.finding.experiment_id, numbers), strict=True)),
    )
