"""What a file's short words make of its names: a measure, a factor, a level. Where it has none, the name is told."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from axiom.domain.estimands import VALUE
from axiom.domain.headlines import numbers

_MOST_LEVELS = 4  # that are told one by one


def name_in_words(words: Mapping[str, str], name: str) -> str:
    """A measure or factor, as what stands along an axis; where its level stands amid its words, a gap shows it."""
    label = words.get(name) or name.replace("_", " ")
    return label.removeprefix(VALUE).strip().replace(VALUE, "…")


def level_in_words(words: Mapping[str, str], factor: str, level: object) -> str:
    """A factor at a level where no sentence stands around it, as beside a line of a picture."""
    if level_words := words.get(f"{factor}={level}"):
        return level_words
    if level is False:
        return f"no {name_in_words(words, factor).removeprefix('a ').removeprefix('an ')}"
    return tell_factor_at_level(words, factor, level)


def tell_levels(words: Mapping[str, str], config: Mapping[str, Any], across: str) -> dict[str, Any]:
    """A config with its levels in words, but for a number that stands along an axis."""
    return {
        factor: level if factor == across and not isinstance(level, str) else level_in_words(words, factor, level)
        for factor, level in config.items()
    }


def tell_common_levels(
    words: Mapping[str, str], configs: Sequence[Mapping[str, Any]], measures: Collection[str]
) -> list[str]:
    """What all these configs have in common, of the factors for which a file has words.

    A level that speaks of another factor says what that is: "at the best learning rate" leaves out the rate that was
    given, and not taken.
    """
    common = {
        factor: level
        for factor, level in (configs[0] if configs else {}).items()
        if all(config[factor] == level for config in configs)
    }
    return [
        level_in_words(words, factor, level)
        for factor, level in drop_said_levels(words, keep_named_levels(words, common, measures)).items()
    ]


def keep_named_levels(
    words: Mapping[str, str], levels: Mapping[str, object], measures: Collection[str]
) -> dict[str, object]:
    """Of levels those for which a file has words. Words of a measure are none of a factor that is called so."""
    return {
        factor: level
        for factor, level in levels.items()
        if f"{factor}={level}" in words or (factor in words and (factor not in measures or VALUE in words[factor]))
    }


def tell_config(words: Mapping[str, str], config: Mapping[str, object], measures: Collection[str]) -> str:
    """A config at the end of a sentence, by the levels for which its file has words; by all where it has none."""
    return tell_arm(words, keep_named_levels(words, config, measures) or config)


def tell_arm(words: Mapping[str, str], arm: Mapping[str, object]) -> str:
    """An arm as "with noise 0.2 and width 64, without skips", in whatever order its factors were written."""
    levels = sorted(drop_said_levels(words, arm).items())
    labels = {factor: words.get(f"{factor}={level}", "") for factor, level in levels}
    holding = [
        labels[factor] or tell_factor_at_level(words, factor, level)
        for factor, level in levels
        if labels[factor] or level is not False
    ]
    lacked = [name_in_words(words, factor) for factor, level in levels if not labels[factor] and level is False]
    parts = [("with", holding), ("without", lacked)]
    return ", ".join(f"{word} {numbers.join_words(names)}" for word, names in parts if names)


def drop_said_levels(words: Mapping[str, str], levels: Mapping[str, object]) -> dict[str, object]:
    """The levels but those of factors of which the words of another level speak."""
    own = {factor: words[f"{factor}={level}"] for factor, level in levels.items() if f"{factor}={level}" in words}
    return {
        factor: level
        for factor, level in levels.items()
        if factor in own
        or factor not in words
        or not any(name_in_words(words, factor) in label for label in own.values())
    }


def tell_pooled_levels(words: Mapping[str, str], factor: str, levels: Sequence[object]) -> str:
    if len(levels) > _MOST_LEVELS:
        return f"over {len(levels)} levels of {name_in_words(words, factor)}"
    if any(isinstance(level, bool | str) or f"{factor}={level}" in words for level in levels):
        return numbers.join_words([f"over {level_in_words(words, factor, level)}" for level in levels])
    amounts = numbers.join_words([numbers.format_number(level) for level in levels])
    return f"over {tell_factor_at_level(words, factor, amounts)}"


def tell_range(words: Mapping[str, str], factor: str, levels: Sequence[Any]) -> str:
    """Several levels of a factor: from where to where, or one or the other."""
    if are_numbers(levels) and len(levels) > _MOST_LEVELS:
        ends = f"{numbers.format_number(levels[0])} to {numbers.format_number(levels[-1])}"
        return f"{tell_factor_at_level(words, factor, ends)} ({len(levels)} levels)"
    if any(f"{factor}={level}" in words or (isinstance(level, bool) and factor in words) for level in levels):
        return _one_of([level_in_words(words, factor, level) for level in levels])
    return tell_factor_at_level(words, factor, _one_of([_level(level) for level in levels]))


def _level(level: Any) -> str:
    return str(level).lower() if isinstance(level, bool) else numbers.format_number(level)


def _one_of(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def tell_factor_at_level(words: Mapping[str, str], factor: str, level: object) -> str:
    """A factor at a level: "width 64", or "64 hidden neurons" where its words say where the number stands."""
    label = words.get(factor) or factor.replace("_", " ")
    if level is True:
        return label
    text = level.replace("_", " ") or "none" if isinstance(level, str) else numbers.format_number(level)
    if VALUE not in label:
        return f"{label} {text}"
    counted = label.replace(VALUE, text)
    return counted.removesuffix("s") if text == "1" else counted


def are_numbers(levels: Sequence[object]) -> bool:
    return all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels)


class NamesThings(Protocol):
    """A manifest, as far as headlines need it."""

    @property
    def name(self) -> str: ...
    @property
    def setting(self) -> str: ...
    @property
    def words(self) -> Mapping[str, str]: ...
    @property
    def events(self) -> Collection[str]: ...


def setting_of(manifest: NamesThings) -> str:
    """With what a headline begins, so that no two experiments' are alike: its file's words, or its name."""
    return manifest.setting or manifest.name.replace("_", " ")


def name_levels(estimand: Mapping[str, Any], levels: Mapping[str, object]) -> str:
    """Levels of factors as "width 64 and noise 0.2", for the end of a sentence that says `with`."""
    return tell_arm(estimand.get("words", {}), levels).removeprefix("with ")


def name_quantity(estimand: Mapping[str, Any], name: str) -> str:
    """A measure or factor, as its file names it in words."""
    return name_in_words(estimand.get("words", {}), name)


def name_factor(estimand: Mapping[str, Any], factor: str) -> str:
    """A factor as what can rise: what its words count is a number of that."""
    words: str = estimand.get("words", {}).get(factor, "")
    name = name_quantity(estimand, factor)
    if words.startswith(VALUE):
        return f"the number of {name}"
    return name if name.startswith("the ") else f"the {name}"
