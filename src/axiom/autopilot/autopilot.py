"""The autopilot: holds a round whenever the laboratory says that there is a reason to. It needs no language model."""

import logging
import secrets
import threading
from collections.abc import Callable
from typing import Any, Protocol

from axiom.domain.rounds import Step
from axiom.errors import AxiomError, HeldByAnother, NoAnswer
from axiom.gate.command import Command
from axiom.laboratory.proposals.commands.proposals import AdmitProposal
from axiom.laboratory.rounds.commands import Pi, StepRound
from axiom.limits import proposals as proposal_limits
from axiom.limits import rounds as session_limits

log = logging.getLogger("axiom.autopilot")

NAME: Pi = "autopilot"
_SHORTER = 8.0
_GROWTH = 1.2  # so that it takes some looks, about five times the longest pause, until pauses are as long as they get

Talk = Callable[[dict[str, Any], str], None]  # with a language model, after a step's answer, as whoever holds it


class LaboratoryDoor(Protocol):
    def status(self) -> dict[str, Any]:
        """How the laboratory stands, and whether a round is due."""

    def submit(self, command: Command) -> dict[str, Any]:
        """Have a command done."""


def run_autopilot(
    door: LaboratoryDoor,
    stopping: threading.Event,
    *,
    pause: float,
    report: Callable[[str], None],
    pi: Pi = NAME,
    talk: Talk | None = None,
) -> bool:
    """Look after the laboratory until it is gone or somebody says stop; whether it was ever there.

    `pause`: seconds between two looks at most; they are shorter at first, and after a round, as one brings the next.
    """
    unanswered, holder, has_answered = 0, f"{pi} {secrets.token_hex(4)}", False
    current_pause = pause / _SHORTER
    while not stopping.wait(current_pause) and unanswered < session_limits.UNANSWERED:
        current_pause = min(pause, _GROWTH * current_pause)
        try:
            reason = str(door.status()["status"]["session"]["due"])
            unanswered, has_answered = 0, True
            if reason:
                report(hold_session(door, reason, holder, pi=pi, talk=talk))
                current_pause = pause / _SHORTER
        except NoAnswer:
            unanswered, current_pause = unanswered + 1, pause
        except HeldByAnother:
            continue  # they go on with it; if they do not, their hold runs out
        except AxiomError as error:
            log.error("session.refused %s", error)
    return has_answered


def hold_session(
    door: LaboratoryDoor, reason: str, holder: str = "", *, pi: Pi = NAME, talk: Talk | None = None
) -> str:
    """One round to its end; its name. An open one goes on where it stopped, and nobody else takes a step of it."""
    name = ""
    while True:
        answer = door.submit(StepRound(pi=pi, reason=reason, session=name, holder=holder))
        name = str(answer["session"])
        act_between_steps(door.submit, answer, holder, talk)
        if answer["ended"]:
            return name


def act_between_steps(
    submit: Callable[[Command], dict[str, Any]], answer: dict[str, Any], holder: str, talk: Talk | None
) -> None:
    """What is done after a step: a language model is heard, and after designing proposals are admitted by rule."""
    if talk is not None:
        talk(answer, holder)
    if answer["step"] == Step.DESIGN:
        admit_proposals(submit)


def admit_proposals(submit: Callable[[Command], dict[str, Any]]) -> int:
    """Approve what the rule and its cap allow, between designing and planning; how many proposals were answered."""
    answered = 0
    try:
        while answered < proposal_limits.ADMITTED_IN_A_SESSION and submit(AdmitProposal())["proposal"] is not None:
            answered += 1
    except (NoAnswer, HeldByAnother):
        raise
    except AxiomError as error:  # the round goes on without: what was not approved waits for the next
        log.error("proposal.refused %s", error)
    return answered
