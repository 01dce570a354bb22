"""What sessions make of the findings: proposals with their price, what came of them, ideas, and what is in doubt."""

from dataclasses import replace

import pytest
from follow_up_subjects import estimand, manifest, subject
from planted_effects import block, order_of, values

from axiom.domain.evidence import Meaning
from axiom.domain.links import LinkKind, Node, Noun
from axiom.domain.planning import Purpose
from axiom.domain.proposals import AUTOPILOT, Admission, IdeaAnswer, IdeaState, ProposalState, Template
from axiom.domain.registrations import StoppingRule
from axiom.domain.rounds import Step
from axiom.errors import ExperimentError, Refused
from axiom.laboratory.findings.links import record_link
from axiom.laboratory.ideas.untested_explanations import add_explanation_idea
from axiom.laboratory.planning.read_candidates import list_candidates
from axiom.laboratory.planning.rules.candidates import candidate_purpose
from axiom.laboratory.proposals.approve_or_refuse import approve_proposal, require_open_proposal
from axiom.laboratory.proposals.automatic_approval import choose_next_proposal
from axiom.laboratory.proposals.follow_up import count_dull_sessions, list_followups, propose_followups
from axiom.laboratory.proposals.open_orders import open_cost
from axiom.laboratory.proposals.price import price_configs
from axiom.laboratory.proposals.subjects import list_explanation_pairs, read_subjects
from axiom.laboratory.proposals.withdraw import withdraw_proposal
from axiom.laboratory.registrations.proposal_outcomes import read_base_rates
from axiom.laboratory.registrations.register import register_cohort
from axiom.limits import proposals as limits
from axiom.runner.direct import describe_files
from axiom.store.registrations import ideas, proposals, scores
from axiom.store.registrations import registrations as registration_store
from axiom.store.rounds import rounds as sessions


@pytest.fixture
def settled(shifting):
    """Size 1 has the larger total, as the claim denies, and everybody knows it after six blocks."""
    for _ in range(6):
        block(shifting, effect=1.0)
        shifting.hold()
        shifting.lab.later(seconds=1)
    return shifting


def kept(rounds):
    return {one.proposal.slug: one for one in proposals.list_all_proposals(rounds.db)}


def admit(rounds, slug):
    found = kept(rounds)[slug]
    points = tuple((config, 1.0) for config in found.proposal.configs)
    return approve_proposal(rounds.db, found, points, by=AUTOPILOT, why="a test", now=rounds.lab.now)


def test_what_follows_is_proposed_once_dropped_when_it_no_longer_does_and_comes_back(settled):
    made = kept(settled)
    assert {one.proposal.template for one in made.values()} == {Template.GENERALISE, Template.EXTREMES, Template.WIDEN}
    assert all(one.session_id is not None for one in made.values())
    again = propose_followups(settled.db, None, settled.lab.now)
    assert ([note.kind for note in again], kept(settled)) == (["design.nothing"], made)
    assert list_followups(settled.db) == list_followups(settled.db)
    for status, state, kind in (
        ("suspended", ProposalState.LAPSED, "design.lapsed"),
        ("open", ProposalState.OPEN, "design.proposed"),
    ):
        registration_store.set_finding_status(settled.db, 1, status, "")
        notes = propose_followups(settled.db, None, settled.lab.now)
        assert kind in {note.kind for note in notes}
        assert {one.state for one in kept(settled).values()} == {state}
    for _ in range(3):
        register_cohort(settled.db, 1, stopping=StoppingRule(replicates=8), why="a test", now=settled.lab.now)
    # fresh cohorts are no further designs: it is known of one design alone
    assert Template.GENERALISE in {one.template for one in list_followups(settled.db)}


def test_what_asks_elsewhere_is_for_generality_and_three_dull_plans_are_dull(settled):
    elsewhere = admit(settled, "generalise-1-shift-4")
    cohort = register_cohort(settled.db, 1, stopping=StoppingRule(replicates=256), why="a test", now=settled.lab.now)
    found = {one.registration_id: candidate_purpose(one) for one in list_candidates(settled.db, settled.lab.now)}
    assert found[elsewhere.id] is Purpose.GENERALITY
    assert found[cohort.id] is Purpose.NEAREST, "it is decided, and not Definitive"
    made = admit(settled, "extremes-1-size-1-9")
    (number,) = registration_store.list_claim_numbers(settled.db, made).values()
    first, second = (Node(noun=Noun.FINDING, id=each) for each in (1, number))
    record_link(settled.db, LinkKind.EXPLAINS, first, second, why="a test", by="Ada", now=settled.lab.now)
    assert list_explanation_pairs(settled.db) == [(1, number)], "what tests another one explains nothing"
    loaded = {one.number: one for one in read_subjects(settled.db, proposals.list_all_proposals(settled.db), {})}
    assert set(loaded) == {1}, "of the new one nothing is known yet"
    assert loaded[1].decided == {"generalise-1-shift-4", "extremes-1-size-1-9"}
    assert {config["size"]: mean for config, mean in loaded[1].means}[1] > 1.0

    old = {"reason": "a further block is worth less than the floor of 2 bits a core-hour; a new design would tell more"}
    new = {"reason": "in whatever words", "is_below_floor": True}

    def planned(*registrations, words):
        held = sessions.begin_round(settled.db, pi=AUTOPILOT, reason="a test", now=settled.lab.now)
        skipped = [
            {"experiment_id": 1, "name": "tiny_sum", "registration_id": number, **words} for number in registrations
        ]
        sessions.store_round_plan(settled.db, held.id, {"allotments": [], "skipped": skipped})
        sessions.finish_round_step(settled.db, held, Step.LOG, reviewed_to=0, now=settled.lab.now, ends=True)
        settled.lab.later(seconds=1)

    for number in (1, 2, 3):
        planned(1, *([2] if number != 2 else []), words=old if number == 1 else new)
    assert count_dull_sessions(settled.db) == {1: 3, 2: 1}
    planned(1, words={"reason": "others come first", "is_below_floor": False})
    assert count_dull_sessions(settled.db) == {}


def test_what_is_approved_counts_by_its_remaining_cost_and_moves_the_base_rates(settled):
    made = admit(settled, "extremes-1-size-1-9")
    assert open_cost(settled.db).likely == 32 * 2.0  # of 64 replicates: it has usually ended then
    assert choose_next_proposal(settled.db, (64.0 + 63.9) / 3_600) is None
    assert choose_next_proposal(settled.db, (64.0 + 64.1) / 3_600).proposal.slug == "generalise-1-shift-4"
    assert choose_next_proposal(settled.db, 0.0) is None
    for left in (56, 48, 40, 32, 0):
        order_of(settled, made.id)
        assert open_cost(settled.db).likely == min(32, left or 24) * 2.0
        settled.compute(8, by=values(settled, 1.0))
        settled.hold()
        settled.lab.later(seconds=1)
    assert open_cost(settled.db).likely == 0.0
    (row,) = [row for row in scores.list_scores(settled.db) if row["registration_id"] == made.id]
    assert (row["forecaster"], row["verdict"]) == (f"{AUTOPILOT}, informed", "effect +")  # its kin had run
    (outcome,) = read_base_rates(settled.db).came_out["extremes"]
    assert outcome.meaning is Meaning.AS_CLAIMED
    assert outcome.ratio == pytest.approx(1.0, abs=0.2)
    settled.db.execute("UPDATE proposal SET body = json_set(body, '$.effect', 1e-9) WHERE registration_id = 2")
    (outcome,) = read_base_rates(settled.db).came_out["extremes"]
    assert abs(outcome.ratio) < 1e3, "beside nearly nothing"


def test_a_program_takes_back_what_has_no_data_and_asks_a_person_once_it_has(settled):
    ada, slug = "program:ada", "extremes-1-size-1-9"
    for name in (slug, "extremes-again"):
        proposal = replace(kept(settled)[slug].proposal, slug=name, author=ada)
        proposals.add_proposal(settled.db, proposal, 1, None, settled.lab.now)
    words = {"by": ada, "why": "I was wrong", "now": settled.lab.now}
    made = admit(settled, slug)
    (finding,) = registration_store.list_claim_numbers(settled.db, made).values()
    order_of(settled, made.id)
    settled.compute(1, by=values(settled, 1.0))
    number = kept(settled)[slug].number
    taken = withdraw_proposal(settled.db, number, **words)
    assert (taken.retired, taken.requests) == ((), withdraw_proposal(settled.db, number, **words).requests)
    assert registration_store.list_finding_statuses(settled.db, 1)[finding][0] == "open"
    approve_proposal(
        settled.db,
        require_open_proposal(settled.db, taken.requests[0]),
        (),
        by="Ada",
        why="so be it",
        now=settled.lab.now,
    )
    assert registration_store.list_finding_statuses(settled.db, 1)[finding] == ("retired", "I was wrong")
    untouched = kept(settled)["extremes-again"].number
    assert withdraw_proposal(settled.db, untouched, **words).requests == ()
    assert kept(settled)["extremes-again"].state is ProposalState.WITHDRAWN


def retired(rounds):
    """Finding 1 is retired upon a proposal of the autopilot."""
    (extremes,) = [proposal for proposal in list_followups(rounds.db) if proposal.template is Template.EXTREMES]
    nothing = {"configs": (), "estimands": (), "stopping": None, "prediction": None}
    retiring = replace(extremes, template=Template.RETIRE, admission=Admission.RETIRE, slug="retire-1", **nothing)
    number = proposals.add_proposal(rounds.db, retiring, 1, None, rounds.lab.now)
    approve_proposal(
        rounds.db, require_open_proposal(rounds.db, number), (), by=AUTOPILOT, why="a test", now=rounds.lab.now
    )


@pytest.mark.parametrize("by", ["a new bundle", "its verdict"])
def test_a_retired_finding_is_in_doubt_again_by_a_new_bundle_or_a_turned_verdict(settled, prepared, by):
    if by == "its verdict":
        order_of(settled, 1, workunits=40)
    retired(settled)
    assert registration_store.list_finding_statuses(settled.db, 1)[1][0] == "retired"
    assert [one.template for one in list_followups(settled.db)] == []
    settled.lab.later(days=1)
    if by == "its verdict":
        settled.compute(40, by=values(settled, -1.0))  # what was out still counts
        settled.hold()
    else:
        settled.lab.publish(prepared(has_shift=True, top="# mended"))
    (again,) = [one for one in list_followups(settled.db) if one.template is Template.REOPEN]
    assert by in again.motivation


def test_predictions_of_a_finding_that_was_retired_are_scored(shifting):
    block(shifting, effect=1.0)
    shifting.hold()
    assert [row["verdict"] for row in scores.list_scores(shifting.db)] == [None], "it goes on"
    registration_store.set_finding_status(shifting.db, 1, "retired", "a test")
    shifting.lab.later(seconds=1)
    shifting.hold()
    (row,) = scores.list_scores(shifting.db)
    assert row["reason"].startswith("its findings are retired")


def priced(prepared, configs, describe=describe_files):
    return price_configs(prepared.archive, prepared.manifest, configs, describe)


def never(_tree, _modules):
    raise AssertionError("a child was started")


def test_what_the_file_does_not_allow_is_refused_before_anything_is_started(prepared):
    for configs, fact in (
        ([{"size": 10}], "size=10"),
        ([{"size": "9"}], "size=9"),
        ([{"size": True}], "size=True"),
        ([{"size": 1, "depth": 2}], "size"),
        ([{}], "size"),
        ([], f"{limits.CONFIGS} configs"),
        ([{"size": 1}] * (limits.CONFIGS + 1), f"{limits.CONFIGS} configs"),
        ([{"size": [1]}], "number"),
    ):
        with pytest.raises(Refused, match=fact):
            priced(prepared(), configs, describe=never)


def test_the_code_says_what_a_config_needs_and_without_a_range_levels_are_declared(prepared, variant):
    dear = priced(variant("dear_sum", seconds=50.0), [{"size": 1}, {"size": 9}])
    assert dear == (({"size": 1}, 50.0), ({"size": 9}, 50.0))
    made = prepared()
    with pytest.raises(ExperimentError):
        priced(made, [{"size": 1}, {"size": 1}])
    narrow = replace(made, manifest=replace(made.manifest, ranges={}))
    with pytest.raises(Refused):
        priced(narrow, [{"size": 3}], describe=never)
    assert len(priced(narrow, [{"size": 2}])) == 1


# An effect from end to end: there are two ideas in it.
BOTH_ENDS = subject(estimand=estimand(), manifest=manifest(ranges={"width": (8, 64)}))


def test_a_session_writes_one_idea_says_so_and_writes_none_twice(shifting):
    lab = shifting.lab

    def write(*, in_new_session: bool = True):
        if in_new_session:
            sessions.begin_round(lab.db, pi=AUTOPILOT, reason="a test", now=lab.now)
            lab.later(days=1)
        return add_explanation_idea(lab.db, [BOTH_ENDS], sessions.find_last_round(lab.db).id, lab.now)

    (note,) = write()
    assert write(in_new_session=False) == []
    (standing,) = ideas.list_idea_standings(lab.db, public=True)
    (kept,) = ideas.read_ideas(lab.db, [standing.number])
    assert (note.about, note.facts["question"]) == (f"/ideas/{kept.number}", kept.idea.question)
    assert (kept.idea.by, kept.idea.finding) == (AUTOPILOT, 1)
    answer = IdeaAnswer(state=IdeaState.DECLINED, why="no", by="operator")
    assert ideas.answer_idea(lab.db, 1, answer, None, lab.now)
    assert [len(write()) for _ in range(3)] == [1, 0, 0]
    assert len(ideas.list_idea_standings(lab.db, public=False)) == 2
