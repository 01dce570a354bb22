"""Every command by its name, and how words become one."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from axiom.commands.accounts import (
    ChangeEmail,
    ChangePassword,
    ChangePreferences,
    ChangeProfile,
    NewKey,
    OpenAccount,
    PlaceHost,
    SignIn,
    SignOut,
)
from axiom.commands.command import Command
from axiom.commands.experiments import DeployExperiment, PublishExperiment, RetireExperiment
from axiom.commands.ledger import CarryOver
from axiom.commands.sessions import HoldSession, StepSession
from axiom.commands.teams import FoundTeam, JoinTeam, LeaveTeam
from axiom.commands.work import CancelWorkunits
from axiom.errors import UnknownName, WrongUse

M = TypeVar("M", bound=BaseModel)

COMMANDS: dict[str, type[Command]] = {
    command.name: command
    for command in (
        PublishExperiment,
        DeployExperiment,
        RetireExperiment,
        CancelWorkunits,
        CarryOver,
        StepSession,
        HoldSession,
        OpenAccount,
        SignIn,
        SignOut,
        ChangePassword,
        ChangeEmail,
        ChangeProfile,
        ChangePreferences,
        PlaceHost,
        NewKey,
        FoundTeam,
        JoinTeam,
        LeaveTeam,
    )
}


def read_command(name: str, words: Mapping[str, Any]) -> Command:
    """The command of this name with these words, or one sentence about what is wrong with them."""
    kind = COMMANDS.get(name)
    if kind is None:
        raise UnknownName("command", name, COMMANDS)
    return read_words(kind, name, words)


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
        raise WrongUse(f"{name}: {where}: {first['msg']}. Nothing was done.") from error
