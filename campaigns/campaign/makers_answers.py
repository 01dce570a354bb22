"""Computes the questions that the makers have not answered yet, for every new laboratory to begin with the answers.

Everything takes the path that any result takes, cheapest first, in a laboratory that is kept: signed tickets, runner,
validation, and a session that weighs. Stopped in any way and called again it goes on. What is written of other
experiments stays; those that ask old claims are computed by `scripts/campaign reproduce`.

    scripts/campaign makers_answers --hours 2
    scripts/campaign makers_answers --hours 1 --only cosine_schedule
    scripts/campaign makers_answers --hours 0      # computes nothing; writes what is kept
"""

import argparse
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from old_claims import answers
from old_claims.compute import experiment_computed, file_of
from old_claims.laboratory import computed_experiments, open_up, weigh_closed_blocks
from old_claims.order import Wanted, asked_by, in_order

from axiom import shipped
from axiom.cli.experiment.manifests import manifest_of
from axiom.laboratory.experiments.old_claims import LIST, read_old_claims
from axiom.store.engine.folder import Folder
from axiom.store.experiments import recorded_answers

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything that there was time for was computed."""
    options = parse_options(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what computes for us must not go on without us
    folder, ends = Folder(path=options.data.resolve()), time.monotonic() + 3600.0 * options.hours
    open_up(folder)
    wanted = list_wanted(options.catalogue, options.only)
    failed = [
        experiment.name
        for experiment in wanted
        if experiment_computed(experiment, file_of(options.catalogue, experiment.name), folder, ends) is False
    ]
    weigh_closed_blocks(folder)
    write_answers(options.catalogue, folder, wanted)
    if failed:
        print(f"Went wrong: {', '.join(failed)}.")
    return int(bool(failed))


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What somebody wants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, required=True, help="compute for so long at most")
    parser.add_argument("--only", nargs="+", metavar="EXPERIMENT", default=(), help="compute these alone")
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "makers", help="the laboratory that is kept")
    parser.add_argument("--catalogue", type=Path, default=shipped.catalogue_folder(), help="the experiments")
    return parser.parse_args(arguments)


def list_wanted(catalogue: Path, only: Sequence[str]) -> list[Wanted]:
    """The experiments with headlines that ask no old claim, cheapest first; of maps the declared designs alone."""
    asking = asked_by(read_old_claims(catalogue / LIST).claims)
    names = only or [file.stem for file in catalogue.glob("[a-z]*.py") if file.stem not in asking]
    manifests = [manifest_of(catalogue / f"{name}.py") for name in names]
    return in_order([manifest for manifest in manifests if manifest.headlines], dict.fromkeys(names, ()))


def write_answers(catalogue: Path, folder: Folder, wanted: Sequence[Wanted]) -> None:
    """Write what has all its seeds; of how many experiments is told."""
    computed = computed_experiments(folder, with_pictures=True)
    whole = {
        experiment.name: answered
        for experiment in wanted
        if (answered := computed.get(experiment.name))
        and answered.manifest.version == experiment.version
        and answered.done >= experiment.seeds
    }
    answers.write_recorded(catalogue / recorded_answers.FILE, whole)
    answers.write_sweeps(catalogue / recorded_answers.SWEEPS, whole)
    print(f"{len(whole)} of {len(wanted)} experiments have all their seeds, and are written.")


if __name__ == "__main__":
    raise SystemExit(main())
