"""Asks the old laboratory's claims again, cheapest first, and writes what became of each.

Everything takes the path that any result takes, in a laboratory that is kept: signed tickets, runner, validation, and a
session that weighs. Stopped in any way and called again it goes on; an experiment is computed once for all its claims.

    scripts/campaign reproduce --hours 8          # computes for so long at most, then writes the page
    scripts/campaign reproduce --hours 1 --only catapult_phase benford_law
    scripts/campaign reproduce --page             # computes nothing
    scripts/campaign reproduce --weigh-again      # computes nothing; weighs the written values by the rules of today

The page keeps what is written there until the laboratory has as many seeds of the same version, so that an experiment
that was changed can be computed alone.
"""

import argparse
import contextlib
import os
import signal
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from old_claims import answers, values
from old_claims.compute import experiment_computed, file_of, progress
from old_claims.earlier_page import joined, recorded
from old_claims.findings import ComputedExperiment
from old_claims.laboratory import computed_experiments, open_up, weigh_closed_blocks
from old_claims.order import Wanted, asked_by, in_order
from old_claims.page import page
from old_claims.weigh_again import is_of_earlier_rules, weighed_again

from axiom import shipped
from axiom.cli.experiment.manifests import manifest_of
from axiom.errors import AxiomError, ExperimentError, FolderInUse
from axiom.laboratory.experiments.old_claims import LIST, OldClaims, read_old_claims
from axiom.signed.manifests import Manifest
from axiom.store.engine.folder import Folder
from axiom.store.experiments import recorded_answers
from axiom_weigh.amounts import tell_amount
from axiom_weigh.errors import FigureNotDrawn
from axiom_weigh.figures.drawing import svg_of
from axiom_weigh.figures.palette import make_standalone_svg

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = shipped.catalogue_folder()
NAME = "the-old-claims"  # of the page, and of the folder with its figures and numbers
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything that there was time for was computed."""
    options = parse(arguments)
    listed, folder = read_old_claims(options.catalogue / LIST), Folder(path=options.data.resolve())
    if options.weigh_again:
        rewritten(options.into, listed, options.catalogue)
        return 0
    status = 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what computes for us must not go on without us
    try:
        open_up(folder)
    except FolderInUse as taken:  # by what a killed campaign had started: it ends with its block
        print(taken, flush=True)
        return 1
    if not options.page:
        try:
            status = computed(options, listed, folder)
        except KeyboardInterrupt:
            print("Stopped. What came back is kept; the same command goes on.", flush=True)
            return _INTERRUPTED
    weigh_closed_blocks(folder)
    written(options.into, listed, folder, options.catalogue)
    return status


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What somebody wants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, help="compute for so long at most")
    parser.add_argument("--page", action="store_true", help="compute nothing; write the page from what is kept")
    parser.add_argument("--weigh-again", action="store_true", help="weigh what is written by the rules of today")
    parser.add_argument("--only", nargs="+", metavar="EXPERIMENT", help="compute these alone")
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "reckoning", help="the laboratory that is kept")
    parser.add_argument("--catalogue", type=Path, default=SHIPPED, help="experiments, and the list of claims")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "explanation", help="where the page goes")
    options = parser.parse_args(arguments)
    if [options.page, options.weigh_again, options.hours is not None].count(True) != 1:
        parser.error("give one of --hours, --page and --weigh-again")
    if unknown := {*(options.only or ())} - {*asked_by(read_old_claims(options.catalogue / LIST).claims)}:
        parser.error(f"no claim is asked by {', '.join(sorted(unknown))}")
    return options


def computed(options: argparse.Namespace, listed: OldClaims, folder: Folder) -> int:
    """Compute block after block, while there is time; 0 when nothing went wrong."""
    ends = time.monotonic() + 3600.0 * options.hours
    wanted, failed = wanted_of(options, listed)
    left = []
    for experiment in wanted:
        is_computed = experiment_computed(experiment, file_of(options.catalogue, experiment.name), folder, ends)
        if is_computed is None:
            left.append(experiment.name)
        elif not is_computed:
            failed.append(experiment.name)
    whole = sum(progress(experiment, folder)[0] >= experiment.seeds for experiment in wanted)
    print(f"{whole} of {len(wanted)} experiments have all seeds that were asked for.")
    if left:
        print(f"No time was left for {', '.join(left)}; the same command goes on with them.")
    if failed:
        print(f"Went wrong: {', '.join(failed)}.")
    return int(bool(failed))


def wanted_of(options: argparse.Namespace, listed: OldClaims) -> tuple[list[Wanted], list[str]]:
    """The experiments that are written and ask a claim, in the order of work; and those that cannot be read."""
    asking = asked_by(listed.claims)
    manifests, broken = [], []
    print(
        f"Reading what {tell_amount(len(asking), 'experiment')} declare; the first time this takes minutes.", flush=True
    )
    for name in asking:
        file = options.catalogue / f"{name}.py"
        if (options.only and name not in options.only) or not file.is_file():
            continue
        try:
            manifests.append(manifest_of(file))
        except AxiomError as error:
            broken.append(name)
            print(f"{name}: {error}", flush=True)
    return in_order(manifests, asking), broken


def written(into: Path, listed: OldClaims, folder: Folder, catalogue: Path) -> None:
    """Write the page, its figures and its numbers. What is written there already stays until there is more."""
    beside = into / NAME
    before = recorded(beside, declared_in(catalogue))
    experiments = joined(
        before,
        {
            name: experiment
            for name, experiment in computed_experiments(folder, with_pictures=True).items()
            if experiment.done
        },
    )
    values.write(beside, experiments)
    draw(beside, experiments, {name for name, experiment in before.items() if experiments[name] is experiment})
    write_page(into, listed, experiments, catalogue)


def rewritten(into: Path, listed: OldClaims, catalogue: Path) -> None:
    """Weigh what is written by the rules of today, and write numbers and page anew. Its pictures are of no finding."""
    beside = into / NAME
    before = recorded(beside, declared_in(catalogue))
    if is_of_earlier_rules(before):
        values.write_numbers(beside / values.EARLIER, before)
    experiments = weighed_again(before)
    values.write(beside, experiments)
    write_page(into, listed, experiments, catalogue)


def write_page(into: Path, listed: OldClaims, experiments: Mapping[str, ComputedExperiment], catalogue: Path) -> None:
    """Write the page from what is found."""
    beside, file = into / NAME, into / f"{NAME}.md"
    pictures = {picture.stem: f"{NAME}/{picture.name}" for picture in beside.glob("*.svg")}
    earlier = recorded(beside, declared_in(catalogue), values.EARLIER)
    file.write_text(page(listed, experiments, pictures, files_of(catalogue), earlier), encoding="utf-8")
    answers.write(catalogue / answers.NAME, listed, experiments, declared_in(catalogue))
    answers.write_recorded(catalogue / recorded_answers.FILE, experiments)
    answers.write_sweeps(catalogue / recorded_answers.SWEEPS, experiments)
    print(f"Written: {os.path.relpath(file)}", flush=True)


def declared_in(catalogue: Path) -> Callable[[str], Manifest | None]:
    """What each experiment declares, by its name; None where there is no such file, or none that can be read."""
    files = files_of(catalogue)

    def declared(name: str) -> Manifest | None:
        with contextlib.suppress(ExperimentError):
            return manifest_of(files[name]) if name in files else None
        return None

    return declared


def files_of(catalogue: Path) -> dict[str, Path]:
    """The files of experiments by name."""
    return {file.stem: file for file in catalogue.glob("[a-z]*.py")}


def draw(beside: Path, experiments: Mapping[str, ComputedExperiment], kept: Collection[str]) -> None:
    """Draw the figures anew but for those of what is kept as it was."""
    for stale in (file for file in beside.glob("*.svg") if file.stem not in kept):
        stale.unlink()
    for name, experiment in experiments.items():
        if experiment.sweep is None:
            continue
        try:
            svg = make_standalone_svg(svg_of(experiment.sweep))
        except FigureNotDrawn as fault:
            print(f"{name}: {fault}", flush=True)
            continue
        (beside / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
