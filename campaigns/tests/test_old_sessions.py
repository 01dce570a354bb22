"""The old laboratory's five sessions, held again: every total as its logs have it, and none of their slips."""

from collections import Counter
from dataclasses import replace

import pytest
from old_sessions import our_findings, playing, reading
from old_sessions.logged_findings import GOLDEN
from old_sessions.playing import Player
from old_sessions.story import STORY

from axiom.domain.credit import Reason
from axiom.domain.rounds import Step
from axiom.laboratory import promises
from axiom.laboratory.credit.rules.tariffs import PRESETS
from axiom.reads.rounds.session_log import SECTIONS, log_chapters
from axiom.store.credit import ledger
from axiom.store.engine.database import to_microseconds
from axiom.store.hosts import hosts
from axiom.store.rounds import rounds

LOGS = tuple(GOLDEN)
MOVED = ("H20-2", "catapult_phase")  # one result of this host in the second log takes a little longer than it did


@pytest.fixture(scope="module")
def history(tmp_path_factory):
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
def log(history):
    """What the session of a chapter found."""
    return lambda chapter: our_findings.books_of(history.lab, history.played, chapter)


def session_of(player, chapter):
    return rounds.find_round_by_name(player.lab.db, player.played.sessions[chapter])


def notes_of(player, chapter, kind):
    written = rounds.list_round_notes(player.lab.db, session_of(player, chapter).id)
    return [note for _, note in written if note.kind == kind]


def reviewed(player, chapter):
    """How many tasks a session reviewed, by experiment and state."""
    window = rounds.read_round_window(player.lab.db, session_of(player, chapter))
    rows = rounds.list_closed_task_counts(player.lab.db, to_microseconds(window.since), window.until)
    counted = Counter()
    for row in rows:
        counted[f"{row['name']}@{row['version']}", row["state"]] += row["amount"]
    return counted


def amount_of(player, where, **values):
    (row,) = player.lab.db.select("SELECT count(*) AS amount FROM task WHERE " + where, **values)  # noqa: S608
    return row["amount"]


@pytest.mark.parametrize("chapter", LOGS)
def test_every_total_is_as_in_the_log_and_adds_up(history, log, chapter):
    assert our_findings.differences(history.lab, history.played, chapter, GOLDEN[chapter]) == []

    mine = log(chapter)
    totals = our_findings.totals(history.lab, mine.settled)
    sums = [sum(part.values()) for part in (totals.by_tier, totals.by_volunteer, totals.by_host, totals.by_reason)]
    awarded = sum(note.facts["credit"] * 1_000 for note in notes_of(history, chapter, "credit.awarded"))
    assert {*sums, mine.settled.amount, awarded} == {totals.amount}
    assert sum(totals.awards_by_tier.values()) == mine.settled.awards

    session = session_of(history, chapter)
    chapters = log_chapters(session, rounds.list_round_notes(history.lab.db, session.id))
    shown = {part["section"] for part in chapters}
    empty = "".join(piece["text"] for line in chapters[-1]["lines"] for piece in line["pieces"])
    for section in SECTIONS:
        assert not section.steps or section.title in shown or section.title in empty
    assert set(session.done) == set(Step)

    (summary,) = notes_of(history, chapter, "log.summary")
    came = sum(amount for (_, state), amount in reviewed(history, chapter).items() if state == "valid")
    assert summary.facts["valid"] == came
    assert summary.facts["ordered"] >= GOLDEN[chapter].deployed
    assert summary.facts["taken_back"] >= sum(history.played.retired[chapter].values())

    # The first log lists 1,569 of the 2,049 that it deployed.
    rows = history.lab.db.select(
        "SELECT experiment_id, count(*) AS amount FROM workunit WHERE created_at = :at GROUP BY experiment_id",
        at=history.played.deployed_at[chapter],
    )
    numbers = {number: name for name, number in history.lab.versions.items()}
    wanted = next(part.deployed for part in STORY if part.name == chapter)
    assert {numbers[row["experiment_id"]]: row["amount"] for row in rows} == dict(wanted)


def test_a_time_that_moves_across_a_tier_moves_what_depends_on_it_and_nothing_else(history, moved):
    dearer = PRESETS["S2"].tiers[1].amount - PRESETS["S2"].tiers[0].amount
    for chapter in LOGS:
        before, after = (our_findings.books_of(player.lab, player.played, chapter) for player in (history, moved))
        was, now = our_findings.totals(history.lab, before.settled), our_findings.totals(moved.lab, after.settled)
        if chapter != "S2":
            assert was == now
            continue
        assert (now.amount - was.amount, now.awards) == (dearer, was.awards)
        host = history.lab.hosts[MOVED[0]]
        assert moves(was.by_host, now.by_host) == {host: dearer}
        assert moves(was.by_volunteer, now.by_volunteer) == {hosts.find_host(history.lab.db, host).volunteer_id: dearer}
        assert moves(was.by_tier, now.by_tier) == {"0 to 100 s": -2_000, "100 to 1000 s": 5_000}
        assert moves(was.awards_by_tier, now.awards_by_tier) == {"0 to 100 s": -1, "100 to 1000 s": 1}
        assert moves(was.by_reason, now.by_reason) == {Reason.COMPUTED: dearer}


def moves(was, now):
    return {key: now[key] - was[key] for key in was.keys() | now.keys() if now[key] != was[key]}


def test_what_the_first_log_miscounted_adds_up(history):
    """It says about 267, where 217 were recorded and 74 are new; and that 33 were deployed and all completed, where
    it lists 32, of which 5 were stopped."""
    (before,) = notes_of(history, "S1", "review.before")
    assert before.facts["tasks"] == 217
    came = notes_of(history, "S1", "review.host")
    assert sum(note.facts["tasks"] for note in came) == 74
    (counted,) = notes_of(history, "S1", "publish.counters")
    assert counted.facts["valid"] == 217 + 74 - 5
    (line,) = (note for note in came if note.facts["host"] == history.lab.hosts["H32w-1"])
    assert (line.facts["tasks"], line.facts["valid"]) == (32, 27)


def test_errors_inside_successes_are_found_paid_and_mended_where_they_are_queued(history, log):
    (looked,) = notes_of(history, "S3", "inspect.looked")
    assert (looked.facts["outputs"], looked.facts["refused"]) == (621, 132)
    assert our_findings.totals(history.lab, log("S3").settled).by_reason[Reason.BROKEN] == 132 * 3_000
    (group,) = {note.facts["cause"] for note in notes_of(history, "S3", "failures.group")}
    assert "KeyError at axiom/catalogue/spectral_dynamics.py, line 38" in group
    (note,) = notes_of(history, "S3", "repair.bundle")
    assert (note.facts["experiment"], note.facts["failed"]) == ("spectral_dynamics@1", 132)
    assert note.facts["unsent"] > 996
    assert notes_of(history, "S3", "experiment.stopped") == []


def test_retiring_takes_back_what_is_unsent_and_pays_what_comes_back(history, log):
    taken = history.played.retired["S4"]
    assert taken["grokking_dynamics@4"] == 172
    assert taken["double_descent@2"] == 110
    assert sum(taken.values()) == 2_348
    waiting = {task.experiment for task in history.lab.waiting()}
    assert not taken.keys() & waiting
    assert waiting & set(STORY[4].only) == {
        "representation_alignment@2",
        "feature_competition_dynamics@2",
        "micro_scaling_laws@2",
    }
    retired, came, late = {"sam_vs_sgd@2", "catapult_phase@1"}, reviewed(history, "S3"), reviewed(history, "S5")
    assert sum(came[experiment, "valid"] for experiment in retired) == 129
    assert {note.facts["experiment"] for note in notes_of(history, "S3", "experiment.retired")} >= retired
    assert late["batch_size_critical_phenomena@1", "valid"] == late["information_bottleneck@1", "valid"] == 1
    assert log("S5").settled.awards == 485


def test_what_fails_too_often_is_stopped_with_all_that_is_open_and_not_made_again(history, moved):
    """Those that compute it are told to stop; whatever they report, no copy of it is sent to anybody."""
    (note,) = notes_of(history, "S5", "experiment.stopped")
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


def test_each_task_was_reviewed_once_and_paid_once_and_every_promise_holds(history):
    closed = amount_of(history, "state = 'valid' OR (state = 'failed' AND cause = 'success')")
    whole = sum((reviewed(history, chapter) for chapter in ("S0", *LOGS)), Counter())
    assert sum(amount for (_, state), amount in whole.items() if state == "valid") + 132 == closed
    (paid,) = history.lab.db.select("SELECT count(*) AS awards, count(DISTINCT task_id) AS tasks FROM award")
    assert paid["awards"] == paid["tasks"] == closed + 5
    settled = [our_findings.settled_of(history.lab, history.played, chapter) for chapter in ("S0", *LOGS)]
    assert ledger.sum_awarded_credit(history.lab.db) == sum(
        our_findings.totals(history.lab, part).amount for part in settled
    )
    broken = promises.find_broken_promises(history.lab.db, history.lab.folder, history.lab.keys.trust, history.lab.now)
    assert not any(broken.values())
