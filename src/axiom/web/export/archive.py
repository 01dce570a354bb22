"""A finding to take away: its data, what was registered, the signed source, and a script that weighs it again.

The same evidence gives the same bytes: no clock enters, names are sorted, numbers are written with all their digits.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from axiom import __version__
from axiom.domain.evidence import Registration
from axiom.errors import NotFound
from axiom.reads import evidence_cards, findings
from axiom.reads.base.csv_cells import table_csv
from axiom.reads.base.docstring import bundle_files, experiment_source
from axiom.reads.base.request import Answer, Reading
from axiom.reads.figures import WIDTHS
from axiom.signed import bundles
from axiom.store.engine import blobs
from axiom.store.engine.database import to_microseconds
from axiom.store.experiments import experiments
from axiom.store.experiments.experiments import StoredBundle
from axiom.store.findings import evidence
from axiom.store.findings.evidence import CardInputs
from axiom.store.registrations import seed_secrets, time_stamps
from axiom.store.registrations.seed_secrets import SeedSecret
from axiom.store.upkeep import figures as picture_views
from axiom.store.views.findings import FindingView
from axiom.web.export import metadata, readme
from axiom.web.export.make_recompute_script import recompute_script
from axiom.web.export.recompute import (
    AT_HOME,
    FINDING,
    HOSTS,
    NUMBERS,
    OBSERVATIONS,
    OBSERVED,
    card_numbers,
    evidence_numbers,
)
from axiom.web.export.verify import ROOTS, STAMP
from axiom_weigh.evidence.finding_card import Card
from axiom_weigh.figures.drawing import png_of
from axiom_weigh.values import Home, Observation

_FLEETING = ("figures", "awaits", "history", "never_worked")  # of the page's answer: what is elsewhere or about today


def finding_archive(reading: Reading, number: int) -> bytes:
    return bundles.pack_files(
        {f"finding-{number}/{name}": body for name, body in finding_files(reading, number).items()}
    )


def finding_files(reading: Reading, number: int) -> dict[str, bytes]:
    view = findings.require_finding(reading, number)
    inputs = evidence.read_card_inputs(reading.db, number)
    bundle = experiments.find_newest_bundle(reading.db, view.finding.experiment_id)
    if view.line is None or inputs is None or bundle is None:
        raise NotFound(f"Finding {number} has no evidence yet, so there is nothing to export. {_WHEN}")
    inputs = replace(inputs, homes=_homes(reading, inputs))
    weighed = evidence_cards.weigh_inputs(inputs)
    registered = list(_registered(reading, view))
    about = _about(reading, view, inputs, bundle, [facts for facts, _ in registered])
    answer = findings.finding_page(reading, number)["finding"]
    made = {
        FINDING: _json(about),
        NUMBERS: _json(_numbers(weighed, view)),
        "card.json": _json({"finding": {name: value for name, value in answer.items() if name not in _FLEETING}}),
        "history.json": _json({"history": answer["history"]}),
        OBSERVATIONS: _csv(OBSERVED, _observed(reading, view, inputs)),
        HOSTS: _csv(AT_HOME, [_at_home(home) for home in _sorted(inputs.homes)]),
        "history.csv": table_csv(*findings.history_table(reading, number)).encode(),
        "recompute.py": recompute_script(__version__).encode(),
        about["bundle"]["file"]: blobs.read_blob(reading.db, reading.folder, bundle.digest),
        about["bundle"]["seal"]: f"{bundle.seal}\n".encode(),
        about["bundle"]["source"]: experiment_source(bundle_files(reading, bundle.digest), view.experiment).encode(),
        **{facts["file"]: registration.body.encode() for facts, registration in registered},
        **_stamps(reading, [registration.id for _, registration in registered]),
    }
    made |= readme.readme_files(about) | _pictures(reading, view)
    return {metadata.NAME: _json(metadata.crate_metadata(about, made)), **dict(sorted(made.items()))}


_WHEN = "It has some when its first block of replicates is closed and weighed."


def _about(
    reading: Reading, view: FindingView, inputs: CardInputs, bundle: StoredBundle, registered: Sequence[Answer]
) -> Answer:
    """What the export says of itself, and the script needs besides the tables."""
    line = view.line
    folder = f"experiment/{view.experiment}"
    return {
        "axiom": __version__,
        "laboratory": reading.name,
        "finding": view.finding.number,
        "answer": view.answer,
        "claim": view.finding.claim,
        "status": view.finding.status,
        "why": view.why_suspended,
        "scope": findings.finding_scope(reading, view)["words"],
        "prediction": (findings.describe_finding(reading, view)["foreknowledge"] or {}).get("reason", ""),
        "experiment": view.experiment,
        "version": view.version,
        "registration": view.finding.registration_id,
        "weighed_at": line.weighed_at.isoformat() if line else None,
        "line": line.evidence.line if line else 0,
        "estimand": dict(inputs.estimand),
        "blocks": inputs.blocks,
        "surroundings": asdict(inputs.surroundings),
        "registrations": registered,
        "bundle": {
            "digest": bundle.digest,
            "serial": bundle.serial,
            "file": f"{folder}-bundle.zip",
            "seal": f"{folder}-seal.txt",
            "source": f"{folder}.py",
        },
        "cite": findings.cite_finding(reading, view),
        "authors": reading.authors,
        "bibtex": findings.cite_in_bibtex(reading, view),
    }


def _registered(reading: Reading, view: FindingView) -> Iterator[tuple[Answer, Registration]]:
    """Every registration whose replicates are this finding's evidence, with what its hash covers."""
    for registration in evidence_cards.list_feeding_registrations(reading, view):
        first = time_stamps.find_first_result_time(reading.db, registration.id)
        yield (
            {
                "number": registration.id,
                "file": f"registrations/{registration.id}.json",
                "experiment_id": registration.experiment_id,
                "cohort": registration.cohort,
                "created_at": to_microseconds(registration.created_at),
                "registered_at": registration.created_at.isoformat(),
                "previous_hash": registration.previous_hash,
                "hash": registration.hash,
                "first_result_at": first.isoformat() if first else None,
                "secrets": [_secret(secret) for secret in seed_secrets.list_secrets(reading.db, registration.id)],
            },
            registration,
        )


def _secret(stored: SeedSecret) -> Answer:
    """A secret with its place in the chain; itself once it is revealed."""
    return {
        "commitment": stored.commitment,
        "created_at": to_microseconds(stored.created_at),
        "previous_hash": stored.previous_hash,
        "hash": stored.hash,
        "revealed_at": stored.revealed_at.isoformat() if stored.revealed_at else None,
        "restored_at": stored.restored_at.isoformat() if stored.restored_at else None,
        "secret": stored.public,
    }


def _stamps(reading: Reading, numbers: Iterable[int]) -> dict[str, bytes]:
    """What an authority answered about these registrations, and the certificates by which it was checked."""
    answers = dict[str, bytes]()
    for number in numbers:
        if stamp := time_stamps.find_stamp(reading.db, number):
            answers |= {STAMP.format(number): stamp.response, ROOTS.format(number): stamp.roots.encode()}
    return answers


def _homes(reading: Reading, inputs: CardInputs) -> dict[int, Home]:
    """The hosts behind the values. A volunteer who shows no hosts has a number below zero, used nowhere else."""
    computed = {host for observation in inputs.observations for host in observation.hosts}
    homes = {number: home for number, home in sorted(inputs.homes.items()) if number in computed}
    veiled = evidence_cards.assign_veil_numbers(reading.db, {home.volunteer_id for home in homes.values()})
    return {
        number: replace(home, volunteer_id=veiled.get(home.volunteer_id, home.volunteer_id))
        for number, home in homes.items()
    }


def _at_home(home: Home) -> tuple[object, ...]:
    return home.host_id, home.volunteer_id, home.platform, int(bool(home.is_ours))


def _sorted(homes: Mapping[int, Home]) -> list[Home]:
    return [homes[number] for number in sorted(homes)]


def _numbers(weighed: Card, view: FindingView) -> Answer:
    """What must come out again: of the evidence what was stored, of its parts what they say today."""
    expected = card_numbers(weighed)
    if view.line:
        stored = evidence_numbers(view.line.evidence)
        expected |= {f"evidence {name}": value for name, value in stored.items() if name != "more"}
    return expected


def _observed(reading: Reading, view: FindingView, inputs: CardInputs) -> Iterable[Sequence[object]]:
    numbers = [observation.replicate for observation in inputs.observations]
    seeds = experiments.read_seeds(reading.db, view.finding.experiment_id, numbers)
    for observation, seed in zip(inputs.observations, seeds, strict=True):
        yield (
            observation.registration,
            observation.design,
            observation.cohort.value,
            observation.replicate,
            seed,
            "" if observation.value is None else repr(float(observation.value)),
            observation.outcome.value if observation.outcome else "",
            " ".join(_computed(observation)),
            observation.fingerprint,
            observation.why_missing,
            observation.repeats,
        )


def _computed(observation: Observation) -> Iterator[str]:
    """The number of each host, with the kind of its GPU where that computed some of it."""
    gpus = dict(observation.gpus)
    for host in observation.hosts:
        yield f"{host}:{gpus[host]}" if host in gpus else str(host)


def _pictures(reading: Reading, view: FindingView) -> dict[str, bytes]:
    """The pictures of the page, where they were drawn since the finding was weighed last."""
    since = view.line.weighed_at if view.line else reading.now
    names = [f"finding/{view.finding.number}/{kind}/{WIDTHS[0]}" for kind in ("narrowing", "strip", "forest")]
    drawn = [picture for picture in picture_views.find_figures(reading.db, names) if picture.drawn_at >= since]
    return {f"figures/{picture.name.split('/')[2]}.png": png_of(reading.text(picture.svg)) for picture in drawn}


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return target.getvalue().encode()


def _json(data: Any) -> bytes:
    return (json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
