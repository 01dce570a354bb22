"""The autopilot: holds a session whenever the laboratory says that there is a reason to. It needs no language model."""

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

from axiom.commands.sessions import StepSession
from axiom.errors import AxiomError, CannotStart

log = logging.getLogger("axiom.autopilot")

NAME = "autopilot"
PATIENCE = 15  # questions without an answer before the laboratory counts as gone


class Door(Protocol):
    """What the autopilot has in hand."""

    def status(self) -> dict[str, Any]:
        """How the laboratory stands, and whether a session is due."""

    def submit(self, command: StepSession) -> dict[str, Any]:
        """Have a command done."""


def attend(door: Door, stopping: threading.Event, *, pause: float, said: Callable[[str], None]) -> None:
    """Look after the laboratory until it is gone or somebody says stop."""
    unanswered = 0
    while not stopping.wait(pause) and unanswered < PATIENCE:
        try:
            reason = str(door.status()["status"]["session"]["due"])
            unanswered = 0
            if reason:
                said(hold(door, reason))
        except CannotStart:
            unanswered += 1
        except AxiomError as error:
            log.error("session.refused %s", error)


def hold(door: Door, reason: str) -> str:
    """One session to its end; its name. An open one goes on where it stopped."""
    name = ""
    while True:
        answer = door.submit(StepSession(pi="autopilot", reason=reason, session=name))
        name = str(answer["session"])
        if answer["ended"]:
            return name
