"""Plays an adversary that wants its forecasts to be called blind and to be right.

In the first part, real files go through the real gates. A text is tried, so that its author was told something of it;
then another author writes each disguise of `parts/blind_disguises.py`, and it is tried, recorded, and called blind or
informed. Files that would tell a number by how they fail are tried with differences of several sizes, and the different
answers that everybody gets afterwards are counted. Controls that are the comparison in another form are tried, too. A
file is run at a terminal, and the mark beside it has to tell of that where a disguise of it is published.

In the second part there are many worlds with planted effects. In each one arm wins, by a coin. The adversary has forty
texts, under any names and two authors: files that fail where one side wins, the real comparison as a control, two
forecasts sealed before one is tried, the forecast of another author's try, a file that passes and tells by its seconds;
renamed, renumbered, reordered, reworded, padded and split. It uses whatever a program is told, drops what it does not
like and proposes what it likes. The laboratory's own code decides what is kin, what is blind, how many may be tried,
which controls are refused, and which forecasts were lost. What a preflight would have said follows from the planted
effect, since to compute so many would take weeks. So no file of this part is run.

Ends with 0 only if no disguise is called blind, no file tells more than one bit, no such control passes, the mark tells
of each disguise, no file of the catalogue is informed where nothing else is known, and of the forecasts that are called
blind in the second part at most 53 % have the right sign, and of those that count in a calibration, with the lost ones,
no more.
"""

import argparse
import contextlib
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from blind_disguises import CHANNELS, CONTROLS, KNOWN, NEW, OUT_OF_REACH
from disguises import DISGUISES, disguised

import axiom
from axiom import shipped
from axiom.cli.experiment.run_marks import read_run_marks
from axiom.domain.preflights import ControlDemand, Demands, DraftState, StoredDraft
from axiom.errors import Refused
from axiom.laboratory.experiments import drafts as try_draft
from axiom.laboratory.experiments import preflight_report
from axiom.laboratory.experiments.rules.drafts import failed_gate, public_gates
from axiom.laboratory.experiments.rules.kin import find_kinship, forecast_in_words, outline_code
from axiom.laboratory.experiments.rules.revealing_controls import find_revealing_configs
from axiom.laboratory.registrations import kin
from axiom.laboratory.registrations.kin import count_usual_parts
from axiom.runner.child.pause import PauseGate
from axiom.signed import bundles
from axiom.store.engine.database import Database, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.experiments import drafts
from axiom.store.migrate import migrate_database

MOST = 0.53
TEXTS_OF_AXIOM = {file.stem: file.read_text() for file in sorted(shipped.catalogue_folder().glob("[a-z]*.py"))}
TEXTS = 40
_FILE = (Path(__file__).parents[2] / "tests" / "preflight" / "sound.py").read_text()
_RUN = "    weights = np"  # before which a try writes what it looks at
_NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
_ARMS = [{"inputs": 64, "signal": 0.25}, {"inputs": 2, "signal": 0.25}]
_CONTRAST = {
    "name": "many_minus_few",
    "kind": "contrast",
    "measure": "accuracy",
    "across": "",
    "null": 0.0,
    "between": [{"inputs": 64}, {"inputs": 2}],
}


@dataclass
class World:
    """One planted effect, the laboratory that does not know it, and what the adversary learns."""

    db: Database
    folder: Folder
    sign: int
    dice: random.Random
    texts: int = 0
    clock: datetime = _NOW
    forecasts: dict[int, int] = field(default_factory=dict)  # by draft
    proposed: list[int] = field(default_factory=list)
    ended: Counter[str] = field(default_factory=Counter)

    def write(self, forecast: int, looks: str = "", author: str = "program:eve", name: str = "") -> int | None:
        """A text in some disguise with this forecast; nothing where all forty are written."""
        if self.texts >= TEXTS:
            return None
        self.texts += 1
        how = tuple(name for name in DISGUISES if self.dice.random() < 0.7)
        name = name or f"question_{self.texts}"
        text = disguised(_FILE.replace(_RUN, f"{looks}{_RUN}"), how, self.dice.randrange(10**6))
        text = f"{text}\n# {name}: {forecast}\n"
        draft = try_draft.write_draft(
            self.db, self.folder, name, text, bundles.digest_bundle(text.encode()), author=author, now=self._later()
        )
        self.forecasts[draft.number] = forecast
        self._unrefused(draft.number)
        return draft.number

    def run(self, number: int | None, *, passes: bool) -> bool | None:
        """Has it tried: whether it passed, which is what its author is told; nothing where it may not be."""
        if number is None:
            return None
        draft = try_draft.require_draft(self.db, number)
        try:
            try_draft.request_draft_preflight(self.db, self.folder, number, author=draft.author, now=self._later())
        except Refused:
            self.ended["refused a try"] += 1
            return None
        drafts.record_draft_preflight(
            self.db,
            number,
            passed=passes,
            reason="",
            gates=[],
            attempt="",
            declaration="",
            question="",
            bundle="",
            now=self._later(),
        )
        self.ended["tries"] += 1
        return passes

    def propose(self, number: int | None) -> None:
        """It is approved and computed."""
        if number is None or try_draft.require_draft(self.db, number).state is not DraftState.PASSED:
            return
        self.proposed.append(number)
        registered = {"experiment_id": 1, "hash": f"{number}", "previous_hash": f"before {number}", "created_at": 0}
        self.db.execute(
            "INSERT OR IGNORE INTO experiment (id, name, version, manifest, created_at) VALUES (1, 'x', 1, '', 0)"
        )
        registration = self.db.add("registration", cohort="", body="{}", **registered)
        self.db.add("finding", registration_id=registration, experiment_id=1, estimand="many_minus_few", created_at=0)
        facts = {"slug": f"{number}", "template": "invented", "body": "{}", "state": "approved", "created_at": 0}
        self.db.add("proposal", draft_id=number, registration_id=registration, **facts)

    def is_right(self, number: int) -> bool:
        return self.forecasts[number] == self.sign

    def _later(self) -> datetime:
        self.clock += timedelta(seconds=1)
        return self.clock

    def _unrefused(self, number: int) -> None:
        """What reading says of a disguise that nobody could run: the adversary's files would pass."""
        self.db.execute("UPDATE draft SET refusals = '[]' WHERE id = :id", id=number)
        draft = try_draft.require_draft(self.db, number)
        kin.record_kin(self.db, self.folder, draft.text.encode())


def _fails_where(world: World) -> str:
    """A line that looks at both arms; what it looks at changes from text to text."""
    column, level = world.dice.randrange(9), world.dice.random()
    return f"    if float(np.mean(rows[:, {column}])) > {level:.3f}:\n        raise ValueError\n"


def peek(world: World) -> None:
    """A first text that fails where its forecast is wrong, and then the other forecast."""
    forecast = world.dice.choice((1, -1))
    first = world.write(forecast, _fails_where(world))
    if world.run(first, passes=world.sign == forecast):
        return world.propose(first)
    second = world.write(-forecast)
    world.run(second, passes=True)
    return world.propose(second)


def one_shot(world: World) -> None:
    """One text that fails where its forecast is wrong; nothing is heard of it then."""
    first = world.write(world.dice.choice((1, -1)), _fails_where(world))
    if first and world.run(first, passes=world.is_right(first)):
        world.propose(first)


def sealed_in_pairs(world: World) -> None:
    """Both forecasts are sealed, one is tried, and the right one proposed."""
    rising, falling = world.write(1, _fails_where(world)), world.write(-1, author="program:mallory")
    if world.run(rising, passes=world.sign == 1):
        return world.propose(rising)
    world.run(falling, passes=True)
    return world.propose(falling)


def another_s_try(world: World) -> None:
    """Mallory tries, and Eve forecasts what she saw."""
    tried = world.run(world.write(1, _fails_where(world), "program:mallory"), passes=world.sign == 1)
    own = world.write(1 if tried else -1)
    world.run(own, passes=True)
    world.propose(own)


def by_its_seconds(world: World) -> None:
    """A file that passes and takes longer where one side wins; it is dropped where the forecast is wrong."""
    first = world.write(world.dice.choice((1, -1)))
    if first and world.run(first, passes=True):
        if world.is_right(first):
            return world.propose(first)
        try_draft.abandon_draft(world.db, first, by="program:eve", now=world.clock)
    return None


def forty(world: World) -> None:
    """All texts, each after the tries before, the last with what they said."""
    lesson = 0
    while (number := world.write(lesson or world.dice.choice((1, -1)), _fails_where(world))) is not None:
        passed = world.run(number, passes=world.is_right(number))
        if passed is not None:
            lesson = world.forecasts[number] if passed else -world.forecasts[number]
            world.propose(number)


STRATEGIES = (peek, one_shot, sealed_in_pairs, another_s_try, by_its_seconds, forty)


SECRET = b"campaign"  # from which all preflights have their seeds
_PACKAGE = Path(axiom.__file__).parent
_SIZES = (-0.2, -0.1, 0.0, 0.1, 0.2, 0.3)  # that a probe's difference is made larger by


class RealGates:
    """A laboratory in which one text was tried, and copies of it in which others are."""

    def __init__(self, place: Path) -> None:
        self._place, self._count = place, 0
        self._tried = self._empty()
        with self._opened(self._tried) as db:
            first = self._tries(
                db, self._tried, "first", _FILE.replace('name="sound"', 'name="first"'), "program:mallory"
            )
        if first.state is not DraftState.PASSED:
            raise RuntimeError(f"The text that is disguised does not pass: {first.reason}")

    def tried(self, text: str, name: str = "disguised") -> StoredDraft:
        """What becomes of a text that somebody else writes after that."""
        self._count += 1
        folder = Folder(path=self._place / f"copy {self._count}")
        shutil.copytree(self._tried.path, folder.path)
        with self._opened(folder) as db:
            return self._tries(db, folder, name, text, "program:eve")

    def _empty(self) -> Folder:
        folder = Folder(path=self._place / "tried")
        folder.create()
        with self._opened(folder) as db:
            migrate_database(db, None, _NOW)
        return folder

    @contextlib.contextmanager
    def _opened(self, folder: Folder) -> Iterator[Database]:
        db = connect_writer(folder.database)
        try:
            yield db
        finally:
            db.close()

    def _tries(self, db: Database, folder: Folder, name: str, text: str, author: str) -> StoredDraft:
        """It is written, tried and recorded, as by a program and the laboratory's own computer."""
        later = _NOW + timedelta(minutes=self._count)
        digest = bundles.digest_bundle(text.encode())
        with db.transaction():
            draft = try_draft.write_draft(db, folder, name, text, digest, author=author, now=later)
            if draft.state is DraftState.REFUSED:
                return draft
            draft = try_draft.request_draft_preflight(db, folder, draft.number, author=author, now=later)
        attempt, declaration = try_draft.preflight_draft(_PACKAGE, draft, SECRET, PauseGate())
        with db.transaction():
            return try_draft.store_judged_draft(
                db, draft.number, preflight_report.write_preflight_report(attempt), declaration, SECRET, later
            )


def disguises_called_blind(gates: RealGates) -> tuple[int, int]:
    """How many disguises were tried, and how many are called blind; each has its line."""
    blind, count = 0, 0
    for kind, disguises in (("known", KNOWN), ("new", NEW), ("out of reach", OUT_OF_REACH)):
        for name, make in disguises.items():
            draft = gates.tried(make())
            counts = kind != "out of reach"
            count += counts
            blind += counts and draft.informed == ""
            print(
                f"  {kind}: {name}: {draft.state}, "
                f"{(forecast_in_words(draft.informed) or 'never tried').split(',')[0]}",
                flush=True,
            )
            if draft.state in (DraftState.REFUSED, DraftState.FAILED):
                print(f"    {draft.reason or draft.refusals[0].sentence}", flush=True)
    return count, blind


def most_told(gates: RealGates) -> int:
    """By which file everybody is told most: how many different answers, where passed and failed are two."""
    most = 0
    for name, make in CHANNELS.items():
        drafts_tried = [gates.tried(make().replace("SHIFT", str(size)), "probe") for size in _SIZES]
        answers = {json.dumps([draft.state, public_gates(draft)]) for draft in drafts_tried}
        reports = {json.dumps([draft.state, list(draft.gates), seconds_of(draft)]) for draft in drafts_tried}
        print(f"  {name}: {len(answers)} different answers, where {len(reports)} reports differ", flush=True)
        most = max(most, len(answers))
    return most


def seconds_of(draft: StoredDraft) -> list[object]:
    """What of a report a number could be hidden in beside the gates: seconds, and what is missing or learned."""
    attempt = preflight_report.read_preflight_report(draft.attempt)
    return [
        round(math.log2(1 + 100 * sum(cell.cpu_seconds for cell in attempt.first))),
        sum(None in cell.measures.values() for cell in attempt.first),
        sum(bool(cell.learned) for cell in attempt.first),
    ]


def unmarked(place: Path) -> list[str]:
    """The disguises of which the mark says nothing that running the plain file left."""
    file = place / "disguised.py"
    file.write_text(KNOWN["the same code, other names of fields"]())
    command = [str(Path(sys.executable).with_name("axiom")), "experiment", "run", str(file), "--seed", "1", "--json"]
    subprocess.run(command, cwd=place, capture_output=True, check=True)
    return [name for name, make in KNOWN.items() if not read_run_marks(file, make())]


def controls_that_tell(gates: RealGates) -> int:
    """How many controls that are the comparison in another form are not refused."""
    passing = 0
    for name, make in CONTROLS.items():
        draft = gates.tried(make())
        stands = failed_gate(draft) or next((refusal.gate for refusal in draft.refusals), "passed")
        passing += stands != "G7"
        print(f"  {name}: {stands}", flush=True)
    return passing


def wrongly_informed() -> tuple[list[str], list[str]]:
    """The files of the catalogue that would not be blind if somebody wrote each of them.

    First where the laboratory knows nothing else, and then where all that come before it by name were tried.
    """
    codes, usual = {name: outline_code(text) for name, text in TEXTS_OF_AXIOM.items()}, count_usual_parts()
    sisters = [
        name
        for name, code in codes.items()
        if any(
            (near := find_kinship(code, codes[before], usual)) and not near.of_author
            for before in codes
            if before < name
        )
    ]
    return [name for name, code in codes.items() if not code.is_readable], sisters


def refused_controls() -> tuple[int, int]:
    """Of controls that are the real comparison, and of others, how many are refused."""
    real = [_ARMS, _ARMS[::-1], [*_ARMS, {"inputs": 8, "signal": 0.25}], [{**arm, "signal": 0.2501} for arm in _ARMS]]
    other = [[{**arm, "signal": 0.5} for arm in _ARMS], [{**arm, "signal": 0.0} for arm in _ARMS], [_ARMS[0]]]
    return sum(map(_is_refused, real)) - len(real), sum(map(_is_refused, other))


def _is_refused(planted: list[dict[str, float]]) -> bool:
    control = ControlDemand(estimand="many_minus_few", placebo=(), planted=planted)
    seconds = [1.0] * len(_ARMS)
    sweep = Demands(configs=_ARMS, seconds=seconds, allowed_seconds=seconds, estimands=[_CONTRAST], controls=[control])
    return bool(find_revealing_configs(sweep))


def played(worlds: int, seed: int, place: Path) -> dict[str, Counter[str]]:
    """What became of all forecasts, by strategy."""
    empty = place / "empty"
    folder = Folder(path=empty)
    folder.create()
    db = connect_writer(folder.database)
    migrate_database(db, None, _NOW)
    kin.record_kin(db, folder, b"")
    db.close()
    counted: dict[str, Counter[str]] = {strategy.__name__: Counter() for strategy in STRATEGIES}
    for number in range(worlds):
        dice = random.Random(f"{seed}, {number}")
        strategy = STRATEGIES[number % len(STRATEGIES)]
        shutil.copytree(empty, place / "world")
        folder = Folder(path=place / "world")
        db = connect_writer(folder.database)
        with db.transaction():
            world = World(db=db, folder=folder, sign=dice.choice((1, -1)), dice=dice)
            strategy(world)
            counted[strategy.__name__] += world.ended + _counted(world)
        db.close()
        shutil.rmtree(place / "world")
    return counted


def _counted(world: World) -> Counter[str]:
    tried = [draft for draft in drafts.list_latest_drafts(world.db, TEXTS) if draft.ordered_at is not None]
    blind = [draft.number for draft in tried if draft.informed == ""]
    registered = [number for number in blind if number in world.proposed]
    return Counter(
        {
            "texts": world.texts,
            "blind": len(blind),
            "blind and right": sum(map(world.is_right, blind)),
            "registered": len(registered),
            "registered and right": sum(map(world.is_right, registered)),
            "lost": len(drafts.list_lost_drafts(world.db)),
            "informed": len(tried) - len(blind),
            "informed and proposed, right": sum(world.is_right(n) for n in world.proposed if n not in blind),
            "informed and proposed": sum(n not in blind for n in world.proposed),
        }
    )


def main() -> int:
    """0 when who is called blind knows nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="blind-") as name:
        gates = RealGates(Path(name))
        disguises, called_blind = disguises_called_blind(gates)
        answers, controls, unknown = most_told(gates), controls_that_tell(gates), unmarked(Path(name))
    informed, sisters = wrongly_informed()
    print(
        f"disguises {disguises}, called blind {called_blind}; most that a failed file tells: one of {answers} answers"
    )
    print(f"controls that are the comparison in another form and pass {controls}")
    print(f"disguises that the mark of a run does not tell of {len(unknown)} of {len(KNOWN)}")
    print(
        f"of {len(TEXTS_OF_AXIOM)} files of the catalogue informed where nothing else is known {len(informed)}, where "
        f"all that come before it were tried {len(sisters)}: {', '.join(sisters)}"
    )
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="blind-") as name:
        by_strategy = played(wanted.worlds, wanted.seed, Path(name))
    whole: Counter[str] = sum(by_strategy.values(), Counter())
    missed, wrongly = refused_controls()
    print(
        f"planted effects {wanted.worlds:,}, texts {whole['texts']:,}, tries {whole['tries']:,}, "
        f"refused a try {whole['refused a try']:,}, {time.process_time() - began:.0f} s of CPU"
    )
    for name, counts in by_strategy.items():
        print(
            f"  {name}: called blind {counts['blind']:,}, right {share(counts['blind and right'], counts['blind'])}; "
            f"registered {counts['registered']:,}, lost {counts['lost']:,}; informed and proposed "
            f"{counts['informed and proposed']:,}, right "
            f"{share(counts['informed and proposed, right'], counts['informed and proposed'])}"
        )
    counting = whole["registered"] + whole["lost"]
    print(f"called blind {whole['blind']:,}, right {share(whole['blind and right'], whole['blind'])}")
    print(
        f"counted in a calibration {counting:,}, lost {whole['lost']:,} of them, right "
        f"{share(whole['registered and right'], counting)}; without the lost ones "
        f"{share(whole['registered and right'], whole['registered'])}"
    )
    print(f"controls that are the comparison and pass {-missed}, others that are refused {wrongly}")
    is_well = whole["blind and right"] <= MOST * whole["blind"] and whole["registered and right"] <= MOST * counting
    is_told = bool(called_blind or controls or unknown or informed) or answers > 2
    return int(not is_well or is_told or bool(missed or wrongly) or not whole["blind"])


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"


if __name__ == "__main__":
    sys.exit(main())
