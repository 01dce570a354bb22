"""A preflight is remembered through the gate and heeded; a draft goes from its first text to what it asks."""

import ast
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import stored_work
from click.testing import CliRunner
from disguises import disguised
from read_page import read_page
from tiny_experiment import tiny_source

from axiom import shipped
from axiom.cli.finding.proposals import show
from axiom.domain.callers import Capability
from axiom.domain.preflights import GATES, DraftState, Preflight, Refusal
from axiom.domain.programs import MOST
from axiom.domain.proposals import IdeaState
from axiom.domain.registrations import BLIND
from axiom.domain.rounds import EntryKind
from axiom.errors import NotAllowed, NotFound, Refused, UnknownName, WrongUse
from axiom.laboratory.experiments import drafts as lab_drafts
from axiom.laboratory.experiments.commands.deploy import DeployExperiment
from axiom.laboratory.experiments.commands.drafts import (
    DropDraft,
    ProposeDraft,
    ReportDraft,
    SmokeDraft,
    TryDraft,
    WriteDraft,
)
from axiom.laboratory.experiments.commands.experiments import PreflightExperiment, PublishExperiment
from axiom.laboratory.experiments.commands.pause_and_approve import ApproveExperiment
from axiom.laboratory.experiments.own_host_gates import record_own_host_gates
from axiom.laboratory.experiments.preflight import preflight_secret, preflight_seed
from axiom.laboratory.experiments.preflight_report import write_preflight_report
from axiom.laboratory.experiments.publish import publish_bundle
from axiom.laboratory.experiments.release_stages import read_version_stages
from axiom.laboratory.experiments.rules.controls import CONTROL_NUMBERS
from axiom.laboratory.ideas.commands import AddIdea
from axiom.laboratory.proposals.commands.proposals import AdmitProposal, ApproveProposal, RefuseProposal
from axiom.laboratory.proposals.open_orders import open_cost
from axiom.laboratory.registrations.commands import PredictFinding
from axiom.laboratory.rounds.commands import StepRound, TranscribeSession
from axiom.rules.planning.design_cost import sweep_cost
from axiom.runner.child.pause import PauseGate
from axiom.settings import Settings
from axiom.signed import bundles
from axiom.store.experiments import drafts, experiments, kin, preflights
from axiom.store.registrations import ideas, proposals, registrations, scores

BROKEN = {"again": (), "fault": "the computing process is lost."}


@pytest.fixture
def untried(door, sound):
    """An experiment is published, and nobody tried it."""
    how = {"keys": door.lab.keys, "good_for": timedelta(days=90), "now": door.lab.now}
    door.gate.writer.run(lambda db: publish_bundle(db, door.lab.folder, sound, **how))
    door.gate.writer.run(lambda db: db.execute("DELETE FROM preflight WHERE ours_only = 0"))
    door.sound = sound
    return door


def of(attempt, **changes) -> PreflightExperiment:
    return PreflightExperiment(report=write_preflight_report(replace(attempt, **changes)))


def row(door, attempt):
    return door.look(lambda db: preflights.find_preflight(db, attempt.bundle, GATES))


@pytest.fixture
def ann_s_host(untried, join) -> int:
    return untried.meet("attic", untried.gate.writer.run(lambda db: join(db, "Ann", untried.lab.now)))


def test_what_came_of_it_is_stored_with_its_report_and_audited_by_its_digest(untried, sound_attempt):
    attempt = sound_attempt
    orderer = replace(untried.caller, capabilities=frozenset({Capability.DEPLOY}))
    with pytest.raises(NotAllowed):
        untried.submit(of(attempt), caller=orderer)
    for command, error, fact in (
        (of(attempt, again=()), WrongUse, "G3"),  # not computed to its end
        (of(attempt, bundle="ab" * 32), NotFound, "abababababab"),
        (of(attempt, gates="none-0"), WrongUse, "none-0"),
        (PreflightExperiment(report="{}"), WrongUse, "read"),
    ):
        with pytest.raises(error, match=fact):
            untried.submit(command)
    assert untried.submit(of(attempt), dry_run=True)["passed"]
    assert untried.look(lambda db: db.select("SELECT * FROM preflight WHERE ours_only = 0")) == []
    answer = untried.submit(of(attempt))
    assert answer.pop("reason").startswith("all gates")
    assert answer == {
        "experiment": "sound",
        "version": 1,
        "bundle": attempt.bundle,
        "gates": GATES,
        "platform": attempt.platform,
        "passed": True,
        "is_new": True,
    }
    stored = row(untried, attempt)
    assert (stored.passed, stored.report, stored.at) == (True, write_preflight_report(attempt), untried.lab.now)
    audited = untried.audited()[-1]
    assert audited["command"] == "experiment.preflight"
    assert len(audited["arguments"]) == len('{"report":""}') + 64
    assert untried.submit(of(attempt))["is_new"] is False


def test_what_passed_the_gates_of_before_is_ordered_for_our_own_hosts_alone(untried, sound_attempt, ann_s_host):
    words = {"gates": "twice-1", "passed": True, "reason": "", "platform": "", "report": "{}", "at": untried.lab.now}
    before = Preflight(bundle=sound_attempt.bundle, **words)
    untried.gate.writer.run(lambda db: preflights.record_preflight(db, before))
    assert untried.submit(of(sound_attempt, **BROKEN))["passed"] is False
    assert "only the laboratory's" in untried.submit(DeployExperiment(experiment="sound", workunits=1))["preflight"]
    with pytest.raises(Refused, match="G2"):
        untried.submit(DeployExperiment(experiment="sound", workunits=1, host=ann_s_host))


def test_whether_the_file_may_be_tried_the_laboratory_reads_itself(untried, sound_attempt):
    refusal = Refusal(gate="G1", line=1, sentence="Nobody likes it.")  # which the file does not bear out
    assert untried.submit(of(sound_attempt, refusals=(refusal,)))["passed"]
    assert "Nobody likes it" not in row(untried, sound_attempt).report
    path, files = bundles.experiment_path("sound"), bundles.read_bundle_files(untried.sound.archive)
    other = replace(untried.sound, archive=bundles.pack_files(files | {path: files[path] + b"\nimport socket\n"}))
    how = {"keys": untried.lab.keys, "good_for": timedelta(days=90), "now": untried.lab.now}
    untried.gate.writer.run(lambda db: publish_bundle(db, untried.lab.folder, other, **how))
    seed = preflight_seed(preflight_secret(untried.lab.keys.ticket))
    answer = untried.submit(of(sound_attempt, bundle=other.digest, seed=seed))
    assert answer["passed"] is False
    assert answer["reason"][:2] == "G1"
    assert "socket" in answer["reason"]


def test_what_was_not_tried_is_ordered_for_our_own_hosts_alone(untried, sound_attempt, ann_s_host):
    theirs = DeployExperiment(experiment="sound", workunits=1, host=ann_s_host)
    with pytest.raises(Refused):
        untried.submit(theirs)
    assert untried.look(stored_work.workunits) == []
    answer = untried.submit(DeployExperiment(experiment="sound", workunits=1))
    assert answer["preflight"].startswith("it waits for its preflight")
    untried.submit(of(sound_attempt))
    assert untried.submit(theirs)["preflight"] == "any host may have it"


def test_nothing_is_ordered_of_what_failed_or_does_not_read_as_an_experiment(untried, sound_attempt, ann_s_host):
    unread = (Refusal(gate="G0", line=3, sentence="The file must say so."),)

    def keep(db) -> None:
        db.execute("DELETE FROM preflight")
        record_own_host_gates(db, sound_attempt.bundle, unread, untried.lab.now)

    untried.submit(of(sound_attempt, **BROKEN))
    for host in (None, ann_s_host):
        with pytest.raises(Refused, match="G2"):
            untried.submit(DeployExperiment(experiment="sound", workunits=1, host=host))
    untried.gate.writer.run(keep)
    with pytest.raises(Refused, match=r"G0.* 3"):
        untried.submit(DeployExperiment(experiment="sound", workunits=1))
    assert untried.look(lambda db: experiments.find_next_replicate(db, 2)) == 0


TEXT = (Path(__file__).parents[2] / "preflight" / "sound.py").read_text()
AUTHOR = "program:curie"


def written(door, text=TEXT, name="sound", by=AUTHOR) -> int:
    return door.submit(WriteDraft(experiment=name, text=text, by=by))["draft"]


ASKED = ProposeDraft(
    draft=1,
    estimand="many_minus_few",
    motivation="Nobody asked it.",
    rival="A reader of few inputs sees all there is.",
    rival_low=-0.02,
    rival_high=0.02,
    if_positive="Inputs help.",
    if_absent="They do not matter.",
    if_negative="They hurt.",
    by=AUTHOR,
)


def propose(door, number, **changes) -> int:
    return door.submit(replace(ASKED, draft=number, **changes))["proposal"]


def program(door):
    return replace(door.caller, name=AUTHOR, is_program=True, capabilities=MOST)


def tried(door, attempt, declaration, text=TEXT) -> int:
    number = written(door, text)
    door.submit(TryDraft(draft=number, by=AUTHOR))
    door.submit(ReportDraft(draft=number, report=write_preflight_report(attempt), declaration=declaration))
    return number


@pytest.fixture
def passed(door, sound, sound_attempt):
    return tried(door, sound_attempt, sound.declaration)


def test_a_text_is_read_and_not_run_and_tried_by_its_author_alone(door):
    answer = door.submit(WriteDraft(experiment="sound", text="import os\n" + TEXT, by=AUTHOR))
    assert answer["state"] == DraftState.REFUSED
    assert {refusal["gate"] for refusal in answer["refusals"]} == {"G1"}
    assert written(door) == answer["draft"] + 1
    assert written(door) == answer["draft"] + 1  # the very text is kept once
    for number, by in ((answer["draft"], AUTHOR), (written(door), "program:other")):
        with pytest.raises(Refused):
            door.submit(TryDraft(draft=number, by=by))
    with pytest.raises(Refused):
        written(door, by="program:other")  # the name is taken
    with pytest.raises(Refused):
        written(door, name="large_sum")  # Axiom brings it along, and it is not published here
    with pytest.raises(NotFound):
        door.submit(TryDraft(draft=9, by=AUTHOR))


def test_a_report_tells_its_author_no_measure_and_four_texts_of_a_name_are_tried(door, sound, sound_attempt):
    placebo = next(run for run in sound_attempt.controls if not run.is_planted)
    # it was not settled by eight seeds
    eight = [cell for cell in placebo.tried if cell.seed in CONTROL_NUMBERS[:8]]
    twice = (*eight, *(replace(cell, seed=CONTROL_NUMBERS[CONTROL_NUMBERS.index(cell.seed) + 8]) for cell in eight))
    leaking = replace(placebo, tried=tuple(replace(c, measures={"accuracy": 0.123456 * c.config}) for c in twice))
    others = tuple(run for run in sound_attempt.controls if run.is_planted)
    number = tried(door, replace(sound_attempt, controls=(leaking, *others)), sound.declaration)
    draft = door.look(lambda db: drafts.find_draft(db, number))
    assert draft.state is DraftState.FAILED
    assert [gate["name"] for gate in draft.gates if gate["state"] == "failed"] == ["G7"]
    assert "0.1235" in draft.reason
    assert "0.12" not in json.dumps(draft.gates)
    with pytest.raises(Refused):
        propose(door, number)
    broken = replace(sound_attempt, fault="the computing process is lost", first=())
    for place in range(3):
        tried(door, broken, sound.declaration, f"{TEXT}# {place}\n")
    last = written(door, f"{TEXT}# last\n")
    with pytest.raises(Refused):
        door.submit(TryDraft(draft=last, by=AUTHOR))
    tries = door.look(lambda db: drafts.list_draft_tries(db, drafts.find_draft(db, last)))
    assert (len(tries), len({draft.question for draft in tries})) == (4, 1)


def tried_here(door, package, text: str, name: str = "sound", by: str = AUTHOR) -> int:
    """A draft that the laboratory computes itself."""
    number = written(door, text, name, by)
    door.submit(TryDraft(draft=number, by=by))
    draft, secret = door.look(lambda db: drafts.find_draft(db, number)), preflight_secret(door.lab.keys.ticket)
    attempt, declaration = lab_drafts.preflight_draft(package, draft, secret, PauseGate())
    door.submit(ReportDraft(draft=number, report=write_preflight_report(attempt), declaration=declaration))
    return number


STAIRS = "".join(f"    if np.mean(rows[:, 0]) < {step / 100 - 1}:\n        raise ValueError\n" for step in range(200))


def test_of_a_failed_draft_everybody_is_told_one_bit_until_its_author_asks(door, package):
    told = []
    for name, where in (("lower", "    guesses ="), ("higher", "    progress.early(")):
        text = TEXT.replace('name="sound"', f'name="{name}"').replace(where, f"{STAIRS}{where}", 1)
        number = tried_here(door, package, text, name)
        shown = read_page(door, f"/drafts/{number}")["draft"]
        told.append([(gate["name"], gate["state"], gate["fault"]) for gate in shown["gates"]])
        with pytest.raises(Refused):
            door.submit(SmokeDraft(draft=number, by="program:other"))
    assert told[0] == told[1]  # though they failed at other lines
    assert {fault for _, _, fault in told[0]} == {""}
    answer = door.submit(SmokeDraft(draft=number, by=AUTHOR))
    assert answer["gate"] == "G2"
    assert "ValueError" in answer["fault"]
    assert read_page(door, f"/drafts/{number}")["draft"]["gates"][2]["fault"] == answer["fault"]


def test_a_draft_of_which_no_cell_learned_anything_fails_and_nothing_else_is_told(door, package):
    text = (
        TEXT.replace("    size: float", "    has_learned: int\n    size: float")
        .replace("    return Measures(\n", "    return Measures(\n        has_learned=int(config.inputs > 2),\n")
        .replace("    needs=Needs(", '    learned="has_learned",\n    needs=Needs(')
    )
    passed = tried_here(door, package, text)
    with pytest.raises(Refused):
        door.submit(SmokeDraft(draft=passed, by=AUTHOR))
    failed = tried_here(door, package, text.replace("int(config.inputs > 2)", "0"))
    assert door.look(lambda db: [drafts.find_draft(db, number).state for number in (passed, failed)]) == [
        "passed",
        "failed",
    ]
    refused = tried_here(door, package, text.replace('learned="has_learned"', 'learned="accuracy"'))
    draft = door.look(lambda db: drafts.find_draft(db, refused))
    assert "concludes from 'accuracy'" in draft.refusals[0].sentence


def test_what_is_refused_before_anything_ran_is_no_try_and_informs_nothing(door, package):
    begin, end = TEXT.index("    controls=("), TEXT.index("    needs=")
    refused = tried_here(door, package, TEXT[:begin] + TEXT[end:])
    draft = door.look(lambda db: drafts.find_draft(db, refused))
    assert draft.state == DraftState.REFUSED
    assert draft.refusals[0].gate == "G7"
    assert draft.informed is None
    assert door.look(drafts.list_lost_drafts) == []
    mended = tried_here(door, package, TEXT)
    assert informed(door, mended) == ""
    assert door.look(lambda db: len(drafts.list_draft_tries(db, drafts.find_draft(db, mended)))) == 1


def test_costs_that_are_mended_alone_are_the_same_try_with_its_sealed_forecast(door, package):
    dear = TEXT.replace("seconds=lambda _: 0.005", "seconds=lambda _: 1.5")
    first = tried_here(door, package, dear)
    assert door.look(lambda db: drafts.find_draft(db, first).state) is DraftState.FAILED
    assert [draft.number for draft in door.look(drafts.list_lost_drafts)] == [first]
    other = written(door, TEXT.replace("positive=0.95, negative=0.01", "positive=0.01, negative=0.95"))
    mended = tried_here(door, package, TEXT)
    assert (informed(door, first), informed(door, mended)) == ("", "")
    assert door.look(drafts.list_lost_drafts)[0].number == mended  # until it is proposed
    assert door.look(
        lambda db: [draft.number for draft in drafts.list_draft_tries(db, drafts.find_draft(db, mended))]
    ) == [mended]
    door.submit(TryDraft(draft=other, by=AUTHOR))  # with another forecast it is another text
    assert informed(door, other) == f"informed by an earlier try of its kin, draft {mended}"


def test_a_text_that_passed_is_the_same_try_under_other_labels_alone(door, package, passed):
    labelled = TEXT.replace("    needs=", '    words={"accuracy": "share of right answers"},\n    needs=')
    again = tried_here(door, package, labelled)
    assert (again > passed, informed(door, again)) == (True, "")
    assert door.look(
        lambda db: [draft.number for draft in drafts.list_draft_tries(db, drafts.find_draft(db, again))]
    ) == [again]
    other = written(door, labelled.replace("float(np.mean(", "1.0 * float(np.mean("))
    door.submit(TryDraft(draft=other, by=AUTHOR))
    assert informed(door, other) == f"informed by an earlier try of its kin, draft {again}"


def test_what_gives_the_same_numbers_is_kin_though_stretched_and_called_otherwise(door, package, passed):
    text = renamed("larger").replace("float(np.mean(", "3.0 - 2.0 * float(np.mean(").replace("accuracy", "errors")
    text = text.replace("bounds=(-1.0, 1.0)", "bounds=(-9.0, 9.0)")
    text = text.replace("positive=0.95, negative=0.01", "positive=0.01, negative=0.95")
    number = tried_here(door, package, text, "larger", "program:eve")
    digest = door.look(lambda db: drafts.find_draft(db, number).digest)
    near = door.look(lambda db: kin.list_kin_runs(db, digest, "program:eve", door.lab.now, without=number))
    assert [(run.draft, "numbers" in run.reason) for run in near] == [(passed, True)]


def test_a_probe_that_is_informed_from_the_start_costs_a_try_even_where_it_fails(door):
    shipped_text = (shipped.catalogue_folder() / "lottery_ticket.py").read_text()
    functions = [part for part in ast.parse(shipped_text).body if isinstance(part, ast.FunctionDef)]
    names = {part.name: f"idle_{part.name}" for part in functions}
    dead = "\n\n".join(ast.unparse(part).replace(f"def {part.name}(", f"def {names[part.name]}(") for part in functions)
    probe = TEXT.replace("def run(", f"{dead}\n\n\ndef run(", 1)
    number = written(door, probe)
    door.gate.writer.run(lambda db: db.execute("UPDATE draft SET refusals = '[]'"))
    door.submit(TryDraft(draft=number, by=AUTHOR))
    assert "lottery_ticket" in informed(door, number)
    door.gate.writer.run(lambda db: db.execute("UPDATE draft SET tried_at = 1, passed = 0"))
    assert [draft.number for draft in door.look(drafts.list_lost_drafts)] == [number]
    lost = {row["forecaster"]: row["lost"] for row in read_page(door, "/forecasters")["forecasters"]}
    assert lost[f"{AUTHOR}, informed"] == 1
    later = written(door, renamed("larger", "renamed"), "larger")
    assert door.look(
        lambda db: [draft.number for draft in drafts.list_draft_tries(db, drafts.find_draft(db, later))]
    ) == [number]


def test_a_draft_tells_what_it_would_register_and_costs_the_same_after_its_approval(door, sound, passed):
    dry = door.submit(replace(ASKED, draft=passed), dry_run=True)
    assert dry["estimands"] == json.loads(json.dumps(sound.manifest.estimands))
    made = door.submit(replace(ASKED, draft=passed))
    cost = {name: made[name] for name in ("core_hours", "most_core_hours")}
    assert sweep_cost(sound.manifest).shown == cost == {name: dry[name] for name in cost}
    door.submit(ApproveProposal(proposal=made["proposal"], why="go on"))
    assert door.look(lambda db: open_cost(db, AUTHOR)).shown == cost


def test_no_program_brings_a_report(door, sound, sound_attempt):
    number = written(door)
    door.submit(TryDraft(draft=number, by=AUTHOR))
    report = ReportDraft(draft=number, report=write_preflight_report(sound_attempt), declaration=sound.declaration)
    with pytest.raises(NotAllowed):
        door.submit(report, caller=program(door))
    door.submit(report)
    with pytest.raises(Refused):
        door.submit(report)  # a second one says nothing


def test_what_a_person_approves_is_published_with_what_its_author_expected(door, passed, sound):
    with pytest.raises(UnknownName):
        propose(door, passed, estimand="something")
    for changes in ({"rival_high": 0.3}, {"by": "program:other"}, {"idea": 99}):  # the median is 0.275
        with pytest.raises(Refused):
            propose(door, passed, **changes)
    idea = door.submit(AddIdea(question="Do more inputs help?", why="I wonder.", by="Ada"))["idea"]
    number = propose(door, passed, idea=idea)
    with pytest.raises(Refused):  # once
        propose(door, passed)
    taken = door.look(lambda db: ideas.find_idea(db, idea))
    assert (taken.state, taken.answer.proposal) == (IdeaState.TAKEN, number)
    assert door.look(lambda db: proposals.find_proposal(db, number)).proposal.draft == passed
    assert door.look(lambda db: experiments.find_experiment_by_name(db, "sound")) is None
    answer = door.submit(ApproveProposal(proposal=number, why="a good question", by="Ada"))
    assert answer["experiment"] == "sound@1"

    def ask(db):
        version = experiments.find_experiment_by_name(db, "sound")
        registration = registrations.find_registration(db, answer["registration"])
        return (
            registrations.has_predicted(db, registration.id, "many_minus_few", AUTHOR),
            preflights.find_preflight(db, sound.digest, GATES).passed,
            read_version_stages(db, door.lab.now)[version.id].theirs != 0,
            proposals.find_proposal(db, number).state,
        )

    assert door.look(ask) == (True, True, True, "approved")
    assert (door.lab.folder.catalogue / "sound.py").read_text() == TEXT
    assert door.broken() == {}
    # a mended text of the same question is another bundle of the same version
    mended = written(door, TEXT.replace('"""One cell:', '"""One mended cell:'))
    door.submit(TryDraft(draft=mended, by=AUTHOR))
    draft, secret = door.look(lambda db: drafts.find_draft(db, mended)), preflight_secret(door.lab.keys.ticket)
    attempt, declaration = lab_drafts.preflight_draft(door.gate.laboratory.package, draft, secret, PauseGate())
    door.submit(ReportDraft(draft=mended, report=write_preflight_report(attempt), declaration=declaration))
    door.submit(ApproveProposal(proposal=propose(door, mended), why="mended"))
    bundle = door.look(
        lambda db: experiments.find_newest_bundle(db, experiments.find_experiment_by_name(db, "sound").id)
    )
    assert (bundle.serial, bundle.digest) == (2, attempt.bundle)


def test_what_passed_with_another_kit_is_tried_again_before_it_is_published(door, passed, sound, sound_attempt):
    number = propose(door, passed)
    door.gate.writer.run(lambda db: db.execute("UPDATE draft SET bundle_digest = 'of another kit'"))
    approve = ApproveProposal(proposal=number, why="a good question", by="Ada")
    with pytest.raises(Refused):
        door.submit(approve)
    assert tried(door, sound_attempt, sound.declaration) == passed
    door.submit(approve, dry_run=True)
    door.submit(RefuseProposal(proposal=number, why="too dear"))
    with pytest.raises(Refused):
        door.submit(approve)
    assert door.look(lambda db: experiments.find_experiment_by_name(db, "sound")) is None


def test_code_that_a_program_publishes_reaches_no_volunteer_without_an_approval(door, sound_attempt):
    door.submit(PublishExperiment(experiment="sound", text=TEXT, by=AUTHOR), caller=program(door))
    row = Preflight(
        bundle=sound_attempt.bundle, gates=GATES, passed=True, reason="", platform="", report="{}", at=door.lab.now
    )

    def theirs(db):
        preflights.record_preflight(db, row)
        return read_version_stages(db, door.lab.now)[experiments.find_experiment_by_name(db, "sound").id].theirs

    assert door.gate.writer.run(theirs) == 0
    door.submit(ApproveExperiment(experiment="sound"))
    assert door.gate.writer.run(theirs) != 0


def test_where_the_setting_says_so_it_runs_on_our_own_computers_and_nowhere_else(door, passed):
    number = propose(door, passed)
    assert door.submit(AdmitProposal())["proposal"] is None
    laboratory = replace(door.gate.laboratory, settings=Settings(scientist_code="own"))
    own = replace(door, gate=replace(door.gate, laboratory=laboratory))
    assert own.submit(AdmitProposal())["proposal"] == number
    assert (door.lab.folder.catalogue / "sound.py").read_text() == TEXT

    def theirs(db):
        return read_version_stages(db, door.lab.now)[experiments.find_experiment_by_name(db, "sound").id].theirs

    assert door.look(theirs) == 0
    door.submit(ApproveExperiment(experiment="sound"))
    assert door.look(theirs) != 0


def test_code_of_a_session_that_has_read_other_programs_waits_for_a_person(door, passed):
    laboratory = replace(door.gate.laboratory, settings=Settings(scientist_code="own"))
    own = replace(door, gate=replace(door.gate, laboratory=laboratory))
    session = door.submit(StepRound(pi="scientist", reason="a test", holder="Ada"))["session"]
    read = {"session": session, "holder": "Ada", "kind": EntryKind.READ, "model": "m", "prompt": ""}
    door.submit(TranscribeSession(**read, body=json.dumps({"by": AUTHOR, "programs": ["program:eve"]})))
    number = propose(door, passed)
    assert own.submit(AdmitProposal())["proposal"] is None
    assert door.submit(ApproveProposal(proposal=number, why="a person has looked"))["state"] == "approved"


def informed(door, number: int) -> str | None:
    return door.look(lambda db: drafts.find_draft(db, number)).informed


def renamed(name: str, *how: str) -> str:
    return disguised(TEXT, how, seed=1).replace("name='sound'", f"name='{name}'")


def test_only_what_was_sealed_before_any_try_of_its_kin_is_blind_under_whatever_name(door, passed):
    later = written(door, renamed("larger", "renamed", "reordered"), "larger", "program:eve")
    assert informed(door, later) is None
    door.submit(TryDraft(draft=later, by="program:eve"))
    assert informed(door, passed) == ""
    assert informed(door, later) == f"informed by an earlier try of its kin, draft {passed}"
    door.submit(ApproveProposal(proposal=propose(door, passed), why="a good question"))
    rows = door.look(scores.list_scores)
    assert {(row["forecaster"], row["informed"]) for row in rows[-2:]} == {(AUTHOR, ""), ("autopilot", "")}
    said = {"positive": 0.8, "negative": 0.1, "absent": 0.1, "low": -1.0, "high": 1.0, "because": "I wonder."}
    number = door.look(lambda db: db.number("SELECT max(id) FROM finding"))
    door.submit(PredictFinding(finding=number, forecaster="Ada", **said))  # whose gates were tried before
    assert door.look(scores.list_scores)[-1]["forecaster"] == "Ada, informed"


def test_a_proposal_says_at_a_terminal_whether_it_is_blind_and_what_was_tried(door, passed):
    number = propose(door, passed)
    door.submit(TryDraft(draft=written(door, renamed("larger"), "larger", "program:eve"), by="program:eve"))
    told = CliRunner().invoke(show, [str(number), "--data", str(door.lab.folder.path)]).output
    assert f"forecast: {BLIND}" in told
    assert f"tried of its name and kin: draft {passed} (sound)" in told
    assert "kin: draft 2 (larger by program:eve" in told


def test_a_bundle_that_cannot_be_read_holds_up_no_draft_and_leaves_none_blind(untried, sound_attempt, caplog):
    untried.submit(of(sound_attempt))
    for path in untried.lab.folder.blobs.glob("??/*"):
        path.write_bytes(b"")
    forgotten = ("UPDATE blob SET size = 1", "UPDATE bundle SET code = NULL", "DELETE FROM kin", "DELETE FROM code")
    untried.gate.writer.run(lambda db: [db.execute(change) for change in forgotten])
    number = written(untried, tiny_source(name="other_sum"), "other_sum")
    assert "kin.unread experiment=sound" in caplog.text
    untried.submit(TryDraft(draft=number, by=AUTHOR))
    assert "sound@1" in informed(untried, number)


def test_the_same_text_is_one_try_under_whatever_name_and_kin_count_as_tries(door, passed):
    assert written(door) == passed
    same = written(door, renamed("larger"), "larger")
    door.submit(TryDraft(draft=same, by=AUTHOR))
    other = written(door, renamed("wider", "renamed"), "wider")
    tries = door.look(
        lambda db: [drafts.list_draft_tries(db, drafts.find_draft(db, number)) for number in (passed, same, other)]
    )
    assert [len(texts) for texts in tries] == [1, 2, 2]
    told = door.submit(WriteDraft(experiment="wider", text=renamed("wider", "renamed"), by=AUTHOR), dry_run=True)
    assert told["tries_left"] == 2
    assert told["tries_of"] == [f"draft {passed} (sound)", f"draft {same} (larger)"]
    assert {f"draft {number}" for number in (passed, same)} == {kin.partition(" (")[0] for kin in told["kin"]}
    assert told["forecast"].startswith("were it tried now, informed by 2 earlier tries")
    for name in ("taller", "deeper"):
        door.submit(TryDraft(draft=written(door, renamed(name, "renamed", "reordered"), name), by=AUTHOR))
    with pytest.raises(Refused):
        door.submit(TryDraft(draft=other, by=AUTHOR))


def test_a_refused_text_displaces_no_passed_one_and_a_draft_can_be_dropped(door, passed):
    refused = written(door, "import os\n" + TEXT)
    with pytest.raises(Refused):
        door.submit(DropDraft(draft=refused, by="program:eve"))
    assert door.submit(DropDraft(draft=refused, by=AUTHOR))["state"] == DraftState.DROPPED
    with pytest.raises(Refused):
        door.submit(TryDraft(draft=refused, by=AUTHOR))
    proposal = propose(door, passed)
    with pytest.raises(Refused):  # it waits for an answer
        door.submit(DropDraft(draft=passed, by=AUTHOR))
    door.submit(RefuseProposal(proposal=proposal, why="too dear"))
    door.submit(DropDraft(draft=passed))  # by the operator
    with pytest.raises(Refused):
        propose(door, passed)
    assert [draft.number for draft in door.look(drafts.list_lost_drafts)] == [
        passed
    ]  # its forecast counts all the same


def test_a_forecast_is_not_lost_while_its_text_waits_for_a_seal(door, passed):
    laboratory = replace(door.gate.laboratory, keys=replace(door.lab.keys, sealers=()))
    keyless = replace(door, gate=replace(door.gate, laboratory=laboratory))
    keyless.submit(ApproveProposal(proposal=propose(door, passed), why="a good question"))
    assert informed(door, passed) == ""
    assert door.look(drafts.list_lost_drafts) == []


def test_what_was_forecast_before_anybody_looked_for_kin_is_decided_by_what_had_run(door, passed):
    door.submit(ApproveProposal(proposal=propose(door, passed), why="a good question"))

    def forget(db) -> None:
        for change in (
            "UPDATE draft SET informed = NULL, ordered_at = ordered_at - 1",
            "UPDATE prediction SET informed = NULL",
            "UPDATE bundle SET code = NULL",
            "DELETE FROM kin",
            "DELETE FROM code",
        ):
            db.execute(change)

    door.gate.writer.run(forget)
    assert {row["forecaster"].endswith(", informed") for row in door.look(scores.list_scores)} == {True}
    written(door, renamed("larger"), "larger")
    assert informed(door, passed) == ""
    blind = {row["forecaster"] for row in door.look(scores.list_scores) if row["informed"] == ""}
    assert blind == {AUTHOR, "autopilot"}
