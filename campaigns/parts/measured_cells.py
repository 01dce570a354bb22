"""Says what one cell of each experiment measures, in a process of its own; whatever compares it asks for nothing else.

    python measured_cells.py [--short] NAME...

prints a line of JSON for each: the cheapest cell of the sweep, as a volunteer computes it, or with `--short`, and where
that one takes a core more than some seconds, the cell of the golden numbers.
"""

import json
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "packages" / "axiom-catalogue" / "tests" / "golden"
_MOST_SECONDS = 3.0  # on the reference core: of which an emulated processor makes minutes


def main(words: Sequence[str]) -> int:
    """0; a cell that fails ends it."""
    make_golden = runpy.run_path(str(GOLDEN.parent / "make_golden.py"))
    for name in (word for word in words if word != "--short"):
        experiment = make_golden["load"](name)
        golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
        config = make_golden["cheapest"](experiment)
        is_short = "--short" in words or experiment.needs.seconds(config) > _MOST_SECONDS
        if is_short:
            config = type(experiment.sweep[0])(**golden["config"])
        measured = make_golden["numbers"](experiment, config, golden["seed"])
        print(json.dumps(measured | {"tolerance": experiment.tolerance, "is_short": is_short}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
