"""A session's log, rendered from its notes, section by section: for a page, as Markdown and as plain text."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from axiom.domain.headlines.numbers import format_number
from axiom.domain.headlines.untrusted_text import strip_controls
from axiom.domain.rounds import Note, Round, Step
from axiom.reads.base.request import Answer
from axiom_weigh.grouping import group_pairs


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of a log: its title, and whose notes it holds."""

    title: str
    kinds: tuple[str, ...]  # with which the kinds of its notes begin; the longest that fits wins
    steps: frozenset[Step] = field(default=frozenset())  # when these are done and it is empty, the log says so
    leads: bool = False  # what a session tells first; the rest is its record


def _section(title: str, kinds: str, *steps: Step) -> Section:
    return Section(title=title, kinds=tuple(kinds.split()), steps=frozenset(steps))


def _leading(title: str, kinds: str) -> Section:
    return Section(title=title, kinds=tuple(kinds.split()), leads=True)


SECTIONS = (
    _leading("What changed and why it matters", "told. changed."),
    _leading("Ready to publish", "ready."),
    _leading("What went wrong", "trouble."),
    _leading("New experiments", "fresh."),
    _leading("Waits for an answer", "waits."),
    _leading("What comes next", "log.next"),
    _section("Summary", "log.summary session. round. told.unchanged fresh.nothing waits.nothing", Step.LOG),
    _section("Levels of evidence", "level.", Step.LOG),
    _section("Findings by significance", "significant.", Step.LOG),
    _section("Scripts", "script.", Step.LOG),
    _section("Parts of the laboratory", "health.", Step.HEALTH),
    _section("Queue", "queue.", Step.QUEUE),
    _section("Reviewed before", "review.before", Step.REVIEW),
    _section("New results", "task. review. experiment.recalled", Step.REVIEW),
    _section("New results by host", "review.host", Step.REVIEW),
    _section("Inside the results", "inspect.", Step.INSPECT),
    _section("Ranked new results", "rank.", Step.RANK),
    _section("Failures", "failures.", Step.FAILURES),
    _section("Cleaning up", "clean. task.stuck host. hosts. sweep. withdraw. experiment. release.", Step.CLEAN),
    _section("Credit", "credit.", Step.CREDIT),
    _section("Repairs", "repair.", Step.REPAIR),
    _section("Who asked besides the rule", "pi."),
    _section("Deployment", "plan. deploy.", Step.DEPLOY),
    _section("New question", "design.nothing design.proposed design.lapsed design.left design.idea", Step.DESIGN),
    _section("Findings", "evaluate. evidence. finding. prediction.", Step.EVALUATE),
    _section("Findings by grade", "log.grades", Step.LOG),
    _section("Tried out", "try.", Step.TRY),
    _section("What the open findings need", "design.", Step.DESIGN),
    _section("Watched for", "watch.", Step.EVALUATE),
    _section("Research direction", "direction.", Step.LOG),
    _section("When it may be known", "log.", Step.LOG),
    _section("Hosts and their work", "deploy.class deploy.passed_over deploy.no_host", Step.DEPLOY),
    _section("Published", "publish.", Step.PUBLISH),
    _section("Besides", ""),
)


def title_of(step: Step, kind: str) -> str:
    """The section that tells a note; what a step wrote of a kind that is not known stands at the end."""
    if step is Step.CLEAN and kind.startswith("task."):  # a task that was given up on, not one that came back
        return "Cleaning up"
    fitting = [(len(prefix), part.title) for part in SECTIONS for prefix in part.kinds if kind.startswith(prefix)]
    return max(fitting)[1] if fitting else SECTIONS[-1].title


_REPEATED = {  # by the kinds of notes that held somebody's words: in which fact
    "changed.note": "lesson",
    "fresh.motivation": "why",
    "direction.link": "why",
    "design.idea": "why",
    "design.proposed": "motivation",
    "repair.approved": "why",
}
_FACT = re.compile(r"\{(\w+)\}")
_WHITE = re.compile(r"\s+")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|])")


def note_pieces(note: Note) -> list[Answer]:
    """The line cut into words and facts, each fact with the page of its rows, so that a page can set it apart."""
    parts: list[Answer] = []
    end, words = 0, note.words
    for match in _FACT.finditer(words):
        parts.append({"text": words[end : match.start()], "is_fact": False, "rows": ""})
        fact = _fact(note.facts, match)
        is_fact = " " not in fact  # a reason, which is a sentence, stays one
        parts.append({"text": fact, "is_fact": is_fact, "rows": fact_address(note, match[1])})
        end = match.end()
    parts.append({"text": words[end:], "is_fact": False, "rows": ""})
    return [piece for piece in parts if piece["text"]]


def fact_address(note: Note, fact: str) -> str:
    """The page of the rows behind a fact; nothing for an address that leads away."""
    address = note.page(fact)
    return address if address.startswith("/") and not address.startswith("//") else ""


def note_sentence(note: Note) -> str:
    return _FACT.sub(lambda match: _fact(note.facts, match), note.words)


def log_chapters(session: Round, notes: Sequence[tuple[Step, Note]]) -> list[Answer]:
    """The notes by section; the last chapter names those that have none though their steps are done."""
    by_title = group_pairs((title_of(wrote, note.kind), _line(wrote, note)) for wrote, note in notes)
    chapters = [
        {"section": section.title, "leads": section.leads, "lines": by_title[section.title]}
        for section in SECTIONS
        if section.title in by_title
    ]
    is_quiet = session.ended_at and not session.told  # and sums up nothing
    due = set(session.done) - ({Step.LOG} if is_quiet else set())
    empty = [part.title for part in SECTIONS if part.steps and part.steps <= due and part.title not in by_title]
    if empty:
        nothing = _line(Step.LOG, Note(kind="section.nothing", text=f"{'; '.join(empty)}."))
        chapters.append({"section": "Without an entry", "leads": False, "lines": [nothing]})
    return chapters


def log_markdown(session: Round, notes: Sequence[tuple[Step, Note]]) -> str:
    """The log as Markdown; each number leads to its rows."""
    parts = [f"# Session {session.name}", f"{_head(session)}"]
    for chapter in log_chapters(session, notes):
        parts.append(f"## {chapter['section']}")
        parts.append("\n".join(f"- {''.join(map(_in_markdown, line['pieces']))}" for line in chapter["lines"]))
    return "\n\n".join(parts) + "\n"


def log_text(session: Round, notes: Sequence[tuple[Step, Note]]) -> str:
    head = f"Session {session.name}"
    parts = [f"{head}\n{'=' * len(head)}", _head(session)]
    for chapter in log_chapters(session, notes):
        title = chapter["section"].upper()
        parts.append("\n".join([title, *(f"- {one_line(line['text'])}" for line in chapter["lines"])]))
    return "\n\n".join(parts) + "\n"


def one_line(text: str) -> str:
    """Words on one line, without what would act on the terminal of whoever reads them."""
    return " ".join(_flat(text).split())


def log_data(notes: Sequence[tuple[Step, Note]]) -> list[Answer]:
    """The notes as they were written, each fact with the page of its rows."""
    return [_line(step, note) for step, note in notes]


def _ours(note: Note) -> Note:
    """The note without what somebody else had written, which logs repeated until November 2026."""
    name = _REPEATED.get(note.kind, "")
    return replace(note, facts={**note.facts, name: "it stands on its page"}) if name in note.facts else note


def _line(step: Step, note: Note) -> Answer:
    note = _ours(note)
    return {
        "step": step.value,
        "section": title_of(step, note.kind),
        "kind": note.kind,
        "text": note_sentence(note),
        "facts": dict(note.facts),
        "rows": {name: fact_address(note, name) for name in note.facts if fact_address(note, name)},
        "about": fact_address(note, ""),
        "pieces": note_pieces(note),
    }


def _head(session: Round) -> str:
    end = f"{session.ended_at:%H:%M} UTC" if session.ended_at else "not ended"
    why = session.told or session.reason
    return f"{session.started_at:%Y-%m-%d %H:%M} to {end}, held by the {session.pi}: {one_line(why)}"


def _in_markdown(piece: Mapping[str, str]) -> str:
    text = _SPECIAL.sub(r"\\\1", _flat(piece["text"]))
    if not piece["rows"]:
        return text
    return f"[{text}]({piece['rows']})" if piece["is_fact"] else f"{text} ([rows]({piece['rows']}))"


def _flat(text: str) -> str:
    return _WHITE.sub(" ", strip_controls(text))


def _fact(facts: Mapping[str, object], match: re.Match[str]) -> str:
    return format_number(facts[match[1]]) if match[1] in facts else match[0]
