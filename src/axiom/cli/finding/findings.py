"""`axiom finding`: what is concluded so far, in the very shape of the pages' JSON, and to take away."""

from pathlib import Path
from typing import Any, TextIO

import click

from axiom.cli.changes import submit_command
from axiom.cli.finding import links
from axiom.cli.groups import Group
from axiom.cli.output import (
    Shown,
    data_option,
    json_option,
    quiet_option,
    reading_options,
    show_facts,
    show_json,
    show_quotes,
    show_table,
)
from axiom.cli.reading import open_reading, read_page
from axiom.errors import WrongUse
from axiom.laboratory.findings.rules.list_order import FindingOrder
from axiom.reads import finding_lists, findings
from axiom.service.standard_callers import operator_caller
from axiom.store.engine.folder import Folder
from axiom_weigh.atomic_file import write_whole_file
from axiom_weigh.evidence.rounding import end_told
from axiom_weigh.evidence.size_that_matters import list_bars
from axiom_weigh.terminal import print_remark, print_text

_NUMBER = click.IntRange(1, 2**63 - 1)
_HEAD = ("number", "answer", "tested", "claim", "experiment", "quantity", "status", "verdict", "reads", "grade")


@click.group(cls=Group, changes=links.CHANGES)
def finding() -> None:
    """Claims with a number, and how they stand."""


finding.add_command(links.show_graph)


@finding.command("list")
@click.option("--alias", default="", help="Those that ask what an old name or number stands for: 31, compgen.")
@click.option(
    "--order",
    type=click.Choice([order.value for order in FindingOrder]),
    help="What stands first; the surest has the highest grade and then the largest effect.  [default: newest]",
)
@reading_options
def list_findings(alias: str, order: str | None, folder: Folder) -> Shown:
    """Every finding with its newest evidence."""
    answer = read_page(folder, finding_lists.findings_page, query={"alias": alias, "order": order or ""})
    yield answer
    show_table(
        ("number", "answer", "verdict", "reads", "grade", "status", "estimate", "interval", "seeds"),
        [_line(row) for row in answer["findings"]],
        none="No finding is registered yet.",
    )


@finding.command("show")
@click.argument("number", type=_NUMBER)
@reading_options
def show(number: int, folder: Folder) -> Shown:
    """One finding: its evidence and its parts, what the next grade needs, and how to cite it."""
    answer = read_page(folder, findings.finding_page, number)
    yield answer
    facts = answer["finding"]
    show_facts({name: facts[name] for name in _HEAD})
    print_text(f"\n{facts['scope']['words']}")
    if facts["literature"]:
        print_text(f"{facts['literature']['words']}.")
    for old in facts["aliases"]:
        print_text(
            f"The old laboratory's {old['name']}: {old['claim']}; {old['rests_on']}; {old['figure'] or 'no number'}"
        )
    newest = facts["evidence"]
    if newest is None:
        print_text("\nIt awaits its first block of replicates.")
    else:
        print_text()
        show_facts(_facts(facts, newest))
    for heading, lines in {**links.link_sections(facts), **(_sections(facts, newest) if newest else {})}.items():
        if lines:
            print_text(f"\n{heading}")
            print_text("\n".join(f"  {line}" for line in lines))
    show_quotes(facts["said"])
    if newest is not None:
        print_text(f"\nCite: {facts['cite']}")


@finding.command("paper")
@click.argument("numbers", type=_NUMBER, nargs=-1)
@click.option(
    "--kept",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Instead of NUMBERS a folder with exports of findings and words.md: the short paper that it keeps.",
)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    help="A file that ends in .md, .tex or .html.  [default: print Markdown]",
)
@click.option(
    "--words",
    type=click.File("r", encoding="utf-8"),
    help="Your own words for it, kept first: paragraphs in which each number is a reference such as {F12.estimate}.",
)
@click.option("--by", default=operator_caller().name, show_default=True, help="Whose words they are.")
@data_option
@quiet_option
def paper(
    numbers: tuple[int, ...],
    kept: Path | None,
    target: Path | None,
    words: TextIO | None,
    by: str,
    folder: Folder,
    quiet: bool,
) -> None:
    """A draft over findings: methods, tables, limitations and references, rendered from what is recorded."""
    from axiom.web.papers import formats  # needs the templates
    from axiom.web.papers.paper import parse_finding_numbers
    from axiom.web.site.templates import template_environment

    ending = target.suffix.removeprefix(".") if target else "md"
    if ending not in formats.KINDS:
        raise WrongUse(f"{target} ends in none of .md, .tex and .html. Nothing was written.")
    if bool(numbers) == bool(kept) or (kept and words):
        raise WrongUse("A paper is over findings by their NUMBERS, or the one that a folder keeps: --kept. Not both.")
    if kept is not None:
        text = formats.kept_paper_file(kept, ending, template_environment())
    else:
        chosen = parse_finding_numbers(",".join(map(str, numbers)))
        if words is not None:
            draft = {"findings": ",".join(map(str, chosen)), "text": words.read(), "by": by}
            submit_command(folder, "paper.draft", draft)
        with open_reading(folder) as reading:
            text = formats.paper_file(reading, chosen, ending, template_environment())
    if target is None:
        print_text(text, end="")
        return
    with write_whole_file(target) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    print_remark(f"Wrote {target}", quiet=quiet)


@finding.command("near")
@click.argument("claim")
@click.option("--factors", default="", help="What it varies, and between which levels: 'lr=0.1,0.5; width'.")
@click.option("--measure", default="", help="What it measures.")
@reading_options
def show_near(claim: str, factors: str, measure: str, folder: Folder) -> Shown:
    """Has CLAIM been asked? The findings that are nearest to it, and what differs."""
    answer = read_page(
        folder, finding_lists.nearest_findings_page, query={"claim": claim, "factors": factors, "measure": measure}
    )
    yield answer
    near = answer["near"]
    print_text(f"{'Yes' if near['is_known'] else 'No'}: {near['reason']}.\n")
    rows = [(row["number"], row["distance"], row["claim"], _differences(row["differs"])) for row in near["nearest"]]
    show_table(("finding", "distance", "claim", "what you name otherwise"), rows, none="Nothing has been asked yet.")


def _differences(differs: dict[str, Any]) -> str:
    levels = [f"{name} {', '.join(values)}" for name, values in differs["levels"].items()]
    return "; ".join([*differs["factors"], *levels, *filter(None, [differs["measure"]]), *differs["words"]])


@finding.command("export")
@click.argument("number", type=_NUMBER)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    help="A file that ends in .zip, or a folder that is new or empty.  [default: finding-NUMBER.zip]",
)
@data_option
@quiet_option
def export(number: int, target: Path | None, folder: Folder, quiet: bool) -> None:
    """Everything needed to weigh a finding again: data, registration, signed source and a script, as an RO-Crate."""
    from axiom.web.export import archive  # weighs, for which NumPy is loaded

    to = target or Path(f"finding-{number}.zip")
    is_file = to.suffix == ".zip"
    # What the system hides in a folder, such as .DS_Store, may stay: no file of an export begins with a dot.
    if not is_file and to.exists() and (not to.is_dir() or any(path.name[0] != "." for path in to.iterdir())):
        raise WrongUse(
            f"{to} is there and is no empty folder. Nothing was written; name a new folder or a file that ends in .zip."
        )
    with open_reading(folder) as reading:
        files = {"": archive.finding_archive(reading, number)} if is_file else archive.finding_files(reading, number)
    for name, body in files.items():
        with write_whole_file(to / name if name else to) as unfinished:
            unfinished.write_bytes(body)
    print_remark(f"Wrote {to}", quiet=quiet)


@finding.command("verify")
@click.argument("export", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--roots",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A PEM file with the root certificates that you trust.  [default: those of the export]",
)
@json_option
def verify(export: Path, roots: Path | None, as_json: bool) -> None:
    """Was what an EXPORT says was predicted dated by an authority before there was data? Needs no laboratory."""
    from axiom.web.export.verify import verification_in_words, verify_export  # loads what few need

    answer = verify_export(export, roots)
    if as_json:
        show_json({"verified": answer})
    else:
        print_text("\n".join(verification_in_words(answer, is_trusted=roots is not None)))
    if not answer["is_sealed"]:
        raise click.exceptions.Exit(1)


def _facts(row: dict[str, Any], newest: dict[str, Any]) -> dict[str, Any]:
    names = ("seeds", "missing", "e_value", "hosts", "volunteers", "platforms", "designs")
    return {
        newest["centre"]: newest["estimate"],
        **{name: newest[name] for name in names},
        "interval": _interval(newest, _bars(row)),
        "computed again": f"{newest['again']}, of which {newest['agreeing']} agree",
    }


def _sections(row: dict[str, Any], newest: dict[str, Any]) -> dict[str, list[str]]:
    """What has several lines, by its heading."""
    return {
        "why": [row["why"]] if row["why"] else [],
        "needs": [*newest["needs"], *filter(None, [newest["needed"]])],
        "flags": list(dict.fromkeys([*newest["flags"], *(alarm["text"] for alarm in newest["alarms"])])),
        **{by: [_part(part) for part in parts] for by, parts in row["parts"].items()},
        "computed again": [_pair(pair) for pair in newest["duplicates"]],
        "predicted": [_prediction(prediction) for prediction in row["predictions"]],
        "never worked": [_failing_host(host) for host in row["never_worked"]],
        "reasons": newest["reasons"],
    }


def _part(part: dict[str, Any]) -> str:
    estimate = "no value" if part["estimate"] is None else f"{part['estimate']:.4g} {_interval(part)}"
    return f"{part['name']}: {estimate}, {part['seeds']} seeds"


def _pair(pair: dict[str, Any]) -> str:
    classes = {
        "bit for bit": pair["exact"],
        "within tolerance": pair["close"],
        "with another end": pair["divergent"] - pair["disputed"],
        "with another beginning": pair["disputed"],
    }
    counted = ", ".join(f"{amount} {name}" for name, amount in classes.items() if amount)
    return f"{' and '.join(pair['platforms'])}: {counted}"


def _prediction(prediction: dict[str, Any]) -> str:
    chances = f"+ {prediction['positive']:.2f}, absent {prediction['absent']:.2f}, − {prediction['negative']:.2f}"
    score = prediction["score"]
    worth = "" if score is None or score["brier"] is None else f"; Brier {score['brier']:.3g}"
    who = f"{prediction['forecaster']} ({prediction['foreknowledge']['reason']})"
    return f"{who}: {chances}, [{prediction['interval'][0]:.4g}, {prediction['interval'][1]:.4g}]{worth}"


def _failing_host(host: dict[str, Any]) -> str:
    states = ", ".join(f"{amount} {state}" for state, amount in host["states"].items())
    return f"host {host['host']} ({host['platform']}): {states} of {host['tasks']} tasks"


def _line(row: dict[str, Any]) -> tuple[Any, ...]:
    evidence = row["evidence"] or {"estimate": None, "interval": None, "seeds": 0}
    return (
        row["number"],
        row["answer"],
        row["verdict"],
        row["reads"],
        row["grade"],
        row["status"],
        evidence["estimate"],
        _interval(evidence, _bars(row)),
        evidence["seeds"],
    )


def _bars(row: dict[str, Any]) -> tuple[float, ...]:
    return list_bars(float(row["null"] or 0.0), float(row["smallest"] or 0.0))


def _interval(evidence: dict[str, Any], bars: tuple[float, ...] = ()) -> str | None:
    if evidence["interval"] is None:
        return None
    return "[{}, {}]".format(*(end_told(end, bars) for end in evidence["interval"]))
