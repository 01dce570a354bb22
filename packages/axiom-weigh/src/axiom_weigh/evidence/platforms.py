"""How many platforms are there for sure, and is there but one?"""

from collections.abc import Set

ON_ONE_PLATFORM = "one platform:"  # so begins the badge of what was computed on one alone
UNKNOWN_PLATFORM = "unknown"  # may be any of the others, so it is none of its own


def find_only_platform(names: Set[str]) -> Set[str]:
    """The platform of all values, where they have one and it is known: the finding holds for it."""
    return names if len(names) == 1 and UNKNOWN_PLATFORM not in names else frozenset()


def count_platforms(names: Set[str]) -> int:
    """How many there are for sure."""
    return len(names - {UNKNOWN_PLATFORM} or names)
