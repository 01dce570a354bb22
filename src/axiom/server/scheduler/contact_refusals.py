"""Replies to whoever gets no other answer: to strangers, to what nobody can read, and while nothing can be stored."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from axiom.boinc.replies import Message, Priority, Reply
from axiom.errors import AxiomError, StoreBusy
from axiom.locale.languages import gettext, mark
from axiom.rules.tasks.backoff import ContactSituation, choose_contact_delay
from axiom.server.scheduler.reply_elements import Project, spread_contact

log = logging.getLogger("axiom.rpc")
_BUSY = mark("The laboratory is busy. Nothing is lost; please wait.")
_DOWN = mark("The laboratory cannot store anything at the moment. Nothing is lost; please wait.")
_NO_ACCOUNT = mark(
    "No account here has this account key. Remove the project in BOINC and add it again with your e-mail address, or "
    "take the key from %(address)s"
)


@dataclass(frozen=True, kw_only=True)
class Refusals:
    project: Project
    now: Callable[[], datetime]

    def refuse_stranger(self) -> Reply:
        text = gettext(_NO_ACCOUNT) % {"address": f"{self.project.links.master}account"}
        return self._refuse(ContactSituation.STRANGER, text, Priority.NOTICE)

    def refuse_new_host(self, reason: str) -> Reply:
        return self._refuse(ContactSituation.CROWDED, gettext(reason), Priority.NOTICE)

    def refuse_garbled(self, error: AxiomError) -> Reply:
        return self._refuse(ContactSituation.GARBLED, str(error))

    def refuse_for_now(self, error: BaseException) -> Reply:
        if not isinstance(error, AxiomError):
            log.error("rpc.fault %r", error, exc_info=error)
        if isinstance(error, StoreBusy):
            return self._refuse(ContactSituation.BUSY, gettext(_BUSY))
        return self._refuse(ContactSituation.DOWN, gettext(_DOWN))

    def _refuse(self, situation: ContactSituation, text: str, priority: Priority = Priority.LOW) -> Reply:
        pause = choose_contact_delay(situation, spread=spread_contact(len(text), self.now()))
        return Reply(
            project_name=self.project.name,
            master_url=self.project.links.master,
            request_delay=pause.least,
            project_is_down=situation is ContactSituation.DOWN,
            messages=(Message(text=text, priority=priority),),
        )
