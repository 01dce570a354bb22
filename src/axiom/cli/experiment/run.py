"""`axiom experiment run`: one replicate here and now, or a whole sweep into a laboratory."""

import signal
from collections.abc import Sequence
from types import FrameType
from typing import TYPE_CHECKING

import click

from axiom.cli.completion import complete_experiment_name
from axiom.cli.output import data_option, json_option, quiet_option
from axiom.errors import WrongUse
from axiom.store.engine.folder import Folder

if TYPE_CHECKING:
    from axiom.cli.experiment.run_sweep import SweepOrder
    from axiom.cli.experiment.run_where import SweepProgress


@click.command("run")
@click.argument("name", shell_complete=complete_experiment_name)
@click.argument("words", nargs=-1, metavar="[FACTOR=LEVELS]...")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="The seed; the same gives the same numbers.")
@click.option(
    "--replicate", type=click.IntRange(min=0), help="Instead a seed by its number; none of these ever counts."
)
@click.option("--replicates", type=click.IntRange(1, 100_000), help="Compute so many, durably, in a laboratory.")
@click.option("--workers", type=click.IntRange(1, 1_024), help="With --replicates: on so many cores; else on all.")
@data_option
@json_option
@quiet_option
def run(
    name: str,
    words: Sequence[str],
    seed: int | None,
    replicate: int | None,
    replicates: int | None,
    workers: int | None,
    folder: Folder,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compute one replicate here and now, or a whole sweep with --replicates.

    NAME is an experiment of the catalogue or a FILE.py. Levels are written lr=0.1,0.2 or width=8:128:x2.

    With --replicates 8 the replicates 0 to 7 of the declared sweep are computed into the laboratory in --data, which
    is made if there is none. Interrupted in any way, the same command computes what is missing.
    """
    signal.signal(signal.SIGTERM, _interrupted)
    _demand_one_way(name, words, seed, replicate, replicates, workers)
    if replicates is None:
        from axiom.cli.experiment.run_one import run_one  # neither of the two imports what the other needs

        run_one(name, words, seed, replicate or 0, as_json=as_json, quiet=quiet)
    else:
        from axiom.cli.experiment.sweep_summary import show_sweep_results

        ordered, progress = _compute(name, replicates, folder, workers, quiet=quiet or as_json)
        show_sweep_results(folder, ordered, progress, as_json=as_json, quiet=quiet)


def _compute(
    name: str, replicates: int, folder: Folder, workers: int | None, *, quiet: bool
) -> "tuple[SweepOrder, SweepProgress]":
    """No folder is made for what is not there."""
    from axiom.cli.experiment.manifests import file_of
    from axiom.cli.experiment.run_sweep import compute_sweep
    from axiom.service.take_folder import open_taken_folder

    file_of(name, folder)
    with open_taken_folder(folder, workers, quiet=quiet) as taken:
        return compute_sweep(taken, name, replicates, quiet=quiet)


def _demand_one_way(
    name: str,
    words: Sequence[str],
    seed: int | None,
    replicate: int | None,
    replicates: int | None,
    workers: int | None,
) -> None:
    """Refuse what cannot be meant, before anything is computed; a name that is not there before a word that lacks."""
    if sum(chosen is not None for chosen in (seed, replicate, replicates)) != 1:
        _demand_known(name, words)
        raise WrongUse(
            "Give one of --seed, --replicate and --replicates. There is no default: it would repeat a computation, not "
            "replicate it."
        )
    if replicates is None and workers is not None:
        raise WrongUse("--workers goes with --replicates; one replicate is computed on one core. Nothing was started.")
    if replicates is not None and words:
        _demand_known(name, words)
        raise WrongUse(
            f"{' '.join(words)} is another sweep than the one that is registered, and --replicates computes that one. "
            "Nothing was started; change the sweep in a FILE.py of yours, or give --seed instead of --replicates."
        )


def _demand_known(name: str, words: Sequence[str]) -> None:
    """The experiment is there and has these factors and levels: asked only of words that are refused anyway."""
    from axiom.cli.experiment.manifests import file_of, manifest_of
    from axiom.cli.experiment.sweep_words import read_sweep_configs

    read_sweep_configs(manifest_of(file_of(name)), words)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    """End as by Ctrl-C: children and temporary folders are cleared away."""
    raise KeyboardInterrupt
