"""What comes after the first registration is one of its own: design, cohort, amendment; nothing older changes."""

import pytest
from planted_effects import SAID, WIDER

from axiom.decisions.planning.candidates import FIRST_IS_OUT, Candidate
from axiom.decisions.planning.stopping import ended
from axiom.domain.registrations import DECLARED, Cohort, Rule, Stopping, definition, read_body
from axiom.domain.sessions import Allotment, Step
from axiom.domain.work import Report
from axiom.errors import NotFound, Refused, Withdrawn, WrongUse
from axiom.lab.experiments.recall import recall
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.planning import plan as planning
from axiom.lab.planning.deploy import deploy
from axiom.lab.registrations.predictions import foretell
from axiom.lab.registrations.register import amend, register_cohort, register_further
from axiom.server.returns.forgotten_tasks import readmit
from axiom.signed.tickets import read_ticket
from axiom.store.engine import blobs
from axiom.store.evidence import evidence
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum is published, and nothing of it is ordered."""
    small_lab.publish(prepared(has_shift=True))
    small_lab.host()
    small_lab.host("second", volunteer="Bob")
    return small_lab


def version(lab):
    return experiments.by_id(lab.db, 1)


def add_design(lab, name="wide", points=WIDER, stopping=None):
    with lab.db.transaction():
        return register_further(
            lab.db, version(lab), name, points, stopping=stopping or Stopping(), why="a test", now=lab.now
        )


def add_cohort(lab, number=1, stopping=None):
    with lab.db.transaction():
        return register_cohort(lab.db, number, stopping=stopping or Stopping(), why="to confirm", now=lab.now)


def put_otherwise(lab, number=1, prediction=SAID, **changes):
    with lab.db.transaction():
        return amend(
            lab.db,
            number,
            changes,
            prediction=prediction,
            forecaster="Ada",
            why="it looked so",
            now=lab.now,
        )


def ordered(lab, registration_id, workunits=1):
    allotment = Allotment(
        experiment_id=1, workunits=workunits, replicates_each=1, registration_id=registration_id, reason="a test"
    )
    with lab.db.transaction():
        return deploy(lab.db, allotment, max_failures=3, now=lab.now)


def bodies(lab) -> list[str]:
    return [one.body for one in registrations.registrations(lab.db, 1)]


def test_a_version_is_registered_before_its_first_seed_so_its_own_numbers_confirm_it(lab):
    (found,) = registrations.registrations(lab.db, 1)
    registered = read_body(found.body)
    assert (registered.design.name, registered.design.places) == (DECLARED, (0, 1))
    assert (registered.cohort, found.cohort) == (Cohort.CONFIRMATORY, "confirmatory")
    assert (registered.stopping, registered.joins) == (Stopping(), {})
    assert registrations.feeding(lab.db, 1) == {1: (1,)}


def test_a_further_design_joins_the_finding_and_makes_no_new_one(lab):
    before = bodies(lab)
    made = add_design(lab)
    registered = read_body(made.body)
    assert bodies(lab)[0] == before[0]
    assert registrations.feeding(lab.db, 1) == {1: (1, 2)}
    assert registrations.numbers(lab.db, made) == {"grows": 1}
    assert registered.design.places == (0, 1, 2, 3)  # what was there keeps its place
    assert registrations.placed(lab.db, 1) == dict(enumerate(config for config, _ in WIDER))
    first = read_body(before[0])
    assert definition(registered.estimands["grows"]) == definition(first.estimands["grows"])
    assert lab.broken() == {}


def test_tickets_of_a_further_design_carry_its_configs_and_its_results_their_places(lab):
    made = add_design(lab, points=WIDER[1:] + WIDER[:1])
    ordered(lab, made.id)
    order = lab.order(1)
    ticket = read_ticket(order.ticket, trust=lab.keys.trust, now=lab.now)
    assert {cell.config: dict(cell.values) for cell in ticket.cells} == {
        0: {"size": 1, "shift": 0},
        1: {"size": 2, "shift": 0},
        2: {"size": 2, "shift": 9},
        3: {"size": 1, "shift": 9},
    }
    lab.report(order, lab.output(order))
    lab.validate()
    rows = lab.db.select("SELECT config FROM result ORDER BY config")
    assert [row["config"] for row in rows] == [0, 1, 2, 3]
    assert experiments.issued_to(lab.db, 1) == {made.id: 1}
    assert lab.broken() == {}


def test_what_is_ordered_without_a_word_is_of_the_declared_sweep(lab):
    add_design(lab)
    lab.deploy()
    assert experiments.issued_to(lab.db, 1) == {1: 1}
    with pytest.raises(Withdrawn, match="not registered"):
        ordered(lab, 9)


def test_a_design_that_the_findings_cannot_use_is_refused(lab):
    with pytest.raises(Refused, match="lacks the arms"):
        add_design(lab, points=WIDER[1:3])
    add_design(lab)
    with pytest.raises(Refused, match="a design wide already"):
        add_design(lab)
    assert len(bodies(lab)) == 2


def test_a_fresh_cohort_has_numbers_of_its_own_and_the_same_finding(lab):
    ordered(lab, 1, workunits=3)
    made = add_cohort(lab, stopping=Stopping(rule=Rule.FIXED, replicates=16))
    ordered(lab, made.id, workunits=2)
    numbers = lab.db.select("SELECT number, registration_id FROM replicate ORDER BY number")
    assert [(row["number"], row["registration_id"]) for row in numbers] == [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2)]
    assert registrations.feeding(lab.db, 1) == {1: (1, 2)}
    assert read_body(made.body).stopping == Stopping(rule=Rule.FIXED, replicates=16)
    assert lab.broken() == {}


def test_an_amendment_is_a_new_finding_of_later_numbers_alone(lab):
    ordered(lab, 1, workunits=2)
    before = bodies(lab)
    lab.later(days=1)
    made = put_otherwise(lab, expects="-", claim="a larger size has a smaller total")
    registered = read_body(made.body)
    assert (registered.amends, registered.why) == (1, "it looked so")
    assert bodies(lab)[0] == before[0]
    assert registrations.numbers(lab.db, made) == {"grows_2": 2}
    assert registrations.feeding(lab.db, 1) == {1: (1,), 2: (2,)}
    assert registered.estimands["grows_2"]["expects"] == "-"
    assert [one["forecaster"] for one in registered.document["predictions"]] == ["Ada, informed"]
    assert made.created_at == lab.now
    assert lab.broken() == {}


def test_nothing_more_is_ordered_of_what_was_amended_and_it_is_amended_once(lab):
    put_otherwise(lab, null=0.5)
    planned = planning.candidates(lab.db, lab.now)
    assert [one.registration_id for one in planned] == [2]
    with pytest.raises(Refused, match="amended by registration 2 before"):
        put_otherwise(lab, null=0.7)
    again = put_otherwise(lab, number=2, null=0.7)
    assert registrations.numbers(lab.db, again) == {"grows_3": 3}
    assert lab.broken() == {}


def test_what_was_amended_after_it_was_planned_is_passed_over(rounds):
    while rounds.step().step is not Step.PLAN:
        pass
    with rounds.db.transaction():
        amend(rounds.db, 1, {"null": 0.5}, prediction=SAID, forecaster="Ada", why="it looked so", now=rounds.lab.now)
    assert rounds.step().step is Step.DEPLOY
    assert experiments.issued_to(rounds.db, 1) == {}
    assert rounds.broken() == {}


@pytest.mark.parametrize(
    ("changes", "prediction", "error", "problem"),
    [
        ({}, SAID, Refused, "what is registered of it"),
        ({"null": 0.0}, SAID, Refused, "what is registered of it"),
        ({"null": 1.0}, SAID | {"absent": 0.5}, WrongUse, "add up to 1"),
        ({"null": 1.0}, SAID | {"interval": [2.0, 1.0]}, WrongUse, "ends before it begins"),
        ({"null": 1.0}, SAID | {"interval": [float("nan"), 1.0]}, WrongUse, "finite numbers"),
    ],
)
def test_an_amendment_that_says_nothing_new_or_predicts_nothing_is_refused(lab, changes, prediction, error, problem):
    with pytest.raises(error, match=problem):
        put_otherwise(lab, prediction=prediction, **changes)
    assert len(bodies(lab)) == 1


def test_what_is_withdrawn_or_unknown_gets_nothing_further(lab):
    with pytest.raises(NotFound, match="no finding 7"):
        add_cohort(lab, number=7)
    registrations.set_status(lab.db, 1, "suspended", "clones")
    with pytest.raises(Withdrawn, match="suspended: clones"):
        add_cohort(lab)
    with lab.db.transaction():
        withdraw(lab.db, 1, "a test", lab.now)
    with pytest.raises(Withdrawn, match="retired"):
        add_design(lab)
    assert len(bodies(lab)) == 1


def test_a_prediction_is_taken_until_the_first_result_is_back_and_never_after(lab):
    with lab.db.transaction():
        assert foretell(lab.db, 1, SAID, "Ada", lab.now) == (1, 3)  # after the autopilot’s
    with pytest.raises(Refused, match="has predicted finding 1 already"):
        foretell(lab.db, 1, SAID, "Ada", lab.now)
    ordered(lab, 1)
    order = lab.order(1)
    with lab.db.transaction():
        foretell(lab.db, 1, SAID, "Bob", lab.now)
    assert lab.broken() == {}
    lab.report(order, lab.output(order))
    with pytest.raises(Refused, match="Results of finding 1 are back"):
        foretell(lab.db, 1, SAID, "Eve", lab.now)
    lab.validate()
    with pytest.raises(Refused, match="Results of finding 1 are back"):
        foretell(lab.db, 1, SAID, "Eve", lab.now)


def test_results_of_another_design_of_the_finding_would_tell_too(lab):
    made = add_design(lab)
    ordered(lab, made.id)
    order = lab.order(1)
    lab.report(order, lab.output(order))
    with pytest.raises(Refused, match="Results of finding 1 are back"):
        foretell(lab.db, 1, SAID, "Ada", lab.now)


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE prediction SET positive = 0.1, negative = 0.8 WHERE forecaster = 'Ada'",
        "UPDATE prediction SET created_at = created_at - 1 WHERE forecaster = 'Ada'",
        "UPDATE prediction SET median = 0.0 WHERE forecaster = 'Ada'",
        "UPDATE prediction SET median = 0.0 WHERE forecaster = 'Bob'",
        "UPDATE prediction SET hash = NULL WHERE forecaster = 'Ada'",
        "DELETE FROM prediction WHERE forecaster = 'Bob'",
        "UPDATE prediction SET positive = 0.1, negative = 0.8 WHERE forecaster = 'catalogue, informed'",
    ],
)
def test_a_prediction_that_was_touched_is_seen(lab, wrong):
    foretell(lab.db, 1, SAID, "Ada", lab.now)
    foretell(lab.db, 1, SAID | {"median": SAID["interval"][1]}, "Bob", lab.now)
    assert registrations.broken_links(lab.db) == []
    lab.db.execute(wrong)
    assert registrations.broken_links(lab.db) != []


def test_a_pilot_is_that_of_the_version_and_not_of_each_design(small_lab, prepared):
    small_lab.lets_out = False
    small_lab.publish(prepared(has_shift=True))
    add_design(small_lab)
    planned = planning.candidates(small_lab.db, small_lab.now)
    assert [(one.registration_id, one.pilot_missing) for one in planned] == [(1, 3), (2, 0)]


def test_designs_take_turns(lab):
    add_design(lab)
    ordered(lab, 1, workunits=8)
    for _ in range(8):
        order = lab.order(1)
        lab.report(order, lab.output(order))
    lab.validate()
    lab.later(seconds=1)
    planned = planning.plan(planning.candidates(lab.db, lab.now), cores=2, per_core=80, task_seconds=1.0)
    orders = [(one.registration_id, one.workunits * one.replicates_each) for one in planned.allotments]
    assert orders[:3] == [(2, 1), (1, 8), (1, 8)]  # of configs that are new one replicate first


def test_a_new_design_waits_for_its_first_replicate_and_for_a_repair_where_that_fails(lab, prepared):
    add_design(lab)
    ordered(lab, 1, workunits=8)
    for _ in range(8):
        order = lab.order(1)
        lab.report(order, lab.output(order))
    lab.validate()

    def design() -> Candidate:
        lab.later(seconds=1)
        return planning.candidates(lab.db, lab.now)[1]

    assert design().is_untried
    ordered(lab, 2, workunits=1)
    assert (design().is_untried, design().fault) == (False, FIRST_IS_OUT)
    for name in ("Cid", "Dan", "Eve", "Fay", "Gil", "Hal"):  # who also check what the first design brought
        for order in lab.ask(lab.host(name, volunteer=name), wanted=4).orders:
            lab.report(order, None, exit_status=10)
    assert (design().is_untried, "failed" in design().fault) == (False, True)
    lab.publish(prepared(has_shift=True, top="MENDED = True"))
    assert (design().is_untried, design().fault) == (True, "")


def test_each_design_ends_by_its_own_rule():
    assert ended(Stopping(rule=Rule.FIXED, replicates=12), (), replicates=8, block=8) == ""
    assert "12 are as far" in ended(Stopping(rule=Rule.FIXED, replicates=12), (), replicates=16, block=8)


def forgotten(lab, registration_id, *tables) -> bool:
    """A task of this registration comes back to a laboratory that has lost these tables' rows of it; is it taken?"""
    ordered(lab, registration_id)
    order = lab.order(1)
    output = lab.output(order)
    lab.db.execute("PRAGMA foreign_keys = OFF")
    for table in tables:
        lab.db.execute(f"DELETE FROM {table}")  # noqa: S608  our own tables
    said = Report(
        task_id=order.task,
        host_id=1,
        exit_status=0,
        output_digest=blobs.put(lab.db, lab.folder, output, lab.now),
        cpu_seconds=0.5,
        elapsed_seconds=1.0,
        workunit_id=1,
    )
    return readmit(lab.db, lab.folder, lab.keys.trust, said, None)


def belongs_to(lab) -> set[int]:
    rows = lab.db.select("SELECT registration_id FROM workunit UNION SELECT registration_id FROM replicate")
    return {row["registration_id"] for row in rows}


@pytest.mark.parametrize("registration_id", [1, 2])
def test_a_forgotten_task_goes_back_to_the_registration_whose_configs_it_has(lab, registration_id):
    add_design(lab, points=[WIDER[1], WIDER[0], *WIDER[2:]])
    lab.later(minutes=1)
    assert forgotten(lab, registration_id, "task", "workunit", "replicate")
    assert belongs_to(lab) == {registration_id}


def test_a_task_of_a_design_that_is_not_registered_here_is_not_taken_back(lab):
    made = add_design(lab)
    lab.later(minutes=1)
    assert not forgotten(lab, made.id, "task", "workunit", "replicate", "registration WHERE id = 2")
    assert belongs_to(lab) == set()


def test_a_number_that_is_remembered_stays_with_its_registration(lab):
    add_cohort(lab)  # of the same configs, and newer
    lab.later(minutes=1)
    assert forgotten(lab, 1, "task", "workunit")
    assert belongs_to(lab) == {1}


@pytest.fixture
def weighing(rounds_of, small_lab, prepared):
    """A laboratory whose sessions order nothing by themselves, with the first block of finding 1 weighed."""
    small_lab.publish(prepared(has_shift=True))
    small_lab.host()
    rounds = rounds_of(small_lab, per_core=0)
    rounds.fill_block()
    rounds.hold()
    return rounds


def computed(rounds, registration_id):
    """A block of this registration, and a session that weighs it."""
    ordered(rounds.lab, registration_id, workunits=8)
    rounds.compute(8)
    rounds.hold()


def standing(rounds) -> dict[int, tuple[int, int, int]]:
    """Blocks, seeds and designs of the newest evidence of each finding."""
    return {number: (one.blocks, one.seeds, one.designs) for number, one in evidence.newest(rounds.db).items()}


def test_blocks_of_a_further_design_and_of_a_fresh_cohort_are_evidence_of_the_same_finding(weighing):
    assert standing(weighing) == {1: (1, 8, 1)}
    wide = add_design(weighing.lab)
    computed(weighing, wide.id)
    assert standing(weighing) == {1: (2, 16, 2)}
    computed(weighing, add_cohort(weighing.lab).id)
    assert standing(weighing) == {1: (3, 24, 2)}
    assert weighing.broken() == {}


def test_what_is_older_than_an_amendment_is_no_evidence_of_its_finding(weighing):
    made = put_otherwise(weighing.lab, null=0.5)
    weighing.lab.later(seconds=1)
    weighing.hold()
    assert standing(weighing) == {1: (1, 8, 1)}
    computed(weighing, made.id)
    assert standing(weighing) == {1: (1, 8, 1), 2: (1, 8, 1)}
    assert weighing.broken() == {}


def test_a_finding_that_was_recalled_is_weighed_no_more_and_others_go_on(weighing, variant):
    weighing.lab.publish(variant("other_sum"))
    with weighing.db.transaction():
        recall(weighing.db, version(weighing.lab), "a test", weighing.lab.now)
    before = evidence.newest(weighing.db)[1]
    weighing.lab.later(seconds=1)
    weighing.fill_block(2)
    weighing.hold()
    assert evidence.newest(weighing.db)[1] == before
    assert standing(weighing)[2] == (1, 8, 1)
    assert weighing.broken() == {}
