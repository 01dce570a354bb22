"""`axiom registration`: what was written down before it was computed, and further designs, cohorts and amendments."""

from typing import Any

import click

from axiom.cli.changes import Change, change_command, typed_command
from axiom.cli.experiment.sweep_words import read_sweep_configs
from axiom.cli.groups import Group
from axiom.cli.output import (
    ID,
    Shown,
    data_option,
    json_option,
    reading_options,
    show_facts,
    show_json,
    show_quotes,
    show_table,
)
from axiom.cli.reading import read_page
from axiom.domain.headlines.numbers import format_duration
from axiom.gate.command import Answer
from axiom.laboratory.experiments.find_version import find_version
from axiom.reads.registrations import registrations as views
from axiom.reads.registrations.forecasters import forecasters_page
from axiom.service.open_laboratory import open_for_reading
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.folder import Folder
from axiom.store.registrations import registrations
from axiom_weigh.terminal import print_text


def _add_design(change: Change, experiment: str, words: tuple[str, ...], **options: Any) -> None:
    with open_for_reading(change.folder) as db:
        manifest = stored_manifest(find_version(db, experiment).manifest)
    configs = [dict(config) for config in read_sweep_configs(manifest, words)]
    design = {"experiment": experiment, "configs": configs, **options}
    answer = change.submit("registration.design", design)
    change.tell("registration", answer, _describe_registration(answer))


def _describe_registration(answer: Answer) -> str:
    claims = ", ".join(f"{finding['number']}{' (new)' if finding['is_new'] else ''}" for finding in answer["findings"])
    what = f"Registration {answer['registration']} of {answer['experiment']}@{answer['version']}"
    return f"{what}, design {answer['design']}, for findings {claims}"


def _amend(change: Change, **options: Any) -> None:
    answer = change.submit("registration.amend", _prediction(options))
    change.tell("registration", answer, _describe_registration(answer))


def _predict(change: Change, **options: Any) -> None:
    answer = change.submit("registration.predict", _prediction(options))
    change.tell("prediction", answer, f"Written down for finding {answer['finding']}")


def _prediction(options: dict[str, Any]) -> dict[str, Any]:
    (positive, negative, absent), (low, high) = options.pop("chances"), options.pop("interval")
    return {**options, "positive": positive, "negative": negative, "absent": absent, "low": low, "high": high}


_EXPECTED = {
    "positive": click.Option(
        ["--chances"], nargs=3, type=float, required=True, help="Of effect +, effect − and absent; their sum is 1."
    ),
    "negative": None,
    "absent": None,
    "low": click.Option(
        ["--interval"], nargs=2, type=float, required=True, help="It holds the number in four cases of five."
    ),
    "high": None,
}


@click.group(
    cls=Group,
    changes={
        "design": typed_command(
            "registration.design",
            _add_design,
            about="Register DESIGN, the declared sweep with other levels inside the ranges of the file: "
            "lr=0.1 width=8:128:x2.\n\nIts replicates are further evidence of the findings that there are.",
            own={"configs": click.Argument(["words"], nargs=-1, required=True, metavar="FACTOR=LEVELS...")},
        ),
        "cohort": change_command("registration.cohort", _describe_registration),
        "goal": change_command("registration.goal", _describe_registration),
        "amend": typed_command("registration.amend", _amend, own=_EXPECTED),
        "predict": typed_command("registration.predict", _predict, own=_EXPECTED),
    },
)
def registration() -> None:
    """What was written down before it was computed, and further designs, cohorts and amendments."""


@registration.command("list")
@reading_options
def list_registrations(folder: Folder) -> Shown:
    """Every registration, the newest first."""
    answer = read_page(folder, views.registrations_page)
    yield answer
    show_table(
        ("number", "experiment", "design", "findings", "replicates", "stopping"),
        [
            (
                row["number"],
                f"{row['experiment']}@{row['version']}",
                row["design"],
                " ".join(str(estimand["finding"]) for estimand in row["estimands"]),
                row["issued"],
                row["stopping"],
            )
            for row in answer["registrations"]
        ],
        none="Nothing is registered yet.",
    )


@registration.command("show")
@click.argument("number", type=ID)
@reading_options
def show(number: int, folder: Folder) -> Shown:
    """One registration: what is asked, when it ends, what was predicted, and its hash."""
    answer = read_page(folder, views.registration_page, number)
    yield answer
    row = answer["registration"]
    names = ("number", "experiment", "version", "design", "cells", "cohort", "stopping", "block", "block_why", "issued")
    facts = {name: row[name] for name in (*names, "amends", "registered_at", "stamped_at", "hash", "previous_hash")}
    show_facts(facts | {"seeds": row["seeds"]["follow"]})
    for secret in row["seeds"]["secrets"]:
        hidden = "not revealed yet"
        print_text(f"  commitment {secret['commitment']}, drawn {secret['drawn_at']}: {secret['secret'] or hidden}")
    print_text()
    headings = ("block", "replicates", "done", "not back", "missing", "state", "took", "declared")
    show_table(headings, [_block(block) for block in row["blocks"]], none="No replicate is ordered yet.")
    for estimand in row["estimands"]:
        print_text(f"\nfinding {estimand['finding']}: {estimand['estimand']}{' (new)' if estimand['is_new'] else ''}")
    for prediction in row["predictions"]:
        who = f"{prediction['forecaster']} ({prediction['foreknowledge']['reason']})"
        print_text(f"\n{who} on {prediction['estimand']}: {_in_words(prediction)}")
    show_quotes(row["said"])


def _block(block: Answer) -> tuple[object, ...]:
    return (
        block["block"],
        f"{block['first']}–{block['last']}",
        block["done"],
        block["out"],
        block["missing"],
        f"{'closed' if block['is_closed'] else 'open'}: {block['reason']}",
        format_duration(block["core_seconds"]),
        format_duration(block["declared_core_seconds"]),
    )


@registration.command("verify")
@data_option
@json_option
def verify(folder: Folder, as_json: bool) -> None:
    """Prove that no registration and no prediction was altered, inserted or removed. Exits 1 when one was."""
    with open_for_reading(folder) as db:
        problems, entries = registrations.check_registration_chain(db), registrations.read_registrations(db)
    head = entries[0].hash if entries else None
    if as_json:
        facts = {"well": not problems, "entries": len(entries), "head": head, "problems": problems}
        show_json({"registrations": facts})
    elif problems:
        print_text("\n".join(problems[:20]))
    else:
        print_text(f"{len(entries)} registrations follow each other; the newest is {head or 'none'}")
    raise click.exceptions.Exit(0 if not problems else 1)


@registration.command("forecasters")
@reading_options
def forecasters(folder: Folder) -> Shown:
    """What each forecaster's predictions were worth."""
    answer = read_page(folder, forecasters_page)
    yield answer
    names = ("forecaster", "predictions", "scored", "lost", "brier", "log_score", "covered", "intervals", "e_value")
    show_table(names, [[row[name] for name in names] for row in answer["forecasters"]], none="Nobody yet.")


def _in_words(prediction: dict[str, Any]) -> str:
    chances = (
        f"effect + {prediction['positive']:g}, effect − {prediction['negative']:g}, absent {prediction['absent']:g}"
    )
    middle = "" if prediction["median"] is None else f", median {prediction['median']:g}"
    return f"{chances}, within {prediction['interval'][0]:g} to {prediction['interval'][1]:g}{middle}"
