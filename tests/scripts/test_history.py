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
    place = next(place for place, row in enumerate(rows) if (row.host, row.experiment) == MOVED)
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


def amount_of(player, where, **values):
    (row,) = player.lab.db.select("SELECT count(*) AS amount FROM task WHERE " + where, **values)  # noqa: S608
    return row["amount"]


@pytest.mark.parametrize("chapter", LOGS)
def test_every_total_is_as_in_the_log_and_adds_up(held, log, chapter):
    assert finding.differences(held.lab, held.played, chapter, GOLDEN[chapter]) == []

    mine = log(chapter)
    totals = finding.totals(held.lab, mine.settled)
    sums = [sum(part.values()) for part in (totals.by_tier, totals.by_volunteer, totals.by_host, totals.by_reason)]
    awarded = sum(note.facts["credit"] * 1_000 for note in notes_of(held, chapter, "credit.awarded"))
    assert {*sums, mine.settled.amount, awarded} == {totals.amount}
    assert sum(totals.awards_by_tier.values()) == mine.settled.awards

    session = session_of(held, chapter)
    shown = {part["section"] for part in chapters(session, sessions.notes(held.lab.db, session.id))}
    assert {section.title for section in SECTIONS if section.steps} <= shown
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
    wanted = next(part.deployed for part in STORY if part.name == chapter)
    assert {numbers[row["experiment_id"]]: row["amount"] for row in rows} == dict(wanted)


def test_a_time_that_moves_across_a_tier_moves_what_depends_on_it_and_nothing_else(held, moved):
    dearer = PRESETS["S2"].tiers[1].amount - PRESETS["S2"].tiers[0].amount
    for chapter in LOGS:
        before, after = (finding.found(player.lab, player.played, chapter) for player in (held, moved))
        was, now = finding.totals(held.lab, before.settled), finding.totals(moved.lab, after.settled)
        if chapter != "S2":
            assert was == now
            continue
        assert (now.amount - was.amount, now.awards) == (dearer, was.awards)
        host = held.lab.hosts[MOVED[0]]
        assert moves(was.by_host, now.by_host) == {host: dearer}
        assert moves(was.by_volunteer, now.by_volunteer) == {hosts.host(held.lab.db, host).volunteer_id: dearer}
        assert moves(was.by_tier, now.by_tier) == {"0 to 100 s": -2_000, "100 to 1000 s": 5_000}
        assert moves(was.awards_by_tier, now.awards_by_tier) == {"0 to 100 s": -1, "100 to 1000 s": 1}
        assert moves(was.by_reason, now.by_reason) == {Reason.COMPUTED: dearer}


def moves(was, now):
    return {key: now[key] - was[key] for key in was.keys() | now.keys() if now[key] != was[key]}


def test_what_the_first_log_miscounted_adds_up(held):
    """It says about 267, where 217 were recorded and 74 are new; and that 33 were deployed and all completed, where
    it lists 32, of which 5 were stopped."""
    (before,) = notes_of(held, "S1", "review.before")
    assert before.facts["tasks"] == 217
    came = notes_of(held, "S1", "review.host")
    assert sum(note.facts["tasks"] for note in came) == 74
    (counted,) = notes_of(held, "S1", "publish.counters")
    assert counted.facts["valid"] == 217 + 74 - 5
    (line,) = (note for note in came if note.facts["host"] == held.lab.hosts["H32w-1"])
    assert (line.facts["tasks"], line.facts["valid"]) == (32, 27)


def test_a_line_of_a_tier_is_its_awards_times_its_price(held):
    """The second log says that 473 times 5 is 2,350."""
    prices = {tier.name: tier.amount / 1_000 for tier in PRESETS["S2"].tiers}
    lines = {note.facts["tier"]: note.facts for note in notes_of(held, "S2", "credit.tier")}
    assert all(facts["credit"] == facts["awards"] * prices[tier] for tier, facts in lines.items())
    assert lines["100 to 1000 s"]["credit"] == 473 * 5 == 2_365


def test_experiments_add_up_to_all_that_was_reviewed(held):
    """The third log lists 320 of its 621 results."""
    came = Counter()
    for (experiment, state), amount in reviewed(held, "S3").items():
        came[experiment] += amount if state in ("valid", "failed") else 0
    assert sum(came.values()) == 621
    assert (came["spectral_dynamics@1"], came["sam_vs_sgd@2"], came["catapult_phase@1"]) == (132, 64, 65)
    assert (came["neural_thermodynamics@2"], came["double_descent@2"]) == (48, 7)


def test_counters_are_counted_and_contradict_nothing(held):
    """The first log has 83 hosts, up from 83; the fourth has 11,756 credited of 11,521 results."""
    for chapter in ("S0", *LOGS):
        (note,) = notes_of(held, chapter, "publish.counters")
        assert note.facts["hosts"] == 83
        assert note.facts["credited"] <= note.facts["valid"]
        assert notes_of(held, chapter, "publish.contradiction") == []


def test_what_is_in_progress_is_the_sum_of_what_is_listed(held):
    """The fourth log has 462 in progress, and lists 116."""
    by_version = [
        amount for (noun, _, state), amount in counters.read(held.lab.db).items() if (noun, state) == ("task", "sent")
    ]
    assert sum(by_version) == amount_of(held, "state = 'sent'")
    listed = {note.facts["experiment"]: note.facts["unsent"] for note in notes_of(held, "S4", "queue.experiment")}
    assert [listed[name] for name in STORY[4].only[:4]] == [3_022, 2_709, 2_215, 1_780]
    assert 3_022 + 2_709 + 2_215 + 1_780 == 9_726


def test_errors_inside_successes_are_found_paid_and_mended_where_they_are_queued(held, log):
    (looked,) = notes_of(held, "S3", "inspect.looked")
    assert (looked.facts["outputs"], looked.facts["refused"]) == (621, 132)
    assert finding.totals(held.lab, log("S3").settled).by_reason[Reason.BROKEN] == 132 * 3_000
    (group,) = {note.facts["cause"] for note in notes_of(held, "S3", "failures.group")}
    assert "KeyError at axiom/catalogue/spectral_dynamics.py, line 38" in group
    (note,) = notes_of(held, "S3", "repair.bundle")
    assert (note.facts["experiment"], note.facts["failed"]) == ("spectral_dynamics@1", 132)
    assert note.facts["unsent"] > 996
    assert notes_of(held, "S3", "experiment.stopped") == []


def test_who_aborts_is_paid_as_the_tariff_says_and_breaks_nothing(held, log):
    rows = held.lab.db.select("SELECT host_id, state, cause FROM task WHERE exit_status = 203")
    aborted = (held.lab.hosts["H32w-1"], "aborted", "aborted-by-volunteer")
    assert [(row["host_id"], row["state"], row["cause"]) for row in rows] == 5 * [aborted]
    assert log("S1").tiers["fixed"] == (5, 50)
    assert notes_of(held, "S1", "experiment.stopped") == []


def test_one_seed_under_many_names_is_noticed_before_the_first_log(held):
    """The fourth session found that every script computed with seed 42; replications of it had shown nothing."""
    assert notes_of(held, "S0", "finding.suspended")
    assert len(notes_of(held, "S4", "finding.suspended")) == 3


def test_retiring_takes_back_what_is_unsent_and_pays_what_comes_back(held, log):
    taken = held.played.retired["S4"]
    assert (taken["grokking_dynamics@4"], taken["double_descent@2"], sum(taken.values())) == (172, 110, 2_348)
    waiting = {task.experiment for task in held.lab.waiting()}
    assert not taken.keys() & waiting
    assert waiting & set(STORY[4].only) == {
        "representation_alignment@2",
        "feature_competition_dynamics@2",
        "micro_scaling_laws@2",
    }
    retired, came, late = {"sam_vs_sgd@2", "catapult_phase@1"}, reviewed(held, "S3"), reviewed(held, "S5")
    assert sum(came[experiment, "valid"] for experiment in retired) == 129
    assert {note.facts["experiment"] for note in notes_of(held, "S3", "experiment.retired")} >= retired
    assert late["batch_size_critical_phenomena@1", "valid"] == late["information_bottleneck@1", "valid"] == 1
    assert log("S5").settled.awards == 485


def test_four_tasks_were_stuck_on_two_silent_hosts(held):
    assert {chapter: len(notes_of(held, chapter, "task.stuck")) for chapter in LOGS} == dict.fromkeys(LOGS, 0) | {
        "S4": 4
    }
    assert all("12 h" in note.facts["reason"] for note in notes_of(held, "S4", "task.stuck"))


def test_what_fails_too_often_is_stopped_with_all_that_is_open_and_not_made_again(held, moved):
    """Those that compute it are told to stop; whatever they report, no copy of it is sent to anybody."""
    (note,) = notes_of(held, "S5", "experiment.stopped")
    assert (note.facts["experiment"], note.facts["workunits"]) == ("cellular_automata@2", 138)
    assert "47 of 51" in note.facts["reason"]
    lab, stopped = moved.lab, moved.lab.versions["cellular_automata@2"]
    before = amount_of(moved, "experiment_id = :id", id=stopped)
    out = [
        (lab.now, task, reading.Computed(host=host, experiment=name, outcome="stopped", seconds=60.0))
        for (host, name), tasks in moved.out.items()
        for task in tasks
        if name == "cellular_automata@2"
    ]
    assert len(out) == 120
    lab.bring(out)
    over = "experiment_id = :id AND state IN ('valid', 'failed', 'aborted')"
    assert amount_of(moved, "experiment_id = :id", id=stopped) == amount_of(moved, over, id=stopped) == before
    for host in playing.HOLDERS:
        assert all(task.experiment != stopped for task in lab.fetch(host, 50)[0])


def test_each_task_was_reviewed_once_and_paid_once_and_every_promise_holds(held):
    closed = amount_of(held, "state = 'valid' OR (state = 'failed' AND cause = 'success')")
    whole = sum((reviewed(held, chapter) for chapter in ("S0", *LOGS)), Counter())
    assert sum(amount for (_, state), amount in whole.items() if state == "valid") + 132 == closed
    (paid,) = held.lab.db.select("SELECT count(*) AS awards, count(DISTINCT task_id) AS tasks FROM award")
    assert paid["awards"] == paid["tasks"] == closed + 5
    settled = [finding.settled_of(held.lab, held.played, chapter) for chapter in ("S0", *LOGS)]
    assert ledger.total(held.lab.db) == sum(finding.totals(held.lab, part).amount for part in settled)
    broken = invariants.broken(held.lab.db, held.lab.folder, held.lab.keys.trust, held.lab.now)
    assert not any(broken.values())
