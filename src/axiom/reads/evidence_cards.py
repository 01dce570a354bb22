"""What a finding's card shows beside its evidence: for what it holds, its parts, who agreed, who never worked.

A volunteer may show nobody which hosts are theirs. Verdicts without each of them, beside those without each host, would
tell it; so such a volunteer has no number here, neither in what is weighed today nor in sentences of older lines.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from axiom.domain.evidence import Meaning, Registration
from axiom.domain.headlines.numbers import join_words, name_column
from axiom.domain.registrations import read_registration_body
from axiom.reads.base import scope
from axiom.reads.base.docstring import bundle_files, experiment_source
from axiom.reads.base.request import Answer, Reading
from axiom.reads.figures import figure_with_table
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.findings import evidence
from axiom.store.findings.evidence import CardInputs
from axiom.store.registrations import registrations
from axiom.store.views import findings
from axiom.store.views.findings import FindingView, Forecast
from axiom_weigh.amounts import tell_amount, tell_needed
from axiom_weigh.evidence.finding_card import Card, Stratum
from axiom_weigh.evidence.weigh_claim import make_finding_card
from axiom_weigh.values import Evidence, Observation

_NUMBERED = re.compile(r"\bvolunteer ([0-9]+)\b")
# How the configs are led in: a claim that was not found, or of which nothing is decided, holds nowhere.
_LEADS = {Meaning.AS_CLAIMED: "Holds for", Meaning.OPPOSITE: "Found for", Meaning.TOO_SMALL: "Found for"}
_FORESTS = ("platform", "design", "host")  # volunteers are not listed: some show nobody which hosts are theirs


def find_card_inputs(reading: Reading, view: FindingView) -> CardInputs | None:
    """What the newest line was weighed from; None until there is one."""
    return evidence.read_card_inputs(reading.db, view.finding.number) if view.line else None


def read_card(reading: Reading, view: FindingView, inputs: CardInputs | None) -> Card | None:
    """The card that follows from it, worked out once for each line, which never changes."""
    if inputs is None or view.line is None:
        return None
    line = view.finding.number, view.line.evidence.line
    return reading.memo.get_or_create(("card", *line), lambda: weigh_inputs(inputs))


def weigh_inputs(inputs: CardInputs) -> Card:
    return make_finding_card(
        inputs.estimand,
        inputs.observations,
        blocks=inputs.blocks,
        homes=inputs.homes,
        surroundings=inputs.surroundings,
    )


def assign_veil_numbers(db: Database, volunteers: Iterable[int]) -> dict[int, int]:
    """For each of these volunteers who shows no hosts, a number below zero that is used nowhere else."""
    hidden = findings.list_hiding_volunteers(db, volunteers)
    return {volunteer: -place for place, volunteer in enumerate(sorted(hidden), start=1)}


def hide_volunteer_numbers(db: Database, sentences: Sequence[str]) -> list[str]:
    """Sentences in which a volunteer who shows no hosts has no number."""
    named = {int(number) for sentence in sentences for number in _NUMBERED.findall(sentence)}
    hidden = findings.list_hiding_volunteers(db, named) if named else set()
    veiled = "a volunteer who shows no hosts"
    return [_NUMBERED.sub(lambda name: veiled if int(name[1]) in hidden else name[0], text) for text in sentences]


def describe_card_parts(db: Database, weighed: Card | None) -> Answer:
    """What designs, platforms and hosts say alone, and what is left without each host and volunteer."""
    if weighed is None:
        return {"parts": {}, "pooled": None, "without": [], "exploratory": None}
    return {
        "parts": {by: [_part(stratum) for stratum in weighed.by(by)] for by in _FORESTS},
        "pooled": asdict(weighed.pooled) if weighed.pooled else None,
        "without": _without(db, weighed),
        "exploratory": _part(weighed.exploratory) if weighed.exploratory else None,
    }


def forest_plot(reading: Reading, number: int, estimand: Mapping[str, Any], weighed: Card | None) -> Answer:
    columns = _columns(weighed.evidence.centre if weighed else "median")
    shown = [stratum for by in _FORESTS for stratum in weighed.by(by)] if weighed else []
    rows = [[getattr(stratum, name) for name in columns.values()] for stratum in shown]
    headings = [name_column(estimand, name) if of == "estimate" else name for name, of in columns.items()]
    return figure_with_table(reading, f"finding/{number}/forest", headings, rows)


def describe_newer_evidence(evidence: Evidence) -> Answer:
    """What newer evidence says besides its numbers."""
    return {
        "line": evidence.line,
        "designs": evidence.designs,
        "by_design": dict(evidence.by_design),
        "clones": evidence.clones,
        "e_absent": evidence.e_absent,
        "false_share": evidence.false_share,
        "more": list(evidence.more) if evidence.more else None,
        "needed": tell_needed(*evidence.more) if evidence.more else "",
        "suspends": evidence.suspends,
        "alarms": [asdict(alarm) for alarm in evidence.alarms],
        "again": sum(agreement.exact + agreement.close + agreement.divergent for agreement in evidence.agreements),
        "agreeing": sum(agreement.agreed for agreement in evidence.agreements),
        "duplicates": [asdict(agreement) for agreement in evidence.agreements],
    }


def describe_scope(
    reading: Reading, view: FindingView, quantity: str, observed: Sequence[Observation] | None = None
) -> Answer:
    """For what the claim holds: the configs of all designs of which something was weighed, where it speaks of them.

    `observed` is what it was weighed from, where somebody has it at hand.
    """
    if observed is None:
        observed = findings.list_weighed_observations(reading.db, view.finding.number) if view.line else ()
    stored = experiments.find_experiment(reading.db, view.finding.experiment_id)
    manifest = stored_manifest(stored.manifest) if stored else None
    naming = (manifest.words, [measure.name for measure in manifest.measures]) if manifest else ({}, [])
    designs = [_design(design, view, *naming) for design in list_feeding_registrations(reading, view)]
    weighed, waiting = _weighed_and_waiting([design["name"] for design in designs], observed)
    spoken = (config for design in designs if design["name"] in weighed for config in design["configs"])
    configs = list({repr(sorted(config.items())): config for config in spoken}.values())
    made_of = _made_of(reading, view)
    apart = "" if scope.is_crossed(configs) else ", not every combination of these levels"
    which = scope.scope_in_words(configs, *naming)
    words = [
        f"{_LEADS.get(view.reads, 'Asked of')} {view.experiment}@{view.version}: {which}.",
        f"{tell_amount(len(configs), 'config')} in {tell_amount(len(weighed), 'design')}{apart}; "
        f"the estimand is: {quantity}.",
        *([f"Of {tell_amount(len(waiting), 'further design')} nothing is weighed yet."] if waiting else []),
        *([f"The source uses the kit's {join_words([name for name, _ in made_of])}."] if made_of else []),
        "Nothing is claimed beyond that.",
    ]
    return {
        "words": " ".join(words),
        "configs": len(configs),
        "levels": scope.collect_levels(configs),
        "made_of": [{"name": name, "says": says} for name, says in made_of],
        "designs": [design | {"configs": len(design["configs"])} for design in designs],
    }


def _weighed_and_waiting(names: Sequence[str], observations: Sequence[Observation]) -> tuple[list[str], list[str]]:
    """The designs of which something was weighed, and the others, each once; before anything was, all are asked."""
    designs = list(dict.fromkeys(names))
    weighed = {observation.design for observation in observations if observation.value is not None} or set(designs)
    return [name for name in designs if name in weighed], [name for name in designs if name not in weighed]


def list_fruitless_hosts(reading: Reading, view: FindingView) -> list[Answer]:
    """Hosts that had tasks of this version and returned no valid result."""
    version, minute = view.finding.experiment_id, reading.now.timestamp() // 60
    hosts = reading.memo.get_or_create(
        ("never worked", version), lambda: findings.list_failing_hosts(reading.db, version), version=minute
    )
    return [
        {"host": row.host_id, "platform": row.platform, "tasks": row.tasks, "states": dict(row.states)} for row in hosts
    ]


def list_feeding_registrations(reading: Reading, view: FindingView) -> list[Registration]:
    numbers = registrations.group_feeders_by_finding(reading.db, view.finding.experiment_id).get(
        view.finding.number, ()
    )
    stored = [registrations.find_registration(reading.db, number) for number in numbers]
    return [registration for registration in stored if registration is not None]


def list_finding_forecasts(reading: Reading, view: FindingView) -> list[Forecast]:
    return [
        forecast
        for registration in list_feeding_registrations(reading, view)
        for estimand, number in registrations.list_claim_numbers(reading.db, registration).items()
        if number == view.finding.number
        for forecast in findings.list_forecasts(reading.db, registration.id, estimand)
    ]


def _design(
    registration: Registration, view: FindingView, words: Mapping[str, str], measures: Collection[str]
) -> Answer:
    registered = read_registration_body(registration.body)
    configs = scope.select_arm_configs(view.estimand, registered.design.configs)
    return {
        "name": registered.design.name,
        "registration": registration.id,
        "cohort": registered.cohort,
        "configs": [dict(config) for config in configs],
        "words": scope.scope_in_words(configs, words, measures),
    }


def _made_of(reading: Reading, view: FindingView) -> list[tuple[str, str]]:
    """From the signed source, and from the kit that was signed with it."""
    bundle = experiments.find_newest_bundle(reading.db, view.finding.experiment_id)
    if bundle is None:
        return []

    def read() -> list[tuple[str, str]]:
        files = bundle_files(reading, bundle.digest)
        return scope.list_kit_parts(experiment_source(files, view.experiment), files)

    return reading.memo.get_or_create(("made of", bundle.digest), read)


def _without(db: Database, weighed: Card) -> list[Answer]:
    """The veiled ones last, for their place among the others would tell between which numbers theirs is."""
    veiled = assign_veil_numbers(db, (left.number for left in weighed.without if left.by == "volunteer"))
    numbers = {("volunteer", volunteer): number for volunteer, number in veiled.items()}
    rows = [
        {"by": left.by, "number": numbers.get((left.by, left.number), left.number), "verdict": left.verdict}
        for left in weighed.without
    ]
    return sorted(rows, key=lambda row: row["number"] < 0)


def _columns(centre: str) -> dict[str, str]:
    columns = {"Group": "by", "Part": "name", "Replicates": "seeds", "Missing": "missing"}
    columns |= {centre.capitalize(): "estimate", "Low": "low", "High": "high"}
    columns |= {f"Standard error of the {centre}": "error"}
    columns.setdefault("Mean", "mean")  # where the estimate is the mean, it stands there once
    return columns


def _part(stratum: Stratum) -> dict[str, Any]:
    return {
        "name": stratum.name,
        "seeds": stratum.seeds,
        "missing": stratum.missing,
        "estimate": stratum.estimate,
        "interval": [stratum.low, stratum.high],
        "mean": stratum.mean,
        "error": stratum.error,
    }
