"""Puts the weighing of evidence to numbers whose truth is known: how often does it claim what is not, how soon what is?

`--quick` simulates so little that a test can wait for it; `--draw` writes the pictures of the explanation.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from error_rates.biases import arrival, laboratory
from error_rates.dependent_seeds import copies, dependence, hosts
from error_rates.designs import designs
from error_rates.events import events
from error_rates.figures import QUICK, WHOLE, Answer, Size
from error_rates.hardships import border, hardships
from error_rates.intervals import coverage, forecasters, pooled
from error_rates.outside_attack import attacked
from error_rates.peeking import peeking
from error_rates.pictures import draw as drawn
from error_rates.pipeline import definitive, history, nulls
from error_rates.promises import collapses, stopped, zeros
from error_rates.seeds_needed import seeds_forecast, seeds_needed
from error_rates.seen_beforehand import seen_beforehand
from error_rates.taken_back import taken_back
from error_rates.ville import ville
from error_rates.worst_laws import searched

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "how-sure-are-we"
PARTS: Mapping[str, Callable[[int, Size], Answer]] = {
    "peeking": peeking,
    "seeds-needed": seeds_needed,
    "seed-42": history,
    "arrival": arrival,
    "laboratory": laboratory,
    "nulls": nulls,
    "definitive": definitive,
    "coverage": coverage,
    "pooled": pooled,
    "forecasters": forecasters,
    "border": border,
    "hardships": hardships,
    "attacked": attacked,
    "seeds-forecast": seeds_forecast,
    "copies": copies,
    "dependence": dependence,
    "ville": ville,
    "searched": searched,
    "stopped": stopped,
    "collapses": collapses,
    "zeros": zeros,
    "hosts": hosts,
    "seen-beforehand": seen_beforehand,
    "taken-back": taken_back,
    "designs": designs,
    "events": events,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every figure holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; else all")
    parser.add_argument("--seed", type=int, default=20_261_120)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--draw", action="store_true")
    parser.add_argument("--ville", action="store_true", help="that part alone")
    parser.add_argument("--attacks", type=int, help="streams and tables of each kind where hosts or tables are played")
    wanted = parser.parse_args(arguments)
    wanted.parts += ["ville"] * wanted.ville
    if unknown := set(wanted.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    size = QUICK if wanted.quick else WHOLE
    size = replace(size, attacks=wanted.attacks or size.attacks)
    failed: list[str] = []
    for place, (name, part) in enumerate(PARTS.items()):
        if not wanted.parts or name in wanted.parts:
            failed += shown(name, part, wanted.seed + place, size, draw=wanted.draw)
    print("\nevery figure holds" if not failed else "\n".join(["", "missed:", *failed]))
    return int(bool(failed))


def shown(name: str, part: Callable[[int, Size], Answer], seed: int, size: Size, *, draw: bool) -> list[str]:
    """Say what one part found, and return the figures that it missed."""
    start = time.process_time()
    answer = part(seed, size)
    print(f"\n{name} (seed {seed}; {time.process_time() - start:.0f} s of processor time)", flush=True)
    for line in answer.lines:
        print(f"  {line}")
    for bound in answer.bounds:
        print(f"  {'ok' if bound.holds else 'MISSED':<7}{bound.words}", flush=True)
    if draw and answer.drawn:
        print(f"  drawn: {', '.join(path.name for path in drawn(answer.drawn, PICTURES))}")
    return [bound.words for bound in answer.bounds if not bound.holds]


if __name__ == "__main__":
    raise SystemExit(main())
