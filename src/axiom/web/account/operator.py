"""The operator's pages: whoever proved a second factor sees what waits, and gives commands in two steps.

The gate says what a form's command would do, and a page shows it. What is sent from that page are the very words,
sealed for this sign-in, with a key by which they are done once.
"""

import functools
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from axiom.domain.programs import USUAL_LIMITS, Right
from axiom.gate.command import Command
from axiom.gate.registry import COMMANDS, read_command
from axiom.gate.words import SPEAKER, form_of
from axiom.laboratory.accounts.commands.operator_sign_in import SignInAsOperator
from axiom.laboratory.programs.commands import AddProgram
from axiom.reads import news, programs
from axiom.reads.base.request import Answer, Reading, parse_number
from axiom.server.accounts import second_factor
from axiom.signed import program_tokens
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.keys import load_secrets
from axiom.web.account import operator_facts as facts
from axiom.web.account.pages import AccountAction, AccountPage
from axiom.web.account.session_cookie import digest_secret, new_secret
from axiom.web.account.typed_form import Form
from axiom.web.account.visit import Outcome, Redirect, Redisplay, Visit

OVERVIEW, SIGN_IN = "/operator", "/operator/sign-in"
_STEP, _DO = "/operator/step", "/operator/do"
_PROPOSAL = "/proposals/{number:number}"
_EXPERIMENTS, _NEWS, _PROGRAMS = "/operator/experiments", "/operator/news", "/operator/programs"
TABS = (
    (OVERVIEW, "What waits"),
    (_EXPERIMENTS, "Experiments"),
    (_NEWS, "News"),
    (_PROGRAMS, "Programs"),
    ("/account", "Your account"),
)
# Every command that can be given here: what it is called, and the page that its form is on.
_COMMANDS = {
    "proposal.approve": ("Approve proposal {proposal}", _PROPOSAL),
    "proposal.refuse": ("Refuse proposal {proposal}", _PROPOSAL),
    "idea.show": ("Show idea {idea} to everybody", OVERVIEW),
    "experiment.approve": ("Approve {experiment} for volunteers", _EXPERIMENTS),
    "experiment.pause": ("Pause {experiment}", _EXPERIMENTS),
    "experiment.resume": ("Resume {experiment}", _EXPERIMENTS),
    "experiment.require": ("Say which computers get tasks of {experiment}, and for how long", _EXPERIMENTS),
    "experiment.recall": ("Recall {experiment}", _EXPERIMENTS),
    "news.add": ("Say “{line}” to everybody", _NEWS),
    "news.withdraw": ("Withdraw news {number}", _NEWS),
    "program.add": ("Let program {program} in", _PROGRAMS),
    "program.limit": ("Limit program {program}", _PROGRAMS),
    "program.end": ("End program {program}", _PROGRAMS),
}
_NOT_SEALED = (
    "What was sent is not what a page of this sign-in showed, so nothing was done. Fill in the form once more, and "
    "confirm what the next page shows."
)
_UNSHOWN = {"token", "prompt"}  # words of digests: nobody reads them
_OUR_OWN = {"dry run", "repeated"}  # what the gate adds to an answer


def _step(_reading: Reading, _visit: Visit) -> Answer:
    return {"title": "Nothing is asked here", "sealed": {}, "is_done": False}


def _proposal(reading: Reading, visit: Visit) -> Answer:
    number = parse_number(reading.path.rpartition("/")[2]) or parse_number(visit.form.text("proposal")) or 0
    return facts.describe_approval(reading, number)


def _programs(reading: Reading, _visit: Visit) -> Answer:
    return programs.describe_programs(reading) | {
        "rights": [(right.value, right.value) for right in Right],
        "limits": [(name, name.replace("_", " ")) for name in USUAL_LIMITS],
    }


def _factor(reading: Reading, visit: Visit) -> Answer:
    """Where a code is typed; by the link from the terminal with what an authenticator takes, until a code counted."""
    role = visit.operator
    if role is None or role.used_step:
        return {"picture": ""}
    secret = second_factor.secret_of(load_secrets(reading.folder.keys).accounts, role.volunteer_id, role.serial)
    if not hmac.compare_digest(second_factor.link_mark_of(secret).encode(), reading.query.get("show", "").encode()):
        return {"picture": ""}
    return {
        "picture": second_factor.picture_of(second_factor.address_of(secret, role.name, reading.name))[0],
        "secret": secret,
    }


def _page(path: str, template: str, make: Any) -> AccountPage:
    return AccountPage(path=path, template=template, make=make, is_for_operators=True)


PAGES = {
    page.path: page
    for page in (
        _page(
            OVERVIEW,
            "operator.html",
            lambda reading, _: facts.list_waiting_matters(reading) | facts.describe_operators(reading),
        ),
        _page(SIGN_IN, "operator_sign_in.html", _factor),
        _page(_EXPERIMENTS, "operator_experiments.html", lambda reading, _: facts.list_open_releases(reading)),
        _page(_NEWS, "operator_news.html", lambda reading, _: news.list_published_news(reading)),
        _page(_PROGRAMS, "operator_programs.html", _programs),
        _page(_PROPOSAL, "operator_proposal.html", _proposal),
        _page(_STEP, "operator_step.html", _step),
    )
}


def sign_in(visit: Visit) -> Outcome:
    """Act as operator from now on. The browser gets a new secret: one that it had before gives nobody the role."""
    volunteer, account = visit.themselves
    proven = visit.submit(SignInAsOperator(volunteer=volunteer.id, code=visit.form.text("code")))
    go = visit.sign_in(volunteer.id, account.password_serial, OVERVIEW)
    services = visit.services
    services.operators.begin(digest_secret(go.session or ""), proven["serial"], services.pages.now())
    return go


def sign_out(visit: Visit) -> Outcome:
    """Act as operator no more; the account stays signed in."""
    visit.services.operators.end(digest_secret(visit.session))
    return Redirect(to="/account")


def preview_command(name: str, visit: Visit) -> Outcome:
    """Show what a form's command would do, and what to send to have it done."""
    token = program_tokens.new_token() if name == AddProgram.name else ""
    command = read_command(name, _words(name, visit, token))
    answer = visit.operate(command, dry_run=True)
    words, key = canonical_bytes(command.words()).decode(), new_secret()
    sealed = {"command": name, "words": words, "key": key, "seal": _seal(visit, name, words, key), "token": token}
    return Redisplay(form=Form(), status=200, page=_STEP, shown=_in_words(command, answer) | {"sealed": sealed})


def confirm_command(visit: Visit) -> Outcome:
    """Do what the page showed; once, however often it is sent."""
    name, words, key = (visit.form.text(field) for field in ("command", "words", "key"))
    seal = _seal(visit, name, words, key)
    if name not in _COMMANDS or not hmac.compare_digest(seal.encode(), visit.form.text("seal").encode()):
        return Redisplay(form=Form(wrong={"": _NOT_SEALED}), status=403)
    command = read_command(name, json.loads(words))
    answer = visit.operate(command, key=key)
    token = visit.form.text("token")
    is_its_own = isinstance(command, AddProgram) and program_tokens.digest_token(token) == command.token
    was_done_before = "repeated" in answer
    done = {"is_done": True, "was_done_before": was_done_before, "token": token if is_its_own else ""}
    return Redisplay(form=Form(), status=409 if was_done_before else 200, shown=_in_words(command, answer) | done)


def _words(name: str, visit: Visit, token: str) -> dict[str, Any]:
    """The words of a command as a form says them. What is empty is not said; who speaks, the sign-in says."""
    kind = COMMANDS[name]
    speaker = visit.operator.caller.name if visit.operator is not None else ""
    typed = {field: text.strip() for field, text in visit.form.typed.items() if text.strip()}
    readers: dict[str, Callable[[str], Any]] = {
        word: lambda _: speaker for word, must in form_of(kind).items() if SPEAKER in must.metadata
    }
    readers |= {"limits": lambda _: _limits(visit.form), "token": lambda _: program_tokens.digest_token(token)}
    return Form(typed=typed).words_of(kind, readers)


def _limits(form: Form) -> dict[str, float]:
    """The one limit that a form names, if it names one."""
    if not form.text("limit"):
        return {}
    try:
        return {form.text("limit"): float(form.text("most"))}
    except ValueError:
        return {form.text("limit"): -1.0}  # which is refused: a limit is from 0 on


def _seal(visit: Visit, name: str, words: str, key: str) -> str:
    """What only a page of this sign-in can have shown beside these words."""
    sealed = canonical_bytes(["axiom-operator-1", name, words, key])
    return hmac.digest(visit.session.encode(), sealed, hashlib.sha256).hex()


def _in_words(command: Command, answer: Answer) -> Answer:
    """A command and what it does, for people; of the answer what the words do not say already."""
    words = command.words()
    shown = facts.flatten_answer({name: value for name, value in words.items() if name not in _UNSHOWN})
    return {
        "title": _COMMANDS[command.name][0].format(**words),
        "about": (type(command).__doc__ or "").strip().partition("\n")[0],
        "words": shown,
        "answer": [row for row in facts.flatten_answer(answer) if row not in shown and row[0] not in _OUR_OWN],
    }


ACTS = {
    SIGN_IN: AccountAction(act=sign_in, page=SIGN_IN),
    "/operator/sign-out": AccountAction(act=sign_out, page=OVERVIEW),
    _DO: AccountAction(act=confirm_command, page=_STEP),
} | {
    f"/operator/{name}": AccountAction(act=functools.partial(preview_command, name), page=page)
    for name, (_, page) in _COMMANDS.items()
}
