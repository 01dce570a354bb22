"""Has programs write logs and papers over rows that keep changing, and counts what is made up in them.

Each round changes the evidence and sometimes the status of a finding, has a part of a log and the prose of a paper
written (of four paragraphs one may be false: typed digits, number words, signs before references, literature, verbs of
proof), and renders both. A checker that shares no code with what renders them asks SQL for every number and counts
FabScore's six classes: invented numbers, altered numbers, methods that are not the code, invented references, more than
the verdict, and contrary results left out. The tests show that it sees each of them.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from fabrications import counted
from made_papers import MadePapers, filled
from tiny_labs import empty_lab


def main() -> int:
    """0 when nothing was made up in any log or paper."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="papers-") as name:
        folder = Path(name)
        made = MadePapers(lab=filled(empty_lab(folder / "lab"), folder), seed=wanted.seed)
        began = time.process_time()
        made.play(wanted.rounds)
        took = time.process_time() - began
    print(f"logs and papers {2 * wanted.rounds:,}, numbers {made.numbers:,}, {took:.0f} s of CPU")
    print(f"texts written {made.endings['written']:,}, refused {made.endings['refused']:,}")
    for line in counted(made.faults):
        print(line)
    for kind, sentence in made.faults[:20]:
        print(f"- {kind}: {sentence}")
    return int(bool(made.faults) or not made.numbers)


if __name__ == "__main__":
    sys.exit(main())
