"""A version that nobody vouches for goes out in stages, although hosts fetch whatever waits."""

from dataclasses import replace

import pytest

from axiom.domain.releases import Change
from axiom.laboratory.experiments import release_stages
from axiom.laboratory.experiments.pause_and_approve import approve_version, pause_version, resume_version
from axiom.store.experiments import experiments, releases
from axiom.store.hosts import hosts as host_store

MANY = 40


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum was just published, plenty of it waits; host 1 is our own, hosts 2 to 13 are of a volunteer each."""
    small_lab.lets_out = False
    small_lab.publish(prepared())
    small_lab.deploy(workunits=MANY, max_failures=50)
    assert small_lab.host(cores=16) == 1
    for number in range(2, 14):
        assert small_lab.host(f"h{number}", cores=16, volunteer=f"V{number}") == number
    return small_lab


def wants(lab, host: int, wanted: int = 8) -> list:
    """What a host is given that keeps what it has."""
    holding = tuple(row["id"] for row in lab.db.select("SELECT id FROM task WHERE host_id = :host", host=host))
    return list(lab.ask(host, holding=holding, wanted=wanted))


def back(lab, orders, *, works: bool = True) -> None:
    for order in orders:
        lab.report(order, lab.output(order) if works else None, exit_status=0 if works else 10)
    lab.validate()
    lab.later(seconds=1)


def settle(lab) -> list[tuple[Change, str]]:
    release_stages.record_stages(lab.db, lab.now)
    return [(line.change, line.reason) for line in releases.list_version_releases(lab.db, 1)]


def test_our_own_hosts_need_no_more_than_three_valid_tasks_and_volunteers_more(lab):
    first = wants(lab, 1)
    assert len(first) == 3
    assert wants(lab, 1) == []
    back(lab, first)
    assert len(wants(lab, 1)) == 8
    ((change, reason),) = settle(lab)
    assert change == Change.WIDER
    assert "0 of the 20" in reason
    assert len(wants(lab, 1)) == 8  # now that it is written down, too
    (row,) = lab.db.select("SELECT count(*) AS n FROM task WHERE is_staged = 1")
    assert row["n"] == 3
    lab.later(minutes=11)
    assert [len(wants(lab, host)) for host in (2, 3, 4)] == [3, 0, 0]


def let_out_to_volunteers(lab) -> None:
    """From the first task to the last stage."""
    for host in (2, 3, 4):
        back(lab, wants(lab, host))
    for host in range(2, 14):
        back(lab, wants(lab, host))


def test_a_version_that_works_is_out_everywhere_in_the_end(lab):
    lab.deploy(workunits=60)
    let_out_to_volunteers(lab)
    changes = [change for change, _ in settle(lab)]
    assert changes == [Change.OPEN]
    assert len(wants(lab, 13)) == 8
    assert settle(lab) == settle(lab)
    assert lab.broken() == {}


def test_a_repair_of_what_was_halted_begins_with_a_pilot_and_reaches_what_waits(lab, prepared):
    for host in (2, 3):
        back(lab, wants(lab, host), works=False)
    settle(lab)
    assert wants(lab, 4) == []
    repaired = lab.publish(prepared(top="REPAIRED = True"))
    given = [order for host in (4, 5, 6, 7) for order in wants(lab, host)]
    assert [order.bundle for order in given] == [repaired.digest] * 3
    assert lab.broken() == {}


@pytest.mark.parametrize("others", [True, False])
def test_one_account_halts_nothing_for_others_and_gets_no_more_of_what_it_fails(lab, others):
    lab.db.execute("UPDATE host SET volunteer_id = (SELECT volunteer_id FROM host WHERE id = 2) WHERE id IN (3, 4)")
    if not others:  # beside the laboratory itself
        lab.db.execute("UPDATE host SET cores = 0 WHERE id > 4")
    for host in (2, 3):
        lab.later(minutes=11)
        back(lab, wants(lab, host, 1), works=False)
    assert settle(lab) == []
    lab.later(minutes=11)
    assert wants(lab, 4) == []
    assert "2 of 2 tasks of it failed on yours" in host_store.find_host(lab.db, 4).why_no_work
    assert len(wants(lab, 5 if others else 1)) >= 1


def test_what_is_broken_on_one_platform_goes_on_elsewhere(lab):
    lab.db.execute("UPDATE host SET system = 'windows', speed = 1.0 WHERE id IN (2, 3, 4, 5)")
    for host in (6, 7):
        back(lab, wants(lab, host))
    for host in (2, 3, 4):
        lab.later(minutes=11)
        back(lab, wants(lab, host, 1), works=False)
    held = [line for line in settle(lab) if line[0] is Change.HELD]
    assert len(held) == 1
    assert wants(lab, 5) == []
    assert "is held back on computers of the kind windows-x86_64-avx2" in host_store.find_host(lab.db, 5).why_no_work
    assert len(wants(lab, 8)) == 1


def test_a_paused_version_is_given_to_nobody_and_what_runs_is_kept_and_paid(lab):
    out = wants(lab, 1)
    kept = pause_version(lab.db, version(lab), platform="", reason="too warm", by="Ada", now=lab.now)
    assert kept == 3
    assert lab.ask(1, holding=(), wanted=8) == ()  # it lost all three
    assert host_store.find_host(lab.db, 1).why_no_work == "tiny_sum is paused: too warm"
    back(lab, out[:1])
    assert lab.db.row("SELECT count(*) AS n FROM result")["n"] == 2
    resume_version(lab.db, version(lab), platform="", reason="cooler", by="Ada", now=lab.now)
    again = lab.ask(1, holding=(), wanted=8)
    assert {order.task for order in out[1:]} <= {order.task for order in again}
    release_stages.record_breaker_stop(lab.db, version(lab), reason="its first tasks failed", now=lab.now)
    assert lab.ask(1, holding=(), wanted=8) == ()
    assert "its first tasks failed" in host_store.find_host(lab.db, 1).why_no_work


def test_where_code_must_be_approved_no_volunteer_gets_it_before(lab, monkeypatch):
    asked = replace(lab.dispatch, approvals="code")
    monkeypatch.setattr(type(lab), "dispatch", property(lambda _: asked))
    assert wants(lab, 2) == []
    assert "waits until somebody of the laboratory approves it" in host_store.find_host(lab.db, 2).why_no_work
    assert len(wants(lab, 1, 1)) == 1
    approve_version(lab.db, version(lab), reason="read it", by="Ada", now=lab.now)
    assert len(wants(lab, 2, 1)) == 1


def version(lab):
    return experiments.find_experiment(lab.db, 1)
