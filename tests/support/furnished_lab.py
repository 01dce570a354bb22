"""A small laboratory with something on every page, made through the store."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from evidence_lines import record

from axiom.domain.estimands import Prediction
from axiom.domain.fleet import Capacity, Gpu, Platform
from axiom.domain.links import AskingEstimand, LinkKind, Node, Noun, OldClaim
from axiom.domain.proposals import Admission, Idea, IdeaAnswer, IdeaState, Proposal, Template
from axiom.domain.registrations import StoppingRule
from axiom.domain.rounds import EntryKind, Note, Step, TranscriptEntry
from axiom.domain.work import Agreement
from axiom.laboratory.credit.pay import CreditPayer
from axiom.laboratory.credit.rules.tariffs import PRESETS
from axiom.laboratory.experiments.old_claims import OldClaims, OldLink, register_old_claims
from axiom.laboratory.findings.links import record_link
from axiom.laboratory.rounds.steps.weigh_findings import evaluate_findings
from axiom.server.returns.transitioner import transit_many
from axiom.signed.outputs import cell_line, footer_line, header_line
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger, settlements, tariffs
from axiom.store.engine import blobs
from axiom.store.experiments import drafts, experiments, former_results
from axiom.store.hosts import hosts
from axiom.store.hosts.hosts import ClientDescription
from axiom.store.registrations import ideas, proposals
from axiom.store.rounds import kept_prose, rounds, transcripts
from axiom.store.tasks import tasks, workunits
from axiom_weigh.values import Evidence, Grade, Observation, Verdict

UNSHOWN = "Nobody may read this yet."
HOSTILE = '<script>alert("Ada & co")</script>'
FORMER = "Moon & co"
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="120" viewBox="0 0 {width} 120" role="img" '
    'aria-labelledby="{name}-{width}-t"><title id="{name}-{width}-t">{title}</title><desc></desc>'
    '<rect y="50" width="{width}" height="20" fill="var(--band)"/>'
    '<path d="M10 60H{end}" stroke="var(--plus)" stroke-width="3"/></svg>'
)


_SIZES = json.dumps([{"size": 1}, {"size": 2}])
QUESTION = {  # that a program may ask
    "finding": 3,
    "question": "Is the smaller one larger?",
    "motivation": "Nobody has asked it at these two sizes.",
    "claim": "size 1 has a larger total than size 2",
    "rival": "The total grows with the size.",
    "rival_low": -9.0,
    "rival_high": -0.5,
    "configs": _SIZES,
    "between": _SIZES,
    "kind": "contrast",
    "across": "",
    "null": 0.5,
    "smallest": 0.2,  # finer or coarser than that of the finding: else it would be the same question
    "expects": "+",
    "positive": 0.7,
    "negative": 0.2,
    "absent": 0.1,
    "low": 0.1,
    "high": 2.0,
    "because": "a test",
    "if_positive": "Size hurts.",
    "if_absent": "Size does not matter.",
    "if_negative": "Size helps.",
    "replicates": 16,
}


def weighed(blocks: int, **changes: Any) -> Evidence:
    """What so many blocks of eight say; narrower with each."""
    line = Evidence(
        blocks=blocks,
        seeds=8 * blocks,
        missing=0,
        estimate=0.931,
        low=0.931 - 0.4 / blocks,
        high=0.931 + 0.4 / blocks,
        e_value=40.0**blocks,
        e_kind="signed ranks",
        verdict=Verdict.POSITIVE if blocks > 1 else Verdict.UNDECIDED,
        grade=Grade.MODERATE if blocks > 1 else Grade.AWAITING,
        hosts=2,
        volunteers=1,
        platforms=1,
        flags=(),
        needs=("all replicates belong to one volunteer; another must compute it",),
        reasons=("the interval lies above what would be too small to matter", "one volunteer computed it"),
    )
    return replace(line, **changes)


def fill(lab, prepared) -> None:
    """Results, evidence, two sessions, pictures, and a host with a hostile name."""
    lab.publish(prepared())
    lab.deploy(workunits=4)
    host = lab.host(HOSTILE)
    for _ in range(2):
        lab.later(minutes=1)
        order = lab.order(host)
        lab.report(order, lab.output(order))
        lab.validate()
    bad = lab.order(host)
    lab.report(bad, b"nonsense")
    lab.validate()
    with lab.db.transaction():
        lab.db.execute("UPDATE task SET reason = :reason WHERE id = :id", reason=HOSTILE, id=bad.task)
        tariffs.add_tariff(lab.db, PRESETS["S4"], lab.now - timedelta(days=3), because=HOSTILE)
        tariffs.add_tariff(lab.db, PRESETS["core-seconds"], lab.now - timedelta(days=2))
        later = lab.now + timedelta(days=8)
        tariffs.add_tariff(lab.db, PRESETS["S5"], later, because="a change of pay", announced_at=lab.now)
        for name in ("first", "second"):
            begun = rounds.begin_round(lab.db, pi="autopilot", reason="two hours have passed", now=lab.now)
            back = Note(
                kind="results.back",
                text="{results} results of {experiment} came back, a *{name}* time.",
                facts={"results": 1234, "experiment": HOSTILE, "name": name},
                about="/results?experiment=tiny_sum",
            )
            rounds.add_round_notes(lab.db, begun.id, Step.REVIEW, [back])
            settlements.settle_round(lab.db, begun.id, after=0, session_cap=10_000, now=lab.now)
            end = Note(kind="log.end", text="{done} done.", facts={"done": name})
            rounds.add_round_notes(lab.db, begun.id, Step.LOG, [end])
            for step in Step:
                current, at = rounds.find_round_by_name(lab.db, begun.name), lab.now + timedelta(minutes=2)
                assert current
                rounds.finish_round_step(lab.db, current, step, reviewed_to=0, now=at, ends=step is Step.LOG)
            rounds.make_session_of_round(lab.db, begun.id, "two hours have passed", lab.now)
        values = {number: None if number == 3 else 1.0 + number / 10 for number in range(8)}
        observed = [
            Observation(replicate=number, value=value, hosts=(host if number < 6 else 2,))
            for number, value in values.items()
        ]
        version, issued = experiments.find_experiment(lab.db, 1), experiments.find_next_replicate(lab.db, 1)
        assert version
        experiments.issue_replicates(lab.db, version, 1, len(values) - issued, lab.now)
        for blocks in (1, 2):
            record(lab.db, 1, weighed(blocks), observed, session_id=1, now=lab.now)
        proposals.add_proposal(lab.db, proposed(), 1, 1, lab.now)
        draw(lab, "finding/1/narrowing", 660, 326)
        draw(lab, "experiment/1/sweep", 660, 326)
    join_in(lab)
    write_ideas(lab)
    write_draft(lab)
    lab.later(minutes=5)


def join_in(lab) -> None:
    """A second volunteer with a team and two hosts, one of which did something; a third who shows none; credit."""
    with lab.db.transaction():
        grace, shy = register(lab, f"Grace {HOSTILE}"), register(lab, "Shy")
        whose: dict[str, Any] = {
            "country": "",
            "website": "javascript:alert(1)",
            "is_exported": False,
            "shows_hosts": False,
        }
        accounts.set_profile(lab.db, shy, name="Shy", **whose)
        whose = {"country": "Norway", "website": "", "is_exported": True, "shows_hosts": True}
        accounts.set_profile(lab.db, grace, name=f"Grace {HOSTILE}", **whose)
        facts = {"country": "Norway", "website": "https://team.example/", "about": f"We keep watch. {HOSTILE}"}
        team = teams.create_team(lab.db, name=f"Lighthouse {HOSTILE}", founder_id=grace, **facts, now=lab.now)
        for member in (1, grace):
            accounts.set_volunteer_team(lab.db, member, team)
        for volunteer, name in ((grace, "kitchen.grace.example"), (shy, "secret.shy.example")):
            hosts.add_host(lab.db, volunteer, said_of(name), lab.now)
        hosts.record_no_work_reason(lab.db, 3, "no waiting task fits into its memory of 7,900 MB")
        ledger.carry_over_credit(
            lab.db, grace, source="the old laboratory", amount=12_345_678, because="a test", now=lab.now
        )
    compute(lab)


def register(lab, name: str) -> int:
    """An account; what a password becomes is of no use here."""
    email = f"{name.split()[0].lower()}@lab.example"
    return accounts.create_account(lab.db, name=name, email=email, password=name, cross_id=name, now=lab.now)


def compute(lab) -> None:
    """Host 2 fails at one task and has another; one task of host 1 is checked; everything valid is paid."""
    lab.report(lab.order(2), None, exit_status=197, cpu_seconds=0.0)
    lab.order(2)
    with lab.db.transaction():
        first = tasks.find_task(lab.db, 1)
        assert first
        transit_many(lab.db, [workunits.order_check(lab.db, first, lab.now)], lab.now)
        tasks.set_task_agreements(lab.db, {1: Agreement.WAITING})
        CreditPayer().pay(lab.db, lab.now)


def said_of(name: str) -> ClientDescription:
    """What a client says of its computer; every word of it may be meant to do harm."""
    gpu = Gpu(kind="NVIDIA", count=2, memory_mb=8_192, model=f"Fast {HOSTILE}")
    return ClientDescription(
        name=name,
        cpid="c" * 32,
        platform=Platform(system="windows", processor="x86_64", instructions="avx512"),
        capacity=Capacity(cores=8, memory_mb=7_900, disk_mb=10_000, gpus=(gpu,)),
        flops=4e9,
        availability=0.8,
        facts={"model": f"Processor {HOSTILE}", "system": "Windows", "system_version": ["odd"], "boinc": "8.0.2"},
        digest="d",
    )


def draw(lab, name: str, *widths: int, title: str = "The interval becomes narrower") -> None:
    for width in widths:
        svg = SVG.format(name=name.replace("/", "-"), width=width, end=width - 10, title=title)
        digest = blobs.store_blob(lab.db, lab.folder, svg.encode(), lab.now)
        lab.db.execute(
            "INSERT INTO figure (name, shows, svg, drawn_at) VALUES (:name, '', :svg, :at)",
            name=f"{name}/{width}",
            svg=digest,
            at=lab.now,
        )


def write_draft(lab) -> None:
    text = '"""Is larger better?"""\n\nprint(1 < 2)\n'
    draft = {"name": "larger", "author": "program:curie", "text": text, "digest": "d" * 64}
    number = drafts.add_draft(lab.db, **draft, refusals=(), now=lab.now)
    drafts.order_draft_preflight(lab.db, number, "", lab.now)
    gates = [
        {"name": "G0", "title": "parse", "state": "passed", "fault": ""},
        {"name": "G7", "title": "placebo", "state": "failed", "fault": "the placebo is not without effect"},
    ]
    nothing: dict[str, Any] = {"declaration": "", "question": "", "bundle": ""}
    failed: dict[str, Any] = {"passed": False, "reason": "e is 30", "gates": gates, "attempt": "{}"}
    drafts.record_draft_preflight(lab.db, number, **failed, **nothing, now=lab.now)


def write_ideas(lab) -> None:
    """Of a volunteer who writes as they please, of a program, and one that nobody else may read."""
    by_volunteer = Idea(question=f"Is it {HOSTILE}?", why=f"I saw it.\n{HOSTILE}", by="volunteer:2", volunteer_id=2)
    by_program = Idea(question="Does it go on?", why="It never stopped.", by="program:ada", finding=1)
    with lab.db.transaction():
        for idea, is_shown in ((by_volunteer, True), (by_program, True), (replace(by_volunteer, why=UNSHOWN), False)):
            ideas.add_idea(lab.db, idea, is_shown=is_shown, now=lab.now)
        taken = IdeaAnswer(state=IdeaState.TAKEN, why=HOSTILE, by="operator", proposal=1)
        ideas.answer_idea(lab.db, 1, taken, None, lab.now)


def proposed() -> Proposal:
    """What follows from finding 1, made by somebody who writes as they please."""
    return Proposal(
        slug="extremes-1-size-1-9",
        template=Template.EXTREMES,
        admission=Admission.QUESTION,
        experiment="tiny_sum",
        version=1,
        finding=1,
        links=(1,),
        kind="extremes",
        question=f"What becomes of finding 1 at the ends? {HOSTILE}",
        motivation=f"It was asked in the middle alone. {HOSTILE}",
        claim=f"with size from 1 to 9: larger is more {HOSTILE}",
        rival=f"Something else takes over. {HOSTILE}",
        basis="a test",
        configs=({"size": 9}, {"size": 1}),
        stopping=StoppingRule(replicates=64),
        core_seconds=96.0,
        most_core_seconds=128.0,
        prediction=Prediction(positive=0.75, negative=0.1, absent=0.15, interval=(0.5, 2.0), because=HOSTILE),
        if_positive="It reaches to the ends.",
        if_absent="Nothing is to be seen there.",
        if_negative="It turns round.",
        bits=1.05,
    )


def furnish_more(lab, prepared) -> None:
    """Two more versions: one whose finding is absent and retired, and one that awaits its first block."""
    for version in (2, 3):
        lab.publish(prepared(version=version))
        lab.deploy(version)
    order = lab.order(1)
    lab.report(order, lab.output(order))
    lab.validate()
    absent = weighed(3, estimate=-0.01, low=-0.04, high=0.02, e_value=73.0, verdict=Verdict.ABSENT, grade=Grade.STRONG)
    with lab.db.transaction():
        lab.db.execute("UPDATE finding SET status = 'retired' WHERE id = 2")
        record(lab.db, 2, absent, [], session_id=None, now=lab.now)
        register_old_claims(lab.db, CLAIMED, "tiny_sum", lab.now)
        record_link(lab.db, LinkKind.DEPENDS_ON, *_ENDS, why=HOSTILE, by=HOSTILE, now=lab.now)
        text = f"The total grows, {{F1.estimate}} over {{F1.seeds}} seeds. {HOSTILE}\n\nThis says nothing of a number."
        kept_prose.add_session_prose(lab.db, 1, author=f"program:{HOSTILE}", text=text, now=lab.now)
        kept_prose.add_paper_prose(lab.db, [1, 3], author="Ada", text=text, now=lab.now)
        speak(lab)
        for number in (1, 2):
            row = {"task": f"{HOSTILE} {number}", "measures": {HOSTILE: number / 2}, "config": {"size": HOSTILE}}
            former_results.add_former_result(lab.db, row, experiment="tiny_sum", source=FORMER, now=lab.now)


def speak(lab) -> None:
    """A model was asked once, two days ago, and called nothing that it was told of."""
    call = {"id": "a", "name": "lab_brief", "words": {"since": HOSTILE}, "fault": ""}
    result = {"call_id": "a", "text": HOSTILE, "is_error": True}
    asked = {"after": 0, "messages": [{"speaker": "user", "text": HOSTILE, "calls": [], "results": []}], "tools": []}
    ended = {"step": "design", "reason": HOSTILE, "is_well": False, "untold": [result]}
    bodies = {EntryKind.REQUEST: asked, EntryKind.ANSWER: {"text": HOSTILE, "calls": [call]}, EntryKind.END: ended}
    request = None
    for kind, body in bodies.items():
        about: dict[str, Any] = {
            "model": "a model",
            "prompt": "0" * 64,
            "body": json.dumps(body),
            "tokens": 1_234,
            "micros": 567,
        }
        entry = TranscriptEntry(kind=kind, **about, request_id=request if kind is EntryKind.ANSWER else None)
        number = transcripts.append_transcript_entry(lab.db, 1, entry, lab.now - timedelta(days=2))
        request = request or number


_ENDS = (Node(noun=Noun.FINDING, id=3), Node(noun=Noun.FINDING, id=1))
_GROWS = AskingEstimand(experiment="tiny_sum", estimand="grows", kind=LinkKind.TESTS, upheld_by=(Verdict.POSITIVE,))
_SAID: dict[str, Any] = {"figure": "0.67", "rests_on": "one seed", "status": "active", "source": "S5"}
CLAIMED = OldClaims(
    claims=(
        OldClaim(name="#31", claim="larger is more", experiment="tiny_sum", askings=(_GROWS,), **_SAID),
        OldClaim(name="#32", claim="there are more ones", experiment="no_sum", **_SAID),
        OldClaim(name="plateau", claim=f"it stops {HOSTILE}", experiment="no_sum", **_SAID),
    ),
    links=(OldLink(source="#32", kind=LinkKind.EXPLAINS, target="#31", why="it may be why"),),
)
_THREE = (("first", "Ada", "avx2"), ("second", "Grace", "avx2"), ("third", "Shy", "avx512"))


def weigh_three_blocks(lab, prepared) -> None:
    compute_three_blocks(lab, prepared)
    with lab.db.transaction():
        evaluate_findings(lab.db, rounds.begin_round(lab.db, pi="autopilot", reason="a test", now=lab.now), lab.now)


def compute_three_blocks(lab, prepared) -> None:
    """Computed by hosts of three volunteers, one of whom shows no hosts; a fourth host only fails."""
    lab.publish(prepared())
    for name, volunteer, instructions in (*_THREE, ("fourth", "Bad", "avx2")):
        lab.host(name, volunteer=volunteer, instructions=instructions)
    shy = accounts.find_account_by_email(lab.db, "shy@example.org")
    assert shy
    with lab.db.transaction():
        accounts.set_profile(
            lab.db, shy[0].id, name="Shy", country="", website="", is_exported=False, shows_hosts=False
        )
    lab.deploy(workunits=24)
    lab.report(lab.order(4), None, exit_status=10)
    for number in range(24):
        order = lab.order(1 + number % 3)
        lab.report(order, noisy(lab, order))
        lab.validate()
    lab.later(minutes=1)


def noisy(lab, order) -> bytes:
    totals = [(cell, cell.config + cell.seed % (99_991 + cell.config) / 150_000) for cell in lab.cells(order)]
    cells = [cell_line(replace(cell, measures={"total": total, "count": 1})) for cell, total in totals]
    return header_line(lab.header(order)) + b"".join(cells) + footer_line(len(cells))
