"""Every command by its name, and how words become one."""

import functools
import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from axiom.commands.accounts import (
    ChangeEmail,
    ChangePassword,
    ChangePreferences,
    ChangeProfile,
    EraseAccount,
    NewKey,
    OpenAccount,
    PlaceHost,
    SignIn,
    SignOut,
)
from axiom.commands.base import SPEAKER, Command
from axiom.commands.drafts import ProposeDraft, ReportDraft, TryDraft, WriteDraft
from axiom.commands.experiments import (
    ChartExperiment,
    DeployExperiment,
    PreflightExperiment,
    PublishExperiment,
    RetireExperiment,
)
from axiom.commands.fleet import SimulateFleet, TrustHost
from axiom.commands.ideas import AddIdea, AnswerIdea, HideIdea, RetractIdea, ShowIdea, SuggestIdea, WithdrawIdea
from axiom.commands.ledger import ApprovePending, CarryOver, CorrectCredit
from axiom.commands.links import DraftPaper, LinkFindings, NoteFinding, WriteLog
from axiom.commands.mail.own_mail import AskForPassword, ChooseMail, ConfirmEmail, SendConfirmation
from axiom.commands.news import AddNews, WithdrawNews
from axiom.commands.operators import AddOperator, EndOperator, SignInAsOperator
from axiom.commands.programs import AddProgram, EndProgram, LimitProgram
from axiom.commands.proposals import AdmitProposal, ApproveProposal, MakeProposal, RefuseProposal, WithdrawProposal
from axiom.commands.recalls import RecallExperiment, ReopenExperiment, ReopenFinding
from axiom.commands.registrations import AmendFinding, Predict, RegisterCohort, RegisterDesign
from axiom.commands.releases import ApproveExperiment, PauseExperiment, ResumeExperiment, RollBackExperiment
from axiom.commands.sealing import SealBundles, SignPrograms
from axiom.commands.sessions import HoldSession, StepSession, TranscribeSession
from axiom.commands.tariffs import AnnounceTariff
from axiom.commands.teams import FoundTeam, JoinTeam, LeaveTeam
from axiom.commands.watches import EndWatch, RegisterWatch
from axiom.commands.work import AbortTask, CancelWorkunits
from axiom.domain.callers import Caller
from axiom.errors import UnknownName, WrongUse

M = TypeVar("M", bound=BaseModel)

_ENDLESS = re.compile(r"\d{20,}")

COMMANDS: dict[str, type[Command]] = {
    command.name: command
    for command in (
        PublishExperiment,
        PreflightExperiment,
        WriteDraft,
        TryDraft,
        ReportDraft,
        ProposeDraft,
        DeployExperiment,
        ChartExperiment,
        RetireExperiment,
        RecallExperiment,
        ReopenExperiment,
        PauseExperiment,
        ResumeExperiment,
        ApproveExperiment,
        RollBackExperiment,
        ReopenFinding,
        LinkFindings,
        NoteFinding,
        WriteLog,
        DraftPaper,
        RegisterDesign,
        RegisterCohort,
        AmendFinding,
        Predict,
        MakeProposal,
        WithdrawProposal,
        ApproveProposal,
        RefuseProposal,
        AdmitProposal,
        AddIdea,
        SuggestIdea,
        ShowIdea,
        HideIdea,
        AnswerIdea,
        WithdrawIdea,
        RetractIdea,
        SealBundles,
        SignPrograms,
        CancelWorkunits,
        AbortTask,
        SimulateFleet,
        TrustHost,
        RegisterWatch,
        EndWatch,
        CarryOver,
        CorrectCredit,
        ApprovePending,
        AnnounceTariff,
        AddNews,
        WithdrawNews,
        StepSession,
        HoldSession,
        TranscribeSession,
        OpenAccount,
        SignIn,
        SignOut,
        ChangePassword,
        ChangeEmail,
        ChangeProfile,
        ChangePreferences,
        PlaceHost,
        NewKey,
        EraseAccount,
        SendConfirmation,
        ConfirmEmail,
        AskForPassword,
        ChooseMail,
        FoundTeam,
        JoinTeam,
        LeaveTeam,
        AddProgram,
        EndProgram,
        LimitProgram,
        AddOperator,
        EndOperator,
        SignInAsOperator,
    )
}


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
