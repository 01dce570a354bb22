"""For what a claim holds, in words: made from the configs that were registered and the signed source, never written."""

import ast
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from axiom.domain.headlines import names_in_words
from axiom.signed.sources import parse_source

_SUBJECTS = {  # of the kit: nets, data
    "arithmetic",
    "attention",
    "attributes",
    "convolution",
    "data",
    "digits",
    "features",
    "models",
    "normalisation",
    "reservoirs",
    "series",
}
_KIT = "axiom.kit"


def select_arm_configs(estimand: Mapping[str, Any], configs: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The configs that an estimand speaks of: those of its arms, or all."""
    arms = [arm for arm in estimand["between"] if arm]
    return [config for config in configs if not arms or any(arm.items() <= config.items() for arm in arms)]


def collect_levels(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Each factor with the levels that it takes, numbers in order."""
    by_factor: dict[str, list[Any]] = {}
    for config in configs:
        for factor, level in config.items():
            if level not in by_factor.setdefault(factor, []):
                by_factor[factor].append(level)
    return {
        factor: sorted(values) if names_in_words.are_numbers(values) else values for factor, values in by_factor.items()
    }


def scope_in_words(
    configs: Sequence[Mapping[str, Any]], words: Mapping[str, str], measures: Collection[str] = ()
) -> str:
    """The ranges of what varies, then what was held, as far as the file has words for it; of none, by its names."""
    by_factor = collect_levels(configs)
    varied = [
        names_in_words.tell_range(words, factor, levels) for factor, levels in by_factor.items() if len(levels) > 1
    ]
    held = {factor: levels[0] for factor, levels in by_factor.items() if len(levels) == 1}
    told = names_in_words.keep_named_levels(words, held, measures) if words else held
    constant = names_in_words.tell_arm(words, told)
    rest = ["all else as registered"] if len(told) < len(held) else []
    return "; ".join([*varied, *([constant] if constant else []), *rest])


def is_crossed(configs: Sequence[Mapping[str, Any]]) -> bool:
    """Is every combination of the levels there? Told factor by factor, several designs read as if it were."""
    combinations = {repr(sorted(config.items())) for config in configs}
    return not combinations or len(combinations) == math.prod(len(level) for level in collect_levels(configs).values())


def list_kit_parts(source: str, kit: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """The networks and data of the kit that an experiment's source uses, as `data.teacher`, and what each says it is.

    `kit` holds the kit's own files by their path in a bundle.
    """
    return [(name, _summary_of(name, kit)) for name in _used(source)]


@lru_cache(maxsize=256)
def _used(source: str) -> tuple[str, ...]:
    tree = parse_source(source)
    imported = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == _KIT
        for alias in node.names
    }
    used = {
        f"{imported[node.value.id]}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported
    }
    return tuple(sorted(name for name in used if name.partition(".")[0] in _SUBJECTS and _is_function(name)))


def _summary_of(name: str, kit: Mapping[str, bytes]) -> str:
    """The first line of the function's own description."""
    module, _, function = name.partition(".")
    source = kit.get(f"{_KIT.replace('.', '/')}/{module}.py")
    return _described(source.decode()).get(function, "") if source else ""


@lru_cache(maxsize=256)
def _described(source: str) -> Mapping[str, str]:
    functions = [node for node in parse_source(source).body if isinstance(node, ast.FunctionDef)]
    return {node.name: (ast.get_docstring(node) or "").partition("\n")[0] for node in functions}


def _is_function(name: str) -> bool:
    """A function of the kit; classes and constants begin with a capital letter."""
    return name.partition(".")[2][:1].islower()
