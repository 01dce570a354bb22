"""`axiom session` and `axiom pi`: rounds of review, credit, weighing and deploying."""

import functools
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Collection
from pathlib import Path

import click

import axiom
from axiom.autopilot import autopilot
from axiom.autopilot.autopilot import Talk
from axiom.autopilot.preflights import run_due_preflights
from axiom.cli.groups import Group
from axiom.cli.output import (
    Shown,
    answer_option,
    data_option,
    dry_run_option,
    json_option,
    quiet_option,
    show_json,
    show_table,
)
from axiom.cli.session.diff import show_difference
from axiom.cli.session.plan import show_next_orders
from axiom.domain.rounds import Step
from axiom.errors import CannotStart, NoLab, NotFound
from axiom.gate.client import SocketClient
from axiom.gate.command import Answer
from axiom.laboratory.experiments import preflight, preflight_report
from axiom.laboratory.experiments.commands.drafts import ReportDraft
from axiom.laboratory.experiments.commands.experiments import PreflightExperiment
from axiom.laboratory.experiments.drafts import preflight_draft, read_published_bundle, require_draft
from axiom.laboratory.rounds.commands import HoldSession, Pi, StepRound, has_reached_step
from axiom.reads.rounds.session_log import log_data, log_markdown, log_text, one_line
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.service.open_laboratory import demand_laboratory, open_for_reading, submit_in_folder
from axiom.settings import read_process_settings
from axiom.signed.keys import EXPIRY_NOT_ASKED, load_keys
from axiom.store.engine import blobs
from axiom.store.engine.folder import Folder
from axiom.store.engine.folder import read_lock_holder as holder_of
from axiom.store.experiments import drafts
from axiom.store.rounds import rounds
from axiom_weigh.terminal import print_remark, print_text, wall_clock

_DRAFT = "draft:"  # so begins what is to be tried, where it is no bundle
_ENDING_SECONDS = 3.0  # that a preflight may take to clear its folders away when the autopilot ends


@click.group(cls=Group)
def session() -> None:
    """What the laboratory tells of its rounds: what came back and was weighed, what changed, and what comes next."""


session.add_command(show_difference)
session.add_command(show_next_orders)


@session.command("list")
@data_option
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="At most so many.")
@answer_option
def list_sessions(folder: Folder, limit: int) -> Shown:
    """The newest sessions."""
    with open_for_reading(folder) as db:
        newest = rounds.list_newest_sessions(db, limit)
    rows = [
        {
            "name": row.name,
            "pi": row.pi,
            "reason": row.told,
            "started_at": row.started_at.isoformat(),
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
            "done": [step.value for step in row.done],
        }
        for row in newest
    ]
    yield {"sessions": rows}
    show_table(
        ("name", "pi", "from", "to", "because"),
        [(row.name, row.pi, row.started_at, row.ended_at, row.told) for row in newest],
        none="No session was held yet.",
    )


@session.command("show")
@click.argument("name")
@data_option
@click.option("--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True)
@json_option
def show(name: str, folder: Folder, form: str, as_json: bool) -> None:
    """The log of a session, or of one round as in round-17."""
    with open_for_reading(folder) as db:
        stored = rounds.find_round_by_name(db, name)
        notes = rounds.list_session_notes(db, stored) if stored else []
    if stored is None:
        raise NotFound(f"There is no session {name}. `axiom session list` shows what there is.")
    if as_json or form == "json":
        lines = log_data(notes)
        show_json(
            {"session": {"name": stored.name, "pi": stored.pi, "reason": stored.told or stored.reason, "notes": lines}}
        )
    else:
        print_text(log_markdown(stored, notes) if form == "markdown" else log_text(stored, notes))


@session.command("run")
@data_option
@click.option("--until", type=click.Choice([step.value for step in Step]), default="log", help="The last step to do.")
@click.option(
    "--pi",
    "who",
    type=click.Choice(["person", "autopilot", "scientist", "program"]),
    default="person",
    show_default=True,
    help="Who holds it; the scientist is a language model that the settings name, and asks a running laboratory.",
)
@dry_run_option
@answer_option
@quiet_option
def run(folder: Folder, until: str, who: Pi, dry_run: bool, quiet: bool) -> Shown:
    """Hold one session, or go on with the one that is open."""
    reason = "the operator asked for it"
    if dry_run:
        answer = submit_in_folder(folder, HoldSession(pi=who, reason=reason, until=Step(until)), dry_run=True)
        steps = answer["steps"]
    else:
        steps = _steps(folder, who, reason, Step(until))
        answer = {"session": steps[-1]["session"], "steps": steps}
    yield {"session": answer}
    for report in steps:
        print_text(f"{report['step']}")
        for sentence in report["notes"]:
            print_text(f"  {one_line(_would(sentence) if dry_run else sentence)}")
    print_remark(_dry(who) if dry_run else f"Session {answer['session']}.", quiet=quiet)


def _dry(who: Pi) -> str:
    """What a dry run has done, and what it could not show: to approve a proposal, its code is asked what it costs."""
    unasked = " What the autopilot would approve of its own proposals, and order of that, is not in it."
    unheard = " No language model was asked." if who == "scientist" else ""
    return "Nothing was changed: this was a dry run." + ("" if who == "person" else unasked + unheard)


def _would(sentence: str) -> str:
    """What a session's log says as done, and is the title in feeds, of a session that was never held."""
    return sentence.replace(" is closed. ", " would be closed. ")


@click.command()
@data_option
@click.option(
    "--pi",
    "who",
    type=click.Choice(["autopilot", "scientist", "program"]),
    default=autopilot.NAME,
    show_default=True,
    help="Who asks besides the rule: a language model that the settings name, or a program at a client of its own.",
)
@click.option("--pause", type=click.FloatRange(0.1, 3_600), default=1.0, show_default=True, help="Seconds.")
@click.option("--attached", is_flag=True, hidden=True, help="End when standard input does: whoever started us is gone.")
@quiet_option
def pi(folder: Folder, who: Pi, pause: float, attached: bool, quiet: bool) -> None:
    """Look after a laboratory: hold a session whenever there is a reason, and try what was never tried.

    Ends with the laboratory.
    """
    demand_laboratory(folder)
    logging.basicConfig(level=logging.ERROR, format="axiom pi: %(message)s")
    stopping, gate = threading.Event(), PauseGate()

    def stop(*_: object) -> None:
        stopping.set()
        gate.end()  # a preflight need not come to its end: it is tried again

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    if attached:
        threading.Thread(target=_until_closed, args=(stop,), daemon=True).start()
    talk = _scientist(folder, stopping) if who == "scientist" else None
    remote = SocketClient(folder.socket)
    thread = threading.Thread(
        target=run_due_preflights,
        args=(lambda without: _due(folder, without), lambda bundle: _try_out(folder, remote, bundle, gate), stopping),
        kwargs={"pause": 2 * pause, "report": lambda sentence: print_remark(sentence, quiet=quiet)},
        daemon=True,
    )
    thread.start()
    has_answered = autopilot.run_autopilot(
        remote,
        stopping,
        pause=pause,
        report=lambda name: print_remark(f"Held {name}.", quiet=quiet),
        pi=who,
        talk=talk,
    )
    in_vain = not (has_answered or stopping.is_set())
    stop()
    thread.join(_ENDING_SECONDS)
    if in_vain:
        raise CannotStart(
            f"No laboratory that runs in {folder.path} answered, so no session was held. Start `axiom serve`, then "
            "this again; `axiom doctor` says what holds the folder."
        )


def _scientist(folder: Folder, stopping: threading.Event | None = None) -> Talk:
    """What speaks with the language model that the settings name; its libraries are loaded for it alone."""
    from axiom.service.scientist import Scientist

    settings, _ = read_process_settings(folder.settings)
    return Scientist(folder, settings, os.environ, stopping=stopping).talk


def _due(folder: Folder, without: Collection[str] = ()) -> str | None:
    """What should be tried now, these left aside: the draft for which somebody waits, or else a bundle."""
    with open_for_reading(folder) as db:
        draft = drafts.find_next_draft(db)
        if draft is not None and f"{_DRAFT}{draft.number}" not in without:
            return f"{_DRAFT}{draft.number}"
        return preflight.choose_due_preflight(db, wall_clock(), without).bundle


def _try_out(folder: Folder, remote: SocketClient, what: str, gate: PauseGate) -> str:
    """Try a draft or a bundle in a process of its own and have the laboratory remember how that ended."""
    secret = preflight.preflight_secret(load_keys(folder.keys, EXPIRY_NOT_ASKED).ticket)
    try:
        if what.startswith(_DRAFT):
            return _try_draft(folder, remote, int(what.removeprefix(_DRAFT)), secret, gate)
        with open_for_reading(folder) as db:
            archive = blobs.read_blob(db, folder, what)
        attempt = preflight.preflight_bundle(archive, secret=secret, gate=gate)
    except RunEnded:
        raise CannotStart("The autopilot ends, so nothing is tried any more. The next one begins with it.") from None
    answer = remote.submit(PreflightExperiment(report=preflight_report.write_preflight_report(attempt)))
    return f"Preflight of {answer['experiment']}@{answer['version']}: {answer['reason']}"


def _try_draft(folder: Folder, remote: SocketClient, number: int, secret: bytes, gate: PauseGate) -> str:
    with open_for_reading(folder) as db:
        draft = require_draft(db, number)
        published = read_published_bundle(db, folder, draft.name)
    attempt, declaration = preflight_draft(Path(axiom.__file__).parent, draft, secret, gate, published)
    report = ReportDraft(draft=number, report=preflight_report.write_preflight_report(attempt), declaration=declaration)
    return f"Preflight of draft {number}, {draft.name}: {remote.submit(report)['reason']}"


def _until_closed(stop: Callable[[], None]) -> None:
    """Whoever started us holds the other end of our standard input, for as long as it lives."""
    while sys.stdin.read(4096):
        continue
    stop()


def _steps(folder: Folder, pi: Pi, reason: str, until: Step) -> list[Answer]:
    """One step after the other; nobody else goes on with the session in between."""
    done: list[Answer] = []
    talk = _scientist(folder) if pi == "scientist" else None
    if talk is not None and holder_of(folder) is None:
        raise NoLab(
            f"No laboratory runs in {folder.path}, and the scientist speaks to one that does. No session was held; "
            "start it with axiom serve --no-pi, or let --pi autopilot hold one."
        )
    holder, name = f"{pi} {secrets.token_hex(4)}", ""
    while not done or not (done[-1]["ended"] or has_reached_step(done[-1], until)):
        step = submit_in_folder(folder, StepRound(pi=pi, reason=reason, session=name, holder=holder, until=until))
        done.append(step)
        name = str(step["session"])
        if pi != "person":
            autopilot.act_between_steps(functools.partial(submit_in_folder, folder), step, holder, talk)
    return done
