"""What volunteers preferred at the old project, as its site or an account manager stored it."""

from dataclasses import dataclass
from functools import lru_cache

from axiom.boinc.project_preferences import read_preference_sets
from axiom.boinc.xml import Element
from axiom.domain.fleet import GPU_KINDS, MOST_SHARE, OUR_GPUS, VENUES, PreferenceSets, ProjectPreferences

UNREADABLE = "(unreadable)"
_CONTAINERS = {"project_preferences", "project_specific", "apps_selected", "venue"}
_BARRED = {
    "no_cpu": ("CPU",),
    "no_gpus": GPU_KINDS,  # of old projects, and of some still
    "no_cuda": ("NVIDIA",),
    "no_ati": ("ATI",),
    "no_intel_gpu": ("intel_gpu",),
    "no_apple_gpu": ("apple_gpu",),
    **{f"no_rsc {kind}": (kind,) for kind in ("CPU", *GPU_KINDS)},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OldPreferences:
    sets: PreferenceSets
    dropped: frozenset[str] = frozenset()  # by their tags: nothing here heeds them


@lru_cache(maxsize=1_024)  # most prefer the same
def read_old_preferences(xml: str | None) -> OldPreferences:
    """Read the old `project_prefs` as the old scheduler and clients did; what is cut off or no XML counts as nothing.

    A GPU of a kind on which no program of ours computes may be barred alone, which is then dropped; who barred the one
    kind that we have bars all.
    """
    text = (xml or "").strip()
    if not (text.startswith("<project_preferences>") and text.endswith("</project_preferences>")):
        return OldPreferences(sets=PreferenceSets(), dropped=frozenset({UNREADABLE} if text else ()))
    old_sets = read_preference_sets(text.encode("utf-8", "replace"))
    usual = ProjectPreferences().resource_share
    general, dropped = _read_set(old_sets.pop(""), usual)
    by_venue: dict[str, ProjectPreferences] = {}
    for venue, says in old_sets.items():
        own, dropped_here = _read_set(says, general.resource_share)
        if venue in VENUES:
            by_venue[venue] = own
            dropped |= dropped_here
        else:
            dropped |= {f"venue {venue}"}
    return OldPreferences(sets=PreferenceSets(general=general, by_venue=by_venue), dropped=dropped)


def _read_set(says: Element, usual_share: float) -> tuple[ProjectPreferences, frozenset[str]]:
    """A set, and the tags of what it says in vain: 0 and nothing are what BOINC's own site writes for everybody."""
    barring = [tag for tag in _BARRED if says.flag(tag.encode())]
    barred = {kind for tag in barring for kind in _BARRED[tag]}
    share = says.number(b"resource_share", usual_share)
    preferences = ProjectPreferences(
        resource_share=min(share, MOST_SHARE), on_cores="CPU" not in barred, on_gpus=OUR_GPUS not in barred
    )
    others = (tag.decode() for tag, text in says.leaves.items() if text not in (b"", b"0"))
    dropped = {tag for tag in others if tag not in _BARRED and tag not in _CONTAINERS and tag != "resource_share"}
    if preferences.on_gpus:
        dropped.update(tag for tag in barring if "CPU" not in _BARRED[tag])
    if share > MOST_SHARE:
        dropped.add("resource_share")
    return preferences, frozenset(dropped)
