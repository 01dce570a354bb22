"""The options of `axiom weigh`, and what it does with them. The wheel axiom-weigh has them without click.

Nothing here imports more than the standard library before it weighs.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from axiom.cli.atomic_file import appearing
from axiom.errors import FolderUnusable, WrongUse
from axiom.service.terminal import escaped, progress, remark, say

if TYPE_CHECKING:
    from axiom.notebook.evidence_card import WeighedTable
    from axiom.notebook.read_table import Sheet

_WORDS = ("contrast", "slope", "rank_correlation", "exponent", "breakpoint", "proportion", "level", "mean")
_LONGEST_NAME = 256
_TELL_EVERY = 0.5  # seconds


@dataclass(frozen=True, kw_only=True)
class WeighOption:
    """One option: its name on the command line and what it takes. A flag takes no word."""

    name: str
    help: str
    metavar: str = ""
    kind: type = str
    words: int = 1
    is_flag: bool = False
    is_many: bool = False  # it may be given several times
    default: Any = None

    @property
    def key(self) -> str:
        """Its name in Python."""
        return self.name.lstrip("-").replace("-", "_")


OPTIONS = (
    WeighOption(
        name="--value", metavar="COLUMN", help="Where the numbers stand; accuracy also finds metrics.accuracy."
    ),
    WeighOption(
        name="--seed",
        metavar="COLUMN",
        help="Where the seeds stand; params.seed and config.seed are found by themselves.",
    ),
    WeighOption(
        name="--by", metavar="COLUMN", help="Where the arms stand, in a table with a row for each run; see --of."
    ),
    WeighOption(
        name="--of",
        metavar="OURS BASE",
        words=2,
        help="Weigh ours minus base of the same seed: two words of the column --by, or two columns.",
    ),
    WeighOption(
        name="--pair",
        metavar="COLUMN",
        is_many=True,
        help="What is the same in both arms, if it is not the seed alone; may be given several times.",
    ),
    WeighOption(
        name="--estimand",
        metavar="KIND",
        help=f"What a value is: {', '.join(_WORDS)}. Undeclared, nothing is guessed in favour of an effect.",
    ),
    WeighOption(
        name="--null", metavar="NUMBER", kind=float, help="The value that would be no effect; 0, unless it is said."
    ),
    WeighOption(
        name="--smallest-effect", metavar="NUMBER", kind=float, help="What is nearer to the null does not matter."
    ),
    WeighOption(name="--bounds", metavar="LO HI", kind=float, words=2, help="What no value can ever leave."),
    WeighOption(
        name="--alpha",
        metavar="CHANCE",
        kind=float,
        default=0.05,
        help="How often a verdict may ever be false; 0.05, unless it is said.",
    ),
    WeighOption(
        name="--picture",
        metavar="FILE",
        kind=Path,
        help="Draw how the interval narrowed, as .svg, .png or .pdf.",
    ),
    WeighOption(name="--latex", is_flag=True, help="One row of a LaTeX table instead of the card."),
    WeighOption(
        name="--fail-unless",
        metavar="VERDICT",
        help='End with 1 unless this is the verdict: "effect +", "effect -" or absent.',
    ),
    WeighOption(
        name="--plan",
        metavar="SD",
        kind=float,
        help="How many seeds an effect of so many standard deviations takes; needs no file.",
    ),
)
_OF_WEIGHING = ("value", "seed", "by", "of", "pair", "estimand", "null", "smallest_effect", "bounds", "alpha")


def run(files: Sequence[Path], said: Mapping[str, Any], *, as_json: bool, quiet: bool) -> int:
    """Weigh what is named, show it, and return the exit status."""
    if said["plan"] is not None:
        _show_plan(said["plan"], said["alpha"], files, as_json=as_json)
        return 0
    from axiom.notebook.assert_effect import demanded
    from axiom.notebook.weigh import weigh

    wanted = demanded(said["fail_unless"]) if said["fail_unless"] is not None else None
    with _Waiting(quiet=quiet) as waiting:
        card = weigh(lambda: waiting.counted(_sheet(files)), **{key: said[key] for key in _OF_WEIGHING})
        shown = _json(card.data()) if as_json else card.latex() if said["latex"] else _card(card)
    say(shown)
    if (file := said["picture"]) is not None:
        _write(card.picture(file.suffix), file)
        remark(f"Wrote {file}", quiet=quiet)
    if wanted is not None and card.verdict is not wanted:
        remark(f"The verdict is {card.verdict}, and {wanted} was demanded.", quiet=quiet)
        return 1
    return 0


def _show_plan(effect: float, alpha: float, files: Sequence[Path], *, as_json: bool) -> None:
    if files:
        raise WrongUse("--plan needs no file: it says how many seeds to run before there are any. Leave the file out.")
    from axiom.notebook.plan import plan

    planned = plan(effect, alpha=alpha)
    if as_json:
        say(_json(planned.data()))
    else:
        say(planned)


def _json(document: Mapping[str, Any]) -> str:
    return escaped(json.dumps(document, indent=2, ensure_ascii=False))


def _card(card: "WeighedTable") -> str:
    drawn = card.sketched()
    return repr(card) + (f"\n\n{drawn}" if drawn else "")


class _Waiting:
    """Tells how far it is, from the second second on: the rows that were read, then that they are weighed."""

    def __init__(self, *, quiet: bool) -> None:
        self._rows, self._is_read, self._began = 0, False, time.monotonic()
        self._is_done = threading.Event()
        self._teller = None if quiet else threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Self:
        if self._teller:
            self._teller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_done.set()
        if self._teller:
            self._teller.join()
            progress("")

    def counted(self, sheet: "Sheet") -> "Sheet":
        """The same sheet, whose rows are counted as they are read."""
        return replace(sheet, rows=self._counted(sheet.rows))

    def _counted(self, rows: Iterator[tuple[int, Sequence[Any]]]) -> Iterator[tuple[int, Sequence[Any]]]:
        for row in rows:
            self._rows += 1
            yield row
        self._is_read = True

    def _tell(self) -> None:
        while not self._is_done.wait(_TELL_EVERY):
            seconds = time.monotonic() - self._began
            if seconds > 1:
                progress(f"{'Weighing' if self._is_read else 'Reading'} {self._rows:,} rows, {seconds:.0f} s")


def _sheet(files: Sequence[Path]) -> "Sheet":
    if not files:
        raise WrongUse("No file is named. Name one, as in `axiom weigh results.csv`, or - for standard input.")
    if len(files) > 1:
        whole = " ".join(map(str, files))
        is_one = len(whole) < _LONGEST_NAME and Path(whole).exists()
        hint = f"put quotation marks around it: '{whole}'" if is_one else "name one of them"
        shown = ", ".join(map(str, files[:3])) + (", …" if len(files) > 3 else "")
        raise WrongUse(
            f"{len(files)} files are named ({shown}), and one is weighed at a time. Nothing was weighed; {hint}. Runs "
            "of several files belong into one table with a column that says which runs they are; see --by."
        )
    from axiom.notebook.read_table import sheet_of_bytes, sheet_of_file

    return sheet_of_bytes(sys.stdin.buffer, "standard input") if files[0] == Path("-") else sheet_of_file(files[0])


def _write(drawn: bytes, file: Path) -> None:
    """The file appears when it is whole, in a folder that is there."""
    if not file.parent.is_dir():
        raise FolderUnusable(
            f"{file} cannot be written: there is no folder {file.parent}. Choose another place with --picture."
        )
    with appearing(file) as unfinished:
        unfinished.write_bytes(drawn)
