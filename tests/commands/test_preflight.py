"""A preflight is remembered through the gate; what is ordered heeds it."""

from dataclasses import replace

import pytest

from axiom.commands.experiments import DeployExperiment, PreflightExperiment
from axiom.domain.callers import Capability
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.preflights import GATES
from axiom.errors import NotAllowed, NotFound, Refused, WrongUse
from axiom.lab import preflight
from axiom.store import accounts, experiments, fleet, preflights, work


@pytest.fixture
def attempt(prepared):
    return preflight.try_out(prepared().archive)


@pytest.fixture
def untried(door):
    """tiny_sum is published, and nobody tried it."""
    door.gate.writer.run(lambda db: db.execute("DELETE FROM preflight"))
    return door


def of(attempt, **changes) -> PreflightExperiment:
    return PreflightExperiment(report=preflight.write(replace(attempt, **changes)))


def row(door, attempt):
    return door.look(lambda db: preflights.of_bundle(db, attempt.bundle, GATES))


def ann_s_host(door) -> int:
    def meet(db) -> int:
        ann = accounts.create(db, name="Ann", email="ann@example.org", password="", cross_id="c", now=door.lab.now)
        platform = Platform(system="linux", processor="x86_64", instructions="avx2")
        capacity = Capacity(cores=2, memory_mb=4_000)
        return fleet.meet(db, volunteer_id=ann, name="attic", platform=platform, capacity=capacity, now=door.lab.now)

    return door.gate.writer.run(meet)


def test_what_came_of_it_is_stored_with_its_report_and_audited_by_its_digest(untried, attempt):
    answer = untried.submit(of(attempt))
    assert answer == {
        "experiment": "tiny_sum",
        "version": 1,
        "bundle": attempt.bundle,
        "gates": GATES,
        "platform": attempt.platform,
        "passed": True,
        "reason": "2 configs, each finite, within its time and memory, and twice the same in every bit",
        "is_new": True,
    }
    stored = row(untried, attempt)
    assert (stored.passed, stored.report, stored.at) == (True, preflight.write(attempt), untried.lab.now)
    (audited,) = untried.audited()
    assert audited["command"] == "experiment.preflight"
    assert len(audited["arguments"]) == len('{"report":""}') + 64
    assert untried.submit(of(attempt))["is_new"] is False


def test_a_dry_run_says_how_it_would_end_and_stores_nothing(untried, attempt):
    assert untried.submit(of(attempt), dry_run=True)["passed"]
    assert row(untried, attempt) is None


def test_one_that_failed_is_stored_as_such(untried, attempt):
    answer = untried.submit(of(attempt, again=(), fault="the computing process is lost"))
    assert (answer["passed"], answer["reason"]) == (False, "the computing process is lost")
    assert not row(untried, attempt).passed


def test_who_may_only_order_work_cannot_vouch_for_it(untried, attempt):
    orderer = replace(untried.caller, capabilities=frozenset({Capability.DEPLOY}))
    with pytest.raises(NotAllowed):
        untried.submit(of(attempt), caller=orderer)
    assert row(untried, attempt) is None


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"bundle": "ab" * 32}, NotFound, "There is no bundle abababababab here"),
        ({"gates": "none-0"}, WrongUse, "Gates none-0 are not those that are asked here"),
    ],
)
def test_what_is_for_nothing_is_refused(untried, attempt, changes, error, words):
    with pytest.raises(error, match=words):
        untried.submit(of(attempt, **changes))
    with pytest.raises(WrongUse, match="cannot be read"):
        untried.submit(PreflightExperiment(report="{}"))
    assert untried.look(lambda db: db.select("SELECT * FROM preflight")) == []


def test_what_was_not_tried_is_ordered_for_our_own_hosts_and_says_so(untried):
    answer = untried.submit(DeployExperiment(experiment="tiny_sum", workunits=1))
    assert answer["preflight"] == "it waits for its preflight; until then only the laboratory's own hosts get it"


def test_nothing_is_ordered_for_a_volunteer_s_host_that_it_could_not_get(untried, attempt):
    wanted = DeployExperiment(experiment="tiny_sum", workunits=1, host=ann_s_host(untried))
    with pytest.raises(Refused, match=r"it goes to no volunteer\. Nothing was"):
        untried.submit(wanted)
    assert untried.look(work.workunits) == []
    untried.submit(of(attempt))
    assert untried.submit(wanted)["preflight"] == "any host may have it"


def test_nothing_is_ordered_of_what_failed(untried, attempt):
    untried.submit(of(attempt, again=(), fault="the computing process is lost."))
    for host in (None, ann_s_host(untried)):
        with pytest.raises(Refused, match=r"its preflight failed: the computing process is lost\. Nothing was ordered"):
            untried.submit(DeployExperiment(experiment="tiny_sum", workunits=1, host=host))
    assert untried.look(lambda db: experiments.issued(db, 1)) == 0
