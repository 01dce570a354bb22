"""A preflight is remembered through the gate; what is ordered heeds it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.commands.experiments import DeployExperiment, PreflightExperiment
from axiom.domain.callers import Capability
from axiom.domain.preflights import GATES, Preflight, Refusal
from axiom.errors import NotAllowed, NotFound, Refused, WrongUse
from axiom.lab.experiments.preflight import secret_of, seed_for
from axiom.lab.experiments.preflight_report import write
from axiom.lab.experiments.publish import publish
from axiom.lab.experiments.quick_gates import keep_row
from axiom.signed import bundles
from axiom.store.experiments import experiments, preflights
from axiom.store.tasks import workunits

BROKEN = {"again": (), "fault": "the computing process is lost."}


@pytest.fixture
def untried(door, sound):
    """An experiment is published, and nobody tried it."""
    how = {"keys": door.lab.keys, "good_for": timedelta(days=90), "now": door.lab.now}
    door.gate.writer.run(lambda db: publish(db, door.lab.folder, sound, **how))
    door.gate.writer.run(lambda db: db.execute("DELETE FROM preflight WHERE ours_only = 0"))
    door.sound = sound
    return door


def of(attempt, **changes) -> PreflightExperiment:
    return PreflightExperiment(report=write(replace(attempt, **changes)))


def row(door, attempt):
    return door.look(lambda db: preflights.of_bundle(db, attempt.bundle, GATES))


@pytest.fixture
def ann_s_host(untried, join) -> int:
    return untried.meet("attic", untried.gate.writer.run(lambda db: join(db, "Ann", untried.lab.now)))


def test_what_came_of_it_is_stored_with_its_report_and_audited_by_its_digest(untried, sound_attempt):
    attempt = sound_attempt
    orderer = replace(untried.caller, capabilities=frozenset({Capability.DEPLOY}))
    with pytest.raises(NotAllowed):
        untried.submit(of(attempt), caller=orderer)
    for command, error, fact in (
        (of(attempt, again=()), WrongUse, "G3"),  # not computed to its end
        (of(attempt, bundle="ab" * 32), NotFound, "abababababab"),
        (of(attempt, gates="none-0"), WrongUse, "none-0"),
        (PreflightExperiment(report="{}"), WrongUse, "read"),
    ):
        with pytest.raises(error, match=fact):
            untried.submit(command)
    assert untried.submit(of(attempt), dry_run=True)["passed"]
    assert untried.look(lambda db: db.select("SELECT * FROM preflight WHERE ours_only = 0")) == []
    answer = untried.submit(of(attempt))
    assert answer.pop("reason").startswith("all gates")
    assert answer == {
        "experiment": "sound",
        "version": 1,
        "bundle": attempt.bundle,
        "gates": GATES,
        "platform": attempt.platform,
        "passed": True,
        "is_new": True,
    }
    stored = row(untried, attempt)
    assert (stored.passed, stored.report, stored.at) == (True, write(attempt), untried.lab.now)
    audited = untried.audited()[-1]
    assert audited["command"] == "experiment.preflight"
    assert len(audited["arguments"]) == len('{"report":""}') + 64
    assert untried.submit(of(attempt))["is_new"] is False


def test_what_passed_the_gates_of_before_is_ordered_for_our_own_hosts_alone(untried, sound_attempt, ann_s_host):
    words = {"gates": "twice-1", "passed": True, "reason": "", "platform": "", "report": "{}", "at": untried.lab.now}
    before = Preflight(bundle=sound_attempt.bundle, **words)
    untried.gate.writer.run(lambda db: preflights.record(db, before))
    assert untried.submit(of(sound_attempt, **BROKEN))["passed"] is False
    assert "only the laboratory's" in untried.submit(DeployExperiment(experiment="sound", workunits=1))["preflight"]
    with pytest.raises(Refused, match="G2"):
        untried.submit(DeployExperiment(experiment="sound", workunits=1, host=ann_s_host))


def test_whether_the_file_may_be_tried_the_laboratory_reads_itself(untried, sound_attempt):
    refusal = Refusal(gate="G1", line=1, sentence="Nobody likes it.")  # which the file does not bear out
    assert untried.submit(of(sound_attempt, refusals=(refusal,)))["passed"]
    assert "Nobody likes it" not in row(untried, sound_attempt).report
    path, files = bundles.experiment_path("sound"), bundles.contents(untried.sound.archive)
    other = replace(untried.sound, archive=bundles.pack(files | {path: files[path] + b"\nimport socket\n"}))
    how = {"keys": untried.lab.keys, "good_for": timedelta(days=90), "now": untried.lab.now}
    untried.gate.writer.run(lambda db: publish(db, untried.lab.folder, other, **how))
    seed = seed_for(secret_of(untried.lab.keys.ticket), other.digest)
    answer = untried.submit(of(sound_attempt, bundle=other.digest, seed=seed))
    assert (answer["passed"], answer["reason"][:2], "socket" in answer["reason"]) == (False, "G1", True)


def test_what_was_not_tried_is_ordered_for_our_own_hosts_alone(untried, sound_attempt, ann_s_host):
    theirs = DeployExperiment(experiment="sound", workunits=1, host=ann_s_host)
    with pytest.raises(Refused):
        untried.submit(theirs)
    assert untried.look(workunits.workunits) == []
    answer = untried.submit(DeployExperiment(experiment="sound", workunits=1))
    assert answer["preflight"].startswith("it waits for its preflight")
    untried.submit(of(sound_attempt))
    assert untried.submit(theirs)["preflight"] == "any host may have it"


def test_nothing_is_ordered_of_what_failed_or_does_not_read_as_an_experiment(untried, sound_attempt, ann_s_host):
    unread = (Refusal(gate="G0", line=3, sentence="The file must say so."),)

    def keep(db) -> None:
        db.execute("DELETE FROM preflight")
        keep_row(db, sound_attempt.bundle, unread, untried.lab.now)

    untried.submit(of(sound_attempt, **BROKEN))
    for host in (None, ann_s_host):
        with pytest.raises(Refused, match="G2"):
            untried.submit(DeployExperiment(experiment="sound", workunits=1, host=host))
    untried.gate.writer.run(keep)
    with pytest.raises(Refused, match=r"G0.* 3"):
        untried.submit(DeployExperiment(experiment="sound", workunits=1))
    assert untried.look(lambda db: experiments.issued(db, 2)) == 0
