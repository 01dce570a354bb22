"""Computes an experiment block after block in a laboratory that is kept, as a person would at a terminal."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from axiom import shipped
from axiom.service.take_folder import workers_of
from axiom.settings import read_process_settings
from axiom.store.engine.folder import Folder
from old_claims.laboratory import computed_experiments
from old_claims.order import Wanted, until

_PATIENCE_SECONDS = 5.0  # for a command to end by the Ctrl-C that it got itself
_ENDING_SECONDS = 60.0


def experiment_computed(wanted: Wanted, file: str, folder: Folder, ends: float) -> bool | None:
    """Has it all its seeds now? None: there was no time for the next block."""
    while (done := progress(wanted, folder))[0] < wanted.seeds:
        target, takes = until(wanted, done[0], done[1], workers_of(read_process_settings(folder.settings)[0]))
        if takes > ends - time.monotonic():
            return None
        status = waited([*axiom_command(), "experiment", "run", file, "--replicates", str(target), "--quiet"], folder)
        now, seconds = progress(wanted, folder)
        print(f"{wanted.name:<34}{now} of {wanted.seeds} seeds, {seconds:8.2f} s of a processor each", flush=True)
        if now <= done[0]:
            print(f"{wanted.name}: nothing more came back (exit status {status})", flush=True)
            return False
    return True


def progress(wanted: Wanted, folder: Folder) -> tuple[int, float]:
    """How many of its seeds are computed, and what one costs."""
    experiment = computed_experiments(folder).get(wanted.name)
    if experiment is None or experiment.manifest.version != wanted.version:
        return 0, wanted.seconds
    return experiment.done, experiment.seconds or wanted.seconds


def file_of(catalogue: Path, name: str) -> str:
    """How the command line calls an experiment: of the shipped catalogue by its name."""
    return name if catalogue == shipped.catalogue_folder() else str(catalogue.resolve() / f"{name}.py")


def axiom_command() -> list[str]:
    """The program, of the same environment, with the makers' seeds."""
    return [sys.executable, str(Path(__file__).with_name("makers_program.py"))]


def waited(command: Sequence[str], folder: Folder) -> int:
    """The command's exit status. A Ctrl-C ends it first, so that nothing goes on computing after us."""
    with subprocess.Popen([*command, "--data", str(folder.path)], stdout=subprocess.DEVNULL) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            if not has_ended(process):  # at a terminal it was interrupted with us
                process.terminate()  # who was started in the background is deaf to a Ctrl-C
                process.wait(_ENDING_SECONDS)
            raise


def has_ended(process: "subprocess.Popen[bytes]") -> bool:
    """Does the command end by itself?"""
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True
