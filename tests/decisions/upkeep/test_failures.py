"""What a group of failures suggests follows from who else computes the same, and never from a host's words."""

import itertools
from datetime import UTC, datetime

import pytest

from axiom.decisions.upkeep.failures import grouped, suggest
from axiom.domain.endings import Blame, Cause
from axiom.domain.failures import EndingCount, FailureGroup

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
LINE = "KeyError at axiom/catalogue/spectral_dynamics.py, line 380"


def group(cause=Cause.CELL_FAILED, *, raised="", hosts=(1,), works_on=(), works_here=0) -> FailureGroup:
    facts = {"experiment_id": 1, "platform": "linux-x86_64-avx2", "first_at": NOW, "last_at": NOW, "last_task": 9}
    by_host = tuple((host, 4) for host in hosts)
    return FailureGroup(cause=cause, raised=raised, by_host=by_host, works_on=works_on, works_here=works_here, **facts)


@pytest.mark.parametrize(
    ("found", "look_at"),
    [
        (group(raised=LINE, hosts=(1, 2, 3)), "the experiment"),
        (group(raised=LINE, hosts=(1,), works_on=(2, 3), works_here=2), "the host"),
        (group(raised=LINE, hosts=(1, 2), works_on=(1, 2), works_here=2), "the experiment"),
        (group(Cause.SIGNAL, hosts=(1, 2, 3), works_on=(4, 5)), "the platform"),
        (group(Cause.CHILD_LOST, hosts=(1,), works_on=(2,), works_here=1), "the host"),
        (group(Cause.CHILD_LOST, hosts=(1,)), "nothing yet"),
        (group(Cause.ABORTED_BY_VOLUNTEER, hosts=(1, 2, 3)), "the volunteer"),
        (group(Cause.RUNNER_FAULT), "the laboratory"),
        (group(Cause.NO_ROOM, hosts=(1, 2)), "the host"),
        (group(Cause.SILENT), "the host"),
    ],
)
def test_where_to_look_first(found, look_at):
    assert suggest(found).look_at == look_at


def test_every_cause_suggests_something():
    for cause in set(Cause) - {cause for cause in Cause if cause.blame is Blame.NOBODY}:
        for hosts, works_on in itertools.product([(1,), (1, 2)], [(), (1,), (3, 4)]):
            assert suggest(group(cause, hosts=hosts, works_on=works_on)).look_at


def ended(host: int, *, experiment=1, cause=Cause.SIGNAL, raised="", platform="linux", amount=1, at=NOW, bundle="a"):
    facts = {
        "experiment_id": experiment,
        "bundle_digest": bundle,
        "host_id": host,
        "platform": platform,
        "cause": cause,
    }
    return EndingCount(raised=raised, amount=amount, first_at=at, last_at=at, last_task=host, **facts)


def test_what_differs_in_version_cause_line_or_platform_is_told_apart_and_bundles_are_not():
    later = NOW.replace(hour=15)
    rows = [
        ended(1, amount=2),
        ended(1, amount=3, bundle="b", at=later),
        ended(2, amount=4),
        ended(1, experiment=2),
        ended(1, cause=Cause.CELL_FAILED),
        ended(1, raised=LINE),
        ended(3, platform="windows"),
    ]
    worked = {1: {5: frozenset({"linux"}), 6: frozenset({"windows", "linux"}), 7: frozenset({"macos"})}}
    found = grouped(rows, worked)
    assert len(found) == 5
    assert (found[0].by_host, found[0].tasks) == (((1, 5), (2, 4)), 9)
    assert (found[0].first_at, found[0].last_at) == (NOW, later)
    assert (found[0].works_on, found[0].works_here) == ((5, 6, 7), 2)
    assert {one.works_here for one in found if one.platform == "windows"} == {1}
    assert {one.works_on for one in found if one.experiment_id == 2} == {()}
