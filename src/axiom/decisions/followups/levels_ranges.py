"""Which configs may be asked of a published version without new code: those inside what its file declares."""

from collections.abc import Mapping, Sequence

from axiom.signed.manifests import Manifest

MOST_CONFIGS = 500  # of one design


def outside(manifest: Manifest, configs: Sequence[Mapping[str, object]]) -> str:
    """Why a file does not allow these configs, as a sentence without its full stop; nothing when it does.

    A factor with a declared range may have any level in it; one without has those of the declared sweep and of the
    file's own controls, which were computed before the version was let out.
    """
    for factor in manifest.factors:
        levels = [config[factor] for config in configs]
        why = _beyond(manifest, factor, levels) if factor in manifest.ranges else _unknown(manifest, factor, levels)
        if why:
            return why
    return ""


def known_levels(manifest: Manifest, factor: str) -> list[object]:
    """Every level of a factor that the file itself names, in order and each once."""
    configs = [*manifest.configs, *(config for one in manifest.controls for config in (*one.placebo, *one.planted))]
    found: list[object] = []
    for config in configs:
        if not any(_alike(config[factor], level) for level in found):
            found.append(config[factor])
    return found


def _unknown(manifest: Manifest, factor: str, levels: Sequence[object]) -> str:
    known = known_levels(manifest, factor)
    for level in levels:
        if not any(_alike(level, one) for one in known):
            return (
                f"{factor}={level} is none of the levels of {manifest.name}, and its file declares no range for it. "
                "Nothing was registered; declare one in `ranges`, which needs a new version"
            )
    return ""


def _beyond(manifest: Manifest, factor: str, levels: Sequence[object]) -> str:
    low, high = manifest.ranges[factor]
    for level in levels:
        is_number = isinstance(level, int | float) and not isinstance(level, bool)
        if not (is_number and low <= float(str(level)) <= high):
            return (
                f"{factor}={level} is outside {low:g} to {high:g}, which the file of {manifest.name} declares. "
                "Nothing was registered; a wider range needs a new version"
            )
    return ""


def _alike(first: object, second: object) -> bool:
    """Equal, and a truth is no number."""
    return first == second and isinstance(first, bool) == isinstance(second, bool)
