"""The options of `axiom weigh`, and what it does with them. The wheel axiom-weigh has them without click.

Nothing here imports more than the standard library before it weighs.
"""

import contextlib
import gc
import io
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from axiom_weigh.atomic_file import write_whole_file
from axiom_weigh.errors import FolderUnusable, WrongUse
from axiom_weigh.terminal import escape_document, print_progress, print_remark, print_text

if TYPE_CHECKING:
    from axiom_weigh.tables.read_sheet import Sheet
    from axiom_weigh.weighing.many_claims import ManyClaims
    from axiom_weigh.weighing.result_card import WeighedTable

_WORDS = ("contrast", "slope", "rank_correlation", "exponent", "breakpoint", "proportion", "level", "mean")
_LONGEST_NAME = 256
_TELL_EVERY = 0.5  # seconds
_TWO = 2  # arms at least
_PIPED = Path("-")
_NEGATIVE = re.compile(r"-[\d.]\S*")
_CALLED_A_FILE = re.compile(r"\.(?:csv|tsv|txt|jsonl?|ndjson)(?:\.gz)?$", re.IGNORECASE)


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
        name="--value",
        metavar="COLUMN",
        is_many=True,
        help="Where the numbers stand; accuracy also finds metrics.accuracy. Each of several is a claim of its own.",
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
        metavar="OURS BASE ...",
        is_many=True,
        help="Weigh ours minus base of the same seed: words of the column --by, or columns. The first is compared with "
        "each other, and each is a claim of its own.",
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
        help='End with 1 unless this is the verdict, of several claims that of each among all: "effect +", '
        '"effect -" or absent.',
    ),
    WeighOption(
        name="--plan",
        metavar="SD",
        kind=float,
        help="How many seeds an effect of so many standard deviations takes; needs no file.",
    ),
)
_OF_WEIGHING = ("seed", "by", "pair", "estimand", "null", "smallest_effect", "bounds", "alpha")


def spread_arms(words: Sequence[str]) -> list[str]:
    """Words of a command line, in which each arm after --of is an option of its own: arms may be any number.

    They end before the next option, and before a word that is a file or is called like one.
    """
    left, done = list(words), list[str]()
    while left:
        word = left.pop(0)
        done.append(word)
        if word == "--":
            return [*done, *left]
        if word != "--of":
            continue
        done.pop()
        arms = list[str]()
        while left and not left[0].startswith("--") and (len(arms) < _TWO or not _ends_arms(left[0])):
            arms.append(left.pop(0))
        if not arms:
            return [*done, word, *left]
        done += [f"--of={arm}" for arm in arms]
    return done


def _ends_arms(word: str) -> bool:
    is_option = word.startswith("-") and not _NEGATIVE.fullmatch(word)
    return is_option or bool(_CALLED_A_FILE.search(word)) or Path(word).is_file()


def weigh_files(files: Sequence[Path], options: Mapping[str, Any], *, as_json: bool, quiet: bool) -> int:
    """Weigh what is named, show it, and return the exit status."""
    if options["plan"] is not None:
        _show_plan(options["plan"], options["alpha"], files, as_json=as_json)
        return 0
    from axiom_weigh.weighing.assert_effect import parse_verdict

    wanted = parse_verdict(options["fail_unless"]) if options["fail_unless"] is not None else None
    is_many = len(files) > 1 or len(options["value"]) > 1 or len(options["of"]) > _TWO
    if is_many and options["picture"] is not None:
        raise WrongUse("--picture draws one claim, and several are named. Nothing was weighed; name one.")
    with _ProgressNote(quiet=quiet) as waiting, _without_collector():
        tables = [partial(waiting.counted, read) for read in _readers(files, is_many=is_many)]
        claims = _weigh_many(tables, options) if is_many else None
        card = _weigh_one(tables[0], options) if claims is None else claims.cards[0]
        whole = claims or card
        shown = _json(whole.data()) if as_json else whole.latex() if options["latex"] else _shown(whole)
    print_text(shown)
    if (file := options["picture"]) is not None:
        _write(card.picture(file.suffix), file)
        print_remark(f"Wrote {file}", quiet=quiet)
    cards, verdicts = (claims.cards, claims.verdicts) if claims else ((card,), (card.verdict,))
    if unweighed := [other for other in cards if not other.is_weighed]:
        whose = f"{len(unweighed)} of {len(cards)} claims" if claims else "The claim"
        print_remark(f"{whose} could not be weighed: {unweighed[0].not_weighed}.", quiet=quiet)
    if wanted is not None and (others := [verdict for verdict in verdicts if verdict is not wanted]):
        of_how_many = f" for {len(others)} of {len(verdicts)} claims" if claims else ""
        print_remark(f"The verdict is {others[0]}{of_how_many}, and {wanted} was demanded.", quiet=quiet)
        return 1
    return 1 if unweighed else 0


def _weigh_one(table: "Callable[[], Sheet]", options: Mapping[str, Any]) -> "WeighedTable":
    from axiom_weigh.weighing.weigh import weigh

    words = {key: options[key] for key in _OF_WEIGHING}
    return weigh(table, value=next(iter(options["value"]), None), of=options["of"] or None, **words)


def _weigh_many(tables: Sequence["Callable[[], Sheet]"], options: Mapping[str, Any]) -> "ManyClaims":
    from axiom_weigh.weighing.many_claims import weigh_all

    words = {key: options[key] for key in _OF_WEIGHING}
    return weigh_all(*tables, value=options["value"] or None, of=options["of"] or None, **words)


def _show_plan(effect: float, alpha: float, files: Sequence[Path], *, as_json: bool) -> None:
    if files:
        raise WrongUse("--plan needs no file: it says how many seeds to run before there are any. Leave the file out.")
    from axiom_weigh.weighing.plan import plan

    planned = plan(effect, alpha=alpha)
    if as_json:
        print_text(_json(planned.data()))
    else:
        print_text(planned)


def _json(document: Mapping[str, Any]) -> str:
    return escape_document(json.dumps(document, indent=2, ensure_ascii=False))


def _shown(whole: "WeighedTable | ManyClaims") -> str:
    drawn = whole.sketched() if hasattr(whole, "sketched") else ""
    return repr(whole) + (f"\n\n{drawn}" if drawn else "")


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """A million observations hold no circles, and looking for some takes a tenth of the time."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


class _ProgressNote:
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
            print_progress("")

    def counted(self, read: "Callable[[], Sheet]") -> "Sheet":
        """A sheet, whose rows are counted as they are read."""
        sheet = read()
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
                print_progress(f"{'Weighing' if self._is_read else 'Reading'} {self._rows:,} rows, {seconds:.0f} s")


def _readers(files: Sequence[Path], *, is_many: bool) -> list["Callable[[], Sheet]"]:
    """How each file is read, as often as a claim is weighed of it."""
    if not files:
        raise WrongUse("No file is named. Name one, as in `axiom-weigh results.csv`, or - for standard input.")
    whole = " ".join(map(str, files))
    if len(files) > 1 and len(whole) < _LONGEST_NAME and not files[0].exists() and Path(whole).exists():
        raise WrongUse(f"There is no file {files[0]}. Nothing was weighed; put quotation marks around it: '{whole}'.")
    from axiom_weigh.tables.read_sheet import sheet_of_bytes, sheet_of_file

    def piped() -> "Sheet":
        return sheet_of_bytes(io.BytesIO(kept) if is_many else sys.stdin.buffer, "standard input")

    kept = sys.stdin.buffer.read() if is_many and _PIPED in files else b""
    return [piped if file == _PIPED else partial(sheet_of_file, file) for file in files]


def _write(drawn: bytes, file: Path) -> None:
    """The file appears when it is whole, in a folder that is there."""
    if not file.parent.is_dir():
        raise FolderUnusable(
            f"{file} cannot be written: there is no folder {file.parent}. Choose another place with --picture."
        )
    with write_whole_file(file) as unfinished:
        unfinished.write_bytes(drawn)
