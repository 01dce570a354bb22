"""Tries a bundle before it goes to other people's computers, and remembers how that ended.

To try one takes as long as its sweep, twice: it is done outside of the writer, by whoever asks for it. What is brought
to the writer are facts; whether they are enough is decided there.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from axiom.decisions.preflight import Choice, Untried, choose, fault_again, fault_of, in_words, judge
from axiom.domain.preflights import GATES, Attempt, Demands, Preflight, Tried
from axiom.domain.work import Outcome
from axiom.errors import AxiomError, NotFound, WrongUse
from axiom.runner.here import compute_here
from axiom.runner.host import platform_here
from axiom.server.known import COST_MARGIN, LEAST_CELL_SECONDS
from axiom.signed import bundles, strict
from axiom.signed.manifests import Manifest, read_manifest, stored_manifest
from axiom.signed.outputs import CellAnswer
from axiom.store import experiments, preflights
from axiom.store.database import Database

REPORT_LIMIT = 4 * 1024 * 1024  # bytes
_WAITING = 20.0  # seconds that may pass for one of the processor: others compute here, too
_HEARD_FROM = timedelta(hours=1)

Said = Callable[[int, int], None]  # how many cells are computed, of how many


def try_out(archive: bytes, said: Said | None = None) -> Attempt:
    """Compute every config of a bundle twice, in two processes; at the first fault nothing more is computed.

    The cheapest configs come first. The second process takes them the other way round, so that what one cell leaves
    behind cannot be the same for the next. Neither finds anything compiled.
    """
    began = time.monotonic()
    course = _Course(archive, said)
    course.run()
    return Attempt(
        bundle=bundles.digest(archive),
        gates=GATES,
        platform=str(platform_here()),
        seed=course.seed,
        first=tuple(course.first),
        again=tuple(course.again),
        fault=course.fault,
        seconds=round(time.monotonic() - began, 3),
    )


def record(db: Database, attempt: Attempt, now: datetime) -> tuple[Preflight, bool]:
    """Judge an attempt by what its bundle declares, and remember it; and whether that is new, since a pass stays."""
    bundle = experiments.bundle(db, attempt.bundle)
    experiment = experiments.by_id(db, bundle.experiment_id) if bundle else None
    if bundle is None or experiment is None:
        raise NotFound(
            f"There is no bundle {attempt.bundle[:12]} here, so its preflight is for nothing. Nothing was stored; "
            "publish the experiment first."
        )
    if attempt.gates != GATES:
        raise WrongUse(f"Gates {attempt.gates} are not those that are asked here, {GATES}. Nothing was stored.")
    judged = judge(attempt, demands_of(stored_manifest(bundle.manifest or experiment.manifest)))
    made = Preflight(
        bundle=bundle.digest,
        gates=attempt.gates,
        passed=judged.passed,
        reason=judged.reason,
        platform=attempt.platform,
        report=write(attempt),
        at=now,
    )
    if preflights.record(db, made):
        return made, True
    return preflights.of_bundle(db, bundle.digest, GATES) or made, False


def due(db: Database, now: datetime) -> Choice:
    """Which bundle should be tried now; none while that would hold up the laboratory's own first answers."""
    waiting = [
        Untried(bundle=one.bundle, name=one.name, seconds=stored_manifest(one.manifest).seconds)
        for one in preflights.newest(db, GATES)
        if one.passed is None
    ]
    return choose(waiting, preflights.circumstances(db, now - _HEARD_FROM))


def demands_of(manifest: Manifest) -> Demands:
    """What a bundle with this manifest is held to: the very limits that a ticket will set."""
    return Demands(
        configs=manifest.configs,
        allowed_seconds=[max(LEAST_CELL_SECONDS, COST_MARGIN * seconds) for seconds in manifest.cell_seconds],
    )


def seed_for(experiment: str, version: int) -> int:
    """The seed of a preflight. It is no replicate's, so that nothing of what will be evidence is seen before."""
    text = f"axiom-preflight-1|{experiment}|{version}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") >> 1


def write(attempt: Attempt) -> str:
    """An attempt as canonical JSON."""
    return strict.canonical(
        asdict(attempt)
        | {"first": [_plain(one) for one in attempt.first], "again": [_plain(one) for one in attempt.again]}
    ).decode()


def read(text: str) -> Attempt:
    """An attempt that `write` wrote down; anything else is a WrongUse."""
    try:
        fields = strict.Fields(
            strict.parse(text.encode(), limit=REPORT_LIMIT), "the report", Attempt.__dataclass_fields__
        )
        return Attempt(
            bundle=fields.text("bundle"),
            gates=fields.text("gates"),
            platform=fields.text("platform"),
            seed=fields.whole("seed"),
            first=fields.each("first", _tried),
            again=fields.each("again", _tried),
            fault=fields.text("fault"),
            seconds=fields.real("seconds", least=0),
        )
    except (ValueError, UnicodeEncodeError) as error:
        raise WrongUse(f"The report of the preflight cannot be read: {error}. Nothing was stored.") from None


class _Course:
    """A bundle while it is tried."""

    def __init__(self, archive: bytes, said: Said | None) -> None:
        self._files = bundles.contents(archive)
        self._manifest = manifest = read_manifest(self._files[bundles.MANIFEST])
        self._demands = demands_of(manifest)
        self._said = said
        self._asked: int | None = None  # the config that is computed at this moment
        self.seed = seed_for(manifest.name, manifest.version)
        self.first: list[Tried] = []
        self.again: list[Tried] = []
        self.fault = ""

    def run(self) -> None:
        """Both passes, or as far as it goes."""
        manifest = self._manifest
        places = sorted(range(len(manifest.configs)), key=lambda place: manifest.cell_seconds[place])
        try:
            self._compute(places, self.first)
            if self._is_sound():
                self._compute(places[::-1], self.again)
        except AxiomError as error:
            where = "" if self._asked is None else f"{in_words(self._asked, self._demands)}: "
            self.fault = f"{where}{error}"

    def _compute(self, places: Sequence[int], tried: list[Tried]) -> None:
        """These configs in one fresh process, up to the first fault."""
        allowed = max(self._demands.allowed_seconds)
        for answer in compute_here(
            self._files,
            f"axiom.catalogue.{self._manifest.name}",
            self._cells(places),
            cpu_limit=allowed,
            wall_limit=_WAITING * allowed,
            memory_mb=self._manifest.memory_mb,
            on_progress=lambda _cell, _share: None,
        ):
            if self._asked is not None:
                tried.append(_of_answer(self._asked, answer, self._manifest))
            self._asked = None
            if self._said:
                self._said(len(self.first) + len(self.again), 2 * len(self._manifest.configs))

    def _cells(self, places: Sequence[int]) -> Iterator[tuple[Any, int]]:
        for place in places:
            if not self._is_sound():
                return
            self._asked = place
            yield self._manifest.configs[place], self.seed

    def _is_sound(self) -> bool:
        """Is nothing wrong with what was computed last?"""
        if self.again:
            last = self.again[-1]
            before = next((one for one in self.first if one.config == last.config), None)
            return not fault_again(last, before, self._demands)
        return not (self.first and fault_of(self.first[-1], self._demands))


def _of_answer(place: int, answer: CellAnswer, manifest: Manifest) -> Tried:
    measures = None if answer.measures is None else dict(answer.measures)
    said = {"outcome": answer.outcome.value, "measures": measures, "early": list(answer.early)}
    nullable = {measure.name for measure in manifest.measures if measure.nullable}
    return Tried(
        config=place,
        outcome=answer.outcome,
        digest=hashlib.sha256(strict.canonical(said)).hexdigest(),
        cpu_seconds=answer.cpu_seconds,
        missing=tuple(name for name, value in (measures or {}).items() if value is None and name not in nullable),
        error=f"{answer.error.kind} at {answer.error.where}" if answer.error else "",
    )


def _plain(tried: Tried) -> dict[str, Any]:
    return asdict(tried) | {"outcome": tried.outcome.value, "missing": list(tried.missing)}


def _tried(value: Any, what: str) -> Tried:
    fields = strict.Fields(value, what, Tried.__dataclass_fields__)
    return Tried(
        config=fields.whole("config"),
        outcome=Outcome(fields.text("outcome")),
        digest=fields.text("digest", r"[0-9a-f]{64}"),
        cpu_seconds=fields.real("cpu_seconds", least=0),
        missing=fields.each("missing", strict.text),
        error=fields.text("error"),
    )
