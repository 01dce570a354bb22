"""The old laboratory's five sessions, held again: every total as its logs have it, and none of their slips."""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).resolve().parents[2] / "scripts" / "campaign.d")]

from history import found as finding
from history import playing, reading
from history.golden import GOLDEN
from history.playing import Player
from history.story import STORY

from axiom.decisions.credit.tariffs import PRESETS
from axiom.domain.ledger import Reason
from axiom.domain.sessions import Step
from axiom.lab.upkeep import invariants
from axiom.store.credit import ledger
from axiom.store.engine import counters
from axiom.store.engine.database import at
from axiom.store.hosts import hosts
from axiom.store.sessions import sessions
from axiom.web.views.log import SECTIONS, chapters

LOGS = tuple(GOLDEN)
MOVED = ("H20-2", "catapult_phase")  # one result of this host in the second log takes a little longer than it did


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """All sessions held once."""
    player = Player(tmp_path_factory.mktemp("history") / "lab")
    player.play()
    yield player
    player.lab.close()


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """All sessions held once more, where one task took a hundred seconds in place of fewer."""
    rows = list(reading.computed("S2"))
    place = next(place for place, one in enumerate(rows) if (one.host, one.experiment) == MOVED)
    assert rows[place].seconds < 100
    rows[place] = replace(rows[place], seconds=100.0)
    player = Player(tmp_path_factory.mktemp("moved") / "lab", data={"S2": rows})
    player.play()
    yield player
    player.lab.close()


@pytest.fixture
def log(held):
    """What the session of a chapter found."""
    return lambda chapter: finding.found(held.lab, held.played, chapter)


def session_of(player, chapter):
    return sessions.by_name(player.lab.db, player.played.sessions[chapter])


def notes_of(player, chapter, kind):
    written = sessions.notes(player.lab.db, session_of(player, chapter).id)
    return [note for _, note in written if note.kind == kind]


def reviewed(player, chapter):
    """How many tasks a session reviewed, by experiment and state."""
    window = sessions.window(player.lab.db, session_of(player, chapter))
    rows = sessions.closed_since(player.lab.db, at(window.since), window.until)
    counted = Counter()
    for row in rows:
        counted[f"{row['name']}@{row['version']}", row["state"]] += row["amount"]
    return counted


@pytest.mark.parametrize("chapter", LOGS)
def test_every_total_is_as_in_the_log_and_adds_up(held, log, chapter):
    assert finding.differences(held.lab, held.played, chapter, GOLDEN[chapter]) == []

    mine = log(chapter)
    totals = finding.totals(held.lab, mine.settled)
    sums = {sum(each.values()) for each in (totals.by_tier, totals.by_volunteer, totals.by_host, totals.by_reason)} | {
        mine.settled.amount,
        sum(note.facts["credit"] * 1_000 for note in notes_of(held, chapter, "credit.awarded")),
    }
    assert sums == {totals.amount}
    assert sum(totals.awards_by_tier.values()) == mine.settled.awards

    session = session_of(held, chapter)
    shown = {one["section"] for one in chapters(session, sessions.notes(held.lab.db, session.id))}
    assert {one.title for one in SECTIONS if one.steps} <= shown
    assert set(session.done) == set(Step)

    (summary,) = notes_of(held, chapter, "log.summary")
    came = sum(amount for (_, state), amount in reviewed(held, chapter).items() if state == "valid")
    assert summary.facts["valid"] == came
    assert summary.facts["ordered"] >= GOLDEN[chapter].deployed
    assert summary.facts["taken_back"] >= sum(held.played.retired[chapter].values())

    # The first log lists 1,569 of the 2,049 that it deployed.
    rows = held.lab.db.select(
        "SELECT experiment_id, count(*) AS amount FROM workunit WHERE created_at = :at GROUP BY experiment_id",
        at=held.played.deployed_at[chapter],
    )
    numbers = {number: name for name, number in held.lab.versions.items()}
    wanted = next(one.deployed for one in STORY if one.name == chapter)
    assert {numbers[row["experiment_id"]]: row["amount"] for row in rows} == dict(wanted)


def test_the_known_sums_of_the_logs_come_out(log):
    assert log("S1").volunteers == (80, 50)
    assert [amount for _, amount in sorted(log("S2").tiers.values(), reverse=True)] == [2_365, 946, 800, 585]
    assert sum(log("S3").volunteers) == 2_056 + 20
    assert log("S4").volunteers == (4_960, 660, 100)
    assert sum(log("S5").volunteers[1:]) == 5_011 - 3_216


def test_nothing_of_what_goes_in_knows_what_should_come_out():
    folder = Path(playing.__file__).parent
    for name in ("story", "reading", "standins", "laboratory", "playing"):
        assert "golden" not in (folder / f"{name}.py").read_text(), name
    for part in folder.glob("data/S*.csv"):
        assert part.read_text().splitlines()[0] == "host,experiment,outcome,seconds"


def test_a_time_that_moves_across_a_tier_moves_what_depends_on_it_and_nothing_else(held, moved):
    dearer = PRESETS["S2"].tiers[1].amount - PRESETS["S2"].tiers[0].amount
    for chapter in ("S1", "S2", "S3", "S4", "S5"):
        before, after = (finding.found(one.lab, one.played, chapter) for one in (held, moved))
        was, now = finding.totals(held.lab, before.settled), finding.totals(moved.lab, after.settled)
        if chapter != "S2":
            assert was == now
            continue
        assert now.amount - was.amount == dearer
        assert now.awards == was.awards
        host = held.lab.hosts[MOVED[0]]
        owner = hosts.host(held.lab.db, host).volunteer_id
        for changed, expected in (
            (moves(was.by_host, now.by_host), {host: dearer}),
            (moves(was.by_volunteer, now.by_volunteer), {owner: dearer}),
            (moves(was.by_tier, now.by_tier), {"0 to 100 s": -2_000, "100 to 1000 s": 5_000}),
            (moves(was.awards_by_tier, now.awards_by_tier), {"0 to 100 s": -1, "100 to 1000 s": 1}),
            (moves(was.by_reason, now.by_reason), {Reason.COMPUTED: dearer}),
        ):
            assert changed == expected


def moves(was, now):
    return {key: now[key] - was[key] for key in was.keys() | now.keys() if now[key] != was[key]}


def test_a_line_of_a_tier_is_its_awards_times_its_price(held):
    """The second log says that 473 times 5 is 2,350."""
    prices = {tier.name: tier.amount / 1_000 for tier in PRESETS["S2"].tiers}
    lines = notes_of(held, "S2", "credit.tier")
    assert [note.facts["credit"] for note in lines] == [
        note.facts["awards"] * prices[note.facts["tier"]] for note in lines
    ]
    assert {note.facts["tier"]: note.facts["credit"] for note in lines}["100 to 1000 s"] == 473 * 5 == 2_365


def test_experiments_add_up_to_all_that_was_reviewed(held):
    """The third log lists 320 of its 621 results."""
    came = Counter()
    for (experiment, state), amount in reviewed(held, "S3").items():
        came[experiment] += amount if state in ("valid", "failed") else 0
    assert sum(came.values()) == 621
    assert (came["spectral_dynamics@1"], came["sam_vs_sgd@2"], came["catapult_phase@1"]) == (132, 64, 65)
    assert (came["neural_thermodynamics@2"], came["double_descent@2"]) == (48, 7)


def test_no_more_is_credited_than_there_is(held):
    """The fourth log has 11,756 credited of 11,521 results."""
    for chapter in ("S0", *LOGS):
        (note,) = notes_of(held, chapter, "publish.counters")
        assert note.facts["credited"] <= note.facts["valid"]
        assert notes_of(held, chapter, "publish.contradiction") == []


def test_what_is_in_progress_is_the_sum_of_what_is_listed(held):
    """The fourth log has 462 in progress, and lists 116."""
    counted = counters.read(held.lab.db)
    by_version = {
        whose: amount for (noun, whose, state), amount in counted.items() if (noun, state) == ("task", "sent")
    }
    (row,) = held.lab.db.select("SELECT count(*) AS amount FROM task WHERE state = 'sent'")
    assert sum(by_version.values()) == row["amount"]
    listed = {note.facts["experiment"]: note.facts for note in notes_of(held, "S4", "queue.experiment")}
    four = STORY[4].only[:4]
    assert [listed[name]["unsent"] for name in four] == [3_022, 2_709, 2_215, 1_780]
    assert sum(listed[name]["unsent"] for name in four) == 9_726


def test_all_time_counts_what_was_before_and_what_is_new(held):
    """The first log says about 267, where 217 were recorded and 74 are new."""
    (before,) = notes_of(held, "S1", "review.before")
    assert before.facts["tasks"] == 217
    assert sum(note.facts["tasks"] for note in notes_of(held, "S1", "review.host")) == 74
    (counted,) = notes_of(held, "S1", "publish.counters")
    assert counted.facts["valid"] == 217 + 74 - 5


def test_a_host_has_as_many_results_as_it_returned(held):
    """The first log says that 33 were deployed and all completed, and lists 32, of which 5 were stopped."""
    host = held.lab.hosts["H32w-1"]
    (line,) = (note for note in notes_of(held, "S1", "review.host") if note.facts["host"] == host)
    assert (line.facts["tasks"], line.facts["valid"]) == (32, 27)


def test_hosts_are_counted_and_not_remembered(held):
    """The first log says 83, up from 83."""
    assert {notes_of(held, chapter, "publish.counters")[0].facts["hosts"] for chapter in ("S0", *LOGS)} == {83}


def test_errors_inside_successes_are_found_and_paid_as_the_laboratorys_doing(held, log):
    (looked,) = notes_of(held, "S3", "inspect.looked")
    assert (looked.facts["outputs"], looked.facts["refused"]) == (621, 132)
    totals = finding.totals(held.lab, log("S3").settled)
    assert totals.by_reason[Reason.BROKEN] == 132 * 3_000
    (group,) = {note.facts["cause"] for note in notes_of(held, "S3", "failures.group")}
    assert "KeyError at axiom/catalogue/spectral_dynamics.py, line 38" in group


def test_what_was_mended_goes_on_and_reaches_what_is_queued(held):
    (note,) = notes_of(held, "S3", "repair.bundle")
    assert note.facts["experiment"] == "spectral_dynamics@1"
    assert note.facts["failed"] == 132
    assert note.facts["unsent"] > 996
    assert notes_of(held, "S3", "experiment.stopped") == []


def test_who_aborts_is_paid_as_the_tariff_says_and_breaks_nothing(held, log):
    rows = held.lab.db.select("SELECT host_id, state, cause FROM task WHERE exit_status = 203")
    assert {(row["host_id"], row["state"], row["cause"]) for row in rows} == {
        (held.lab.hosts["H32w-1"], "aborted", "aborted-by-volunteer")
    }
    assert len(rows) == 5
    assert log("S1").tiers["fixed"] == (5, 50)
    assert notes_of(held, "S1", "experiment.stopped") == []


def test_one_seed_under_many_names_is_noticed_before_the_first_log(held):
    """The fourth session found that every script computed with seed 42; replications of it had shown nothing."""
    assert notes_of(held, "S0", "finding.suspended")
    assert len(notes_of(held, "S4", "finding.suspended")) == 3


def test_retiring_takes_back_what_is_unsent_and_nothing_else(held):
    taken = held.played.retired["S4"]
    assert (taken["grokking_dynamics@4"], taken["double_descent@2"]) == (172, 110)
    assert sum(taken.values()) == 2_348
    assert taken.keys() & {one.experiment for one in held.lab.waiting()} == set()
    kept = {one.experiment for one in held.lab.waiting()} & set(STORY[4].only)
    assert kept == {"representation_alignment@2", "feature_competition_dynamics@2", "micro_scaling_laws@2"}


def test_four_tasks_were_stuck_on_two_silent_hosts(held):
    notes = notes_of(held, "S4", "task.stuck")
    assert len(notes) == 4
    assert all("12 h" in note.facts["reason"] for note in notes)
    assert all(not notes_of(held, chapter, "task.stuck") for chapter in ("S1", "S2", "S3", "S5"))


def test_what_fails_too_often_is_stopped_with_all_that_is_open(held):
    (note,) = notes_of(held, "S5", "experiment.stopped")
    assert note.facts["experiment"] == "cellular_automata@2"
    assert "47 of 51 tasks failed" in note.facts["reason"]
    assert round(47 / 51, 3) == 0.922
    assert note.facts["workunits"] == 138


def test_what_was_retired_is_paid_when_it_comes_back(held, log):
    came = reviewed(held, "S3")
    assert came["sam_vs_sgd@2", "valid"] + came["catapult_phase@1", "valid"] == 129
    assert {note.facts["experiment"] for note in notes_of(held, "S3", "experiment.retired")} >= {
        "sam_vs_sgd@2",
        "catapult_phase@1",
    }
    late = reviewed(held, "S5")
    assert late["batch_size_critical_phenomena@1", "valid"] == late["information_bottleneck@1", "valid"] == 1
    assert log("S5").settled.awards == 485


def test_each_task_was_reviewed_once_and_paid_once(held):
    closed = "SELECT count(*) AS amount FROM task WHERE state = 'valid' OR (state = 'failed' AND cause = 'success')"
    (row,) = held.lab.db.select(closed)
    known = sum(
        amount
        for chapter in ("S0", *LOGS)
        for (_, state), amount in reviewed(held, chapter).items()
        if state == "valid"
    )
    assert known + 132 == row["amount"]
    (paid,) = held.lab.db.select("SELECT count(*) AS awards, count(DISTINCT task_id) AS tasks FROM award")
    assert paid["awards"] == paid["tasks"] == row["amount"] + 5
    assert ledger.total(held.lab.db) == sum(
        finding.totals(held.lab, each).amount
        for each in (finding.settled_of(held.lab, held.played, chapter) for chapter in ("S0", *LOGS))
    )


def test_every_promise_holds_after_it(held):
    broken = invariants.broken(held.lab.db, held.lab.folder, held.lab.keys.trust, held.lab.now)
    assert {promise: problems for promise, problems in broken.items() if problems} == {}


def test_nothing_is_made_again_of_what_was_stopped(moved):
    """Those that compute it are told to stop; whatever they report, no copy of it is sent to anybody."""
    lab = moved.lab
    count = "SELECT count(*) AS amount FROM task WHERE experiment_id = :id"
    stopped = lab.versions["cellular_automata@2"]
    (before,) = lab.db.select(count, id=stopped)
    out = [
        (one, reading.Computed(host=host, experiment=name, outcome="stopped", seconds=60.0))
        for (host, name), given in moved.out.items()
        for one in given
        if name == "cellular_automata@2"
    ]
    assert len(out) == 120
    lab.bring([(lab.now, given, one) for given, one in out])
    (after,) = lab.db.select(count, id=stopped)
    assert after == before
    states = lab.db.select(
        "SELECT state, count(*) AS amount FROM task WHERE experiment_id = :id GROUP BY state", id=stopped
    )
    assert {row["state"] for row in states} == {"valid", "failed", "aborted"}
    for host in playing.HOLDERS:
        assert all(one.experiment != stopped for one in lab.fetch(host, 50)[0])
