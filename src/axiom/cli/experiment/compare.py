"""`axiom experiment compare`: what differs between two versions, or two experiments, and what each has found."""

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click

from axiom.cli.completion import complete_experiment_name
from axiom.cli.experiment.manifests import file_of, manifest_of
from axiom.cli.output import Shown, reading_options, show_table
from axiom.cli.reading import open_reading
from axiom.errors import NotFound
from axiom.laboratory.experiments.rules.declared_differences import DeclaredDifference, declared_differences
from axiom.reads import findings as finding_views
from axiom.reads.base.request import Reading
from axiom.reads.experiments import experiments
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.engine.folder import Folder
from axiom.store.views import findings
from axiom_weigh.amounts import tell_amount
from axiom_weigh.terminal import make_printable, print_text

_MOST_LETTERS = 100  # of what one side says in one part


@dataclass(frozen=True, kw_only=True)
class ComparedSide:
    """One of the two: a published version, or a file that the laboratory does not know."""

    name: str
    manifest: Manifest
    source: str
    findings: Mapping[str, Mapping[str, Any]]  # by estimand


@click.command("compare")
@click.argument("first", shell_complete=complete_experiment_name)
@click.argument("second", shell_complete=complete_experiment_name)
@reading_options
def compare(first: str, second: str, folder: Folder) -> Shown:
    """What differs between two versions or two experiments, and their findings side by side.

    FIRST and SECOND are NAME, NAME@2 or a FILE.py: `axiom experiment compare grokking_dynamics mine.py`.
    """
    if folder.exists():
        with open_reading(folder) as reading:
            sides = [_published(reading, name) or _written(name, folder) for name in (first, second)]
    else:
        sides = [_written(name, folder) for name in (first, second)]
    a, b = sides
    declared = declared_differences(a.manifest.as_data(), b.manifest.as_data())
    lines = list(difflib.unified_diff(a.source.splitlines(), b.source.splitlines(), a.name, b.name, lineterm="", n=2))
    yield {
        "comparison": {
            "first": a.name,
            "second": b.name,
            "declaration": [asdict(difference) for difference in declared],
            "findings": [
                {"estimand": name, "first": a.findings.get(name), "second": b.findings.get(name)}
                for name in _estimands(a, b)
            ],
            "source": lines,
        }
    }
    _say(a, b, declared, lines)


def _published(reading: Reading, name: str) -> ComparedSide | None:
    """A version that the laboratory has; None for a file, and for a name of the catalogue that is not published."""
    if name.endswith(".py"):
        return None
    try:
        stored = experiments.require_experiment(reading, name)
    except NotFound:
        if "@" in name:
            raise
        return None
    shown = (
        finding_views.describe_finding(reading, view)
        for view in findings.list_experiment_findings(reading.db, stored.id)
    )
    return ComparedSide(
        name=stored.whole_name,
        manifest=stored_manifest(stored.manifest),
        source=experiments.source_file(reading, stored.whole_name)[0],
        findings={finding["estimand"]: finding for finding in shown},
    )


def _written(name: str, folder: Folder) -> ComparedSide:
    """A file of the catalogue or of somebody's own, which has found nothing."""
    file = file_of(name, folder)
    manifest = manifest_of(file, folder)
    whole_name = name if name.endswith(".py") else f"{manifest.name}@{manifest.version} (not published)"
    return ComparedSide(name=whole_name, manifest=manifest, source=file.read_text(encoding="utf-8"), findings={})


def _estimands(a: ComparedSide, b: ComparedSide) -> list[str]:
    """All that either has a finding of."""
    return list(dict.fromkeys([*a.findings, *b.findings]))


def _say(a: ComparedSide, b: ComparedSide, declared: Sequence[DeclaredDifference], lines: Sequence[str]) -> None:
    show_table(
        ("declared", a.name, b.name),
        [(difference.part, *_both(difference.part, difference.first, difference.second)) for difference in declared],
        none=f"{a.name} and {b.name} declare the same.",
    )
    print_text()
    show_table(
        ("finding of", a.name, b.name),
        [(name, _stand(a.findings.get(name)), _stand(b.findings.get(name))) for name in _estimands(a, b)],
        none="Neither has a finding.",
    )
    print_text("\n" + "\n".join(map(make_printable, lines)) if lines else "\nThe source is the same.")


def _both(part: str, first: Any, second: Any) -> Iterator[str]:
    for side in (first, second):
        yield f"{tell_amount(len(side), 'config')} that the other lacks" if part == "configs" else _short(side)


def _short(declared: Any) -> str:
    """What one side says, in one line; of an estimand its claim."""
    if declared is None:
        return "–"
    if isinstance(declared, Mapping):
        declared = declared.get("claim", declared)
    text = declared if isinstance(declared, str) else json.dumps(declared, ensure_ascii=False)
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def _stand(finding: Mapping[str, Any] | None) -> str:
    """How a finding stands: 31: effect +, Strong, 0.12 [0.08, 0.16], 24 seeds."""
    if finding is None:
        return "–"
    newest = finding["evidence"]
    if newest is None:
        return f"{finding['number']}: nothing weighed yet"
    low, high = newest["interval"]
    measured = (
        f"{_number(newest['estimate'])} [{_number(low)}, {_number(high)}], {tell_amount(newest['seeds'], 'seed')}"
    )
    return f"{finding['number']}: {finding['verdict']}, {finding['grade']}, {measured}"


def _number(number: float | None) -> str:
    return "–" if number is None else f"{number:.4g}"
