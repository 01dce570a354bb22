"""`axiom experiment list, show, publish, deploy, load-former`: what is asked, and that more is ordered."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from axiom import shipped
from axiom.cli.changes import Change, change_options
from axiom.cli.completion import complete_experiment_name
from axiom.cli.experiment.manifests import catalogue_files, file_of, file_words, manifest_of
from axiom.cli.laboratory.adopt import import_adopt_module
from axiom.cli.output import ID, Shown, reading_options, show_facts, show_stop, show_table, word_status
from axiom.domain.experiments import MOST_COPIES
from axiom.errors import AxiomError
from axiom.laboratory.experiments import old_claims
from axiom.laboratory.experiments.rules.search import matches_search
from axiom.reads.experiments.releases import describe_stop
from axiom.rules.hosts.learned_costs import describe_cost_fit
from axiom.service.open_laboratory import open_for_reading
from axiom.signed.manifests import Manifest
from axiom.store.engine import counters
from axiom.store.engine.folder import Folder, read_lock_holder
from axiom.store.experiments import costs, experiments, old_names
from axiom.store.experiments.experiments import STATUSES
from axiom.store.experiments.themes import read_themes
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import print_remark, print_text

if TYPE_CHECKING:
    from axiom.notebook.result_columns import Version

_NOWHERE = {"status": "catalogue", "stopped": None, "results": 0}


@click.command("list")
@click.option("--search", "q", default="", help="Those whose question or name has these words: edge, compgen.")
@click.option("--theme", type=click.Choice(sorted(set(read_themes().values()))), help="Those that are about this.")
@click.option("--status", type=click.Choice(["catalogue", *STATUSES]), help="Those that stand so.")
@reading_options
def list_experiments(q: str, theme: str | None, status: str | None, folder: Folder) -> Shown:
    """The catalogue, and how each experiment stands in the laboratory, if there is one."""
    wanted = {"q": q, "theme": theme or "", "status": status or ""}
    every = [_listed(manifest, _state_of(folder, manifest.name)) for manifest in _readable(folder)]
    rows = [row for row in every if matches_search(row, old_names.list_former_names(row["name"]), wanted)]
    yield {"experiments": rows}
    show_table(
        ("name", "version", "status", "results", "question"),
        [(row["name"], row["version"], word_status(row), row["results"], row["question"]) for row in rows],
        none="No experiment has all of this together." if every else "The catalogue is empty.",
    )


def _readable(folder: Folder) -> Iterator[Manifest]:
    """What the files declare that are here. One that does not say is named, and hides no other."""
    for file in catalogue_files(folder):
        try:
            yield manifest_of(file, folder)
        except AxiomError as error:
            print_remark(f"Left out: {error}", quiet=False)


@click.command("show")
@click.argument("name", shell_complete=complete_experiment_name)
@reading_options
def show(name: str, folder: Folder) -> Shown:
    """One experiment: what it asks, varies, measures and predicts, and what it has brought."""
    manifest = manifest_of(file_of(name, folder), folder)
    results_here = _brought(folder, manifest)
    facts = {
        **_listed(manifest, _state_of(folder, manifest.name)),
        "reference": manifest.reference,
        "configs": [dict(config) for config in manifest.configs],
        "measures": {measure.name: measure.type.value for measure in manifest.measures},
        "estimands": [dict(estimand) for estimand in manifest.estimands],
        "seconds": round(manifest.seconds, 3),
        "memory_mb": manifest.memory_mb,
        "copies": manifest.copies,
        "cores": manifest.cores,
        "costs": _costs(folder, manifest),
        "old": _old(manifest.name),
        "summary": results_here[1] if results_here else [],
    }
    yield {"experiment": facts}
    del facts["summary"]
    facts["status"], stopped = word_status(facts), facts.pop("stopped")
    _say(manifest, facts)
    show_stop(stopped)
    if results_here and results_here[1]:
        from axiom.cli.experiment.sweep_summary import show_version_summary

        print_text()
        show_version_summary(manifest, *results_here)


def _say(manifest: Manifest, facts: dict[str, Any]) -> None:
    estimands, kinds, old = facts.pop("estimands"), facts.pop("costs"), facts.pop("old")
    facts["configs"] = f"{len(manifest.configs)}, over {', '.join(manifest.factors)}"
    facts["measures"] = ", ".join(measure.name for measure in manifest.measures)
    show_facts({**facts, "aliases": ", ".join(manifest.aliases)})
    for estimand in estimands:
        print_text(f"\n{estimand['name']} ({estimand['kind']} of {estimand['measure']})\n  {estimand['claim']}")
    for kind in kinds:
        print_text(f"\non {kind['hosts']}: {kind['reason']}")
    for script in old["names"]:
        print_text(f"\n{script['name']}, in the old laboratory: {script['became']}")
    for claim in old["claims"]:
        print_text(f"\nold claim {claim['name']}: {claim['claim']}")
        print_text(f"  {'; '.join(filter(None, (claim['figure'], claim['rests_on'])))}; called {claim['status']}")


def _brought(folder: Folder, manifest: Manifest) -> "tuple[Version, list[Mapping[str, Any]]] | None":
    """What this version has brought in the laboratory, config by config; None where it is not the newest there."""
    if not folder.exists():
        return None
    with open_for_reading(folder) as db:
        newest = experiments.find_experiment_by_name(db, manifest.name)
    if newest is None or newest.version != manifest.version:
        return None
    from axiom.cli.experiment.sweep_summary import (
        summarize_version,
    )  # the notebook's tables, which the other commands here do without

    return summarize_version(folder, newest.whole_name)


@click.command("publish")
@click.argument("name", shell_complete=complete_experiment_name)
@change_options
def publish(name: str, change: Change) -> None:
    """Sign an experiment's bundle and register what it asks. NAME is one of the catalogue, or a FILE.py of yours."""
    answer = change.submit("experiment.publish", file_words(name))
    sentence = f"{answer['experiment']}@{answer['version']}: {answer['change']}"
    change.tell("experiment", answer, sentence)
    if not change.as_json:
        _tell_after_publishing(change, answer)


def _tell_after_publishing(change: Change, answer: Mapping[str, Any]) -> None:
    """What keeps it from volunteers, where it is shown, and what comes next."""
    for refusal in answer["refusals"]:
        print_remark(f"  {refusal['gate']}, line {refusal['line']}: {refusal['sentence'].rstrip('.')}.", quiet=False)
    if answer["refusals"]:
        whose = "computer" if any(refusal["gate"] == "G0" for refusal in answer["refusals"]) else "volunteer"
        print_remark(f"No {whose} gets it until that is mended and published.", quiet=False)
    if answer["is_stored"] and not change.dry_run:
        page, data = f"experiments/{answer['experiment']}", f"--data {change.folder.path}"
        server = (read_lock_holder(change.folder) or {}).get("url")
        where = f"{server}{page}" if server else f"/{page}, once `axiom lab {data}` runs"
        change.remark(f"Its page: {where}\nOrder some of it: axiom experiment deploy {answer['experiment']} {data}")


@click.command("deploy")
@click.argument("experiment", metavar="NAME", shell_complete=complete_experiment_name)
@click.option("--workunits", type=click.IntRange(1, 10_000), default=1, show_default=True, help="How many to order.")
@click.option(
    "--replicates",
    "replicates_each",
    type=click.IntRange(1, 64),
    help="Of each workunit; else as many as make a task of a good size. A host that should have less gets a part.",
)
@click.option("--host", type=ID, help="For this host alone; any may have it otherwise.")
@click.option(
    "--every-host",
    is_flag=True,
    help="One replicate for each host that was heard from in the last hour and can compute it.",
)
@click.option(
    "--copies",
    type=click.IntRange(1, MOST_COPIES),
    help="Volunteers who compute each task; it counts once they agree. Else as many as its file says.",
)
@click.option("--registration", type=ID, help="Of this one; else the newest of the declared sweep.")
@click.option("--why", default="ordered by the operator", help="Why; it stays in the audit.")
@click.option("--key", help="An idempotency key: the same command under it is done once.")
@change_options
def deploy(why: str, key: str | None, change: Change, **options: Any) -> None:
    """Order workunits of a published experiment."""
    answer = change.submit("experiment.deploy", {"reason": why, **options}, key=key)
    whom = "" if options["host"] is None else f" for host {options['host']}"
    if options["every_host"]:
        others = "".join(
            f"; not for {tell_amount(hosts, 'host')}: {why}" for why, hosts in answer["passed_over"].items()
        )
        whom = f" for {tell_amount(answer['hosts'], 'host')}{others}"
    whom += f", each computed by {answer['copies']} volunteers" if answer["copies"] > 1 else ""
    amounts = (
        f"{tell_amount(answer['workunits'], 'workunit')} of {tell_amount(answer['replicates_each'], 'replicate')} each"
    )
    change.tell("experiment", answer, f"{amounts}{whom}")


@click.command("load-former")
@click.argument("files", metavar="FOLDER", type=click.Path(path_type=Path, exists=True))
@click.argument("name", metavar="EXPERIMENT", shell_complete=complete_experiment_name)
@click.option("--source", required=True, help="What the old laboratory is called; it stands above its numbers.")
@change_options
def load_former(files: Path, name: str, source: str, change: Change) -> None:
    """Show on an experiment's page what an old laboratory had of it, as exploratory numbers that are never weighed.

    FOLDER holds JSON files, one for each task, or is one such file. Tasks that are there already stay as they are.
    """
    former_results = import_adopt_module("former_results")
    loaded = former_results.load_former_results(files, name, source, change.submit, quiet=change.quiet)
    change.tell("experiment", loaded.answer, loaded.sentence)


def _state_of(folder: Folder, name: str) -> dict[str, Any]:
    """How the experiment stands in the laboratory; in the catalogue alone where there is none."""
    if not folder.exists():
        return _NOWHERE
    with open_for_reading(folder) as db:
        experiment = experiments.find_experiment_by_name(db, name)
        if experiment is None:
            return _NOWHERE
        amount = counters.count_of_experiment(db, "result", experiment.id)
        return {"status": experiment.status, "stopped": describe_stop(db, experiment), "results": amount}


def _old(name: str) -> dict[str, list[dict[str, str]]]:
    """What the old laboratory called it, what became of that, and what it claimed."""
    catalogue = shipped.catalogue_folder()
    names = [{"name": script.name, "became": script.became} for script in old_names.list_old_names(catalogue, name)]
    claims = [
        {
            "name": claim.name,
            "claim": claim.claim,
            "figure": claim.figure,
            "rests_on": claim.rests_on,
            "status": claim.status,
        }
        for claim in old_claims.read_old_claims(catalogue / old_claims.LIST).claims
        if claim.experiment == name
    ]
    return {"names": names, "claims": claims}


def _costs(folder: Folder, manifest: Manifest) -> list[dict[str, object]]:
    """What its tasks have shown of its cost on each kind of host, where this version is in the laboratory."""
    if not folder.exists():
        return []
    with open_for_reading(folder) as db:
        version = experiments.find_experiment_by_name(db, manifest.name, manifest.version)
        learned = costs.list_learned_costs(db, version.id) if version else []
    return [describe_cost_fit(cost.host_class, cost.fit) for cost in learned]


def _listed(manifest: Manifest, state: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "aliases": list(manifest.aliases),
        "version": manifest.version,
        "question": manifest.question,
        "theme": read_themes().get(manifest.name),
        **state,
    }
