"""Is what papers tell true? Numbers, verdicts, methods and citations, read again by a checker that shares no code.

Each round changes the evidence and sometimes the status of a finding, has a log, a paper, a note and a link written,
and looks at the paper, the log and a finding's page as they read now; all are of four versions of one small
experiment. A checker that shares no code with what renders them asks SQL for every number, verdict, method and
citation; the tests show that it sees each kind of forgery. What programs write of their own is looked at for its
references and its place alone: pages show it as its author's, not checked. Until November 2026 this record said that
0.0 % of 10,000 texts of programs overclaimed. Those texts were put together from 33 templates of a paragraph, whose
words were those of the list that refused them; of fresh sentences 27 of 30 passed.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from conftest import NOW, SmallLab
from fabrications import Fabrication
from made_texts import TEMPLATES, MadeTexts, filled
from scipy import stats  # type: ignore[import-untyped]

from axiom.signed.keys import make_keys
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.migrate import migrate_database


def empty_lab(path: Path) -> SmallLab:
    """A laboratory in which nothing was done yet."""
    folder = Folder(path=path)
    folder.create()
    db = connect_writer(folder.database)
    migrate_database(db, None, NOW)
    return SmallLab(folder=folder, keys=make_keys(folder.keys, NOW), db=db)


def main() -> int:
    """0 when nothing that was told was made up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2_500, help="of a paper, a log, a note and a link")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="honesty-") as name:
        folder = Path(name)
        made = MadeTexts(lab=filled(empty_lab(folder / "lab"), folder), seed=wanted.seed)
        began = time.process_time()
        made.play(wanted.rounds)
        took = time.process_time() - began
    amount, texts = wanted.rounds, made.endings.total()
    print(f"papers {amount:,}, of numbers that were shown and traced {made.numbers:,}, {took:.0f} s of CPU")
    print(f"texts of programs {texts:,}, of {TEMPLATES} templates: taken {made.endings['written']:,}")
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
