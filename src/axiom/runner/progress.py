"""How far a task is, for whoever waits for it: a share that moves as its cells cost, and never falls."""

import itertools
from collections.abc import Callable, Sequence

from axiom.signed import canonical_json
from axiom.signed.manifests import Manifest
from axiom.signed.tickets import OrderedCell


class ProgressTeller:
    def __init__(self, report: Callable[[float, int], None], seconds: Sequence[float], *, cells: int = 0) -> None:
        """`seconds`: what each cell is expected to cost; so many `cells` are done. `report` hears share and count."""
        sums = tuple(itertools.accumulate(seconds, initial=0.0))
        self._shares = tuple(before / sums[-1] for before in sums)
        self._report = report
        self._cells, self._kept = cells, 0
        self._furthest = 0.0

    def finish(self) -> None:
        self._kept += 1
        self._cells += 1
        self.move(0.0)

    def keep(self, fraction: float) -> None:
        self._kept += 1
        self.move(fraction)

    def move(self, fraction: float) -> None:
        before, behind = self._shares[self._cells], self._shares[min(self._cells + 1, len(self._shares) - 1)]
        self._furthest = max(self._furthest, before + fraction * (behind - before))
        self._report(self._furthest, self._kept)


def expected_seconds(manifest: Manifest, cells: Sequence[OrderedCell]) -> tuple[float, ...]:
    """Return what the cells cost as their bundle says, or their limits where they are not all of its own sweep.

    A limit alone would not do: short cells of very different cost have the same one.
    """
    by_config = dict(zip(map(canonical_json.canonical, manifest.configs), manifest.cell_seconds, strict=True))
    points = {cell.config: cell.values for cell in cells}
    seconds = {config: by_config.get(canonical_json.canonical(values), 0.0) for config, values in points.items()}
    if all(seconds.values()):
        return tuple(seconds[cell.config] for cell in cells)
    return tuple(cell.cpu_limit for cell in cells)  # one measure for all of them
