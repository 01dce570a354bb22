"""What is on the list leads to nothing that is not: looked up in the libraries that are installed."""

import importlib
import types
from pathlib import Path

import axiom.kit
from axiom.decisions.experiments import allowed_imports as words
from axiom.decisions.experiments import source_rules

KIT = {f"axiom.kit.{file.stem}" for file in Path(axiom.kit.__file__).parent.glob("[a-z]*.py")}


def test_no_module_is_reached_through_another_that_is_not_listed_itself():
    for name in sorted(words.MODULES | KIT):
        module = importlib.import_module(name)
        named = [each for each in vars(module) if each.isidentifier()]  # pytest adds names that no code can say
        reached = [each for each in named if isinstance(getattr(module, each), types.ModuleType)]
        left = {getattr(module, each).__name__ for each in reached if not source_rules._objection(f"{name}.{each}")}
        left = {
            each for each in left if not each.startswith("jax.scipy.stats.")
        }  # one for each distribution, in public
        assert left <= words.MODULES | KIT
