"""Does a changed text of a version give what the published one gave? Other numbers are a version of their own."""

import functools
import itertools
from bisect import bisect_right

from axiom.domain.preflights import Demands
from axiom.errors import Refused
from axiom.laboratory.experiments.preflight import NOBODYS, preflight_demands, preflight_seed
from axiom.laboratory.experiments.preflight_cells import compute_cells_of_bundle, sort_by_cost
from axiom.laboratory.experiments.publish import PackedBundle
from axiom.laboratory.experiments.rules.gate_answers import describe_config
from axiom.laboratory.experiments.rules.same_seed_twice import gives_other_numbers
from axiom.limits import experiments as limits
from axiom.signed import bundles
from axiom.signed.manifests import stored_manifest
from axiom.store.connections import Connections
from axiom.store.engine import blobs, counters
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments


def demand_same_numbers(folder: Folder, made: PackedBundle) -> None:
    """Refuse other numbers where results of the version are back: its findings would rest on both texts.

    Both compute some cells here, at a seed of no replicate. A text that is as it was needs none: the kit is tested.
    """
    manifest = made.manifest
    with Connections(folder=folder).reader() as db:
        version = experiments.find_experiment_by_name(db, manifest.name, manifest.version)
        bundle = experiments.find_newest_bundle(db, version.id) if version else None
        if version is None or bundle is None or counters.count_of_experiment(db, "result", version.id) == 0:
            return
        published = bundles.read_bundle_files(blobs.read_blob(db, folder, bundle.digest))
    changed, own = bundles.read_bundle_files(made.archive), bundles.experiment_path(manifest.name)
    before = stored_manifest(bundle.manifest)
    if published[own] == changed[own] or before.configs != manifest.configs:  # other configs are refused anyway
        return
    demands = preflight_demands(manifest)
    cells = [(place, 0) for place in _choose_configs(demands)]
    seeds = functools.partial(preflight_seed, NOBODYS)
    by_published, by_changed = (
        {cell.config: cell for cell in compute_cells_of_bundle(files, its_manifest, demands, cells, seeds, None)}
        for files, its_manifest in ((published, before), (changed, manifest))
    )
    for place, cell in by_published.items():
        if gives_other_numbers(by_changed.get(place), cell):
            raise Refused(
                f"{describe_config(place, demands.configs)} gives other numbers than the published text of "
                f"{manifest.name} version {manifest.version}, of which results are stored. Nothing was published; "
                "raise `version` in the file, so that what is computed from now on is asked anew."
            )


def _choose_configs(demands: Demands) -> list[int]:
    """The cheapest that are computed soon, one at least."""
    order = sort_by_cost(demands)
    totals = list(itertools.accumulate(demands.seconds[place] for place in order))
    return order[: max(1, bisect_right(totals, limits.COMPARED_SECONDS))]
