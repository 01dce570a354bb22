"""What single steps tell and do: of hosts, files, watches, mended bundles, failed parts, and sessions from before."""

import contextlib
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
import small_map
from evidence_lines import record
from furnished_lab import weighed
from map_on_site import REPLICATES, draw_map

from axiom.domain.failure_causes import Cause
from axiom.domain.failures import Comparison
from axiom.domain.links import LinkKind, Node, Noun
from axiom.domain.releases import Stage
from axiom.domain.rounds import Step
from axiom.domain.work import Outcome, TaskState
from axiom.laboratory.experiments import release_stages
from axiom.laboratory.experiments.breaker import find_failing_versions, stop_broken
from axiom.laboratory.experiments.recall_and_reopen import reopen_version
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.failures.rules.failures import group_failures
from axiom.laboratory.findings.links import record_link
from axiom.laboratory.rounds.steps.clean import clean_up, give_up_stuck_tasks
from axiom.laboratory.rounds.steps.design import open_findings
from axiom.laboratory.rounds.steps.failures import count_failures
from axiom.laboratory.rounds.steps.suspect_hosts import check_hosts
from axiom.laboratory.rounds.steps.watch import check_watches
from axiom.laboratory.tasks.commands import AbortTask
from axiom.limits.registrations import BLOCK_ALONE
from axiom.server.upkeep import janitor
from axiom.signed.outputs import CellError, cell_line, footer_line, header_line
from axiom.store.engine import blobs
from axiom.store.engine.database import from_microseconds
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts, notices
from axiom.store.rounds import rounds as sessions
from axiom.store.tasks import endings
from axiom.store.tasks import tasks as task_store
from axiom.store.upkeep import jobs, watches
from axiom_weigh.values import Verdict


def test_a_mended_bundle_is_told_with_what_was_wrong_and_what_it_touches(rounds):
    lab = rounds.lab
    rounds.in_stages()
    rounds.hold()
    rounds.compute(1, by=lambda _order: None)
    first = lab.db.row("SELECT digest FROM bundle")["digest"]
    lab.db.execute(
        "INSERT INTO bundle (experiment_id, serial, digest, seal, manifest, expires_at, created_at) "
        "SELECT experiment_id, 2, 'feedfacecafebeef', seal, manifest, expires_at, :now FROM bundle",
        now=int(lab.now.timestamp() * 1e6),
    )
    lab.later(seconds=1)
    (note,) = rounds.up_to(Step.REPAIR).notes
    assert note.kind == "repair.bundle"
    assert (note.facts["new"], note.facts["old"]) == ("feedfacecafe", first[:12])
    assert (note.facts["tasks"], note.facts["failed"]) == (1, 1)
    assert (note.facts["unsent"], note.facts["workunits"]) == (3, 3)
    rounds.hold()
    lab.later(seconds=1)
    rounds.hold()
    assert "repair.nothing" in rounds.kinds()


def test_parts_that_are_not_well_and_a_new_start_are_told(rounds):
    lab, db = rounds.lab, rounds.lab.db
    lab.deploy(workunits=2)
    lab.order(1)
    assert rounds.up_to(Step.QUEUE).notes[-1].kind == "queue.flows"
    rounds.hold()
    lab.later(days=2)
    jobs.record_job_start(db, "start", 0.0, lab.now)
    jobs.record_job_start(db, "back", 0.0, lab.now)
    jobs.record_job_start(db, "sweep", 60.0, lab.now)
    jobs.record_job_failure(db, "draw", 60.0, "OSError: no room")
    lab.ask(1, wanted=0)
    lab.later(minutes=1)
    notes = rounds.up_to(Step.HEALTH).notes
    assert [note.kind for note in notes] == ["health.part", "health.well", "health.started"]
    assert all(word in notes[0].sentence for word in ("draw", "OSError: no room"))
    assert (notes[2].facts["hours"], rounds.up_to(Step.QUEUE).notes[-1].kind) == (48.0, "queue.still")
    rounds.hold()
    lab.later(minutes=30)
    notes = rounds.up_to(Step.HEALTH).notes
    assert [note.kind for note in notes] == ["health.part", "health.part", "health.nothing"]


def test_a_success_that_was_none_is_counted_by_its_reason_and_told_once(rounds):
    rounds.lab.deploy(workunits=4)
    rounds.compute(3)
    rounds.compute(1, by=lambda _order: None)  # it said itself that it had failed
    rounds.db.execute(
        "UPDATE task SET state = 'invalid', reason = 'replicate ' || id || ', config 0 raised KeyError at line 7' "
        "WHERE state = 'valid' AND id > 1"
    )
    kinds = [note.facts.get("amount") for note in rounds.up_to(Step.REVIEW).notes if note.kind == "task.invalid"]
    assert kinds == [2]
    looked, refused = rounds.up_to(Step.INSPECT).notes
    assert looked.facts["outputs"] == 3
    assert looked.facts["refused"] == 2
    assert refused.facts["tasks"] == 2
    rounds.hold()
    assert any(said.endswith("(2 times).") for said in rounds.said("log.next"))


def test_a_session_of_before_goes_on_with_the_steps_that_it_had(rounds):
    """It was open when the laboratory was brought up to date."""
    db = rounds.db
    begun = sessions.begin_round(db, pi="autopilot", reason="a test", now=rounds.lab.now)
    old = ["review", "credit", "clean", "evaluate", "plan", "deploy", "log"]
    db.execute("UPDATE session SET steps = :old, done = :done", old=json.dumps(old), done=json.dumps(old[:2]))
    sessions.add_round_notes(db, begun.id, Step.REVIEW, [])
    rounds.lab.later(seconds=1)
    assert [one.step for one in rounds.hold()] == old[2:]
    assert rounds.hold()[0].step is Step.HEALTH
    assert rounds.broken() == {}


def test_what_an_operator_aborted_is_told_as_one_task_and_no_workunit(rounds):
    lab = rounds.lab
    lab.deploy(workunits=1)
    lab.order(1)
    lab.later(seconds=1)
    AbortTask(task=1, reason="it hangs").apply(lab.db, None, None, lab.now)
    lab.later(seconds=1)
    rounds.hold()
    (sentence,) = rounds.said("withdraw.taken_back")
    assert "0, with 1 task, of which out 1: it hangs" in sentence


def notes_of(lab, what) -> list:
    return list(what(lab.db, lab.now))


def test_a_crash_looping_host_is_named_until_its_quota_has_doubled_again(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.deploy(workunits=20, max_failures=50)
    quotas = []
    for _ in range(5):
        rounds.compute(1, host=2, by=lambda _order: b"nonsense")
        lab.later(hours=1)  # before which it may have no more
        quotas.append(hosts.find_host(lab.db, 2).standing.quota)
    assert quotas == [16, 8, 4, 2, 1]
    (note,) = notes_of(lab, check_hosts)
    assert note.sentence.startswith("Host 2 looks failing")
    lab.later(days=1)
    for _ in range(5):
        rounds.compute(1, host=2)
        lab.later(days=1)
        quotas.append(hosts.find_host(lab.db, 2).standing.quota)
    assert quotas[5:] == [2, 4, 8, 16, None]
    assert [note.kind for note in notes_of(lab, check_hosts)] == ["hosts.nothing"]


def test_a_host_that_floods_is_held_down_until_it_shows_something(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.db.execute("UPDATE host SET rpc_seqno = 5000 WHERE id = 2")
    lab.later(hours=1)
    lab.ask(2, wanted=0)
    for _ in range(2):
        (note,) = notes_of(lab, check_hosts)
        assert note.sentence.startswith("Host 2 looks flooding")
        assert hosts.find_host(lab.db, 2).standing.quota == 1
    lab.deploy(workunits=1)
    rounds.compute(1, host=2)
    assert hosts.find_host(lab.db, 2).standing.quota == 2


def test_the_owners_of_a_copied_folder_are_told_once_a_day(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.later(hours=1)
    lab.host("third", volunteer="Ben")
    lab.db.execute("UPDATE host SET cpid = 'the same' WHERE id > 1")
    lab.later(minutes=5)
    for host in (2, 3):
        lab.ask(host, wanted=0)
    for _ in range(2):
        assert [note.facts["host"] for note in notes_of(lab, check_hosts)] == [2, 3]
    for host in (2, 3):
        assert len(notices.list_host_notices(lab.db, host, lab.now)) == 1


def test_many_stuck_tasks_are_named_up_to_a_few_and_counted(rounds):
    lab = rounds.lab
    lab.host("second", cores=30, memory_mb=100_000)
    lab.deploy(workunits=25)
    assert len(lab.ask(2, wanted=25)) == 25
    lab.later(days=-3650)  # a clock that is wrong gives up on nothing
    assert [note.kind for note in notes_of(lab, give_up_stuck_tasks)] == ["clean.nothing"]
    lab.later(days=3650, hours=49)
    notes = notes_of(lab, give_up_stuck_tasks)
    assert (len(notes), notes[-1].facts["more"]) == (21, 5)
    assert lab.db.row("SELECT count(*) AS amount FROM task WHERE state = 'expired'")["amount"] == 25
    assert (notes_of(lab, clean_up)[0].kind, rounds.broken()) == ("clean.nothing", {})


def test_a_session_tells_what_the_janitor_swept_and_deletes_nothing_itself(rounds):
    lab, folder = rounds.lab, rounds.lab.folder

    def swept() -> list[str]:
        rounds.hold()
        return [kind for kind in rounds.kinds() if kind.startswith("sweep.")]

    with contextlib.suppress(LookupError), lab.db.transaction():
        janitor.clean(lab.db, folder, lab.now)
        raise LookupError  # it is undone, and told by nobody
    assert swept() == ["sweep.none"]
    old = blobs.store_blob(lab.db, folder, b"a seal that was renewed since", lab.now)
    kept = blobs.store_blob(lab.db, folder, lab.db.row("SELECT seal FROM bundle")["seal"].encode(), lab.now)
    lab.later(days=61)
    assert swept() == ["sweep.none"]
    assert old in {row["digest"] for row in lab.db.select("SELECT digest FROM blob")}
    for _ in range(2):
        with lab.db.transaction():
            janitor.clean(lab.db, folder, lab.now)
    lab.later(minutes=1)
    (kind,) = swept()
    (sentence,) = rounds.said(kind)
    assert "nothing names 1" in sentence
    digests = {row["digest"] for row in lab.db.select("SELECT digest FROM blob")}
    assert kept in digests
    assert old not in digests
    assert lab.db.row("SELECT count(*) AS amount FROM blob JOIN bundle USING (digest)")["amount"] == 1
    assert rounds.broken() == {}


def test_what_waits_for_a_host_that_fell_silent_goes_to_any(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.deploy(workunits=1)
    lab.db.execute("UPDATE task SET target_host_id = 2")
    lab.db.execute("UPDATE workunit SET target_host_id = 2")
    lab.later(days=6)
    assert lab.ask(1, wanted=1) == ()
    assert "clean.freed" not in {note.kind for note in notes_of(lab, clean_up)}
    lab.later(days=1, hours=2)
    lab.ask(1, wanted=0)
    assert [note.kind for note in notes_of(lab, clean_up)].count("clean.freed") == 1
    assert len(lab.ask(1, wanted=1)) == 1
    assert lab.broken() == {}


SAYS = "More than half on any host confirms it."


def register(lab, threshold: float, comparison=Comparison.ABOVE, measure="total", *, of: int = 1) -> int:
    facts = {"sentence": SAYS, "measure": measure, "comparison": comparison, "threshold": threshold}
    return watches.add_watch(lab.db, experiment_id=of, now=lab.now, **facts)


def look(lab) -> list[str]:
    return [note.sentence for note in notes_of(lab, check_watches)]


def test_the_first_hit_is_told_once_and_later_ones_are_counted(rounds, variant):
    lab = rounds.lab
    assert look(lab) == []
    lab.publish(variant("other_sum"))
    met = register(lab, 1.0)
    borders = [
        register(lab, threshold, comparison, measure)
        for comparison, threshold, measure in (
            (Comparison.ABOVE, 1.5, "total"),
            (Comparison.BELOW, 0.5, "total"),
            (Comparison.ABOVE, 15, "count"),
        )
    ]
    ended = register(lab, 0.0)
    assert watches.end_watch(lab.db, ended, lab.now)
    assert not watches.end_watch(lab.db, ended, lab.now)
    other = register(lab, 0.0, of=2)
    (nothing,) = look(lab)
    rounds.fill_block()
    (sentence,) = look(lab)
    assert all(fact in sentence for fact in (f"Watch {met} ", SAYS, "tiny_sum@1", "1.5", "8 results"))
    watch = watches.find_watch(lab.db, met)
    first = (1.5, 2, lab.now)
    assert (watch.hits, (watch.value, watch.first_hit, watch.first_hit_at)) == (8, first)
    before = register(lab, 0.5, Comparison.AT_MOST)  # results that were there before are looked at, too
    assert (len(look(lab)), watches.find_watch(lab.db, before).hits) == (1, 8)
    lab.later(hours=1)
    rounds.fill_block()
    assert look(lab) == [nothing.replace("5", "6")]
    watch = watches.find_watch(lab.db, met)
    assert (watch.hits, (watch.value, watch.first_hit, watch.first_hit_at)) == (16, first)
    assert [watches.find_watch(lab.db, number).hits for number in (*borders, ended, other)] == [0] * 5


def test_results_are_read_once_for_all_watches_that_have_seen_as_many(rounds):
    """A hundred watches of one version must not make a session read a hundred thousand results a hundred times."""
    lab, statements = rounds.lab, []
    first = register(lab, 1.0)
    rounds.fill_block()
    look(lab)
    later = [register(lab, threshold) for threshold in (0.0, 1e9, 1.0)]
    lab.db._connection.set_trace_callback(statements.append)
    notes = look(lab)
    lab.db._connection.set_trace_callback(None)
    assert [note.split()[1] for note in notes] == [str(later[0]), str(later[2])]
    assert (
        sum("SELECT id, measures FROM result" in sql for sql in statements) == 2 + 1
    )  # for the later three, and the first
    assert [watches.find_watch(lab.db, number).hits for number in (first, *later)] == [8, 16, 0, 8]


def test_the_log_tells_what_is_watched_for_what_follows_from_what_and_where_to_go_on(rounds):
    rounds.hold()
    rounds.lab.later(days=1)
    db, now = rounds.db, rounds.lab.now
    assert "direction.none" in rounds.kinds()
    assert any("16 more runs for finding 1 (tiny_sum@1)" in step for step in rounds.said("log.next"))
    register(rounds.lab, 50.0)
    claim = db.insert(
        "INSERT INTO old_claim (name, claim, experiment, figure, rests_on, status, source, scripts, created_at) "
        "VALUES ('old', 'larger is more', 'tiny', '', '', '', '', '[]', 0)"
    )
    nodes = Node(noun=Noun.FINDING, id=1), Node(noun=Noun.OLD_CLAIM, id=claim)
    record_link(db, LinkKind.EXPLAINS, *nodes, why="a sum grows", by="a test", now=now)
    rounds.hold()
    (sentence,) = rounds.said("direction.watch")
    assert SAYS in sentence
    assert rounds.said("direction.link") == ["Finding 1 explains old claim 1."]
    assert any("1 claim of the old laboratory" in step for step in rounds.said("log.next"))


STRONG = weighed(1, estimate=0.5, low=0.4, high=0.6, e_value=500.0, verdict=Verdict.POSITIVE)


@pytest.mark.parametrize(
    ("more", "cells", "lacks_other"),
    [((5, 9), 10, False), ((0, None), None, True), ((None, None), None, False), (None, None, False)],
)
def test_a_finding_that_has_seeds_enough_is_not_the_nearest(small_lab, prepared, more, cells, lacks_other):
    small_lab.publish(prepared())
    record(small_lab.db, 1, replace(STRONG, more=more), [], session_id=None, now=small_lab.now)
    (finding,) = open_findings(small_lab.db, small_lab.now)
    assert (finding.grade_cells, finding.lacks_other) == (cells, lacks_other)
    assert (finding.nearness[0] < 1e9) == (cells is not None)


def test_deeper_tiles_of_a_map_are_no_cells_of_its_next_block(small_lab):
    draw_map(small_lab, depth=1)
    (finding, *_) = open_findings(small_lab.db, small_lab.now)
    arms = len(small_map.experiment.sweep)
    assert finding.block_cells == (BLOCK_ALONE - REPLICATES) * arms


LINE = "axiom/catalogue/tiny_sum.py:31"
SAID = f"2 of 2 cells raised, first replicate 0 at config 0: KeyError at {LINE}. <b>Buy this</b> at example.org"


def fail(lab, host: int, *, words: str = SAID, status: int = 10) -> int:
    """One more task of this host comes back without an output; which."""
    order = lab.order(host)
    lab.report(order, exit_status=status, message=words)
    lab.later(seconds=1)
    return order.task


def counted(lab, seconds: int = 1) -> list:
    lab.later(seconds=seconds)
    count_failures(lab.db, lab.now)
    return list(group_failures(endings.list_failure_counts(lab.db), endings.list_working_hosts(lab.db)))


@pytest.fixture
def fleet_of_three(rounds):
    """Three hosts, two of them somebody else's, and work for all."""
    rounds.lab.host("second", volunteer="Ben")
    rounds.lab.host("third", volunteer="Cleo", instructions="avx512")
    rounds.lab.deploy(workunits=30, max_failures=50)
    return rounds


def test_a_failure_is_a_cause_a_line_and_a_kind_of_host_and_none_of_the_hosts_words(fleet_of_three):
    lab = fleet_of_three.lab
    tasks = [fail(lab, 1), fail(lab, 2), fail(lab, 2)]
    (group,) = counted(lab)
    assert (group.cause, group.platform) == (Cause.CELL_FAILED, "linux-x86_64-avx2")
    assert group.raised == "KeyError at axiom/catalogue/tiny_sum.py, line 31"
    assert (group.by_host, group.tasks, group.last_task) == (((1, 1), (2, 2)), 3, tasks[-1])
    assert (group.last_at - group.first_at).total_seconds() == 2
    assert (group.works_on, group.works_here) == ((), 0)
    fleet_of_three.compute(2, host=3)
    fail(lab, 3, words="KeyError at axiom/catalogue/another.py:3 KeyError at axiom/kit/buy_this.py:3")
    fail(lab, 1, status=203)  # what somebody gave up raised nothing, whatever is said with it
    groups = {(group.cause, group.platform): group for group in counted(lab)}
    unknown = groups[Cause.CELL_FAILED, "linux-x86_64-avx512"]  # a line of a file that the bundle does not have
    assert (unknown.raised, unknown.works_on, unknown.works_here) == ("", (3,), 1)
    assert groups[Cause.ABORTED_BY_VOLUNTEER, "linux-x86_64-avx2"].raised == ""
    stored = str(lab.db.select("SELECT * FROM ending"))
    assert not any(word in stored for word in ("Buy", "buy", "example"))


def test_silent_invalid_or_given_up_is_told_apart_and_taken_back_is_no_failure(fleet_of_three):
    """Once 132 tracebacks inside of successes were counted as successes."""
    lab = fleet_of_three.lab
    error = CellError(kind="KeyError", where=LINE)

    def contradicts(order) -> bytes:
        cells = [replace(c, outcome=Outcome.FAILED, measures=None, early=(), error=error) for c in lab.cells(order)]
        return header_line(lab.header(order)) + b"".join(map(cell_line, cells)) + footer_line(len(cells))

    fleet_of_three.compute(by=contradicts)
    (group,) = counted(lab)
    assert group.cause == Cause.CELL_FAILED
    assert group.raised == "KeyError at axiom/catalogue/tiny_sum.py, line 31"
    fleet_of_three.compute(host=1, by=lambda _order: b"nonsense")
    fail(lab, 1, words="", status=203)
    fail(lab, 1, words="", status=202)
    lab.order(2)
    lab.later(hours=49)
    lab.sweep()
    others = (Cause.NOT_AS_ORDERED, Cause.ABORTED_BY_VOLUNTEER, Cause.SILENT)
    assert Counter(group.cause for group in counted(lab)) == dict.fromkeys((Cause.CELL_FAILED, *others), 1)


def test_each_closed_task_is_counted_once_however_often_one_looks(fleet_of_three):
    lab, seen = fleet_of_three.lab, 0
    for amount in (1, 0, 3):
        for _ in range(amount):
            fail(lab, 1)
        fleet_of_three.compute(amount, host=2)
        counted(lab, seconds=0)
        seen += amount
    bad, order = lab.order(1), lab.order(2)
    lab.report(bad, None, exit_status=10)
    lab.report(order, lab.output(order))
    lab.validate()
    counted(lab, seconds=0)  # more may close at this very moment, so it is counted when it is over
    counted(lab)
    counted(lab)
    rows = lab.db.select("SELECT cause, sum(amount) AS amount FROM ending GROUP BY cause")
    assert {row["cause"]: row["amount"] for row in rows} == {"cell-failed": seen + 1, "success": seen + 1}
    before = endings.read_endings_counted_to(lab.db)
    assert count_failures(lab.db, lab.now - timedelta(days=3650)) == 0  # a clock that was set back counts nothing twice
    counted(lab, seconds=3_000)
    assert endings.read_endings_counted_to(lab.db) == before  # and nothing is written for nothing
    counted(lab, seconds=3_000)
    assert endings.read_endings_counted_to(lab.db) > before


def test_more_failures_than_are_read_at_once_are_all_counted(fleet_of_three, monkeypatch):
    monkeypatch.setattr(endings, "_AT_ONCE", 2)
    lab = fleet_of_three.lab
    for host in (1, 2, 1, 1, 2):
        fail(lab, host)
    lab.db.execute("UPDATE task SET closed_at = (SELECT max(closed_at) FROM task) WHERE closed_at IS NOT NULL")
    (group,) = counted(lab)
    assert group.by_host == ((1, 3), (2, 2))


def test_a_session_tells_of_each_new_group_once_also_what_the_job_has_counted(fleet_of_three):
    lab = fleet_of_three.lab
    for is_counted in (False, True):
        fail(lab, 1, words=SAID.replace("31", f"3{is_counted:d}"))
        lab.later(seconds=1)
        if is_counted:
            counted(lab)
        fleet_of_three.hold()
        (told,) = fleet_of_three.said("failures.group")
        assert f"tiny_sum.py, line 3{is_counted:d}" in told
    lab.later(seconds=1)
    fleet_of_three.hold()
    assert "failures.nothing" in fleet_of_three.kinds()


def test_a_version_that_fails_everywhere_is_stopped_and_nothing_of_it_is_made_again(fleet_of_three):
    lab = fleet_of_three.lab
    out = lab.order(1).task
    for host in (1, 2, 3, 1):
        fail(lab, host)
    lab.later(seconds=1)
    fleet_of_three.hold()
    (told,) = fleet_of_three.said("experiment.stopped")
    assert told.endswith(": 30.")
    stored = experiments.find_experiment(lab.db, 1)
    assert stored.status == "retired"
    assert stored.why == "4 of 4 tasks failed on 3 hosts, and more than 10 % may not"
    states = Counter(row["state"] for row in lab.db.select("SELECT state FROM task"))
    assert states == {TaskState.FAILED: 4, TaskState.ABORTED: 29, TaskState.SENT: 1}
    assert not lab.ask(2)
    made = len(lab.db.select("SELECT id FROM task"))
    lab.later(hours=49)
    lab.sweep()
    assert task_store.find_task(lab.db, out).state is TaskState.EXPIRED
    assert (len(lab.db.select("SELECT id FROM task")), fleet_of_three.broken()) == (made, {})
    fleet_of_three.hold()
    assert fleet_of_three.said("experiment.retired") == []  # which was told when it was stopped


def test_one_broken_host_or_what_volunteers_give_up_stops_no_version(fleet_of_three):
    fleet_of_three.compute(3, host=1)
    fleet_of_three.compute(3, host=2)
    for _ in range(8):
        fail(fleet_of_three.lab, 3)
    for status in (203, 15):  # given up, and no room
        for host in (1, 2, 3):
            fail(fleet_of_three.lab, host, words="", status=status)
    counted(fleet_of_three.lab)
    assert find_failing_versions(fleet_of_three.db) == []


def test_a_version_that_was_opened_again_begins_anew(fleet_of_three):
    lab = fleet_of_three.lab
    for host in (1, 2, 3):
        fail(lab, host)
    counted(lab)
    assert [one.version.name for one in find_failing_versions(lab.db)] == ["tiny_sum"]
    stop_broken(lab.db, from_microseconds(0), lab.now)
    reopen_version(lab.db, experiments.find_experiment(lab.db, 1), "mended", lab.now)
    assert (find_failing_versions(lab.db), experiments.find_experiment(lab.db, 1).why) == ([], "")
    assert (
        release_stages.read_version_stages(lab.db, lab.now)[1].rollout.stage is Stage.PILOT
    )  # it is let out in stages again
    lab.deploy(workunits=5, max_failures=50)
    fail(lab, 1)
    assert release_stages.read_version_stages(lab.db, lab.now)[1].rollout.stage is Stage.PILOT
    fail(lab, 2)
    assert release_stages.read_version_stages(lab.db, lab.now)[1].rollout.stage is Stage.PAUSED


@pytest.mark.parametrize("after", [None, Step.HEALTH, Step.WITHDRAW, Step.PUBLISH])
def test_a_retirement_between_sessions_or_in_the_middle_of_one_is_told_once(fleet_of_three, after):
    told = []
    if after:
        fleet_of_three.up_to(after)
    else:
        fleet_of_three.hold()
    fleet_of_three.lab.later(seconds=1)
    retire_version(fleet_of_three.db, 1, "nobody wants it", fleet_of_three.lab.now)
    for _ in range(3):
        fleet_of_three.lab.later(seconds=1)
        fleet_of_three.hold()
        told += fleet_of_three.said("experiment.retired")
    assert ["nobody wants it" in sentence for sentence in told] == [True]
