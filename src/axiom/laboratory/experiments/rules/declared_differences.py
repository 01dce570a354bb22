"""What do two experiments declare differently?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from axiom.domain.value import value_class

_APART = frozenset({"format", "configs", "cell_seconds"})  # the seconds are those of each config, and told as a sum


@value_class
class DeclaredDifference:
    """A part of a declaration, and what each of two says there; None where one says nothing."""

    part: str
    first: Any
    second: Any


def declared_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[DeclaredDifference]:
    """Compare two manifests, as plain data: the configs that the other lacks, and then part by part."""
    lacking = _configs_beside(first, second), _configs_beside(second, first)
    parts = [*([("configs", *lacking)] if any(lacking) else []), *_differing(_comparable(first), _comparable(second))]
    return [DeclaredDifference(part=part, first=a, second=b) for part, a, b in parts]


def _comparable(declared: Mapping[str, Any]) -> dict[str, Any]:
    """A declaration by the names of its parts, so that each meets its counterpart wherever it stands."""
    data = {name: value for name, value in declared.items() if name not in _APART}
    return data | {
        "seconds": round(sum(declared["cell_seconds"]), 6),
        "measures": {name: rest for name, *rest in declared["measures"]},
        "estimands": {estimand["name"]: estimand for estimand in declared["estimands"]},
        "controls": {control["estimand"]: control for control in declared["controls"]},
    }


def _differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys([*first, *second]):
        a, b = first.get(name), second.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            yield from ((f"{name} {part}", *sides) for part, *sides in _differing(a, b))
        elif a != b:
            yield name, a, b


def _configs_beside(declared: Mapping[str, Any], other: Mapping[str, Any]) -> list[Any]:
    theirs = {json.dumps(config, sort_keys=True) for config in other["configs"]}
    return [config for config in declared["configs"] if json.dumps(config, sort_keys=True) not in theirs]
