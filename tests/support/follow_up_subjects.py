"""Findings of an experiment that nobody computes, for the grammar of follow-ups."""

from dataclasses import replace
from typing import Any

from axiom.domain.declaration import Measure, ValueType
from axiom.laboratory.proposals.rules.estimated_prices import read_config_prices
from axiom.laboratory.proposals.rules.subject import Subject
from axiom.signed.manifests import ControlSweeps, Manifest
from axiom_weigh.values import Evidence, Grade, Verdict

WIDTHS = (8, 16, 32, 64)


def sweep(**fixed: object) -> tuple[dict[str, Any], ...]:
    return tuple({"width": width, "lr": 0.1, "noise": 0.0, "task": "a", "control": "", **fixed} for width in WIDTHS)


def estimand(**changes: object) -> dict[str, Any]:
    said = {
        "name": "wide_minus_narrow",
        "claim": "the widest network does better than the narrowest",
        "kind": "contrast",
        "measure": "accuracy",
        "smallest": 0.1,
        "across": "",
        "between": [{"width": 64}, {"width": 8}],
        "bounds": [-1.0, 1.0],
        "null": 0.0,
        "expects": "+",
        "prediction": {"positive": 0.8, "negative": 0.1, "absent": 0.1, "interval": [0.1, 0.5], "because": "a test"},
    }
    return {**said, **changes}


TREND = estimand(name="by_width", kind="slope", across="width", between=[], bounds=None)
RATE = estimand(name="fast_minus_slow", between=[{"lr": 0.4, "width": 32}, {"lr": 0.1, "width": 32}])


def manifest(**changes: Any) -> Manifest:
    configs, placebo = sweep(), sweep(control="placebo")
    seconds = tuple(config["width"] / 8 for config in configs)
    prices_of: dict[str, Any] = {
        "placebo": placebo,
        "placebo_seconds": seconds,
        "planted": configs,
        "planted_seconds": seconds,
    }
    numbers, words = dict.fromkeys(("lr", "noise"), ValueType.FLOAT), dict.fromkeys(("task", "control"), ValueType.TEXT)
    declared = Manifest(
        name="widths",
        aliases=(),
        version=1,
        question="Does width help?",
        reference="",
        configs=configs,
        factors={"width": ValueType.INT, **numbers, **words},
        ranges={"width": (4, 256), "lr": (0.01, 1.0), "noise": (0.0, 0.5)},
        measures=(Measure("accuracy", ValueType.FLOAT, False),),
        estimands=(estimand(),),
        figure=None,
        cell_seconds=seconds,
        memory_mb=100,
        avx=False,
        controls=(ControlSweeps(estimand="wide_minus_narrow", **prices_of),),
    )
    return replace(declared, **changes)


def said(verdict: Verdict = Verdict.POSITIVE, grade: Grade = Grade.MODERATE, **changes: Any) -> Evidence:
    amounts: dict[str, Any] = {
        "blocks": 6,
        "seeds": 48,
        "missing": 0,
        "hosts": 4,
        "volunteers": 2,
        "platforms": 1,
        "more": (10, 30),
    }
    estimated: dict[str, Any] = {"estimate": 0.3, "low": 0.25, "high": 0.35, "e_value": 1e3, "e_kind": "signed ranks"}
    words: dict[str, Any] = dict.fromkeys(("needs", "flags", "reasons"), ())
    return replace(Evidence(verdict=verdict, grade=grade, **amounts, **estimated, **words), **changes)


def subject(number: int = 1, evidence: Evidence | None = None, **changes: Any) -> Subject:
    declared = changes.pop("manifest", None) or manifest()
    configs = changes.pop("configs", declared.configs)
    found = Subject(
        number=number,
        experiment=declared.name,
        version=declared.version,
        manifest=declared,
        prices=read_config_prices(declared),
        estimand=estimand(),
        status="open",
        evidence=evidence or said(),
        configs=configs,
        cell_seconds=tuple(declared.cell_seconds),
        block=8,
        designs=(configs,),
        is_settled=True,
        has_ended=True,
        means=tuple(zip(configs, (0.1, 0.15, 0.35, 0.4), strict=False)),
    )
    return replace(found, **changes)
