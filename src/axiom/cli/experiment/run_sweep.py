"""`axiom experiment run --replicates`: a whole sweep, durably, by the very path that every result takes.

Where no laboratory works in the folder, this process is one for as long as it computes; where one does, the order goes
through its socket and this process only waits. Ended in any way, the same command computes what is missing.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from axiom.cli.experiment.manifests import file_of, file_words
from axiom.cli.experiment.run_marks import leave_mark
from axiom.cli.experiment.run_where import OtherProcess, SweepPlace, SweepProgress, ThisProcess
from axiom.cli.output import progress_bar
from axiom.domain.maps import Map, first_place
from axiom.domain.registrations import DECLARED, read_registration_body
from axiom.domain.releases import Stage
from axiom.domain.work import TaskState
from axiom.engines.available_resources import count_usable_cpus
from axiom.errors import NotFound, Refused
from axiom.gate.command import Answer
from axiom.laboratory.experiments.commands.deploy import ChartExperiment, DeployExperiment
from axiom.laboratory.experiments.commands.experiments import PublishExperiment
from axiom.laboratory.experiments.publish import WAITS
from axiom.rules.planning.task_size import replicates_per_workunit
from axiom.service.computing_parts import make_computing_parts
from axiom.service.open_laboratory import make_laboratory
from axiom.service.take_folder import TakenFolder
from axiom.settings import Settings
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.connections import Connections
from axiom.store.engine import counters
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.findings import blocks
from axiom.store.maps import tiles
from axiom.store.maps.tiles import ChartProgress
from axiom.store.registrations import registrations, time_stamps
from axiom_weigh.terminal import print_progress, print_remark, wall_clock

_LOOK_SECONDS = 0.1  # between two looks at what is stored
_HALT_SECONDS = 2.0  # and at whether any more of it may go out
_ON_ITS_WAY = (TaskState.SENT, TaskState.RETURNED)
_MOST_SINGLY = 64
_TASKS_PER_CORE = 4  # so that the cores end together although tasks differ


@dataclass(frozen=True, kw_only=True)
class SweepOrder:
    """What somebody wants: the first so many replicates of a version, over its registered sweep."""

    experiment_id: int
    registration_id: int
    manifest: Manifest
    replicates: int

    @property
    def whole_name(self) -> str:
        """Name and version, as in tiny_sum@1."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @property
    def cells(self) -> int:
        """How many results there will be."""
        return self.replicates * len(self.manifest.configs)


def compute_sweep(taken: TakenFolder, name: str, replicates: int, *, quiet: bool) -> tuple[SweepOrder, SweepProgress]:
    """Publish, order what is missing up to so many replicates, and wait until nothing more of them will come."""
    folder, settings = taken.folder, taken.settings
    file = file_of(name, folder)
    publish = PublishExperiment(**file_words(name if name.endswith(".py") else file.stem))
    with _place(taken, quiet=quiet) as place:
        published = place.submit(publish)
        _demand_sealed(published)
        leave_mark(name, "run", quiet=quiet)
        with Connections(folder=folder).follower() as db:
            ordered = _ordered(db, published["experiment"], published["version"], replicates)
            workers = count_usable_cpus() if settings.workers < 1 else settings.workers
            is_begun = bool(settings.stamp_authority) and _wait_for_stamp(db, place, ordered, quiet=quiet)
            _order(db, place, ordered, settings, workers)
            sweep = _sweep(db, ordered)
            if (sweep.open or sweep.lacking) and not is_begun:
                place.begin()
            return ordered, _wait(db, place, ordered, workers, quiet=quiet)


@contextlib.contextmanager
def _place(taken: TakenFolder, *, quiet: bool) -> Iterator[SweepPlace]:
    folder, settings = taken.folder, taken.settings
    if not taken.is_ours:
        yield OtherProcess(folder, quiet=quiet)
        return
    clock, keys = make_laboratory(folder, settings)
    if taken.is_new:
        print_remark(f"Made a laboratory in {folder.path}; its keys in {folder.keys} sign in its name.", quiet=quiet)
    here = ThisProcess(folder, lambda reported: make_computing_parts(folder, settings, keys, clock.apart, reported))
    try:
        yield here
    finally:
        here.stop()


def _demand_sealed(published: Answer) -> None:
    """Nothing is ordered of what hosts would refuse, or of what a file said before it was changed."""
    if published["change"] == WAITS:
        raise Refused(
            f"{published['experiment']}@{published['version']} waits for a seal, since the bundle keys are kept "
            "elsewhere. Nothing was ordered. `axiom keys request FILE` writes down what has to be signed; once it is "
            "accepted, type the same command again."
        )


def _ordered(db: Database, name: str, version: int, replicates: int) -> SweepOrder:
    experiment = experiments.find_experiment_by_name(db, name, version)
    entries = registrations.read_registrations(db, experiment.id) if experiment else []
    declared = [entry.id for entry in entries if read_registration_body(entry.body).design.name == DECLARED]
    if experiment is None or not declared:
        raise NotFound(f"{name}@{version} was published, and is not registered here. Nothing was ordered.")
    if experiments.count_issued_replicates(db, experiment.id).keys() - {declared[-1]}:
        raise Refused(
            f"Replicates of {name}@{version} belong to several registrations, so its first {replicates} are not all of "
            "the declared sweep. Nothing was ordered; `axiom experiment deploy` orders more of each registration."
        )
    return SweepOrder(
        experiment_id=experiment.id,
        registration_id=declared[-1],
        manifest=stored_manifest(experiment.manifest),
        replicates=replicates,
    )


def _order(db: Database, place: SweepPlace, ordered: SweepOrder, settings: Settings, workers: int) -> None:
    """Numbers are issued in order and for ever, so what is missing are those from the next one on.

    As many cells as there are cores go out one by one, before the others: a person waits for the first of them.
    """
    missing = ordered.replicates - experiments.find_next_replicate(db, ordered.experiment_id)
    if missing <= 0:
        return
    filling = replicates_per_workunit(ordered.manifest.seconds, settings.task_seconds)
    per_workunit = max(1, min(filling, missing // (_TASKS_PER_CORE * workers)))
    singly = min(workers, _MOST_SINGLY)
    for workunits, size in ((missing // per_workunit, per_workunit), (1, missing % per_workunit)):
        if workunits * size:
            place.submit(
                DeployExperiment(
                    experiment=ordered.manifest.name,
                    workunits=workunits,
                    replicates_each=size,
                    singly=singly,
                    reason=f"a person wants {ordered.replicates} replicates",
                )
            )
            singly = 0


def _wait_for_stamp(db: Database, place: SweepPlace, ordered: SweepOrder, *, quiet: bool) -> bool:
    """Wait until an authority has dated what is asked; did that take the laboratory to be at work?"""
    nothing, is_begun = SweepProgress(cells=0, open=0), False
    while ordered.registration_id in {registration.id for registration in time_stamps.list_unstamped_registrations(db)}:
        if not is_begun:
            place.begin()
            print_remark("Nothing is ordered before an authority has stamped the registration.", quiet=quiet)
            is_begun = True
        place.check(nothing)
        time.sleep(_LOOK_SECONDS)
    return is_begun


def _sweep(db: Database, ordered: SweepOrder) -> SweepProgress:
    over = blocks.list_ordered_replicates(db, ordered.registration_id)
    drawn, wanted = ordered.manifest.map, range(ordered.replicates)
    back = blocks.count_returned_cells(db, ordered.experiment_id, below=first_place(1) if drawn else blocks.ALL_PLACES)
    charted = _charted(db, ordered, drawn) if drawn else ChartProgress()
    return SweepProgress(
        cells=sum(back.get(number, 0) for number in wanted),
        open=sum(not over.get(number, True) for number in wanted),
        tiles=charted.back,
        lacking=charted.lacking,
    )


def _charted(db: Database, ordered: SweepOrder, drawn: Map) -> ChartProgress:
    """How far the wanted replicates are charted, all together."""
    arms = range(len(ordered.manifest.configs))
    by_replicate = tiles.read_chart_progress(db, ordered.experiment_id, first=0, deepest=drawn.charted, arms=arms)
    wanted = [chart for number, chart in by_replicate.items() if number < ordered.replicates]
    return ChartProgress(wanted=sum(chart.wanted for chart in wanted), back=sum(chart.back for chart in wanted))


def _chart(db: Database, place: SweepPlace, ordered: SweepOrder, sweep: SweepProgress, workers: int) -> bool:
    """Order tiles that are known to be needed, where cores will soon have nothing else; were some ordered?"""
    waiting = counters.read_counter(db, "workunit", ordered.experiment_id, "open")
    if not sweep.lacking or waiting >= _TASKS_PER_CORE * workers:
        return False
    more = ChartExperiment(
        experiment=ordered.manifest.name,
        workunits=_TASKS_PER_CORE * workers,
        reason=f"a person wants {ordered.replicates} replicates charted",
    )
    return bool(place.submit(more)["tiles"])


def _wait(db: Database, place: SweepPlace, ordered: SweepOrder, workers: int, *, quiet: bool) -> SweepProgress:
    began, sweep = time.monotonic(), _sweep(db, ordered)
    had, halted, looked = sweep.cells, "", began
    try:
        while (_chart(db, place, ordered, sweep, workers) or sweep.open) and not halted:
            place.check(sweep)
            if time.monotonic() - looked > _HALT_SECONDS:
                halted, looked = _halted(db, ordered), time.monotonic()
            if not quiet:
                print_progress(_line(ordered, sweep, place.under_way(db), had, time.monotonic() - began))
            time.sleep(_LOOK_SECONDS)
            sweep = _sweep(db, ordered)
    except KeyboardInterrupt:
        if not quiet:
            print_progress("")
        print_remark("Stopped. What is ordered stays ordered, and the same command goes on from here.", quiet=quiet)
        raise
    finally:
        if not quiet:
            print_progress("")
    if halted:
        print_remark(
            f"{ordered.whole_name} goes on no further: {halted}. What is ordered stays ordered; mend the file, or lift "
            "the pause, and type the same command again.",
            quiet=False,
        )
    return sweep


def _halted(db: Database, ordered: SweepOrder) -> str:
    """Why no more of it is given to anybody; nothing while some of it is out or may go out."""
    from axiom.laboratory.experiments.release_stages import read_version_stages  # of no use before the first result

    staged = read_version_stages(db, wall_clock()).get(ordered.experiment_id)
    if staged is None or staged.rollout.stage is not Stage.PAUSED:
        return ""
    is_out = any(counters.read_counter(db, "task", ordered.experiment_id, state) for state in _ON_ITS_WAY)
    return "" if is_out else staged.rollout.reason


def _line(ordered: SweepOrder, sweep: SweepProgress, under_way: float, had: int, seconds: float) -> str:
    name, cells = ordered.manifest.name, sweep.cells + sweep.tiles + int(under_way)
    if ordered.manifest.map:  # how many tiles it will be shows as they come
        needed = ordered.cells + sweep.tiles + sweep.lacking
        done = min(cells, needed)
        return f"{name} {progress_bar(done / needed)} {done} of {needed} tiles that are needed as far as is known"
    done = min(cells, ordered.cells)
    rest = f", about {_duration((ordered.cells - done) * seconds / (done - had))} left" if done > had else ""
    return f"{name} {progress_bar(done / ordered.cells)} {done} of {ordered.cells} cells{rest}"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"
