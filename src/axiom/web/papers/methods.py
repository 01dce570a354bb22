"""How the findings of a paper came about: rendered from signed declarations and registrations, and never written."""

from collections.abc import Iterable, Sequence

from axiom.decisions.evidence.middles import middle_named
from axiom.domain.findings import Registration
from axiom.domain.preflights import GATES, OWN_GATES
from axiom.domain.registrations import read_body
from axiom.signed.manifests import ControlSweeps, Manifest, stored_manifest
from axiom.store.experiments import experiments, preflights
from axiom.store.experiments.experiments import StoredBundle
from axiom.store.views.findings import FindingView
from axiom.web.base.document import Block, Fact, Items, PaperTable, Piece, Pieces, Text, words
from axiom.web.base.numbers import moment, plain
from axiom.web.base.request import Reading
from axiom.web.papers.finding_text import Told
from axiom.web.views import findings as finding_views
from axiom.web.views import scope

_SIDES = {"+": "above the null", "-": "below the null"}


class Study:
    """One version of an experiment, as its signed file declares it."""

    def __init__(self, reading: Reading, standing: FindingView, registered: Iterable[Registration]) -> None:
        self.reading, self.standing = reading, standing
        self._designs = [read_body(each.body).design for each in {each.id: each for each in registered}.values()]
        self.id = standing.finding.experiment_id
        self.bundle: StoredBundle | None = experiments.bundle_now(reading.db, self.id)
        stored = experiments.by_id(reading.db, self.id)
        self.declared: Manifest | None = (
            stored_manifest(self.bundle.manifest if self.bundle else stored.manifest) if stored else None
        )

    def fact(self, name: str, value: object) -> Fact:
        """Something that the file declares."""
        rows = f"/experiments/{self.standing.experiment}"
        return Fact(text=value if isinstance(value, str) else plain(value), of=f"E{self.id}.{name}", rows=rows)

    @property
    def name(self) -> Fact:
        """The experiment and its version."""
        return self.fact("named", f"{self.standing.experiment}@{self.standing.version}")

    @property
    def asks(self) -> Pieces:
        """Its question."""
        question = self.declared.question if self.declared else ""
        return words("{name} asks: {question}", name=self.name, question=self.fact("question", question))

    @property
    def methods(self) -> list[Block]:
        """What it computes, with which factors and measures, how it was tried, and what was registered."""
        if self.declared is None:
            return []
        declared = self.declared
        needs = "on a GPU" if declared.gpu else "on a processor core"
        found: list[Block] = [
            Text(
                pieces=words(
                    f"{{name}} is one signed file. A replicate computes each config of its design {needs}, all with "
                    "one seed, which follows from the experiment's name, its version and the replicate's number. Early "
                    "values of two platforms agree within a tolerance of {tolerance}, relative, or it is told.",
                    name=self.name,
                    tolerance=self.fact("tolerance", declared.tolerance),
                )
            ),
            self._factors(declared),
            self._measures(declared),
        ]
        if declared.controls:
            found.append(Items(items=tuple(self._control(each) for each in declared.controls)))
        found.append(Text(pieces=self._gates()))
        return found

    def _factors(self, declared: Manifest) -> PaperTable:
        levels = scope.levels([config for design in self._designs for config in design.configs])
        rows: list[tuple[Piece, ...]] = []
        for name, kind in declared.factors.items():
            low_high = declared.ranges.get(name)
            said = ", ".join(plain(level) for level in levels.get(name, ()))
            rows.append(
                (
                    self.fact(f"factor.{name}", name),
                    kind.value,
                    self.fact(f"levels.{name}", said),
                    self.fact(f"range.{name}", " to ".join(map(plain, low_high))) if low_high else "–",
                )
            )
        return PaperTable(
            caption="Factors", headings=("Factor", "Type", "Registered levels", "Range"), rows=tuple(rows)
        )

    def _measures(self, declared: Manifest) -> PaperTable:
        rows = tuple(
            (self.fact(f"measure.{each.name}", each.name), each.type.value, "yes" if each.nullable else "no")
            for each in declared.measures
        )
        return PaperTable(caption="Measures of a cell", headings=("Measure", "Type", "May be missing"), rows=rows)

    def _control(self, control: ControlSweeps) -> Pieces:
        return words(
            "Controls of {estimand}: in {placebo} configs the effect is absent by construction ({where}); in {planted} "
            "it was planted ({there}).",
            estimand=self.fact(f"control.{control.estimand}", control.estimand),
            placebo=self.fact(f"placebo.{control.estimand}", len(control.placebo)),
            where=self.fact(f"placebo_configs.{control.estimand}", scope.in_words(control.placebo)),
            planted=self.fact(f"planted.{control.estimand}", len(control.planted)),
            there=self.fact(f"planted_configs.{control.estimand}", scope.in_words(control.planted)),
        )

    def _gates(self) -> Pieces:
        for gates in (GATES, OWN_GATES):
            tried = preflights.of_bundle(self.reading.db, self.bundle.digest, gates) if self.bundle else None
            if tried is not None:
                verb = "passed its gates" if tried.passed else "did not pass its gates"
                return words(
                    f"Its bundle {verb} ({{gates}}) on {{platform}}, {{at}}.",
                    gates=self.fact("gates", gates),
                    platform=self.fact("tried_on", tried.platform),
                    at=self.fact("tried_at", moment(tried.at.isoformat())),
                )
        return words("Its bundle was not put to any gates.")


def studies_of(reading: Reading, told: Sequence[Told]) -> dict[int, Study]:
    """The versions that were asked, each once, with every registration of these findings."""
    registered: dict[int, list[Registration]] = {}
    for one in told:
        registered.setdefault(one.standing.finding.experiment_id, []).extend(one.feeding)
    first = {one.standing.finding.experiment_id: one.standing for one in reversed(told)}
    return {each: Study(reading, first[each], registered[each]) for each in registered}


def asked(told: Sequence[Told]) -> list[Block]:
    """What is concluded of each replicate, and what was registered before the first replicate was issued."""
    estimands: list[tuple[Piece, ...]] = []
    registered: dict[int, tuple[Piece, ...]] = {}
    for one in told:
        estimand = one.standing.estimand
        centre = one.standing.line.evidence.centre if one.standing.line else estimand.get("about", "median")
        estimands.append(
            (
                one.other("number", plain(one.number)),
                one.other("quantity", finding_views.quantity(estimand)),
                str(estimand["kind"]).replace("_", " "),
                centre,
                one.fact("null"),
                one.fact("smallest"),
                _SIDES[estimand["expects"]],
            )
        )
        registered |= {each.id: _registered(each) for each in one.feeding}
    kinds = sorted({one.standing.line.evidence.e_kind for one in told if one.standing.line})
    found: list[Block] = [
        PaperTable(
            caption="What is concluded from a replicate",
            headings=("Finding", "Quantity", "Kind", "Centre", "Null", "Smallest that matters", "Expected"),
            rows=tuple(estimands),
        ),
        PaperTable(
            caption="Registered before the first of its replicates was issued",
            headings=("Registration", "Design", "Cohort", "Configs", "Block", "Stopping rule", "At", "Hash"),
            rows=tuple(row for _, row in sorted(registered.items())),
        ),
        Text(
            pieces=words(
                "Replicates enter the evidence in closed blocks, in the order in which their numbers were issued; one "
                "without a value counts against the claim. "
                + (f"The values are weighed by an e-process ({' and '.join(kinds)}). " if kinds else "")
                + "".join(f"{kind.capitalize()}: {middle_named(kind)}. " for kind in kinds if middle_named(kind))
                + "The interval is a confidence sequence: it holds at every look. Verdict and grade follow from the "
                "rows by rules that nobody can set."
            )
        ),
    ]
    return found


def _registered(one: Registration) -> tuple[Piece, ...]:
    said = read_body(one.body)

    def fact(name: str, text: object) -> Fact:
        return Fact(text=plain(text), of=f"G{one.id}.{name}", rows=f"/registrations/{one.id}")

    return (
        fact("number", one.id),
        fact("design", said.design.name),
        said.cohort.value,
        fact("configs", len(said.design.configs)),
        fact("block", said.block),
        fact("stopping", said.stopping.sentence),
        fact("at", moment(one.created_at.isoformat())),
        fact("hash", one.hash),
    )
