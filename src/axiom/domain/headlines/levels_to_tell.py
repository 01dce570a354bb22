"""Which levels a sentence must tell: those in which arms or tests differ, and those taken together."""

from collections.abc import Mapping, Sequence
from typing import Any

from axiom.domain.headlines.names_in_words import NamesThings, setting_of, tell_pooled_levels
from axiom_weigh.statistics.estimand_arithmetic import list_needed_configs


def with_words(
    estimand: Mapping[str, Any], manifest: NamesThings, configs: Sequence[Mapping[str, object]]
) -> dict[str, Any]:
    """The estimand with what its headline says besides: words of its file, and the span of its factor in configs."""
    arms = _whole_arms(estimand["between"], configs)
    named = [
        estimand["measure"],
        estimand["across"],
        *(factor for arm in (*estimand["between"], *arms) for factor in arm),
    ]
    places = list_needed_configs(estimand, configs) if configs else ()
    levels = [configs[place].get(estimand["across"]) for place in places]
    numeric = [level for level in levels if isinstance(level, int | float)]
    naming = {
        "setting": setting_of(manifest),
        "words": {name: label for name, label in manifest.words.items() if name.partition("=")[0] in named},
        "is_event": estimand["measure"] in manifest.events,
        "is_of_several": len(places) > 1,
        "span": [min(numeric), max(numeric)] if numeric else [],
        "arms": arms,
    }
    bare = {name: value for name, value in estimand.items() if name not in naming}
    return bare | {name: value for name, value in naming.items() if value}


def _whole_arms(
    between: Sequence[Mapping[str, object]], configs: Sequence[Mapping[str, object]]
) -> list[dict[str, object]]:
    """Two arms with all in which they differ, whether their file names it or not; nothing where it names all of it.

    What only one of them names is told of both: it may be shared.
    """
    arms: list[dict[str, object]] = [dict(arm) for arm in between]
    if len(arms) > 1:
        cells = _cells_of(arms, configs)
        for factor in configs[0] if configs else ():
            levels = [_levels_of(factor, own) for own in cells]
            if any(factor in arm for arm in between) or levels[0].keys().isdisjoint(levels[1]):
                for arm, own in zip(arms, levels, strict=True):
                    arm.update(_only_level(factor, own))
    return [] if arms == [dict(arm) for arm in between] else arms


def _cells_of(
    arms: Sequence[Mapping[str, object]], configs: Sequence[Mapping[str, object]]
) -> list[list[Mapping[str, object]]]:
    return [[config for config in configs if arm.items() <= config.items()] for arm in arms]


def find_unsaid_levels(
    estimands: Sequence[Mapping[str, Any]], configs: Sequence[Mapping[str, object]]
) -> dict[str, dict[str, object]]:
    """By name of those of one answer, at what each is measured, where another is at something else and neither says it.

    What one of them compares or goes along is left out: beside it a level of another would read as one of that.
    """
    cells = {
        estimand["name"]: [configs[place] for place in list_needed_configs(estimand, configs)] for estimand in estimands
    }
    spoken_of = {estimand["across"] for estimand in estimands}.union(
        factor for estimand in estimands for arm in estimand["between"] for factor in arm
    )
    unsaid: dict[str, dict[str, object]] = {name: {} for name in cells}
    for factor in (factor for factor in (configs[0] if configs else ()) if factor not in spoken_of):
        levels = {name: _levels_of(factor, own) for name, own in cells.items()}
        for name, own in levels.items() if len({tuple(sorted(own)) for own in levels.values()}) > 1 else ():
            unsaid[name] |= _only_level(factor, own)
    return unsaid


def _levels_of(factor: str, configs: Sequence[Mapping[str, object]]) -> dict[str, object]:
    return {repr(config[factor]): config[factor] for config in configs}


def _only_level(factor: str, levels: Mapping[str, object]) -> dict[str, object]:
    return dict.fromkeys([factor], *levels.values()) if len(levels) == 1 else {}


def with_levels(estimand: Mapping[str, Any], levels: Mapping[str, object], words: Mapping[str, str]) -> dict[str, Any]:
    """The estimand with these levels in its condition, of which it says nothing itself; `words` are its file's."""
    labels = {name: label for name, label in words.items() if name.partition("=")[0] in levels}
    between: Sequence[Mapping[str, object]] = estimand.get("arms") or estimand["between"] or [{}]
    arms = [{**arm, **levels} for arm in between]
    return {**estimand, "arms": arms, "words": {**labels, **estimand.get("words", {})}} if levels else dict(estimand)


def find_pooled_levels(
    estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]], words: Mapping[str, str]
) -> list[str]:
    """Over what its number is taken together, of which no arm of it names a level: "over 32 and 128 hidden neurons"."""
    named = {estimand["across"]}.union(*estimand["between"])
    arms = _cells_of(estimand["between"] or [{}], configs)
    unnamed = [factor for factor in (configs[0] if configs else ()) if factor not in named]
    levels = {factor: [_levels_of(factor, cells) for cells in arms] for factor in unnamed}
    return [
        tell_pooled_levels(words, factor, list({**own[0], **own[-1]}.values()))
        for factor, own in levels.items()
        if max(map(len, own)) > 1
    ]


def tell_pooling(
    estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]], words: Mapping[str, str]
) -> list[str]:
    """The same as one part of a sentence, or none."""
    pooled = find_pooled_levels(estimand, configs, words)
    return [f"taken together {', '.join(pooled)}"] if pooled else []
