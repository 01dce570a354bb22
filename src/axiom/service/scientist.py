"""The scientist: between steps of a round a language model is asked, with a token of its own and within a budget."""

import contextlib
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from axiom.domain.programs import AdmittedProgram, Right
from axiom.domain.proposals import ProposalState
from axiom.domain.rounds import EntryKind, Round, Step, TranscriptEntry
from axiom.errors import AxiomError, CannotStart, Fault, HeldByAnother, NoAnswer
from axiom.gate.client import SocketClient
from axiom.gate.command import Answer
from axiom.laboratory.programs.commands import AddProgram, EndProgram
from axiom.laboratory.rounds.commands import TranscribeSession
from axiom.limits import language_models as limits
from axiom.mcp import prompts, tools
from axiom.mcp.answers import answer_text, error_answer, find_quoted_programs
from axiom.mcp.laboratory_access import LabAccess
from axiom.mcp.prompts import PromptText
from axiom.mcp.remote_access import RemoteLabAccess
from axiom.models.choose_model import open_model, read_model_prices
from axiom.models.conversation import ConversationEnd, Toolbox, hold_conversation
from axiom.models.metered import MeteredModel
from axiom.models.model import ModelMessage, ModelTool, Speaker
from axiom.rules.language_models import ModelCaps, ModelCost, ModelSpent, lower_caps_by_day, reason_not_to_ask
from axiom.service.open_laboratory import open_for_reading
from axiom.settings import Settings
from axiom.signed.atomic_files import write_atomically
from axiom.signed.program_tokens import digest_token, new_token
from axiom.store.accounts import notebooks, programs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.registrations import proposals, registrations
from axiom.store.rounds import rounds, transcripts
from axiom.store.views import findings
from axiom_weigh.terminal import wall_clock

log = logging.getLogger("axiom.scientist")

NAME = "scientist"
_TOLD = (PromptText.ROLE, PromptText.ASK, PromptText.WRITE, PromptText.WEIGH)
_DAY = timedelta(days=1)
_LOOK_SECONDS = 0.2  # between two looks whether somebody says stop

Mark = Callable[[str, frozenset[str]], None]  # writes down that a program is shown words of these others


@dataclass(frozen=True, kw_only=True)
class _Turn:
    texts: Sequence[PromptText]
    facts: Mapping[str, Any]
    silent: str = ""


class Scientist:
    """Speaks with the model that the settings name. Nothing that a model does or leaves undone stops a session."""

    def __init__(
        self,
        folder: Folder,
        settings: Settings,
        environment: Mapping[str, str],
        *,
        stopping: threading.Event | None = None,
        pause: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = wall_clock,
    ) -> None:
        """A model that cannot be opened is said now, before any session. `stopping` leaves a conversation at once."""
        self._model, self._key = open_model(settings, environment)
        self._folder, self._settings, self._stopping, self._pause = folder, settings, stopping, pause
        self._now = now
        self._door = SocketClient(folder.socket)
        self._prompt = prompts.digest_prompts(_TOLD)
        self._rests_until = now()  # it did not answer, and is not asked before
        self._close: Callable[[ConversationEnd], None] | None = None  # the conversation that is under way

    def talk(self, answer: Answer, holder: str) -> None:
        """After designing ask for a question, before the log have what ended weighed; after other steps say nothing.

        Raises where the laboratory is gone, another has the session, or we are to stop.
        """
        if answer["ended"]:
            return
        failures = list[AxiomError]()

        def talk() -> None:
            try:
                self._talk(answer, holder)
            except (CannotStart, HeldByAnother) as error:
                failures.append(error)
            except Exception:  # the round goes on without
                log.exception("scientist.fault")

        thread = threading.Thread(target=talk, name=NAME, daemon=True)  # it ends with our process, amid an answer too
        thread.start()
        while thread.is_alive():
            thread.join(_LOOK_SECONDS)
            if self._stopping is not None and self._stopping.is_set():
                self._leave()
                raise NoAnswer("The scientist ends. Whoever holds the session next goes on with it.")
        if failures:
            raise failures[0]

    def _talk(self, answer: Answer, holder: str) -> None:
        step = Step(answer["step"])
        with open_for_reading(self._folder) as db:
            current_round = rounds.find_round_by_name(db, str(answer["session"]))
        if current_round is None or not (step is Step.DESIGN or current_round.due is Step.LOG):
            return
        program, token = self._admitted()
        with open_for_reading(self._folder) as db:
            turn = self._ask(db, current_round, program) if step is Step.DESIGN else self._weigh(db, current_round)
        if turn is not None:
            self._hold(current_round, holder, step, turn, RemoteLabAccess(self._folder.programs_socket, token))

    def _ask(self, db: Database, current_round: Round, program: AdmittedProgram) -> _Turn:
        caller = program.caller
        page = notebooks.find_notebook_page(db, caller.name)
        wakes_on = page.wakes_on if page else ""
        waiting = [
            row
            for row in proposals.list_proposals_in_state(db, ProposalState.OPEN)
            if row.proposal.author == caller.name
        ]
        last = transcripts.find_last_model_request(db, self._key.hide(self._settings.model_name))
        silent = reason_not_to_ask(
            waiting=len(waiting),
            most_waiting=caller.limits.open_proposals,
            asked_at=last[0] if last else None,
            weighed_at=find_news(db, wakes_on),
            wakes_on=wakes_on,
            now=self._now(),
        )
        facts = {
            "session": current_round.name,
            "asked_before_in_session": last[1] if last else None,
            "own_proposals_that_wait": [proposal.number for proposal in waiting],
        }
        return _Turn(texts=(PromptText.ASK, PromptText.WRITE), facts=facts, silent=silent)

    def _weigh(self, db: Database, current_round: Round) -> _Turn | None:
        notes = [note for _, note in rounds.list_round_notes(db, current_round.id) if note.kind == "prediction.scored"]
        numbers = sorted({int(str(note.facts["finding"])) for note in notes})
        facts = {"session": current_round.name, "ended": [note.sentence for note in notes], "findings": numbers}
        return _Turn(texts=(PromptText.WEIGH,), facts=facts) if numbers else None

    def _hold(self, current_round: Round, holder: str, step: Step, turn: _Turn, lab: LabAccess) -> None:
        def record(entry: TranscriptEntry) -> int:
            return int(
                self._door.submit(TranscribeSession(session=current_round.name, holder=holder, **asdict(entry)))[
                    "entry"
                ]
            )

        metered, read = self._metered(current_round, record), set[str]()
        before = metered.spent

        def write(kind: EntryKind, body: Mapping[str, Any]) -> None:
            safe_body, name = (
                self._key.hide(text) for text in (json.dumps(body, sort_keys=True), self._settings.model_name)
            )
            record(TranscriptEntry(kind=kind, model=name, prompt=self._prompt, body=safe_body, tokens=0, micros=0))

        def mark(by: str, others: frozenset[str]) -> None:
            if not others <= read:
                write(EntryKind.READ, {"by": by, "programs": sorted(others - read)})
                read.update(others)

        def close(end: ConversationEnd) -> None:
            self._close = None
            body = {
                "step": step,
                "reason": end.reason,
                "is_well": end.is_well,
                "requests": metered.spent.requests - before.requests,
                "tokens": metered.spent.tokens - before.tokens,
                "lost_tokens": metered.lost_tokens,
                "cost": (metered.spent.micros - before.micros) / 1e6 if self._settings.model_prices else None,
                "read": sorted(read),
                "untold": [asdict(result) for result in end.untold],
            }
            write(EntryKind.END, body)

        self._close = close
        silent = turn.silent or ("it did not answer a short while ago" if self._now() < self._rests_until else "")
        if silent:
            close(ConversationEnd(reason=f"it was not asked, since {silent}", is_well=True))
            return
        end = self._converse(metered, turn, lab, mark)
        if end.is_unanswered:
            self._rests_until = self._now() + limits.UNANSWERED_RESTS_FOR
        close(end)

    def _leave(self) -> None:
        """Whoever goes on with the session need not wait until the conversation that we leave would have ended."""
        close = self._close
        if close is not None:
            with contextlib.suppress(AxiomError):
                close(ConversationEnd(reason="somebody said stop", is_well=True))

    def _converse(self, metered: MeteredModel, turn: _Turn, lab: LabAccess, mark: Mark) -> ConversationEnd:
        try:
            question = "\n".join([*(part.text for part in turn.texts), answer_text(turn.facts)])
            opening = (
                ModelMessage(speaker=Speaker.SYSTEM, text=PromptText.ROLE.text),
                ModelMessage(speaker=Speaker.USER, text=question),
            )
            return hold_conversation(metered, opening, make_toolbox(lab, mark))
        except (CannotStart, HeldByAnother):
            raise
        except AxiomError as error:
            return ConversationEnd(reason=str(error))
        except Exception as error:  # a fault of ours, and no reason to hold up the session
            log.exception("scientist.fault")
            return ConversationEnd(reason=f"a fault of ours ({type(error).__name__}); the PI has logged its trace")

    def _metered(self, current_round: Round, record: Callable[[TranscriptEntry], int]) -> MeteredModel:
        now = self._now()
        with open_for_reading(self._folder) as db:
            taken = transcripts.sum_transcript_usage(db, range(current_round.id, current_round.id + 1))
            tokens, micros = transcripts.sum_model_usage_since(db, now - _DAY)
        began = taken.since or now

        def seconds() -> float:
            return (self._now() - began).total_seconds()

        spent = ModelSpent(tokens=taken.tokens, micros=taken.micros, requests=taken.requests)
        return MeteredModel(
            self._model,
            name=self._settings.model_name,
            prompt=self._prompt,
            key=self._key,
            prices=read_model_prices(self._settings),
            record=record,
            clock=seconds,
            pause=self._pause,
            caps=lower_caps_by_day(ModelCaps(), spent, ModelCost(tokens=tokens, micros=micros)),
            spent=spent,
        )

    def _admitted(self) -> tuple[AdmittedProgram, str]:
        """The program that speaks for this model and these texts, and its token, which the folder keeps.

        A name stands for one program for ever, so another model or text is another program: what each says is scored
        apart. The one before is ended, and so is one whose token was lost.
        """
        file = self._folder.keys / f"{NAME}.token"
        program, token = self._kept(file)
        if program is None:
            with open_for_reading(self._folder) as db:
                earlier = [
                    former for former in programs.list_model_programs(db) if former.name.rstrip("-0123456789") == NAME
                ]
            for former in earlier:
                if former.is_let_in(self._now()):
                    self._door.submit(EndProgram(program=former.name))
            token = new_token()
            write_atomically(file, f"{token}\n".encode())
            self._door.submit(
                AddProgram(
                    program=f"{NAME}-{len(earlier) + 1}" if earlier else NAME,
                    may=Right.PROPOSE,
                    token=digest_token(token),
                    days=limits.TOKEN_DAYS,
                    model=self._settings.model_name[:80],
                    prompt=self._prompt,
                )
            )
            program, token = self._kept(file)
        if program is None:
            raise CannotStart(f"The scientist was let in, and {file} does not hold its token. Remove that file.")
        return program, token

    def _kept(self, file: Path) -> tuple[AdmittedProgram | None, str]:
        token = file.read_text(encoding="utf-8").strip() if file.exists() else ""
        with open_for_reading(self._folder) as db:
            program = programs.find_program_by_token(db, digest_token(token)) if token else None
        if program is None or not program.is_let_in(self._now()):
            return None, token
        is_ours = (program.model, program.prompt) == (self._settings.model_name[:80], self._prompt)
        return (program if is_ours else None), token


def find_news(db: Database, wakes_on: str) -> datetime | None:
    """When that was weighed last: a finding, what a proposal asked, or anything; when a proposal was turned down."""
    noun, _, number = wakes_on.partition(" ")
    awaited = {int(number or 0)}
    if noun == "proposal" and (proposal := proposals.find_proposal(db, int(number))):
        registration = registrations.find_registration(db, proposal.registration_id or 0)
        if registration is None:
            return proposal.decided_at
        awaited = {*registrations.list_claim_numbers(db, registration).values()}
    briefs = (brief for brief in findings.list_finding_briefs(db) if not wakes_on or brief.number in awaited)
    return max((brief.weighed_at for brief in briefs if brief.weighed_at), default=None)


def make_toolbox(lab: LabAccess, mark: Mark) -> Toolbox:
    """The tools that this program sees. Before it is shown words of other programs, that is marked."""
    caller = lab.caller()

    def call(name: str, words: Mapping[str, Any]) -> tuple[str, bool]:
        try:
            answer = tools.call_tool(lab, name, words)
            mark(caller.name, find_quoted_programs(answer) - {caller.name})
        except AxiomError as error:
            return answer_text(error_answer(error)), True
        except Exception as error:
            log.exception("scientist.tool name=%.80r", name)
            fault = Fault(f"A fault of ours ({type(error).__name__}). Nothing was done; please report it.")
            return answer_text(error_answer(fault)), True
        return answer_text(answer), False

    return Toolbox(
        tools=tuple(
            ModelTool(name=tool.name, about=tool.about, words=tool.schema) for tool in tools.list_offered_tools(caller)
        ),
        call=call,
    )
