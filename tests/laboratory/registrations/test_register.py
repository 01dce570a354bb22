"""What comes after the first registration is one of its own: design, cohort, amendment; nothing older changes."""

import json
from dataclasses import replace

import pytest
from evidence_lines import record
from furnished_lab import weighed
from planted_effects import SAID, WIDER, further, order_of, values

from axiom.domain.evidence import Meaning
from axiom.domain.links import AskingEstimand, Bearing, LinkKind, Node, Noun, OldClaim
from axiom.domain.registrations import DECLARED, StoppingRule, estimand_definition, read_registration_body
from axiom.domain.rounds import Allotment
from axiom.domain.work import Report
from axiom.errors import NotFound, Refused, Withdrawn, WrongUse
from axiom.laboratory.experiments.old_claims import OldClaims, OldLink, register_old_claims
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.findings.find_wrong_evidence import find_wrong_evidence
from axiom.laboratory.findings.rules.links import find_bearing
from axiom.laboratory.planning import plan as planning
from axiom.laboratory.planning.hanging_questions import read_hanging_questions
from axiom.laboratory.planning.replicate_orders import order_replicates
from axiom.laboratory.planning.rules.candidates import Candidate
from axiom.laboratory.planning.rules.new_designs import FIRST_IS_OUT
from axiom.laboratory.registrations import kin
from axiom.laboratory.registrations.predictions import record_prediction
from axiom.laboratory.registrations.register import amend_claim, register_cohort, register_further
from axiom.server.returns.tasks_after_restore import readmit_task
from axiom.signed.bundles import MANIFEST, pack_files, read_bundle_files
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.tickets import read_ticket
from axiom.store.accounts import accounts
from axiom.store.engine import blobs
from axiom.store.experiments import experiments
from axiom.store.findings import evidence, links, old_claims
from axiom.store.registrations import registrations
from axiom_weigh.values import Cohort, Verdict


@pytest.fixture
def lab(small_lab, prepared):
    small_lab.publish(prepared(has_shift=True))
    small_lab.host()
    small_lab.host("second", volunteer="Bob")
    return small_lab


def version(lab):
    return experiments.find_experiment(lab.db, 1)


def add_design(lab, name="wide", points=WIDER, stopping=None):
    return register_further(
        lab.db, version(lab), name, points, stopping=stopping or StoppingRule(replicates=256), why="a test", now=lab.now
    )


def add_cohort(lab, number=1, stopping=None):
    return register_cohort(
        lab.db, number, stopping=stopping or StoppingRule(replicates=256), why="to confirm", now=lab.now
    )


def put_otherwise(lab, number=1, prediction=SAID, **changes):
    words = {"prediction": prediction, "forecaster": "Ada", "why": "it looked so"}
    return amend_claim(lab.db, number, changes, **words, now=lab.now)


def ordered(lab, registration_id, workunits=1):
    allotment = Allotment(
        experiment_id=1, workunits=workunits, replicates_each=1, registration_id=registration_id, reason="a test"
    )
    return order_replicates(lab.db, allotment, max_failures=3, now=lab.now)


def bodies(lab) -> list[str]:
    return [one.body for one in registrations.read_registrations(lab.db, 1)]


def test_a_further_design_joins_the_finding_and_makes_no_new_one(lab):
    (stored,) = registrations.read_registrations(lab.db, 1)
    first, before = read_registration_body(stored.body), bodies(lab)
    assert (first.design.name, first.design.places) == (DECLARED, (0, 1))
    assert (first.cohort, stored.cohort) == (Cohort.CONFIRMATORY, "confirmatory")
    assert (first.stopping, first.joins) == (StoppingRule(replicates=256), {})
    assert registrations.group_feeders_by_finding(lab.db, 1) == {1: (1,)}
    for sizes in ((1, 2), (2, 1), (1, 2, 9)):  # from which the claim has been concluded
        with pytest.raises(Refused):
            add_design(lab, points=[({"size": size, "shift": 0}, 1.0) for size in sizes])
    with pytest.raises(Refused):
        add_design(lab, points=WIDER[1:3])  # which lacks the arms
    made = add_design(lab)
    with pytest.raises(Refused):
        add_design(lab)  # there is one of this name
    with pytest.raises(Refused):
        add_design(lab, points=[*WIDER, ({"size": 9, "shift": 0}, 1.0)], name="wide again")
    registered = read_registration_body(made.body)
    assert (bodies(lab)[0], len(bodies(lab))) == (before[0], 2)
    assert registrations.group_feeders_by_finding(lab.db, 1) == {1: (1, 2)}
    assert registrations.list_claim_numbers(lab.db, made) == {"grows": 1}
    assert registered.design.places == (0, 1, 2, 3)  # what was there keeps its place
    assert registrations.read_placed_configs(lab.db, 1) == dict(enumerate(config for config, _ in WIDER))
    assert estimand_definition(registered.estimands["grows"]) == estimand_definition(first.estimands["grows"])
    lab.deploy()  # without a word it is of the declared sweep
    assert experiments.count_issued_replicates(lab.db, 1) == {1: 1}
    with pytest.raises(Withdrawn):
        ordered(lab, 9)
    assert lab.broken() == {}


def test_tickets_of_a_further_design_carry_its_configs_and_its_results_their_places(lab):
    made = add_design(lab, points=WIDER[1:] + WIDER[:1])
    ordered(lab, made.id)
    order = lab.order(1)
    ticket = read_ticket(order.ticket, trust=lab.keys.trust, now=lab.now)
    placed = {cell.config: (cell.values["size"], cell.values["shift"]) for cell in ticket.cells}
    assert placed == {0: (1, 0), 1: (2, 0), 2: (2, 9), 3: (1, 9)}
    lab.report(order, lab.output(order))
    lab.validate()
    rows = lab.db.select("SELECT config FROM result ORDER BY config")
    assert [row["config"] for row in rows] == [0, 1, 2, 3]
    assert experiments.count_issued_replicates(lab.db, 1) == {made.id: 1}
    assert lab.broken() == {}


def test_an_amendment_is_a_new_finding_of_later_numbers_alone_and_is_made_once(lab):
    ordered(lab, 1, workunits=2)
    before = bodies(lab)
    lab.later(days=1)
    less = SAID | {"positive": 0.3, "negative": 0.6}
    with pytest.raises(Refused, match="MORE"):
        put_otherwise(lab, expects="-", claim="a larger size has a smaller total")
    made = put_otherwise(lab, prediction=less, expects="-", claim="a larger size has a smaller total")
    registered = read_registration_body(made.body)
    assert (registered.amends, registered.why) == (1, "it looked so")
    assert bodies(lab)[0] == before[0]
    assert registrations.list_claim_numbers(lab.db, made) == {"grows_2": 2}
    assert registrations.group_feeders_by_finding(lab.db, 1) == {1: (1,), 2: (2,)}
    assert registered.estimands["grows_2"]["expects"] == "-"
    assert [one["forecaster"] for one in registered.document["predictions"]] == ["Ada, informed"]
    assert made.created_at == lab.now
    assert [candidate.registration_id for candidate in planning.list_candidates(lab.db, lab.now)] == [2]
    with pytest.raises(Refused):
        put_otherwise(lab, null=0.7)
    assert registrations.list_claim_numbers(lab.db, put_otherwise(lab, number=2, prediction=less, null=0.7)) == {
        "grows_3": 3
    }
    assert lab.broken() == {}


def test_what_says_nothing_new_or_is_withdrawn_or_unknown_gets_nothing_further(lab):
    for changes, prediction, error in (
        ({}, SAID, Refused),
        ({"null": 0.0}, SAID, Refused),
        ({"null": 1.0}, SAID | {"absent": 0.5}, WrongUse),
        ({"null": 1.0}, SAID | {"interval": [2.0, 1.0]}, WrongUse),
        ({"null": 1.0}, SAID | {"interval": [float("nan"), 1.0]}, WrongUse),
    ):
        with pytest.raises(error):
            put_otherwise(lab, prediction=prediction, **changes)
    with pytest.raises(NotFound):
        add_cohort(lab, number=7)
    registrations.set_finding_status(lab.db, 1, "suspended", "clones")
    with pytest.raises(Withdrawn, match="clones"):
        add_cohort(lab)
    retire_version(lab.db, 1, "a test", lab.now)
    with pytest.raises(Withdrawn):
        add_design(lab)
    assert len(bodies(lab)) == 1


def test_a_prediction_is_taken_until_the_first_result_is_back_and_never_after(lab):
    assert record_prediction(lab.db, 1, SAID, "Ada", lab.now) == (1, 3)  # after the autopilot’s
    for said in (SAID, SAID | {"because": "24 seeds of a pilot"}):  # and whoever was informed is still Ada
        with pytest.raises(Refused):
            record_prediction(lab.db, 1, said, "Ada", lab.now)
    made = add_design(lab)
    ordered(lab, made.id, workunits=2)  # another design of the finding would tell, too
    order = lab.order(1)
    lab.report(lab.order(2), None, exit_status=10)  # which brought nothing and tells nothing
    lab.validate()
    record_prediction(lab.db, 1, SAID, "Bob", lab.now)
    assert lab.broken() == {}
    lab.report(order, lab.output(order)[:-9])
    for _ in range(2):
        with pytest.raises(Refused):
            record_prediction(lab.db, 1, SAID, "Eve", lab.now)
        lab.validate()


def test_a_prediction_that_was_touched_is_seen(lab, taken_back):
    lab.db.execute("DELETE FROM preflight")  # nothing of it was run so far, so that they are blind
    kin.record_kin(lab.db, lab.folder, b"")
    record_prediction(lab.db, 1, SAID, "Ada", lab.now)
    record_prediction(lab.db, 1, SAID | {"median": SAID["interval"][1]}, "Bob", lab.now)
    assert registrations.check_registration_chain(lab.db) == []
    for wrong in (
        "UPDATE prediction SET positive = 0.1, negative = 0.8 WHERE forecaster = 'Ada'",
        "UPDATE prediction SET created_at = created_at - 1 WHERE forecaster = 'Ada'",
        "UPDATE prediction SET median = 0.0 WHERE forecaster = 'Ada'",
        "UPDATE prediction SET median = 0.0 WHERE forecaster = 'Bob'",
        "UPDATE prediction SET hash = NULL WHERE forecaster = 'Ada'",
        "DELETE FROM prediction WHERE forecaster = 'Bob'",
        "UPDATE prediction SET positive = 0.1, negative = 0.8 WHERE forecaster = 'catalogue, informed'",
    ):
        with taken_back(lab.db):
            lab.db.execute(wrong)
            assert registrations.check_registration_chain(lab.db) != [], wrong


def test_a_new_design_waits_for_its_first_replicate_or_for_a_repair(lab, prepared):
    add_design(lab)
    ordered(lab, 1, workunits=8)
    for _ in range(8):
        order = lab.order(1)
        lab.report(order, lab.output(order))
    lab.validate()

    def design() -> Candidate:
        lab.later(seconds=1)
        return planning.list_candidates(lab.db, lab.now)[1]

    assert design().is_untried
    planned = planning.plan_orders(planning.list_candidates(lab.db, lab.now), cores=2, per_core=80, task_seconds=1.0)
    orders = [(order.registration_id, order.workunits * order.replicates_each) for order in planned.allotments]
    assert orders[:3] == [(2, 1), (1, 8), (1, 8)]  # they take turns, and of configs that are new one replicate first
    ordered(lab, 2, workunits=1)
    assert (design().is_untried, design().fault) == (False, FIRST_IS_OUT)
    for name in ("Cid", "Dan", "Eve", "Fay", "Gil", "Hal"):  # who also check what the first design brought
        for order in lab.ask(lab.host(name, volunteer=name), wanted=4):
            lab.report(order, None, exit_status=10)
    assert not design().is_untried
    assert "failed" in design().fault
    lab.publish(prepared(has_shift=True, top="MENDED = True"))
    assert (design().is_untried, design().fault) == (True, "")


@pytest.mark.parametrize(
    ("registration_id", "add", "lost", "belongs_to"),
    [
        (1, "design", ("task", "workunit", "replicate"), {1}),
        (2, "design", ("task", "workunit", "replicate"), {2}),
        (2, "design", ("task", "workunit", "replicate", "registration WHERE id = 2"), set()),  # not registered here
        (1, "cohort", ("task", "workunit"), {1}),  # the cohort is of the same configs, and newer
    ],
)
def test_a_forgotten_task_goes_back_to_the_registration_whose_configs_it_has(
    lab, registration_id, add, lost, belongs_to
):
    """It comes back to a laboratory that has lost these tables' rows of it."""
    if add == "design":
        add_design(lab, points=[WIDER[1], WIDER[0], *WIDER[2:]])
    else:
        add_cohort(lab)
    lab.later(minutes=1)
    ordered(lab, registration_id)
    order = lab.order(1)
    output = lab.output(order)
    lab.db.execute("PRAGMA foreign_keys = OFF")
    for table in lost:
        lab.db.execute(f"DELETE FROM {table}")  # noqa: S608  our own tables
    report = Report(
        task_id=order.task,
        host_id=1,
        exit_status=0,
        output_digest=blobs.store_blob(lab.db, lab.folder, output, lab.now),
        cpu_seconds=0.5,
        elapsed_seconds=1.0,
        workunit_id=1,
    )
    assert readmit_task(lab.db, lab.folder, lab.keys.trust, report, None) == bool(belongs_to)
    rows = lab.db.select("SELECT registration_id FROM workunit UNION SELECT registration_id FROM replicate")
    assert {row["registration_id"] for row in rows} == belongs_to


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
    ordered(rounds.lab, registration_id, workunits=8)
    rounds.compute(8)
    rounds.hold()


def standing(rounds) -> dict[int, tuple[int, int, int]]:
    return {
        number: (one.blocks, one.seeds, one.designs) for number, one in evidence.list_newest_evidence(rounds.db).items()
    }


def test_later_blocks_are_evidence_of_the_same_finding_unless_it_was_amended(weighing):
    assert standing(weighing) == {1: (1, 8, 1)}
    wide = add_design(weighing.lab)
    computed(weighing, wide.id)
    assert standing(weighing) == {1: (2, 16, 2)}
    computed(weighing, add_cohort(weighing.lab).id)
    assert standing(weighing) == {1: (3, 24, 2)}
    made = put_otherwise(weighing.lab, null=0.5)
    weighing.lab.later(seconds=1)
    weighing.hold()
    assert standing(weighing) == {1: (3, 24, 2)}
    computed(weighing, made.id)
    assert standing(weighing) == {1: (3, 24, 2), 2: (1, 8, 1)}
    ordered(weighing.lab, made.id, workunits=3)
    weighing.compute(2)
    put_otherwise(weighing.lab, number=2, null=0.7)
    weighing.lab.later(seconds=1)
    weighing.hold()
    assert standing(weighing)[2] == (1, 8, 1)
    weighing.compute()  # an amended one's last block closes once nothing of it is out
    weighing.hold()
    assert standing(weighing)[2] == (2, 11, 1)
    assert weighing.broken() == {}


def registered_as(lab, **changes):
    """The first registration says this of its estimand."""
    body = json.loads(bodies(lab)[0])
    body["estimands"] = [{**body["estimands"][0], **changes}]
    lab.db.execute("UPDATE registration SET body = :body", body=json.dumps(body))


def test_a_further_design_keeps_even_steps_and_none_is_made_of_telling_time_outs(lab):
    registered_as(lab, kind="slope", across="size", between=[], exchangeable=True)
    uneven = [({"size": size, "shift": 0}, 1.0) for size in (1, 2, 9)]
    with pytest.raises(Refused):
        add_design(lab, points=uneven)
    assert len(bodies(lab)) == 1
    add_design(lab, points=[({"size": size, "shift": 0}, 1.0) for size in (1, 3, 9)])
    registered_as(lab, censored=1.0)
    for register in (
        lambda: add_design(lab),
        lambda: register_cohort(lab.db, 1, stopping=StoppingRule(replicates=256), why="a test", now=lab.now),
        lambda: put_otherwise(lab, null=0.5),
    ):
        with pytest.raises(Refused):
            register()
    assert len(bodies(lab)) == 2


_COSTS = [100.0, 140.0]  # of a cell: five replicates fill 20 minutes


@pytest.fixture
def costly(prepared):
    """tiny_sum, whose file says that a replicate takes four minutes."""
    made = prepared(has_shift=True)
    declared = json.loads(made.declaration) | {"cell_seconds": _COSTS}
    files = read_bundle_files(made.archive) | {MANIFEST: canonical_bytes(declared)}
    manifest = replace(made.manifest, cell_seconds=tuple(_COSTS))
    return replace(made, manifest=manifest, declaration=canonical_bytes(declared).decode(), archive=pack_files(files))


def body_of(lab, place: int = 0):
    return read_registration_body(registrations.read_registrations(lab.db, 1)[place].body)


@pytest.fixture
def costly_rounds(rounds_of, small_lab, costly):
    """A project with an address; its sessions order nothing by themselves."""
    small_lab.publish(costly, has_address=True)
    assert small_lab.host() == 1
    return rounds_of(small_lab, per_core=0)


def test_with_the_first_volunteer_new_versions_alone_have_larger_blocks(small_lab, costly, rounds_of):
    small_lab.host()  # its own
    accounts.set_simulated(small_lab.db, small_lab.volunteer("Played"))  # who only plays a part
    small_lab.publish(costly)
    assert body_of(small_lab).block == 8
    before = registrations.read_registrations(small_lab.db, 1)
    small_lab.volunteer("Bob")
    further(rounds_of(small_lab))
    register_cohort(small_lab.db, 1, stopping=StoppingRule(replicates=256), why="more of it", now=small_lab.now)
    amend_claim(small_lab.db, 1, {"smallest": 0.9}, prediction=SAID, forecaster="Ada", why="so", now=small_lab.now)
    assert [body_of(small_lab, place).block for place in range(4)] == [8] * 4
    declared = json.loads(costly.declaration) | {"version": 2}
    files = read_bundle_files(costly.archive) | {MANIFEST: canonical_bytes(declared)}
    manifest = replace(costly.manifest, version=2)
    small_lab.publish(
        replace(costly, manifest=manifest, declaration=canonical_bytes(declared).decode(), archive=pack_files(files))
    )
    assert registrations.read_registrations(small_lab.db, 1)[:1] == before
    assert read_registration_body(registrations.read_registrations(small_lab.db, 2)[0].body).block == 20


def costly_computed(costly_rounds, amount: int) -> None:
    costly_rounds.lab.deploy(workunits=amount)
    costly_rounds.compute(amount, by=values(costly_rounds, 1.0))


def test_whole_blocks_are_ordered_in_turn_and_those_of_designs_enter_by_their_size(costly_rounds):
    costly_computed(costly_rounds, 3)  # the pilot
    planned = planning.plan_orders(
        planning.list_candidates(costly_rounds.db, costly_rounds.lab.now), cores=32, per_core=15, task_seconds=1.0
    )
    assert [one.workunits * one.replicates_each for one in planned.allotments] == [17, 20]
    wide = further(costly_rounds)
    costly_computed(costly_rounds, 12)
    order_of(costly_rounds, wide, 20)
    costly_rounds.compute(20, by=values(costly_rounds, 1.0))
    costly_rounds.hold()
    costly_computed(costly_rounds, 8)
    costly_rounds.hold()
    placed = [
        (one.block, one.observation.registration) for one in evidence.read_observation_set(costly_rounds.db, 1).placed
    ]
    assert placed == [(1, wide)] * 20 + [(2, 1)] * 20
    assert find_wrong_evidence(costly_rounds.db) == []


GROWS = AskingEstimand(experiment="tiny_sum", estimand="grows", kind=LinkKind.TESTS, upheld_by=(Verdict.POSITIVE,))
CLAIM = OldClaim(
    name="#31",
    claim="larger is more",
    experiment="tiny_sum",
    figure="1.4",
    rests_on="one seed",
    status="active",
    source="S5",
    scripts=("tinysum",),
    askings=(GROWS,),
)
REASON = replace(CLAIM, name="#32", claim="sums are larger", experiment="other_sum", askings=())
LISTED = OldClaims(
    claims=(CLAIM, REASON),
    links=(OldLink(source="#31", kind=LinkKind.EXPLAINS, target="#32", why="S5: a test"),),
)


@pytest.fixture
def pass_on(small_lab):
    """Registers a list in a laboratory, after this experiment was published."""

    def pass_on(listed: OldClaims = LISTED, experiment: str = "tiny_sum") -> int:
        return register_old_claims(small_lab.db, listed, experiment, small_lab.now)

    return pass_on


def said(db) -> list[tuple]:
    return [(one.source, one.kind, one.target, one.by) for one in links.list_links(db)]


def test_a_claim_waits_for_its_experiment_and_hangs_on_it_until_it_is_answered(small_lab, prepared, pass_on):
    first, second = Node(noun=Noun.OLD_CLAIM, id=1), Node(noun=Noun.OLD_CLAIM, id=2)
    explained = (first, LinkKind.EXPLAINS, second, "the old laboratory")
    assert pass_on(experiment="other_sum") == 1
    assert [one.said.name for one in old_claims.list_old_claims(small_lab.db)] == ["#31", "#32"]
    assert said(small_lab.db) == [explained]
    small_lab.publish(prepared())
    assert pass_on() == 1
    assert said(small_lab.db) == [explained, (Node(noun=Noun.FINDING, id=1), LinkKind.TESTS, first, "catalogue")]
    test = links.list_links(small_lab.db)[1]
    assert test.upheld_by == (Meaning.AS_CLAIMED,)
    assert read_hanging_questions(small_lab.db) == {1: 2}
    record(small_lab.db, 1, weighed(2), [], session_id=None, now=small_lab.now)
    assert read_hanging_questions(small_lab.db) == {}
    assert find_bearing(test, links.list_finding_states(small_lab.db)) is Bearing.SUPPORTS
    small_lab.publish(prepared(version=2))  # which asks too and takes the older one's place
    assert pass_on() == 2
    newer, older = Node(noun=Noun.FINDING, id=2), Node(noun=Noun.FINDING, id=1)
    supersedes = (newer, LinkKind.SUPERSEDES, older, "catalogue")
    assert said(small_lab.db)[2:] == [(newer, LinkKind.TESTS, first, "catalogue"), supersedes]
    assert pass_on() == 0


def test_a_list_that_has_learned_of_another_asker_reaches_a_laboratory_of_before(small_lab, prepared, pass_on):
    def rows():
        return [small_lab.db.select(f"SELECT * FROM {table}") for table in ("link", "old_claim")]  # noqa: S608  our own

    small_lab.publish(prepared())
    elsewhere = replace(CLAIM, askings=(replace(GROWS, experiment="other_sum"),))
    for older in (elsewhere, replace(CLAIM, askings=())):
        assert pass_on(replace(LISTED, claims=(older, REASON), links=())) == 0
    assert pass_on() == 2
    before = rows()
    small_lab.later(days=1)
    assert (pass_on(), rows()) == (0, before)
