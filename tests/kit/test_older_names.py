import importlib
from pathlib import Path

import pytest
from patience import PATIENCE

import axiom
from axiom import shipped
from axiom.kit import RENAMED
from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom.runner.direct import compute_here
from axiom.signed.bundles import read_bundle_files
from axiom.signed.sources import collect_sources

PUBLISHED = Path(__file__).parents[2] / "docs/findings/even_steps/experiment"


@pytest.mark.parametrize(("older", "today"), RENAMED.items())
def test_a_module_of_the_kit_answers_to_its_older_name(older, today):
    assert importlib.import_module(f"axiom.kit.{older}") is importlib.import_module(f"axiom.kit.{today}")
    assert getattr(importlib.import_module("axiom.kit"), older) is importlib.import_module(f"axiom.kit.{today}")


def computed(files):
    (answer,) = compute_here(
        files,
        "axiom.catalogue.even_steps",
        [({"rule": "even", "weights": 20, "examples": 15, "updates": 200}, 7)],
        cpu_limit=60.0,
        wall_limit=PATIENCE,
        memory_mb=2_000.0,
        on_progress=lambda *_: None,
    )
    return answer.error, answer.measures, answer.early


def test_a_published_text_with_older_names_computes_the_same():
    package, today = Path(axiom.__file__).parent, shipped.catalogue_folder() / "even_steps.py"
    older = PUBLISHED / "even_steps.py"
    assert "import chance, pace" in older.read_text(encoding="utf-8")
    assert check_source(older.read_bytes(), "even_steps") == ()
    error, measures, early = computed(collect_sources(package, today))
    assert error is None
    assert early  # it was heard
    assert computed(collect_sources(package, older)) == (None, measures, early)
    assert computed(read_bundle_files((PUBLISHED / "even_steps-bundle.zip").read_bytes())) == (None, measures, early)
