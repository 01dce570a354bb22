"""Logs and papers as programs write them, honest and not, over rows that keep changing."""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence_lines import record
from fabrications import Found, Rows, in_log, in_paper, numbers_in
from furnished_lab import weighed

import axiom
from axiom.commands.links import DraftPaper, WriteLog
from axiom.domain.references import references_in
from axiom.errors import AxiomError
from axiom.lab.experiments.publish import prepare
from axiom.store.evidence import references
from axiom.store.sessions import sessions
from axiom.web.base.request import Reading
from axiom.web.papers import paper
from axiom.web.views import sessions as session_views
from axiom_weigh.values import Grade, Verdict

VERSIONS = 4
_NOWHERE: Any = None  # these commands need nothing of a laboratory but its database
_REFERENCE = "Noether 1918, Nachr. Ges. Wiss. 235; Hecke 1920"
_SOURCE = '''"""Adds up."""
from dataclasses import dataclass

from axiom.domain.experiments import Control, Experiment, Needs, grid
from axiom.domain.findings import Estimand, Kind, Prediction


@dataclass(frozen=True, kw_only=True)
class Config:
    size: int
    rate: float = 0.25


@dataclass(frozen=True, kw_only=True)
class Measures:
    total: float
    count: int | None


def run(config, seed):
    return Measures(total=float(config.size), count=seed % 2)


experiment = Experiment(
    name="tiny_sum",
    version=VERSION,
    question="What is the sum of a size of 3 & more?",
    reference="REFERENCE",
    run=run,
    measures=Measures,
    sweep=grid(Config, size=[1, 2, 10 + VERSION]),
    ranges={"size": (1, 64), "rate": (0.0001, 2.5)},
    estimands=(
        Estimand(
            name="grows",
            claim="a larger size has a larger total",
            kind=Kind.CONTRAST,
            measure="total",
            between=({"size": 1}, {"size": 2}),
            smallest=0.125,
            prediction=Prediction(positive=0.8, negative=0.05, absent=0.15, interval=(0.5, 1.5), because="a test"),
        ),
    ),
    controls=(Control(estimand="grows", placebo=(Config(size=1), Config(size=3)), planted=(Config(size=2),)),),
    needs=Needs(seconds=lambda config: 1.0, memory_mb=100),
)
'''
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
_FALSE = (
    "It is {x:.3f} there.",
    "The estimate is {{F{n}.estimate}}0.",
    "It was -{{F{n}.estimate}}, or {{F{n}.seeds}}%.",
    "Twenty seeds agreed with {{F{n}}}.",
    "The effect of {{F{n}}} doubled.",
    "Noether et al. found {{F{n}.estimate}}.",
    "{{R:no_such}} found it before.",
    "{{F{far}.estimate}} says so.",
    "{{F{n}.estimates}} says so.",
    "It is ½ of {{F{n}.estimate}}, or ٣.",
    "An order of magnitude more than {{F{n}.estimate}}.",
    "fi\u200bve of them.",
)
_PROVING = (
    "This proves {{F{n}.claim}}.",
    "{{F{n}}} and {{F{m}}} establish it beyond doubt.",
    "It confirms what we thought.",
)


@dataclass(kw_only=True)
class MadePapers:
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
            self.look(paper_of)

    def look(self, numbers: list[int]) -> tuple[Any, Any]:
        """The log and the paper as they read now; what is made up in them is kept."""
        self.rows.forget()
        log = session_views.one(self.reading, self.session)["session"]["said"]
        made = paper.paper(self.reading, numbers)
        self.numbers += numbers_in(log) + numbers_in(made)
        self.faults += in_log(self.rows, log) + in_paper(self.rows, made)
        return log, made

    @property
    def session(self) -> str:
        """The one that all write about."""
        last = sessions.last(self.lab.db)
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

    def _text(self, numbers: list[int]) -> str:
        dice = self.dice
        kinds = [_HONEST, _HONEST, _HONEST, dice.choice((_HONEST, _HONEST, _PROVING, _FALSE))]
        words = {"far": 99, "x": dice.random(), "n": dice.choice(numbers), "m": dice.choice(numbers)}
        fields = {"a": dice.choice(_FIELDS), "b": dice.choice(_FIELDS)}
        return "\n\n".join(dice.choice(kind).format(**words, **fields) for kind in kinds)

    def _write(self, command: WriteLog | DraftPaper) -> None:
        try:
            with self.lab.db.transaction():
                command.apply(self.lab.db, _NOWHERE, None, self.lab.now)
            self.endings["written"] += 1
        except AxiomError:
            self.endings["refused"] += 1


def filled(lab: Any, folder: Path) -> Any:
    """The laboratory with some versions of an experiment that names literature and has controls, and one session."""
    for version in range(1, VERSIONS + 1):
        file = folder / "tiny_sum.py"
        file.write_text(_SOURCE.replace("VERSION", str(version)).replace("REFERENCE", _REFERENCE))
        lab.publish(prepare(Path(axiom.__file__).parent, file))
    with lab.db.transaction():
        sessions.begin(lab.db, pi="autopilot", reason="a test", now=lab.now)
        for words in references_in(_REFERENCE):
            references.add(lab.db, words, by="a test", now=lab.now)
    return lab
