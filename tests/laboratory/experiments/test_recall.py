"""Withdraw, recall, reopen, pause, approve, roll back: what is said is written down and stays true after a crash."""

from collections import Counter
from datetime import timedelta

import pytest

from axiom.domain.releases import Change, Stage
from axiom.domain.work import TaskState
from axiom.errors import NotFound, Refused, Withdrawn, WrongUse
from axiom.laboratory.experiments import release_stages
from axiom.laboratory.experiments import retire as withdrawing
from axiom.laboratory.experiments.pause_and_approve import approve_version, pause_version, resume_version
from axiom.laboratory.experiments.recall_and_reopen import recall_version, reopen_finding, reopen_version
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.experiments.rollback import roll_back_version
from axiom.laboratory.planning.plan import decide_plan
from axiom.laboratory.rounds.steps.failures import count_failures
from axiom.laboratory.tasks.commands import CancelWorkunits
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.scheduler.tasks_on_client import UnwantedTasks, find_unwanted_tasks
from axiom.signed.bundles import read_seal
from axiom.store.engine.database import connect_writer, to_microseconds
from axiom.store.experiments import experiments, releases
from axiom.store.experiments.recall_effects import blast_radius
from axiom.store.registrations import registrations


def version(lab, number=1):
    return experiments.find_experiment(lab.db, number)


def recalled(lab, why="the loss was summed twice"):
    return recall_version(lab.db, version(lab), why, lab.now)


@pytest.fixture
def lab(rounds):
    """Two tasks of tiny_sum are valid and paid, one is out, one waits."""
    rounds.lab.deploy(workunits=4)
    rounds.compute(2)
    rounds.hold()
    rounds.lab.order(1)
    return rounds.lab


def test_results_and_credit_stay_nothing_more_is_sent_and_it_is_never_opened_again(lab):
    radius = blast_radius(lab.db, 1)
    assert (radius.results, radius.duplicates, radius.registrations) == (4, 0, 1)
    assert radius.workunits["done"] == 2
    assert radius.tasks["valid"] == 2
    assert radius.tasks["sent"] == 1
    assert (radius.hosts_out, radius.volunteers_out, radius.hosts, radius.volunteers) == (1, 1, 1, 1)
    named = [(finding["number"], finding["estimand"], finding["status"]) for finding in radius.findings]
    assert named == [(1, "grows", "open")]
    awards, results = lab.db.select("SELECT * FROM award"), lab.db.select("SELECT * FROM result")
    assert awards
    cancelled = recalled(lab)
    assert cancelled == blast_radius(lab.db, 1).workunits["cancelled"]
    assert (version(lab).status, lab.db.select("SELECT * FROM result")) == ("recalled", results)
    assert lab.db.select("SELECT * FROM award") == awards
    assert lab.ask(1) == ()
    assert registrations.list_finding_statuses(lab.db, 1) == {1: ("recalled", "the loss was summed twice")}
    assert lab.broken() == {}
    for again, error in (
        (lambda: recalled(lab), Withdrawn),
        (lambda: reopen_version(lab.db, version(lab), "a test", lab.now), Refused),
        (lambda: reopen_finding(lab.db, 1, "a test"), Refused),
    ):
        with pytest.raises(error):
            again()
    assert not registrations.set_finding_status(lab.db, 1, "open")
    assert not experiments.reopen_experiment(lab.db, 1)
    assert version(lab).status == "recalled"


def test_what_is_out_comes_back_and_is_paid_and_a_session_says_so_once(rounds):
    rounds.lab.deploy(workunits=1)
    order = rounds.lab.order(1)
    recalled(rounds.lab)
    assert rounds.lab.report(order, rounds.lab.output(order)).state is TaskState.RETURNED
    rounds.lab.validate()
    for told in (1, 0):
        rounds.lab.later(seconds=1)
        rounds.hold()
        assert rounds.kinds().count("experiment.recalled") == told
    (task,) = rounds.db.select("SELECT state, is_paid FROM task")
    assert (task["state"], task["is_paid"]) == ("valid", 1)
    assert rounds.broken() == {}


def test_a_retired_version_goes_on_unless_it_gave_way_to_another(lab, prepared):
    with pytest.raises(Refused):  # it is open
        reopen_version(lab.db, version(lab), "a test", lab.now)
    retire_version(lab.db, 1, "a test", lab.now)
    reopen_version(lab.db, version(lab), "a test", lab.now)
    assert version(lab).status == "open"
    lab.later(seconds=1)
    lab.deploy()
    lab.order(1)
    lab.publish(prepared(version=2))
    with pytest.raises(Refused):
        reopen_version(lab.db, version(lab), "a test", lab.now)
    assert lab.broken() == {}


@pytest.mark.parametrize("status", ["suspended", "retired"])
def test_a_closed_finding_goes_on_with_a_reason_and_nothing_is_ordered_of_it_before(rounds, status):
    assert decide_plan(rounds.db, rounds.policy, rounds.lab.now).allotments
    registrations.set_finding_status(rounds.db, 1, status, "two seeds gave the same digits")
    assert decide_plan(rounds.db, rounds.policy, rounds.lab.now).allotments == ()
    assert reopen_finding(rounds.db, 1, "it was one host, which is gone") == status
    assert registrations.list_finding_statuses(rounds.db, 1) == {1: ("open", "it was one host, which is gone")}
    with pytest.raises(Refused):
        reopen_finding(rounds.db, 1, "a test")
    with pytest.raises(NotFound):
        reopen_finding(rounds.db, 9, "a test")


def states(lab, table: str = "task") -> Counter:
    return Counter(row["state"] for row in lab.db.select(f"SELECT state FROM {table}"))  # noqa: S608  our own tables


@pytest.fixture
def out(rounds):
    """Twenty workunits: one task is valid, two are out, one has failed and waits for its second try."""
    lab = rounds.lab
    lab.deploy(workunits=20)
    rounds.compute(1)
    rounds.compute(1, by=lambda _order: None)
    return [lab.order(1), lab.order(1)]


def test_what_waits_is_cancelled_in_slices_and_nothing_is_made_again(rounds, out, monkeypatch):
    monkeypatch.setattr(withdrawing, "_SLICE", 3)
    lab = rounds.lab
    assert retire_version(lab.db, 1, "not wanted", lab.now) == 19
    assert states(lab, "workunit") == {"done": 1, "cancelled": 19}
    assert states(lab) == {"valid": 1, "failed": 1, "aborted": 17, "sent": 2}
    made = len(lab.db.select("SELECT id FROM task"))
    assert not lab.ask(1, holding=tuple(order.task for order in out), wanted=9)
    lab.later(hours=1)
    lab.report(out[0], None, exit_status=10)
    lab.later(days=30)
    lab.sweep()
    assert states(lab) == {"valid": 1, "failed": 2, "aborted": 17, "expired": 1}
    assert (len(lab.db.select("SELECT id FROM task")), rounds.broken()) == (made, {})


def test_what_is_out_is_given_up_when_its_host_calls_and_kept_when_it_comes_anyway(rounds, out):
    lab = rounds.lab
    retire_version(lab.db, 1, "not wanted", lab.now)
    name = f"tiny_sum-1-w{out[0].task}-t{out[0].task}_0"
    assert find_unwanted_tasks(lab.db, 1, {name: out[0].task}, lab.now) == UnwantedTasks(at_once=(name,))
    lab.report(out[0], lab.output(out[0]))
    lab.validate()
    assert (states(lab)["valid"], rounds.broken()) == (2, {})


@pytest.mark.usefixtures("out")
def test_a_command_cancels_many_at_once_and_says_which_were_closed_before(rounds):
    lab = rounds.lab
    ids = [row["id"] for row in lab.db.select("SELECT id FROM workunit ORDER BY id")]
    command = CancelWorkunits(workunits=[ids[0], *ids[:5], ids[1]], reason="not wanted")
    answer = command.apply(lab.db, None, None, lab.now)
    assert (answer["closed_before"], answer["cancelled"]) == ([ids[0]], ids[1:5])
    assert states(lab, "workunit") == {"done": 1, "cancelled": 4, "open": 15}
    with pytest.raises(NotFound):
        CancelWorkunits(workunits=[ids[7], 999]).apply(lab.db, None, None, lab.now)
    assert states(lab, "workunit")["open"] == 15


WHO = {"reason": "a test", "by": "Ada"}


@pytest.fixture
def staged(rounds):
    rounds.in_stages()
    rounds.lab.lets_out = False
    return rounds.lab


def changes(staged) -> list[Change]:
    return [line.change for line in releases.list_version_releases(staged.db, 1)]


def back(staged, **how):
    with staged.db.transaction():
        words = {"to": None, "keys": staged.keys, "good_for": timedelta(days=90), "now": staged.now} | WHO | how
        return roll_back_version(staged.db, staged.folder, version(staged), **words)


def test_the_planner_orders_a_pilot_then_blocks_and_nothing_of_what_is_paused(staged, rounds, prepared):
    def stage(approvals=""):
        at_now = release_stages.read_version_stages(staged.db, staged.now, approvals)[1]
        return at_now.rollout.stage, at_now.missing, at_now.theirs

    assert stage() == (Stage.PILOT, 3, 3)
    staged.deploy(workunits=2)
    assert stage()[:2] == (Stage.PILOT, 1)
    staged.deploy(workunits=18)
    assert stage()[2] == 3
    rounds.compute(3)
    assert stage() == (Stage.WIDER, 0, 3)  # the wider pilot begins with as many at volunteers
    assert stage("code")[2] == 0
    approve_version(staged.db, version(staged), now=staged.now, **WHO)
    assert stage("code")[2] == 3
    repaired = staged.publish(prepared(top="# repaired"), is_tried=False)
    assert repaired.serial == 2
    assert stage("code")[2] == 3  # of the bundle before it, which was approved
    pause_version(staged.db, version(staged), platform="", now=staged.now, **WHO)
    assert stage()[2] == 0
    assert "Ada: a test" in release_stages.read_version_stages(staged.db, staged.now)[1].rollout.reason
    resume_version(staged.db, version(staged), platform="", now=staged.now, **WHO)
    assert stage() == (Stage.WIDER, 0, 3)


def test_a_pilot_that_is_out_at_a_silent_host_is_ordered_again(staged, rounds):
    staged.deploy(workunits=3)
    rounds.compute(2)
    staged.order(1)
    assert release_stages.read_version_stages(staged.db, staged.now)[1].missing == 0
    staged.later(hours=3)
    staged.db.execute("UPDATE host SET seen_at = :now", now=to_microseconds(staged.now))
    assert (
        release_stages.read_version_stages(staged.db, staged.now)[1].missing == 0
    )  # a long task of a host that is heard from
    staged.later(hours=3)
    assert release_stages.read_version_stages(staged.db, staged.now)[1].missing == 1


def test_what_was_halted_begins_anew_when_somebody_says_so(staged, rounds):
    staged.deploy(workunits=9, max_failures=9)
    rounds.compute(2, by=lambda _order: None)
    assert release_stages.is_release_change_due(staged.db)
    assert release_stages.record_stages(staged.db, staged.now) == 1
    assert release_stages.record_stages(staged.db, staged.now) == 0  # said once
    assert not release_stages.is_release_change_due(staged.db)
    assert release_stages.read_version_stages(staged.db, staged.now)[1].rollout.stage is Stage.PAUSED
    staged.later(seconds=1)
    assert resume_version(staged.db, version(staged), platform="", now=staged.now, **WHO) == "its halt"
    assert release_stages.read_version_stages(staged.db, staged.now)[1].rollout.stage is Stage.PILOT
    assert changes(staged) == [Change.HALTED, Change.RESUMED]
    rounds.compute(1)


def test_a_platform_is_paused_that_is_known_or_had_a_task(staged, rounds):
    def pause(platform: str) -> None:
        pause_version(staged.db, version(staged), platform=platform, now=staged.now, **WHO)

    before = changes(staged)
    for typo in ("linux-x86_64-axv2", "linux-arm64-avx2", "win-x86_64-none", "plan9-mips-none"):
        with pytest.raises(WrongUse, match=r"linux-arm64-neon.*linux-x86_64-avx2.*windows-x86_64-none"):
            pause(typo)
    assert changes(staged) == before
    known = ("linux-x86_64-avx512", "windows-x86_64-none", "macos-arm64-neon", "linux-x86_64-nvidia")
    for platform in known:
        pause(platform)
    staged.db.execute("UPDATE host SET processor = 'riscv64'")
    staged.deploy()
    rounds.compute(1)
    staged.later(seconds=1)
    count_failures(staged.db, staged.now)
    pause("linux-riscv64-avx2")
    assert {line.platform for line in releases.list_version_releases(staged.db, 1)} >= {*known, "linux-riscv64-avx2"}


def test_what_makes_no_sense_is_refused_and_changes_nothing(staged, prepared):
    before = changes(staged)
    with pytest.raises(Refused):  # it is not paused
        resume_version(staged.db, version(staged), platform="", now=staged.now, **WHO)
    with pytest.raises(Refused):  # there is none to go back to
        back(staged)
    staged.publish(prepared(top="# another"))
    with pytest.raises(NotFound, match="7"):
        back(staged, to=7)
    with pytest.raises(Refused):  # its newest
        back(staged, to=2)
    assert changes(staged) == before
    for do in (
        lambda: pause_version(staged.db, version(staged), platform="", now=staged.now, **WHO),
        lambda: approve_version(staged.db, version(staged), now=staged.now, **WHO),
    ):
        do()
        with pytest.raises(Refused):
            do()


def test_rolled_back_what_waits_gets_the_earlier_bundle_under_a_new_serial(staged, rounds, prepared):
    staged.deploy(workunits=6)
    rounds.compute(3)
    release_stages.record_stages(staged.db, staged.now)
    worse = staged.publish(prepared(top="# worse"))
    out = staged.order(1)
    assert out.bundle == worse.digest
    done = back(staged)
    assert (done.was, done.serial, done.instead_of, done.digest) == (1, 3, 2, prepared().digest)
    assert (done.unsent, done.out) == (2, 1)
    stored = experiments.find_newest_bundle(staged.db, 1)
    seal = read_seal(stored.seal, trust=staged.keys.trust, now=staged.now)
    assert (seal.serial, seal.digest) == (3, prepared().digest)
    assert (
        release_stages.read_version_stages(staged.db, staged.now)[1].rollout.stage is Stage.WIDER
    )  # it was so far before
    staged.report(out, staged.output(out))
    staged.validate()
    assert staged.db.row("SELECT state FROM task WHERE id = :id", id=out.task)["state"] == "valid"
    assert staged.order(1).bundle == prepared().digest
    with pytest.raises(Withdrawn):
        staged.publish(prepared(top="# worse"))
    assert staged.publish(prepared()).change == "unchanged"
    assert staged.publish(prepared(top="# better")).serial == 4
    assert staged.broken() == {}


def test_a_lost_task_of_before_is_not_sent_with_a_seal_that_its_host_would_refuse(staged, prepared):
    staged.deploy()
    lost = staged.order(1)
    staged.publish(prepared(top="# worse"))
    back(staged)
    assert staged.ask(1, holding=(), wanted=0) == ()
    (again,) = staged.ask(1, holding=(), wanted=1)
    assert again.task != lost.task
    assert again.bundle == lost.bundle
    assert staged.broken() == {}


@pytest.mark.parametrize("ends", ["killed", "committed"])
def test_killed_half_way_nothing_or_all_of_it_is_there(staged, prepared, ends):
    staged.publish(prepared(top="# worse"))
    before = (changes(staged), experiments.find_newest_bundle(staged.db, 1).serial)
    staged.db.execute("BEGIN IMMEDIATE")
    words = {"to": None, "keys": staged.keys, "good_for": timedelta(days=9), "now": staged.now} | WHO
    roll_back_version(staged.db, staged.folder, version(staged), **words)
    if ends == "committed":
        staged.db.execute("COMMIT")
    staged.db.close()
    staged.db, staged.known = connect_writer(staged.folder.database), DispatchCache()
    found = (changes(staged), experiments.find_newest_bundle(staged.db, 1).serial)
    assert found == (before if ends == "killed" else ([*before[0], Change.ROLLED_BACK], 3))
    assert staged.broken() == {}
