"""After weighing: predictions of registrations that have ended are scored, each once."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from axiom.domain.evidence import Registration
from axiom.domain.registrations import map_amendments, read_registration_body
from axiom.domain.rounds import Note
from axiom.laboratory.findings.rules.prediction_scores import Score, score_prediction
from axiom.laboratory.planning.read_candidates import read_aims
from axiom.laboratory.planning.rules.stopping import why_stopped
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, withdrawn_orders
from axiom.store.findings import evidence
from axiom.store.registrations import registrations, scores
from axiom_weigh.values import Evidence, Verdict


def score_predictions(db: Database, now: datetime) -> list[Note]:
    """Score what was predicted of every registration of which nothing more will be ordered or come back."""
    waiting = scores.list_unscored_registrations(db)
    if not waiting:
        return []
    newest, notes = evidence.list_newest_evidence(db), []
    for registration_id in waiting:
        registration = registrations.find_registration(db, registration_id)
        why = why_registration_ended(db, registration, newest) if registration else ""
        if registration is not None and why:
            notes += _score(db, registration, newest, why, now)
    return notes


def find_wrong_scores(db: Database) -> list[str]:
    """I10, of predictions: every score follows from what was predicted, the verdict and the estimate."""
    problems = []
    for row in scores.list_scores(db):
        verdict = scores.read_score_verdict(row)
        if verdict is None:
            continue
        again = score_prediction(scores.read_score_prediction(row), verdict, row["estimate"], "")
        stored = row["brier"], row["log_score"], row["interval_score"], row["is_covered"]
        if stored != (again.brier, again.log_score, again.interval_score, again.is_covered):
            problems.append(f"the score of prediction {row['id']} does not follow from what was predicted and found")
    return problems


def why_registration_ended(db: Database, registration: Registration, newest: Mapping[int, Evidence]) -> str:
    """Why a registration has ended; nothing while anything of it may still come."""
    version = experiments.find_experiment(db, registration.experiment_id)
    if version is None or scores.has_open_workunits(db, registration.id):
        return ""
    if version.status != "open":
        return f"the version is {version.status}"
    by = map_amendments(registrations.read_registrations(db, version.id)).get(registration.id)
    if by is not None:
        return f"registration {by} amends it"
    registered = read_registration_body(registration.body)
    ordered = withdrawn_orders.count_ordered_replicates(db, version.id).get(registration.id, 0)
    aims = read_aims(db, registration, newest)
    if registered.estimands and not aims and _is_set_aside(db, registration):
        return "its findings are retired"
    return why_stopped(registered.stopping, aims, replicates=ordered, block=registered.block)


def _is_set_aside(db: Database, registration: Registration) -> bool:
    """Are all of its findings retired? A suspended one may go on."""
    statuses = registrations.list_finding_statuses(db, registration.experiment_id)
    return all(
        statuses[number][0] == "retired" for number in registrations.list_claim_numbers(db, registration).values()
    )


def _score(
    db: Database, registration: Registration, newest: Mapping[int, Evidence], why: str, now: datetime
) -> list[Note]:
    numbers, notes = registrations.list_claim_numbers(db, registration), []
    for forecast in scores.list_unscored_predictions(db, registration.id):
        number = numbers[forecast.estimand]
        line = newest.get(number)
        verdict = line.verdict if line else Verdict.UNDECIDED
        estimate = line.estimate if line else None
        worth = score_prediction(forecast.prediction, verdict, estimate, why)
        facts = {
            "finding_number": number,
            "line": line.line if line else 0,
            "verdict": verdict.value,
            "estimate": estimate,
            **asdict(worth),
            "is_covered": None if worth.is_covered is None else int(worth.is_covered),
        }
        scores.add_score(db, forecast.id, facts, now)
        notes.append(_note(number, forecast.forecaster, worth))
    return notes


def _note(number: int, forecaster: str, worth: Score) -> Note:
    return Note(
        kind="prediction.scored",
        text="Finding {finding} has ended: what {forecaster} predicted has a Brier score of {brier}. {reason}",
        facts={
            "finding": number,
            "forecaster": forecaster,
            "brier": "none" if worth.brier is None else round(worth.brier, 3),
            "reason": worth.reason,
        },
        about=f"/findings/{number}",
    )
