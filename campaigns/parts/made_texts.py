"""Logs, papers, notes and links as programs write them, with and without care, over rows that keep changing."""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence_lines import record
from fabrications import Found, Rows, in_finding, in_paper, in_quotes, numbers_in
from furnished_lab import weighed
from tiny_experiment import tiny_source

import axiom
from axiom.domain.links import references_in
from axiom.errors import AxiomError
from axiom.laboratory.experiments.publish import pack_experiment
from axiom.laboratory.findings.commands.links import LinkFindings
from axiom.laboratory.findings.commands.prose import DraftPaper, NoteFinding, WriteLog
from axiom.reads import findings
from axiom.reads.base.request import Reading
from axiom.reads.rounds import sessions as session_views
from axiom.store.findings import references
from axiom.store.rounds import rounds as sessions
from axiom.web.papers import paper
from axiom_weigh.values import Grade, Verdict

VERSIONS = 4
_NOWHERE: Any = None  # these commands need nothing of a laboratory but its database
_REFERENCE = "Noether 1918, Nachr. Ges. Wiss. 235; Hecke 1920"
INVENTED = "Axelrod & Nobody 2031, arXiv:3199.99999"  # the files name it, and nobody approves it
_CONTROLS = """    controls=(
        Control(
            estimand="grows",
            placebo=(Config(size=1), Config(size=2), Config(size=3)),
            planted=(Config(size=1), Config(size=2)),
        ),
    ),
"""
_CHANGES = (  # of the tiny experiment, so that its methods have more to tell
    ("import Experiment", "import Control, Experiment"),
    ("    size: int", "    size: int\n    rate: float = 0.25"),
    ('{"size": (1, 9)}', '{"size": (1, 64), "rate": (0.0001, 2.5)}'),
    ('"What is the sum?"', f'"What is the sum of a size of 3 & more?",\n    reference="{_REFERENCE}; {INVENTED}"'),
    ("    needs=", _CONTROLS + "    needs="),
)
_FIELDS = (
    *("estimate", "low", "high", "seeds", "missing", "e_value", "hosts", "platforms", "blocks", "smallest", "null"),
    *("grade", "verdict", "reads", "claim", "chance_positive", "predicted_low", "version", "volunteers"),
)
_HONEST = (
    "The total grows with the size: {{F{n}.{a}}}, with {{F{n}.{b}}} beside it.",
    "Of two arms one is larger ({{F{n}}}); its interval begins at {{F{n}.low}} and ends at {{F{n}.high}}.",
    "As {{R:tiny_sum}} expected, {{F{n}.verdict}}.",
    "Against {{F{m}.{a}}} stands {{F{n}.{a}}}, and nothing more is known of it.",
    "This is a paragraph without any number.",
)
# What refers to nothing, which is refused, and what only its author says, which is taken and shown as theirs.
_CARELESS = (
    "{{R:no_such}} found it before.",
    "{{F{far}.estimate}} says so.",
    "{{F{n}.estimates}} says so.",
    "{{f{n}.estimate}} says so.",
    "fi\u200bve of them\u2060 agree.",
)
_FREE = (
    "It is {x:.3f} there, or -{{F{n}.estimate}}, or {{F{n}.seeds}}%.",
    "Twenty seeds agreed with {{F{n}}}, and the effect doubled.",
    "{{F{n}}} and {{F{m}}} establish it beyond doubt, for every architecture in use today.",
    "Noether et al. found {{F{n}.estimate}}; Axelrod's landmark study says the same.",
)
TEMPLATES = len((*_HONEST, *_CARELESS, *_FREE))  # of a paragraph
_KINDS = ("explains", "tests", "moderates", "replicates", "rules out")


@dataclass(kw_only=True)
class MadeTexts:
    """A laboratory whose findings stand otherwise each time, and what was written and found so far."""

    lab: Any
    seed: int
    endings: Counter[str] = field(default_factory=Counter)
    numbers: int = 0
    faults: list[Found] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Throw the same dice for the same seed."""
        self.dice, self.rows = random.Random(self.seed), Rows(self.lab.folder.database)
        self.reading = Reading(db=self.lab.db, folder=self.lab.folder, now=self.lab.now, name="Small & Sons", live=dict)

    def play(self, rounds: int) -> None:
        """Each time change some rows, have a log and a paper written, and look at both and at an older one."""
        for number in range(rounds):
            self._change()
            paper_of = sorted(self.dice.sample(range(1, VERSIONS + 1), self.dice.randint(1, 3)))
            self._write(WriteLog(text=self._text(paper_of), by=f"program:{number % 5}", session=self.session))
            chosen = ",".join(map(str, paper_of))
            self._write(DraftPaper(findings=chosen, text=self._text(paper_of), by=f"program:{number % 3}"))
            about, other = paper_of[0], paper_of[0] % VERSIONS + 1
            self._write(NoteFinding(finding=about, text=self._text(paper_of), by=f"program:{number % 3}"))
            kind, why = self.dice.choice(_KINDS), self._text(paper_of, 1)
            if self._write(LinkFindings(source=f"{about}", kind=kind, target=f"{other}", why=why, by="program:1")):
                self._keep_the_newest()
            self.look(paper_of)

    def look(self, numbers: list[int]) -> tuple[Any, Any]:
        """The log, the paper and a finding's page as they read now; what is made up in them is kept."""
        self.rows.forget()
        log = session_views.session_page(self.reading, self.session)["session"]["said"]
        made = paper.paper_facts(self.reading, numbers)
        page = findings.finding_page(self.reading, numbers[0])["finding"]
        self.numbers += numbers_in(log) + numbers_in(made)
        self.faults += in_quotes(self.rows, log, "prose") + in_paper(self.rows, made) + in_finding(self.rows, page)
        return log, made

    @property
    def session(self) -> str:
        """The one that all write about."""
        last = sessions.find_last_round(self.lab.db)
        if last is None:
            raise LookupError("No session was held.")
        return last.name

    def _change(self) -> None:
        dice, number = self.dice, self.dice.randint(1, VERSIONS)
        scale = 10.0 ** dice.randint(-6, 7)
        estimate, width = dice.gauss(0, 1) * scale, abs(dice.gauss(0, 1)) * scale
        grade = dice.choice(list(Grade))
        line = weighed(
            dice.randint(1, 40),
            estimate=estimate,
            low=None if dice.random() < 0.1 else estimate - width,
            high=None if dice.random() < 0.1 else estimate + width,
            e_value=min(1e300, 10.0 ** dice.uniform(-3, 20)),
            missing=dice.randint(0, 9),
            hosts=dice.randint(1, 2_000),
            volunteers=dice.randint(1, 3),
            platforms=dice.randint(1, 3),
            verdict=Verdict.UNDECIDED if grade is Grade.AWAITING else dice.choice(list(Verdict)[:4]),
            grade=grade,
            needs=(f"{dice.randint(2, 99)} more seeds that strangers computed again",),
        )
        status = "open" if dice.random() < 0.9 else dice.choice(("retired", "recalled", "suspended"))
        with self.lab.db.transaction():
            record(self.lab.db, number, line, [], session_id=None, now=self.lab.now)
            self.lab.db.execute("UPDATE finding SET status = :status WHERE id = :id", status=status, id=number)

    def _keep_the_newest(self) -> None:
        """Two findings are linked so once, and a page with few notes is read sooner."""
        with self.lab.db.transaction():
            self.lab.db.execute("DELETE FROM link WHERE id < (SELECT max(id) FROM link)")
            self.lab.db.execute("DELETE FROM finding_note WHERE id < (SELECT max(id) - 8 FROM finding_note)")

    def _text(self, numbers: list[int], paragraphs: int = 4) -> str:
        dice = self.dice
        last = dice.choice((_HONEST, _FREE, _FREE, _CARELESS))
        kinds = [*[_HONEST] * (paragraphs - 1), last]
        words = {"far": 99, "x": dice.random(), "n": dice.choice(numbers), "m": dice.choice(numbers)}
        fields = {"a": dice.choice(_FIELDS), "b": dice.choice(_FIELDS)}
        return "\n\n".join(dice.choice(kind).format(**words, **fields) for kind in kinds)

    def _write(self, command: Any) -> bool:
        """Was it taken?"""
        try:
            with self.lab.db.transaction():
                command.apply(self.lab.db, _NOWHERE, None, self.lab.now)
        except AxiomError:
            self.endings["refused"] += 1
            return False
        self.endings["written"] += 1
        return True


def filled(lab: Any, folder: Path) -> Any:
    """The laboratory with some versions of an experiment that names literature and has controls, and one session."""
    for version in range(1, VERSIONS + 1):
        file = folder / "tiny_sum.py"
        text = tiny_source(version=version, sizes=(1, 2, 10 + version), smallest=0.125)
        for usual, ours in _CHANGES:
            text = text.replace(usual, ours, 1)
        file.write_text(text)
        lab.publish(pack_experiment(Path(axiom.__file__).parent, file))
    with lab.db.transaction():
        sessions.begin_round(lab.db, pi="autopilot", reason="a test", now=lab.now)
        for words in references_in(_REFERENCE):
            references.add_reference(lab.db, words, by="a test", now=lab.now)
    return lab
