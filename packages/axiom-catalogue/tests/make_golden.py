"""Golden numbers: what an experiment measured in one cheap cell when its version was made.

    python packages/axiom-catalogue/tests/make_golden.py NAME [FACTOR=VALUE ...]

writes golden/NAME.json. The cell is the cheapest of the sweep, with the given factors put in; choose few steps, since
the last digits of long trainings differ between processors. Numbers that changed under an unchanged version are
refused: results of both would be counted as one.
"""

import base64
import importlib
import json
import math
import pkgutil
import runpy
import sys
import zlib
from dataclasses import asdict, replace
from pathlib import Path

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
TOLERANCE = 1e-3  # relative; far above what processors differ by in a short cell, far below what a change does
PIXELS, FEW = "pixels", 0.02  # of a map's grid, the share of pixels that another processor may paint otherwise


def names():
    """Every file of the catalogue, so that a new one joins by itself."""
    catalogue = importlib.import_module("axiom_catalogue")
    return sorted(module.name for module in pkgutil.iter_modules(catalogue.__path__))


def load(name):
    return importlib.import_module(f"axiom_catalogue.{name}").experiment


def cheapest(experiment):
    return min(experiment.sweep, key=experiment.needs.seconds)


class Notebook:
    """A listener that writes down what the cell says."""

    def __init__(self):
        self.early_values, self.fractions = [], []

    def early(self, values):
        self.early_values = values

    def progress(self, fraction):
        self.fractions.append(fraction)


def compute(experiment, config, seed, shelf=None):
    """One cell: its measures, and what it said on the way. The shelf keeps its states, where there is one."""
    from axiom.kit import progress

    progress.attach(heard := Notebook(), shelf)
    try:
        return experiment.run(config, seed), heard
    finally:
        progress.attach(None)


def numbers(experiment, config, seed):
    """One cell as it stands in a golden file."""
    return written(experiment, config, seed, *compute(experiment, config, seed))


def written(experiment, config, seed, measures, heard):
    cell = {
        "version": experiment.version,
        "seed": seed,
        "config": asdict(config),
        "measures": {name: _drawn(value) for name, value in asdict(measures).items()},
        "early": heard.early_values,
    }
    return json.loads(json.dumps(cell, allow_nan=False))


def _drawn(value):
    """A grid as it travels; any other measure as it is."""
    from axiom.domain.declaration import pack_pixels

    return {PIXELS: pack_pixels(value)} if isinstance(value, bytes) else value


def _alike(grid, other):
    """Do two grids show the same, but for the few pixels at a border that another processor paints otherwise?"""
    first, second = (zlib.decompress(base64.b64decode(text)) for text in (grid, other))
    differ = sum(a != b for a, b in zip(first, second, strict=False))
    return len(first) == len(second) and differ <= FEW * len(first)


def agree(value, other):
    """Are two values out of JSON the same, up to what processors differ by?"""
    if isinstance(value, dict) and isinstance(other, dict) and value.keys() == other.keys() == {PIXELS}:
        return _alike(value[PIXELS], other[PIXELS])
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(agree(value[name], other[name]) for name in value)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(agree, value, other))
    if isinstance(value, float) and isinstance(other, float):
        return math.isclose(value, other, rel_tol=TOLERANCE, abs_tol=1e-9)
    return value == other


def complaint(name, old, new):
    """What is wrong with `new` numbers beside the golden ones of the same seed and config; empty when nothing is."""
    again = f"python packages/axiom-catalogue/tests/make_golden.py {name}"
    if new["version"] < old["version"]:
        return f"{name} went back from version {old['version']} to {new['version']}: numbers are never issued twice."
    if new["version"] > old["version"]:
        return f"{name} is version {new['version']} and its golden numbers are of {old['version']}: run {again}"
    changed = [
        f"{part}.{key}" if key else part
        for part, key in [*(("measures", key) for key in old["measures"] | new["measures"]), ("early", "")]
        if not agree(*((cell[part].get(key) if key else cell[part]) for cell in (old, new)))
    ]
    if not changed:
        return ""
    return (
        f"{name} measures something else than it did: {', '.join(changed)} changed, and the version is still "
        f"{new['version']}. Results of before and after would be counted as one experiment. If the change is meant, "
        f"raise version to {new['version'] + 1} in src/axiom/catalogue/{name}.py and run {again}; if not, undo it."
    )


def make(name, overrides, folder=GOLDEN):
    """Write the golden file of an experiment, unless that would hide a change; the answer is a sentence."""
    experiment, path = load(name), folder / f"{name}.json"
    old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    if old:
        same = type(experiment.sweep[0])(**old["config"])
        problem = complaint(name, old, numbers(experiment, same, old["seed"]))
        if problem and old["version"] >= experiment.version:
            raise SystemExit(f"Refused, nothing was written. {problem}")
        config = replace(same, **overrides)
    else:
        config = replace(cheapest(experiment), **overrides)
    new = numbers(experiment, config, seed_of_golden(experiment))
    path.write_text(json.dumps(new, indent=1) + "\n", encoding="utf-8")
    return f"Wrote {path.name}: version {new['version']}, {new['config']}."


def seed_of_golden(experiment):
    from axiom.domain.experiments import seed_of

    return seed_of(experiment.name, experiment.version, 0)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in names():
        raise SystemExit(f"Usage: make_golden.py NAME [FACTOR=VALUE ...], where NAME is one of: {', '.join(names())}.")
    root = TESTS.parents[2]
    sys.path += [str(TESTS), str(root / "tests" / "support")]
    runpy.run_path(str(root / "conftest.py"))  # one thread, as in the tests
    factors = dict(word.split("=", 1) for word in sys.argv[2:])
    print(make(sys.argv[1], {factor: json.loads(value) for factor, value in factors.items()}))
