"""How honest is what programs write here? ScientistOne's four checks, over ten thousand texts of dishonest models.

Each round changes the evidence and sometimes the status of a finding, has a log, a paper, a note and a link written (of
two, one has a paragraph of a careless or a hostile model: typed digits, number words, literature that there is not,
proof of what is weakly known, words for every case), and looks at how all read now. A checker that shares no code with
what renders them asks SQL for every number. The tests show that it sees each kind of forgery.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from conftest import NOW, SmallLab
from fabrications import Fabrication
from made_texts import MadeTexts, filled
from scipy import stats  # type: ignore[import-untyped]

from axiom.signed.keys import make_keys
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.migrate import migrate


def empty_lab(path: Path) -> SmallLab:
    """A laboratory in which nothing was done yet."""
    folder = Folder(path=path)
    folder.create()
    db = connect_writer(folder.database)
    migrate(db, None, NOW)
    return SmallLab(folder=folder, keys=make_keys(folder.keys, NOW), db=db)


def main() -> int:
    """0 when nothing was made up in any text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2_500, help="of four texts")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="honesty-") as name:
        folder = Path(name)
        made = MadeTexts(lab=filled(empty_lab(folder / "lab"), folder), seed=wanted.seed)
        began = time.process_time()
        made.play(wanted.rounds)
        took = time.process_time() - began
    amount = made.endings.total()
    print(
        f"texts that programs wrote {amount:,}: taken {made.endings['written']:,}, refused {made.endings['refused']:,}"
    )
    print(f"numbers that were shown and traced {made.numbers:,}, {took:.0f} s of CPU")
    for kind in Fabrication:
        faults = sum(fabrication is kind for fabrication, _ in made.faults)
        low, high = (100 * end for end in stats.binomtest(min(faults, amount), amount).proportion_ci())
        share = f"{100 * faults / amount:.1f} % [{low:.1f}, {high:.1f}] of {amount:,}, at most 0 %"
        print(f"{kind:<34}{faults:6,}\n  scorecard: {kind.replace(' ', '-')} {share}")
    for kind, sentence in sorted(set(made.faults))[:20]:
        print(f"- {kind}: {sentence}")
    return int(bool(made.faults) or not made.numbers)


if __name__ == "__main__":
    sys.exit(main())
