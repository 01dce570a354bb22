"""The jobs that give commands: the catalogue is published, and what fails too often is stopped."""

import functools
import logging
from collections.abc import Callable

from axiom.domain.callers import Caller
from axiom.errors import AxiomError, StoreError, Withdrawn
from axiom.gate.gate import CommandGate
from axiom.laboratory.experiments import published_files, release_stages
from axiom.laboratory.experiments.breaker import find_failing_versions
from axiom.laboratory.experiments.catalogue_files import list_contested_files, list_files, list_shipped
from axiom.laboratory.experiments.commands.experiments import PublishExperiment, RetireExperiment
from axiom.laboratory.rounds.steps.failures import count_failures as count_failures
from axiom.server.upkeep.jobs import Job
from axiom.store.connections import Connections

log = logging.getLogger("axiom.lab")


def list_experiment_jobs(gate: CommandGate, caller: Caller, is_stopping: Callable[[], bool]) -> list[Job]:
    return [
        Job(name="publish", every=86_400.0, work=lambda: publish_catalogue(gate, caller, is_stopping)),
        Job(name="failures", every=10.0, work=lambda: stop_failing(gate, caller), remembered=False),
    ]


def publish_catalogue(gate: CommandGate, caller: Caller, is_stopping: Callable[[], bool]) -> None:
    """Publish what the catalogue holds, until somebody wants to stop: the next start begins with it.

    A file that cannot be published holds up no other.
    """
    laboratory = gate.laboratory
    for contest in list_contested_files(laboratory.catalogue, laboratory.folder.catalogue):
        used = "own" if contest.is_own else "shipped"
        log.warning(
            "file.contested experiment=%s own=%s shipped=%s used=%s", contest.name, contest.own, contest.shipped, used
        )
    # In the writer, so that no newer text is published meanwhile, kept, and then lost to what was read before.
    gate.writer.run(lambda db: published_files.write_published_files(db, laboratory.folder, list_shipped(laboratory)))
    only = laboratory.settings.only.split(",")
    for file in list_files(laboratory):
        if is_stopping():
            return
        try:
            if only == [""] or file.stem in only or file.parent == laboratory.folder.catalogue:
                gate.submit(PublishExperiment(experiment=file.stem), caller)
        except StoreError:
            raise  # then none can be stored; the job comes back to it
        except Withdrawn as error:
            log.info("publish.withdrawn experiment=%s %s", file.stem, error)
        except AxiomError as error:
            log.error("publish.refused experiment=%s %s", file.stem, error)


def stop_failing(gate: CommandGate, caller: Caller) -> None:
    """Count how tasks ended, and stop what fails more often than anything may, before a session comes to it."""
    gate.writer.run(lambda db: count_failures(db, gate.now()))
    with Connections(folder=gate.laboratory.folder).reader() as db:
        is_due = release_stages.is_release_change_due(db)
    if is_due:
        gate.writer.run(lambda db: release_stages.record_stages(db, gate.now()))
    for broken in gate.writer.run(find_failing_versions):
        version, why = broken.version, broken.reason
        stop = functools.partial(
            release_stages.record_breaker_stop, version=version, reason=why, platform=broken.platform, now=gate.now()
        )
        gate.writer.run(stop)
        if not broken.platform:
            # A newer version may be published meanwhile.
            gate.submit(RetireExperiment(experiment=version.whole_name, reason=why), caller)
