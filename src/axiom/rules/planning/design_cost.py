"""What does a design cost, likely and at most, by when its cells are stopped?"""

import math
from collections.abc import Iterable

from axiom.domain.costs import DesignCost
from axiom.domain.registrations import Rule, StoppingRule
from axiom.limits import registrations as registration_limits
from axiom.rules.planning.cell_limits import allowed_seconds
from axiom.signed.manifests import Manifest

OF_A_SWEEP = StoppingRule(replicates=registration_limits.REPLICATES)  # what a file itself asks, once it is published


def most_seconds(declared: Iterable[float], factor: float = 1.0, times_longer: int = 1) -> float:
    """What cells can cost at most, on a reference core, that declare so much and were seen to take a factor of it.

    Whoever writes a file says what its cells declare, so a limit counts this and not that.
    """
    return math.fsum(max(allowed_seconds(seconds, times_longer=times_longer), factor * seconds) for seconds in declared)


def design_cost(
    declared: Iterable[float], stopping: StoppingRule, *, copies: int = 1, factor: float = 1.0, times_longer: int = 1
) -> DesignCost:
    """What a design costs with all copies of its tasks whose cells declare so much.

    Likely: as declared, until it is settled. At most: each cell as long as it may run, to the last replicate.
    """
    cells, likely_replicates = tuple(declared), stopping.replicates
    if stopping.rule is Rule.SETTLED:
        likely_replicates = min(likely_replicates, registration_limits.SETTLED_AFTER)
    return DesignCost(
        likely=copies * likely_replicates * math.fsum(cells),
        most=copies * stopping.replicates * most_seconds(cells, factor, times_longer),
    )


def sweep_cost(manifest: Manifest, published: int = 0) -> DesignCost:
    """What it costs to publish a file, of which no task has shown anything yet.

    `published`: the version whose place it takes. A mended text that keeps it asks nothing new.
    """
    if manifest.version <= published:
        return DesignCost()
    return design_cost(manifest.cell_seconds, OF_A_SWEEP, copies=manifest.copies)
