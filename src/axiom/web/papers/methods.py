"""How the findings of a paper came about: facts of signed declarations and registrations."""

from collections.abc import Iterable, Mapping, Sequence

from axiom.domain.evidence import Registration
from axiom.domain.headlines.numbers import format_moment, format_number
from axiom.domain.preflights import GATES, OWN_GATES
from axiom.domain.registrations import read_registration_body
from axiom.reads.base import scope
from axiom.reads.base.docstring import describe_papers
from axiom.reads.base.request import Answer, Reading, require_stored
from axiom.signed.manifests import ControlSweeps, Manifest, stored_manifest
from axiom.store.experiments import experiments, preflights
from axiom.store.experiments.experiments import StoredBundle
from axiom.store.views.findings import FindingView
from axiom.web.base.facts import make_fact


class Study:
    """One version of an experiment, as its signed file declares it."""

    def __init__(self, reading: Reading, view: FindingView, registrations: Iterable[Registration]) -> None:
        self.reading, self.id = reading, view.finding.experiment_id
        self._bodies = [
            read_registration_body(registration.body)
            for registration in registrations
            if registration.experiment_id == self.id
        ]
        self.bundle: StoredBundle | None = experiments.find_newest_bundle(reading.db, self.id)
        stored = self.bundle or require_stored(
            experiments.find_experiment(reading.db, self.id), reading, "experiment", self.id
        )
        self.declared: Manifest = stored_manifest(stored.manifest)
        self.experiment, self.version = view.experiment, view.version

    def facts(self) -> Answer:
        """What it asks, with which factors, measures and controls, and how it was tried."""
        declared, bundle = self.declared, self.bundle
        return {
            "name": self.fact("named", f"{self.experiment}@{self.version}"),
            "question": self.fact("question", declared.question),
            "tolerance": self.fact("tolerance", declared.tolerance),
            "gpu": declared.gpu,
            "factors": self._factors(),
            "measures": [
                {
                    "name": self.fact(f"measure.{measure.name}", measure.name),
                    "type": measure.type.value,
                    "nullable": measure.nullable,
                }
                for measure in declared.measures
            ],
            "controls": [self._control(control) for control in declared.controls],
            "preflight": self._preflight(bundle) if bundle else None,
            "serial": self.fact("serial", bundle.serial) if bundle else None,
            "digest": self.fact("digest", bundle.digest) if bundle else None,
        }

    def fact(self, name: str, value: object) -> Answer:
        return make_fact(format_number(value), f"E{self.id}.{name}", f"/experiments/{self.experiment}")

    @property
    def references(self) -> list[Answer]:
        """The literature that the signed file names, and nothing else; what nobody has approved is marked."""
        named = describe_papers(self.reading, self.declared.reference) if self.bundle else []
        return [make_fact(paper["text"], f"R:{self.experiment}", f"/experiments/{self.experiment}") for paper in named]

    def _factors(self) -> list[Answer]:
        levels = scope.collect_levels([config for body in self._bodies for config in body.design.configs])
        ranges = self.declared.ranges
        return [
            {
                "name": self.fact(f"factor.{name}", name),
                "type": kind.value,
                "levels": self.fact(
                    f"levels.{name}", ", ".join(format_number(level) for level in levels.get(name, ()))
                ),
                "range": self.fact(f"range.{name}", " to ".join(map(format_number, ranges[name])))
                if name in ranges
                else None,
            }
            for name, kind in self.declared.factors.items()
        ]

    def _control(self, control: ControlSweeps) -> Answer:
        facts = {
            "control": control.estimand,
            "placebo": len(control.placebo),
            "placebo_configs": scope.scope_in_words(control.placebo, {}),
            "planted": len(control.planted),
            "planted_configs": scope.scope_in_words(control.planted, {}),
        }
        named = {name: self.fact(f"{name}.{control.estimand}", value) for name, value in facts.items()}
        return named | {"is_asked": is_question(control, self.declared.configs)}

    def _preflight(self, bundle: StoredBundle) -> Answer | None:
        for gates in (GATES, OWN_GATES):
            preflight = preflights.find_preflight(self.reading.db, bundle.digest, gates)
            if preflight is not None:
                return {
                    "passed": preflight.passed,
                    "gates": self.fact("gates", gates),
                    "platform": self.fact("tried_on", preflight.platform),
                    "at": self.fact("tried_at", format_moment(preflight.at.isoformat())),
                }
        return None


def is_question(control: ControlSweeps, configs: Sequence[Mapping[str, object]]) -> bool:
    """Was nothing planted, since the effect is looked for in configs of the question itself?"""
    return all(config in configs for config in control.planted)


def registration_facts(registration: Registration) -> Answer:
    """What was registered before the first of its replicates was issued."""
    body = read_registration_body(registration.body)
    facts = {
        "number": registration.id,
        "design": body.design.name,
        "configs": len(body.design.configs),
        "block": body.block,
        "stopping": body.stopping.tell_end(len(body.estimands)),
        "at": format_moment(registration.created_at.isoformat()),
        "hash": registration.hash,
    }
    rows = f"/registrations/{registration.id}"
    written = {
        name: make_fact(format_number(value), f"G{registration.id}.{name}", rows) for name, value in facts.items()
    }
    return {**written, "cohort": body.cohort.value}
