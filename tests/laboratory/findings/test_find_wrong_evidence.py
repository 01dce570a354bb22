"""What a line says follows from the stored results; what is outvoted leaves it, and with it who is, again and again."""

from dataclasses import replace

import pytest
from draws import secret_for
from planted_effects import block, further, noise, order_of, output, values

from axiom.domain.work import Reproduction
from axiom.laboratory.experiments.recall_and_reopen import recall_version
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.findings.compare_duplicates import (
    compare_new_duplicates,
    find_miscounted_duplicates,
    read_agreements,
)
from axiom.laboratory.findings.find_wrong_evidence import find_wrong_evidence
from axiom.laboratory.findings.score_predictions import find_wrong_scores, score_predictions
from axiom.laboratory.registrations.predictions import record_prediction
from axiom.reads.base.request import Reading
from axiom.store.engine.database import connect_reader
from axiom.store.experiments import experiments
from axiom.store.findings import evidence, reproductions
from axiom.store.registrations import registrations, scores
from axiom.store.tasks import workunits
from axiom.store.views.exported_rows import iterate_result_pages
from axiom.web.export import archive, recompute
from axiom_weigh.values import NOT_WAITING, OUTVOTED, Agreements, Force, Grade


def test_a_late_value_that_was_forgotten_is_noticed_although_the_line_fits(shifting, monkeypatch):
    late = one_is_late(shifting, others=7)
    shifting.lab.report(late, values(shifting, 1.0)(late))
    shifting.lab.validate()
    monkeypatch.setattr(
        "axiom.laboratory.rounds.steps.weigh_findings._observed_and_changed",
        lambda version, found: (evidence.read_observation_set(version.db, found.number), ()),
    )
    block(shifting)
    shifting.hold()
    assert find_wrong_evidence(shifting.db) == ["finding 1, line 2 is not what its results say"]


def one_is_late(shifting, others: int):
    """A task is out for so long that its block was weighed without it."""
    shifting.lab.host("late")
    shifting.lab.deploy(workunits=1, max_failures=1)
    late = shifting.lab.order(2)
    shifting.lab.deploy(workunits=others)
    shifting.compute(others, by=values(shifting, 1.0))
    shifting.lab.later(hours=49)
    shifting.lab.sweep()
    shifting.hold()
    shifting.lab.later(hours=1)
    return late


def test_why_a_value_is_missing_may_be_worded_otherwise(shifting):
    one_is_late(shifting, others=7)
    (missing,) = [observed for observed in evidence.read_observations(shifting.db, 1) if observed.value is None]
    assert missing.why_missing.startswith("nothing was measured with ")
    shifting.db.execute("UPDATE observation SET why_missing = 'in other words' WHERE value IS NULL")
    shifting.hold()
    assert find_wrong_evidence(shifting.db) == []
    assert evidence.list_newest_evidence(shifting.db)[1].line == 1
    shifting.db.execute(f"UPDATE observation SET why_missing = '{NOT_WAITING}' WHERE value IS NULL")  # noqa: S608  ours
    assert find_wrong_evidence(shifting.db) == ["finding 1, line 1 is not what its results say"]


def test_a_place_among_all_claims_is_that_of_what_the_line_says(shifting):
    """With its old e-value the finding would stand among all others; the value that has come late takes that away."""
    late = one_is_late(shifting, others=31)
    assert evidence.list_newest_evidence(shifting.db)[1].false_share == 0.01
    shifting.lab.report(late, values(shifting, -50.0)(late))
    shifting.lab.validate()
    shifting.lab.later(seconds=1)
    shifting.hold()
    assert (
        evidence.list_newest_evidence(shifting.db)[1].line,
        evidence.list_newest_evidence(shifting.db)[1].seeds,
    ) == (5, 32)
    assert find_wrong_evidence(shifting.db) == []


def test_a_block_of_another_design_that_was_left_out_is_found(shifting, monkeypatch):
    """Which design's blocks count is no choice, however whole the others are."""
    second = further(shifting)
    block(shifting, second)
    monkeypatch.setattr("axiom.store.registrations.registrations.group_feeders_by_finding", lambda *_: {1: (1,)})
    block(shifting)
    shifting.hold()
    assert find_wrong_evidence(shifting.db) == []
    monkeypatch.undo()
    assert find_wrong_evidence(shifting.db) == ["finding 1, line 1 is not what its results say"]


SECRET = b"8615672"  # under it these two tasks are checked, and no other of the first 24
CHECKED = (2, 5)


@pytest.fixture
def checking(shifting):
    """Host 1 computes, and two more volunteers are there to check it."""
    shifting.lab.host("bobs", volunteer="Bob")
    shifting.lab.host("cleos", volunteer="Cleo")
    return shifting


def measure(cell):
    return 1.0 * (cell.config == 0) + 0.3 * noise(cell.replicate, cell.config)


def compute(checking, amount: int = 1, *, host: int = 1, wrong=()) -> None:
    """So many tasks, those of these numbers with other first values than anybody else finds."""
    checking.lab.later(seconds=1)
    for _ in range(amount):
        order = checking.lab.order(host)
        early = (9.0, 0.5) if order.task in wrong else (1.0, 0.5)
        checking.lab.report(order, output(checking.lab, order, measure, early=early))
    checking.lab.validate(SECRET)
    checking.lab.later(seconds=1)


def newest(checking):
    return evidence.list_newest_evidence(checking.db)[1]


def missing(checking) -> dict[int, str]:
    return {one.replicate: one.why_missing for one in evidence.read_observations(checking.db, 1) if one.value is None}


def test_a_value_that_two_others_do_not_confirm_leaves_the_evidence(checking):
    order_of(checking, 1)
    compute(checking, 8, wrong=(2,))
    compute(checking, 2, host=2)
    checking.hold()
    first = newest(checking)
    assert (first.seeds, sum(one.disputed for one in first.agreements)) == (8, 1)
    assert missing(checking) == {}
    compute(checking, host=3)
    checking.hold()
    second = newest(checking)
    assert (second.line, second.blocks, second.seeds, second.missing) == (2, 1, 7, 1)
    assert sum(one.disputed for one in second.agreements) == 0
    assert second.e_value < first.e_value
    assert list(missing(checking).values()) == [OUTVOTED]
    order_of(checking, 1)
    compute(checking, 8, host=2)
    checking.hold()
    assert (newest(checking).seeds, newest(checking).missing) == (15, 1), "it stays out when more comes"
    assert (find_wrong_evidence(checking.db), checking.broken()) == ([], {})
    checking.db.execute("DELETE FROM observation WHERE line = 2")  # it is put back
    assert "finding 1, line 2 is not what its results say" in find_wrong_evidence(checking.db)


def test_who_says_that_it_was_over_before_may_be_outvoted_too(checking, monkeypatch):
    monkeypatch.setattr("axiom.laboratory.findings.observe.compute_estimand", lambda *_: (None, NOT_WAITING))
    order_of(checking, 1)
    compute(checking, 8, wrong=(2,))
    compute(checking, 2, host=2)
    checking.hold()
    assert (set(missing(checking).values()), newest(checking).missing) == ({NOT_WAITING}, 0)
    compute(checking, host=3)
    checking.hold()
    assert (list(missing(checking).values()).count(OUTVOTED), newest(checking).missing) == (1, 1)
    assert find_wrong_evidence(checking.db) == []


def test_who_is_outvoted_twice_is_not_believed_and_its_finding_is_open_again(checking):
    order_of(checking, 1, 16)
    compute(checking, 8, wrong=CHECKED)
    compute(checking, 10, host=2)
    checking.hold()
    assert registrations.list_finding_statuses(checking.db, 1)[1] == (
        "suspended",
        "2 of 2 duplicates disagree (2 on linux-x86_64-avx2 and linux-x86_64-avx2)",
    )
    compute(checking, 2, host=3)
    checking.hold()
    line = newest(checking)
    assert (line.seeds, line.missing) == (8, 8)
    assert list(missing(checking).values()) == [OUTVOTED] * 2, "what is kept is what came; who is believed is weighed"
    assert [(alarm.kind, alarm.force, alarm.hosts) for alarm in line.alarms][:1] == [("hosts", Force.TELLS, (1,))]
    assert registrations.list_finding_statuses(checking.db, 1)[1] == ("open", "")
    assert "host 1 was outvoted in several seeds: 6 other values left out" in checking.said("finding.doubted")[0]
    assert (find_wrong_evidence(checking.db), checking.broken()) == ([], {})


CORE, CARD = "linux-x86_64-avx2", "linux-x86_64-nvidia"


def test_a_host_with_a_gpu_has_two_platforms_and_its_export_weighs_to_the_same(shifting, tmp_path):
    """It has computed sixteen seeds; those of even tasks on its GPU, as its books say."""
    for _ in range(2):
        block(shifting)
    shifting.db.execute("UPDATE task SET gpu = 'NVIDIA' WHERE id % 2 = 0")
    shifting.hold()
    line = newest(shifting)
    assert (line.seeds, line.hosts, line.volunteers, line.platforms) == (16, 1, 1, 2)
    seen = evidence.read_observations(shifting.db, 1)
    assert {observed.gpus for observed in seen} == {(), ((1, "NVIDIA"),)}
    assert {observed.hosts for observed in seen} == {(1,)}
    assert find_wrong_evidence(shifting.db) == []
    (page,) = iterate_result_pages(shifting.db, 1)
    assert set(zip(page.tasks, page.platforms, strict=True)) == {
        (task, CARD if task % 2 == 0 else CORE) for task in page.tasks
    }
    reading = Reading(
        db=connect_reader(shifting.lab.folder.database),
        folder=shifting.lab.folder,
        now=shifting.lab.now,
        name="Ours",
        live=dict,
    )
    files = archive.finding_files(reading, 1)
    assert b",1:NVIDIA," in files["observations.csv"]
    for name, body in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    assert recompute.main([str(tmp_path)], "") == 0
    (tmp_path / "observations.csv").write_bytes(files["observations.csv"].replace(b":NVIDIA", b""))
    assert recompute.main([str(tmp_path)], "") == 1


SAID = {"positive": 0.1, "negative": 0.8, "absent": 0.1, "interval": [-2.0, 0.0], "because": "a test"}
FORECASTERS = ("Ada, informed", "autopilot, informed", "catalogue, informed")  # its preflight has passed


@pytest.fixture
def rounds(rounds):
    """Ada predicted the finding of tiny_sum; sessions order nothing by themselves."""
    rounds.policy = replace(rounds.policy, per_core=0)
    record_prediction(rounds.db, 1, SAID, "Ada", rounds.lab.now)
    return rounds


def scored(rounds) -> dict:
    rows = scores.list_scores(rounds.db)
    return {row["forecaster"]: (row["verdict"], row["brier"], row["is_covered"]) for row in rows}


def test_a_settled_registration_is_scored_in_the_session_that_weighs_it(rounds):
    rounds.fill_block()
    rounds.hold()
    assert scored(rounds) == dict.fromkeys(FORECASTERS, (None, None, None))
    for _ in range(3):
        rounds.fill_block()
    rounds.hold()
    assert scored(rounds) == {
        "Ada, informed": ("effect −", pytest.approx(0.06), 1),
        "autopilot, informed": ("effect −", pytest.approx(0.5**2 + 0.8**2 + 0.3**2), 0),
        "catalogue, informed": ("effect −", pytest.approx(0.8**2 + 0.9**2 + 0.1**2), 0),
    }
    assert rounds.kinds().count("prediction.scored") == 3
    before = rounds.stored("score")
    rounds.lab.later(seconds=1)
    rounds.hold()
    assert rounds.stored("score") == before
    assert "prediction.scored" not in rounds.kinds()
    assert rounds.broken() == {}


def test_a_retired_version_is_scored_and_a_recalled_one_is_not(rounds, taken_back):
    rounds.fill_block()
    rounds.hold()
    with taken_back(rounds.db):
        recall_version(rounds.db, experiments.find_experiment(rounds.db, 1), "a test", rounds.lab.now)
        assert (score_predictions(rounds.db, rounds.lab.now), scored(rounds)) == ([], {})
    retire_version(rounds.db, 1, "a test", rounds.lab.now)
    assert len(score_predictions(rounds.db, rounds.lab.now)) == 3
    assert "retired" in scores.list_scores(rounds.db)[0]["reason"]
    assert find_wrong_scores(rounds.db) == []
    rounds.db.execute("UPDATE score SET brier = 0.0 WHERE prediction_id = 2")
    (problem,) = find_wrong_scores(rounds.db)
    assert "prediction 2" in problem


@pytest.fixture
def strangers(shifting):
    """Three of four hosts are those of Bob and Cleo."""
    for name, volunteer in (("bobs", "Bob"), ("cleos", "Cleo"), ("cleos-2", "Cleo")):
        shifting.lab.host(name, volunteer=volunteer)
    return shifting


def fill(strangers, blocks: int, effect: float = 1.0) -> None:
    for number in range(blocks):
        order_of(strangers, 1)
        strangers.compute(8, host=1 + number % 4, by=values(strangers, effect))


def being_checked(strangers) -> int:
    return workunits.count_seeds_being_checked(strangers.db, [1])


def agreeing(strangers) -> int:
    return sum(one.agreed for one in evidence.list_newest_evidence(strangers.db)[1].agreements)


def grade(strangers) -> Grade:
    return evidence.list_newest_evidence(strangers.db)[1].grade


def test_what_could_be_strong_is_computed_again_by_strangers_and_then_is(strangers):
    fill(strangers, 4)
    strangers.hold()
    assert (grade(strangers), agreeing(strangers) + being_checked(strangers)) == (Grade.MODERATE, 20)
    assert strangers.kinds().count("deploy.checks") == 1
    strangers.lab.later(minutes=1)
    strangers.hold()
    assert agreeing(strangers) + being_checked(strangers) == 20  # nothing is ordered twice
    for host in (1, 2, 3, 4):
        while orders := strangers.lab.ask(host):
            strangers.lab.report(orders[0], values(strangers, 1.0)(orders[0]))
    strangers.lab.validate()
    strangers.lab.later(minutes=1)
    strangers.hold()
    assert (grade(strangers), being_checked(strangers)) == (Grade.STRONG, 0)
    assert "deploy.checks" not in strangers.kinds()
    assert strangers.broken() == {}


CHECKS = """
SELECT w.checks_task_id AS task FROM task t JOIN workunit w ON w.id = t.workunit_id WHERE t.id = :id
"""


def test_where_strangers_outvoted_a_value_all_that_are_left_are_computed_again(strangers):
    """Two strangers agree against one value. From then on twenty checks are not enough, in later blocks too."""
    fill(strangers, 5)
    strangers.hold()
    strangers.lab.later(minutes=1)
    odd = strangers.db.row("SELECT min(checks_task_id) AS task FROM workunit WHERE state = 'open'")["task"]

    def otherwise(order):
        return output(strangers.lab, order, lambda cell: 9.0 * (cell.config == 0), early=(3.0, 0.5))

    def compute_all():
        for _ in range(3):  # where two disagree a third is asked for
            for host in (1, 2, 3, 4):
                while orders := strangers.lab.ask(host):
                    is_odd = strangers.db.row(CHECKS, id=orders[0].task)["task"] == odd
                    by = otherwise if is_odd else values(strangers, 1.0)
                    strangers.lab.report(orders[0], by(orders[0]))
                strangers.lab.validate()
        strangers.lab.later(minutes=1)

    compute_all()
    strangers.hold()
    assert [one.value for one in evidence.read_observations(strangers.db, 1)].count(None) == 1
    assert (grade(strangers), agreeing(strangers) + being_checked(strangers)) == (Grade.MODERATE, 39)
    compute_all()
    strangers.hold()
    assert (grade(strangers), agreeing(strangers)) == (Grade.STRONG, 39)
    order_of(strangers, 1)
    strangers.compute(
        8, host=2, by=values(strangers, 1.0)
    )  # the first host is watched since: all of its tasks are checked
    strangers.hold()
    assert (grade(strangers), agreeing(strangers) + being_checked(strangers)) == (Grade.MODERATE, 47)


@pytest.mark.parametrize("is_suspended", [False, True])
def test_of_what_is_not_sure_or_suspended_nothing_is_computed_again(strangers, is_suspended):
    fill(strangers, 4, effect=1.0 if is_suspended else 0.0)
    if is_suspended:
        registrations.set_finding_status(strangers.db, 1, "suspended", "somebody looks")
    before = being_checked(strangers)
    strangers.hold()
    assert being_checked(strangers) == before


def test_who_computes_alone_has_nobody_who_is_a_stranger(shifting):
    for _ in range(3):
        block(shifting)
    shifting.hold()
    assert being_checked(shifting) == 0


FIRST_TWO = secret_for(1, 3, among=3)  # the first two tasks of a test, whichever of these numbers they have


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum; host 1 is the laboratory's, 2 Bob's of another platform, 3 Cleo's."""
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.host("bobs", volunteer="Bob", instructions="avx512")
    small_lab.host("cleos", volunteer="Cleo")
    return small_lab


def computed(lab, host, **changes):
    order = lab.order(host)
    lab.report(order, lab.output(order, **changes))
    lab.validate(FIRST_TWO)
    lab.later(minutes=1)


def checked(lab, host=2, **changes):
    lab.deploy()
    computed(lab, 1)
    computed(lab, host, **changes)


def classes(lab):
    return [row["class"] for row in lab.db.select("SELECT class FROM reproduction ORDER BY duplicate_id")]


def test_a_seed_that_agrees_counts_once_for_two_platforms_and_a_touched_one_is_seen(lab, taken_back):
    checked(lab)
    assert (compare_new_duplicates(lab.db), compare_new_duplicates(lab.db)) == (2, 0)
    assert classes(lab) == [Reproduction.EXACT] * 2
    pair = ("linux-x86_64-avx2", "linux-x86_64-avx512")
    assert read_agreements(lab.db, [1], lab.now) == (Agreements(platforms=pair, exact=1),)
    assert read_agreements(lab.db, [2], lab.now) == ()
    before = lab.now
    lab.later(minutes=1)
    checked(lab)
    assert [duplicate.first.replicate for duplicate in reproductions.list_uncompared_pairs(lab.db, 10)] == [1, 1]
    compare_new_duplicates(lab.db)
    assert read_agreements(lab.db, [1], before)[0].exact == 1  # what is known at a moment stays what was known then
    assert (read_agreements(lab.db, [1], lab.now)[0].exact, find_miscounted_duplicates(lab.db)) == (2, [])
    for wrong, about in (
        ("UPDATE reproduction SET class = 'within tolerance'", "duplicate 1"),
        ("UPDATE reproduction_count SET exact = exact + 1", "seeds"),
        ("DELETE FROM reproduction_count", "seeds"),
        ("UPDATE reproduction SET confirms = 1", "duplicate 1"),
    ):
        with taken_back(lab.db):
            lab.db.execute(wrong)
            assert about in find_miscounted_duplicates(lab.db)[0], wrong


def test_another_end_after_the_same_beginning_is_chaos_and_else_a_dispute(lab):
    checked(lab, host=3, measures={"total": 40.0, "count": 0}, early=(1.0, 0.5))
    compare_new_duplicates(lab.db)
    assert set(classes(lab)) == {Reproduction.CHAOTIC}
    same = ("linux-x86_64-avx2",) * 2
    assert read_agreements(lab.db, [1], lab.now) == (Agreements(platforms=same, divergent=1),)
    lab.deploy()
    computed(lab, 1)
    computed(lab, 3, early=(3.0, 0.5))
    compare_new_duplicates(lab.db)
    assert Agreements(platforms=same, divergent=2, disputed=1) in read_agreements(lab.db, [1], lab.now)


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_what_two_of_three_say_is_disputed_no_more_and_overturns_the_third(lab, is_confirmed):
    odd = {"early": (3.0, 0.5)}
    lab.deploy()
    computed(lab, 1, **({} if is_confirmed else odd))
    computed(lab, 2, **(odd if is_confirmed else {}))
    compare_new_duplicates(lab.db)
    before = lab.now
    assert read_agreements(lab.db, [1], before)[0].disputed == 1
    lab.later(minutes=1)
    computed(lab, 3)
    compare_new_duplicates(lab.db)
    assert sum(agreements.disputed for agreements in read_agreements(lab.db, [1], lab.now)) == 0
    assert read_agreements(lab.db, [1], before)[0].disputed == 1  # what was known then stays what was known then
    assert reproductions.list_overturned_replicates(lab.db, 1, before) == frozenset()
    assert reproductions.list_overturned_replicates(lab.db, 1, lab.now) == (frozenset() if is_confirmed else {0})
    assert reproductions.list_overturned_replicates(lab.db, 2, lab.now) == frozenset()
    assert find_miscounted_duplicates(lab.db) == []


def test_two_who_disagree_overturn_nothing_and_what_was_stopped_is_not_compared(lab):
    checked(lab, outcome="late", measures=None, early=())
    compare_new_duplicates(lab.db)
    assert classes(lab) == ["", ""]
    assert read_agreements(lab.db, [1], lab.now) == ()
    lab.deploy()
    computed(lab, 1, early=(3.0, 0.5))
    computed(lab, 2)
    computed(lab, 3, early=(5.0, 0.5))
    compare_new_duplicates(lab.db)
    assert reproductions.list_overturned_replicates(lab.db, 1, lab.now) == frozenset()
    assert sum(one.disputed for one in read_agreements(lab.db, [1], lab.now)) == 2  # a pair of platforms each
    assert find_miscounted_duplicates(lab.db) == []
