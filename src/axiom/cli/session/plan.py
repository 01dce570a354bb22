"""`axiom session plan`: what would go where and why, hosts by their size, and why cores stay idle."""

import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from axiom.cli.experiment.manifests import catalogue_files, load_manifests
from axiom.cli.output import Shown, answer_option, data_option, show_table
from axiom.domain.callers import Answer
from axiom.domain.headlines.numbers import begin_sentence, format_number
from axiom.domain.planning import Preview, Supply
from axiom.errors import WrongUse
from axiom.laboratory.planning import preview
from axiom.laboratory.planning.fleet_file import read_fleet
from axiom.laboratory.planning.plan import list_experiment_names as known
from axiom.laboratory.planning.rules.read_mix_and_priority import parse_wishes
from axiom.laboratory.policy import Policy, policy_from_settings
from axiom.limits import planning as limits
from axiom.reads.plan import list_idle_reasons, plan_data
from axiom.rules.hosts.suitable_runners import DRILL
from axiom.service.open_laboratory import open_for_reading
from axiom.settings import read_process_settings
from axiom.store.engine.folder import Folder
from axiom_weigh.amounts import tell_amount
from axiom_weigh.grouping import group_pairs
from axiom_weigh.terminal import print_text, wall_clock

_NARROWEST, _WIDEST = 60, 120
_NAMED = 3  # experiments that a line names of many


@click.command("plan")
@data_option
@click.option(
    "--fleet",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="For these hosts instead: their name, cores, ram_gb, gpus and volunteer. Needs no laboratory.",
)
@click.option("--mix", help="Shares in percent by purpose or experiment, as new=50,nearest=30,fill=20.")
@click.option("--priority", help="What comes first, by purpose or experiment, as new,nearest,negatives,fill.")
@answer_option
def show_next_orders(folder: Folder, fleet: Path | None, mix: str | None, priority: str | None) -> Shown:
    """What would be ordered now, where it would go and why; nothing is changed.

    Purposes are pilots, new, nearest, negatives, generality and fill.
    """
    settings, _ = read_process_settings(folder.settings)
    policy = policy_from_settings(settings)
    policy = replace(
        policy,
        mix=policy.mix if mix is None else mix,
        priority=policy.priority if priority is None else priority,
    )
    planned = plan_data(_preview(folder, policy, None if fleet is None else _fleet_of(fleet)))
    yield planned
    show_plan(planned)


def _preview(folder: Folder, policy: Policy, hosts: Sequence[Supply] | None) -> Preview:
    if hosts is not None and not folder.exists():
        shipped = [manifest for manifest in load_manifests(catalogue_files()) if manifest.name != DRILL]
        return preview.preview_shipped(shipped, policy, hosts)
    with open_for_reading(folder) as db:
        wishes = parse_wishes(policy.mix, policy.priority, known(db))  # what is typed is refused where it cannot be
        return preview.preview_plan(db, policy, wall_clock(), hosts, wishes=wishes)


def _fleet_of(file: Path) -> list[Supply]:
    try:
        return read_fleet(file.read_bytes(), str(file))
    except OSError as error:
        raise WrongUse(
            f"The fleet {file} cannot be read ({error.strerror}). Nothing was planned; name a file of hosts."
        ) from error


def show_plan(planned: Answer) -> None:
    """Print a preview that was made plain data."""
    _say(f"{begin_sentence(planned['reason'])}. Nothing was changed.")
    _above_floor(planned["above_floor"])
    _goals(planned["goals"])
    _ordered(planned["allotments"])
    _fleet(planned["classes"])
    _worth(planned["worth"])
    _left_alone(planned["skipped"])


def _above_floor(above: Answer) -> None:
    hours = format_number(above["core_seconds"] / 3_600)
    _say(
        f"Worth at least the floor of {above['floor']:g} bits a core-hour, beside maps: {hours} core-hours of "
        f"{tell_amount(above['designs'], 'design')}."
    )
    if above["below"]:
        _say(
            f"Of {tell_amount(above['below'], 'design')} nothing more is worth it: cores rest rather than compute that."
        )
    if above["proposals"]:
        likely = format_number(above["proposed_core_seconds"] / 3_600)
        _say(
            f"Of {tell_amount(above['proposals'], 'proposal')} that wait for an answer likely {likely} "
            "core-hours are, too."
        )


def _goals(goals: Sequence[Answer]) -> None:
    _title("What people asked for, which comes first", bool(goals))
    for goal in goals[: limits.ROWS_TOLD]:
        hours = format_number(goal["core_seconds"] / 3_600)
        which = f"{goal['ordered']} of {tell_amount(goal['replicates'], 'replicate')} are ordered"
        _item(f"{goal['name']}  {which}", f"registration {goal['registration_id']}; the others take {hours} core-hours")
    _more(goals)


def _ordered(allotments: Sequence[Answer]) -> None:
    """One line for what is ordered for one reason, whole workunits and the rest together."""
    sizes: dict[tuple[str, str], list[str]] = {}
    for allotment in allotments:
        size = f"{allotment['workunits']:,} × {tell_amount(allotment['replicates_each'], 'replicate')}"
        sizes.setdefault((allotment["name"], allotment["reason"]), []).append(size)
    _title("What would be ordered", bool(sizes))
    for (name, reason), amounts in list(sizes.items())[: limits.ROWS_TOLD]:
        _item(f"{name}  {' and '.join(amounts)}", reason)
    _more(list(sizes))


def _fleet(classes: Sequence[Answer]) -> None:
    _title("Where it would go", bool(classes))
    rows = [
        (
            kind["cores"],
            kind["gpus"] or "–",
            kind["memory_mb"] // 1_024,
            kind["hosts"],
            sum(kind["busy"].values()),
            sum(kind["planned"].values()),
            kind["idle_cores"],
            _mostly(kind["planned"]),
        )
        for kind in classes[: limits.ROWS_TOLD]
    ]
    headings = ("cores", "GPUs", "GB", "hosts", "busy", "planned", "idle", "mostly")
    show_table(headings, rows, none="No host was heard from in the last hour, so nothing would go anywhere.")
    _rest(classes[limits.ROWS_TOLD :])
    idle = list_idle_reasons(classes)
    _title("Why cores stay idle", bool(idle))
    for why in idle[: limits.ROWS_TOLD]:
        some = why["least"] < why["most"]
        size = f"{why['least']:,} to {why['most']:,} cores" if some else tell_amount(why["most"], "core")
        _item(f"{tell_amount(why['cores'], 'core')} at {tell_amount(why['hosts'], 'host')} of {size}", why["reason"])
    _more(idle)


def _rest(classes: Sequence[Answer]) -> None:
    """The smaller hosts, of which none is large, as a range."""
    if classes:
        cores = [kind["cores"] for kind in classes]
        size = f"{min(cores):,} to {max(cores):,} cores" if min(cores) < max(cores) else tell_amount(cores[0], "core")
        hosts = tell_amount(sum(kind["hosts"] for kind in classes), "more host")
        planned = sum(sum(kind["planned"].values()) for kind in classes)
        idle = sum(kind["idle_cores"] for kind in classes)
        print_text(f"  and {hosts} of {size}: {planned:,} planned, {idle:,} idle; --json has all")


def _mostly(planned: Mapping[str, int]) -> str:
    names = list(planned)
    return names[0] + (f" +{len(names) - 1}" if len(names) > 1 else "") if names else "–"


def _worth(worths: Sequence[Answer]) -> None:
    _title("What the next block of each is worth, by hours of a core", bool(worths))
    if worths:
        rows = [
            (
                worth["name"],
                worth["purpose"],
                format_number(worth["bits"]),
                format_number(worth["core_seconds"] / 3_600),
                format_number(worth["weight"]),
                format_number(worth["per_core_hour"]),
            )
            for worth in worths[: limits.ROWS_TOLD]
        ]
        show_table(("experiment", "for", "bits", "hours", "weight", "bits/hour"), rows, none="")
    _more(worths)


def _left_alone(skipped: Sequence[Answer]) -> None:
    """One line for all that are left alone for the same reason."""
    by_reason = group_pairs((experiment["reason"], experiment["name"]) for experiment in skipped)
    _title("What is left alone", bool(by_reason))
    for reason, names in list(by_reason.items())[: limits.ROWS_TOLD]:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        _item(", ".join(names[:_NAMED]) + more, reason)
    _more(list(by_reason))


def _title(text: str, is_any: bool) -> None:
    if is_any:
        print_text(f"\n{text}")


def _item(head: str, reason: str) -> None:
    """A line, and below it why."""
    print_text("\n".join(_wrapped(head, "  ", "    ")))
    print_text("\n".join(_wrapped(reason, "    ", "    ")))


def _more(rows: Sequence[object]) -> None:
    if len(rows) > limits.ROWS_TOLD:
        print_text(f"  and {len(rows) - limits.ROWS_TOLD} more; --json has all")


def _say(text: str) -> None:
    print_text("\n".join(_wrapped(text, "", "")))


def _wrapped(text: str, first: str, further: str) -> Iterator[str]:
    width = max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns))
    yield from textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )
