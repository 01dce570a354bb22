"""Every command by its name, and how words become one."""

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from axiom.commands.command import Command
from axiom.commands.words import SPEAKER, Form, demand_names, form_of
from axiom.domain.callers import Caller
from axiom.errors import UnknownName

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
    "experiment.recall": "releases:RecallExperiment",
    "experiment.reopen": "releases:ReopenExperiment",
    "experiment.pause": "releases:PauseExperiment",
    "experiment.resume": "releases:ResumeExperiment",
    "experiment.approve": "releases:ApproveExperiment",
    "experiment.rollback": "releases:RollBackExperiment",
    "finding.reopen": "releases:ReopenFinding",
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
    "host.trust": "fleet:TrustHost",
    "watch.register": "watches:RegisterWatch",
    "watch.end": "watches:EndWatch",
    "volunteer.carry-over": "ledger:CarryOver",
    "ledger.correct": "ledger:CorrectCredit",
    "ledger.tariff": "ledger:UseTariff",
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
        command: type[Command] = getattr(importlib.import_module(f"axiom.commands.{module}"), kind)
        return command

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
    if caller is None or not caller.is_program:
        demand_names(form_of(kind), name, words)
        return kind(**words)
    form = form_for_programs(kind)
    demand_names(form, name, words)
    return kind(**words, **{word: caller.name for word in form_of(kind) if word not in form})


def form_for_programs(kind: type[Command]) -> Form:
    """What a program may say: in whose name it speaks is not its to say."""
    return {word: must for word, must in form_of(kind).items() if SPEAKER not in must.metadata}
