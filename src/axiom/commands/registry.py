"""Every command by its name, and how words become one."""

import functools
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from axiom.commands.command import SPEAKER, Command
from axiom.domain.callers import Caller
from axiom.errors import UnknownName, WrongUse

M = TypeVar("M", bound=BaseModel)

_ENDLESS = re.compile(r"\d{20,}")

_KINDS = {
    "experiment.publish": "experiments:PublishExperiment",
    "experiment.preflight": "experiments:PreflightExperiment",
    "draft.write": "drafts:WriteDraft",
    "draft.preflight": "drafts:TryDraft",
    "draft.report": "drafts:ReportDraft",
    "draft.propose": "drafts:ProposeDraft",
    "experiment.deploy": "experiments:DeployExperiment",
    "experiment.chart": "experiments:ChartExperiment",
    "experiment.retire": "experiments:RetireExperiment",
    "experiment.recall": "recalls:RecallExperiment",
    "experiment.reopen": "recalls:ReopenExperiment",
    "experiment.pause": "releases:PauseExperiment",
    "experiment.resume": "releases:ResumeExperiment",
    "experiment.approve": "releases:ApproveExperiment",
    "experiment.rollback": "releases:RollBackExperiment",
    "finding.reopen": "recalls:ReopenFinding",
    "finding.link": "links:LinkFindings",
    "finding.note": "links:NoteFinding",
    "log.write": "links:WriteLog",
    "paper.draft": "links:DraftPaper",
    "registration.design": "registrations:RegisterDesign",
    "registration.cohort": "registrations:RegisterCohort",
    "registration.amend": "registrations:AmendFinding",
    "registration.predict": "registrations:Predict",
    "proposal.make": "proposals:MakeProposal",
    "proposal.withdraw": "proposals:WithdrawProposal",
    "proposal.approve": "proposals:ApproveProposal",
    "proposal.refuse": "proposals:RefuseProposal",
    "proposal.admit": "proposals:AdmitProposal",
    "idea.add": "ideas:AddIdea",
    "idea.suggest": "ideas:SuggestIdea",
    "idea.show": "ideas:ShowIdea",
    "idea.hide": "ideas:HideIdea",
    "idea.answer": "ideas:AnswerIdea",
    "idea.withdraw": "ideas:WithdrawIdea",
    "idea.retract": "ideas:RetractIdea",
    "experiment.seal": "sealing:SealBundles",
    "runner.sign": "sealing:SignPrograms",
    "workunit.cancel": "work:CancelWorkunits",
    "task.abort": "work:AbortTask",
    "fleet.simulate": "fleet:SimulateFleet",
    "host.trust": "fleet:TrustHost",
    "watch.register": "watches:RegisterWatch",
    "watch.end": "watches:EndWatch",
    "volunteer.carry-over": "ledger:CarryOver",
    "ledger.correct": "ledger:CorrectCredit",
    "ledger.approve": "ledger:ApprovePending",
    "ledger.announce": "tariffs:AnnounceTariff",
    "news.add": "news:AddNews",
    "news.withdraw": "news:WithdrawNews",
    "session.step": "sessions:StepSession",
    "session.hold": "sessions:HoldSession",
    "session.transcribe": "sessions:TranscribeSession",
    "account.open": "accounts:OpenAccount",
    "account.sign_in": "accounts:SignIn",
    "account.sign_out": "accounts:SignOut",
    "account.password": "accounts:ChangePassword",
    "account.email": "accounts:ChangeEmail",
    "account.profile": "accounts:ChangeProfile",
    "account.preferences": "accounts:ChangePreferences",
    "account.place": "accounts:PlaceHost",
    "account.key": "accounts:NewKey",
    "account.erase": "accounts:EraseAccount",
    "account.send_confirmation": "mail.own_mail:SendConfirmation",
    "account.confirm": "mail.own_mail:ConfirmEmail",
    "account.forgot": "mail.own_mail:AskForPassword",
    "account.mail": "mail.own_mail:ChooseMail",
    "team.found": "teams:FoundTeam",
    "team.join": "teams:JoinTeam",
    "team.leave": "teams:LeaveTeam",
    "program.add": "programs:AddProgram",
    "program.end": "programs:EndProgram",
    "program.limit": "programs:LimitProgram",
    "cluster.add": "fleet:AddCluster",
    "cluster.renew": "fleet:RenewCluster",
    "cluster.revoke": "fleet:RevokeCluster",
    "operator.add": "operators:AddOperator",
    "operator.end": "operators:EndOperator",
    "operator.sign_in": "operators:SignInAsOperator",
}


class KnownCommands(Mapping[str, type[Command]]):
    """Every command by its name. A module is imported when its command is given: all of them take half a second."""

    def __getitem__(self, name: str) -> type[Command]:
        module, _, kind = _KINDS[name].partition(":")
        found: type[Command] = getattr(importlib.import_module(f"axiom.commands.{module}"), kind)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_KINDS)

    def __len__(self) -> int:
        return len(_KINDS)


COMMANDS = KnownCommands()


def read_command(name: str, words: Mapping[str, Any], caller: Caller | None = None) -> Command:
    """The command of this name with these words, or one sentence about what is wrong with them.

    A program that gives it speaks in its own name.
    """
    kind = COMMANDS.get(name)
    if kind is None:
        raise UnknownName("command", name, COMMANDS)
    is_program = caller is not None and caller.is_program
    checked = read_words(form_of(kind, is_program=is_program), name, words)
    said = {word: getattr(checked, word) for word in type(checked).model_fields}
    if caller is not None and is_program:
        said |= {field.name: caller.name for field in fields(kind) if SPEAKER in field.metadata}
    return kind(**said)


@functools.cache
def form_of(kind: type[Command], *, is_program: bool = False) -> type[BaseModel]:
    """What the words of this command must be. Unknown words are an error, never ignored."""
    hints = get_type_hints(kind, include_extras=True)
    words: dict[str, Any] = {}
    for field in fields(kind):
        limits = {name: limit for name, limit in field.metadata.items() if name != SPEAKER}
        if not (is_program and SPEAKER in field.metadata):
            words[field.name] = (hints[field.name], Field(... if field.default is MISSING else field.default, **limits))
    return create_model(kind.__name__, __config__=ConfigDict(extra="forbid", strict=True, allow_inf_nan=False), **words)


def read_words(kind: type[M], name: str, words: Mapping[str, Any]) -> M:
    """These words as what they should be, or one sentence about what is wrong with them."""
    for word in words:
        if word not in kind.model_fields:
            raise UnknownName(f"word of {name}", word, kind.model_fields)
    try:
        return kind.model_validate(dict(words))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        text = _ENDLESS.sub(lambda digits: f"{float(digits[0]):g}", first["msg"])  # it spells 1e300 out
        raise WrongUse(f"{name}: {where}: {text}. Nothing was done.") from error
