"""What the findings of a version are weighed from: the estimand in each replicate, read from stored results."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from textwrap import shorten
from typing import Any

from axiom.domain.headlines.names_in_words import name_in_words, tell_config
from axiom.domain.maps import Map, first_place, tile_at
from axiom.domain.registrations import RegistrationBody, map_amendments, read_registration_body
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.engine.database import Bare, Database
from axiom.store.experiments import experiments
from axiom.store.findings import blocks as block_store
from axiom.store.findings import observations, reproductions
from axiom.store.findings.evidence import WeighedFinding
from axiom.store.maps import tiles
from axiom.store.maps.tiles import ChartProgress
from axiom.store.registrations import registrations
from axiom_weigh.evidence.closed_blocks import ReplicateProgress, form_blocks, list_closed_blocks
from axiom_weigh.statistics.equal_values import digest_row, find_clones, mark_row
from axiom_weigh.statistics.estimand_arithmetic import BY_NAMES, Naming, compute_estimand, list_needed_configs
from axiom_weigh.values import COARSE, EVERY_NUMBER, NOT_WAITING, OUTVOTED, Block, Cohort, Observation, Outcome

_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_COUNTED = Cohort.CONFIRMATORY
_NUMBERS = frozenset({float, int})
_WORST = (Outcome.LATE, Outcome.DIVERGED)  # a time-out counts as what was declared for it, however other cells ended
_LONGEST_WORDS = 120
_NOTHING = ChartProgress()
_Cell = tuple[Bare, Mapping[str, Any] | None, Sequence[Any]]  # with its measures and its early values


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredReplicate:
    measures: Mapping[int, Mapping[str, Any]]  # by place, of cells that count
    outcomes: Mapping[int, Outcome]  # by place
    hosts: tuple[int, ...]
    fingerprint: str
    cells: Mapping[int, Sequence[Any]]  # by place, every number that was measured, the early ones too
    gpus: tuple[tuple[int, str], ...] = ()  # hosts whose GPU computed some of it, with the GPU's kind


@dataclass(frozen=True, slots=True)
class _NeededTiles:
    """The tiles that a finding needs: of these arms, down to this level."""

    deepest: int
    arms: frozenset[int]

    def holds(self, place: int) -> bool:
        tile, arm = tile_at(place)
        return tile.level <= self.deepest and arm in self.arms


@dataclass(kw_only=True)
class ObservedVersion:
    """A version as it was at a moment, with all that was registered of it. Each result is read once for all of it."""

    db: Database
    experiment_id: int
    name: str
    until: datetime  # what came later is not there yet
    registered: Mapping[int, RegistrationBody]
    feeding: Mapping[int, tuple[int, ...]]  # of each finding the registrations whose replicates are its evidence
    amended: frozenset[int]  # registrations to which no more numbers are issued, as another one amends them
    _measured: dict[int, MeasuredReplicate] = field(default_factory=dict)
    _wanted: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)
    _closed: dict[tuple[object, ...], tuple[Block, ...]] = field(default_factory=dict)
    _kept: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)
    _overturned: dict[int, frozenset[int]] = field(default_factory=dict)
    _alike: dict[tuple[object, ...], Sequence[Sequence[int]]] = field(default_factory=dict)
    chart: Map | None = None
    naming: Naming = field(default=BY_NAMES, compare=False)

    def estimand(self, finding: WeighedFinding) -> Mapping[str, Any]:
        """What a finding asks, as its own registration defines it."""
        return self.registered[finding.registration_id].estimands[finding.estimand]

    def closed(self, finding: WeighedFinding) -> tuple[Block, ...]:
        """The blocks of a finding that closed since it was weighed, in the order in which they enter.

        Only what comes after the weighed replicates is looked at: this is asked every second, however much is stored.
        """
        reached, feeders, drawn = self.reached(finding), self.feeding[finding.number], self._needed_tiles(finding)
        key = (feeders, drawn, *sorted(reached.items()))
        if key not in self._closed:
            self._closed[key] = list_closed_blocks(
                [self._blocks(feeder, reached.get(feeder, -1), drawn) for feeder in feeders]
            )
        return self._closed[key]

    def observed(self, finding: WeighedFinding, issued: Mapping[int, int]) -> list[Observation]:
        """The finding's estimand in these replicates, each issued to a registration; in their order.

        What came back too late is missing: a task that was given up on may still bring its results, when its block was
        weighed without them.
        """
        self._read(issued)
        drawn = self._needed_tiles(finding)
        charted = self._chart_progress(drawn, min(issued, default=0))
        repeats = self._repeats(finding, issued)
        return [
            self._observation(
                finding,
                number,
                issued_to,
                drawn,
                repeats=repeats.get(number, ""),
                lacking=charted.get(number, _NOTHING).lacking,
            )
            for number, issued_to in issued.items()
        ]

    def is_overturned(self, number: int, issued_to: int) -> bool:
        """Have two others computed this replicate otherwise, and alike?"""
        if issued_to not in self._overturned:
            self._overturned[issued_to] = reproductions.list_overturned_replicates(self.db, issued_to, self.until)
        return number in self._overturned[issued_to]

    def has_lost(self, observation: Observation) -> bool:
        """Is a value known of this replicate that does not count any more?"""
        is_known = observation.value is not None or not observation.is_asked
        return is_known and self.is_overturned(observation.replicate, observation.registration)

    def reached(self, finding: WeighedFinding) -> dict[int, int]:
        """By registration, the last replicate that is kept as an observation of this finding."""
        key = (finding.number, finding.line)
        if key not in self._kept:
            self._kept[key] = observations.find_reached_replicates(self.db, finding.number)
        return self._kept[key]

    def remember(self, finding: WeighedFinding, observations: Sequence[Observation]) -> None:
        """These are all that are kept of a finding, so nobody has to ask for the last of them."""
        reached: dict[int, int] = {}
        for observation in observations:
            if observation.replicate > reached.get(observation.registration, -1) and observation.cohort is _COUNTED:
                reached[observation.registration] = observation.replicate
        self._kept[finding.number, finding.line] = reached

    def _needed_tiles(self, finding: WeighedFinding) -> _NeededTiles | None:
        """Which tiles of a map a finding needs; None where it needs those of level 0 alone, or there is no map."""
        levels = self.estimand(finding).get("levels")
        if self.chart is None or not levels:
            return None
        places = self.registered[finding.registration_id].design.places
        arms = frozenset(places[index] for index in self._needed_indices(finding, finding.registration_id))
        return _NeededTiles(deepest=levels[1], arms=arms)

    def _blocks(self, registration_id: int, after: int, drawn: _NeededTiles | None) -> tuple[Block, ...]:
        registered = self.registered[registration_id]
        numbers = block_store.list_issued_numbers(self.db, self.experiment_id, registration_id, after)
        is_over = registration_id in self.amended and not block_store.has_number_gaps(self.db, self.experiment_id)
        if len(numbers) < (1 if is_over else registered.block):
            return ()
        below = first_place(1) if self.chart else block_store.ALL_PLACES
        back = block_store.count_returned_cells(self.db, self.experiment_id, numbers[0], below)
        ordered = block_store.list_ordered_replicates(self.db, registration_id, numbers[0])
        cells = len(registered.design.configs)
        charted = self._chart_progress(drawn, numbers[0])
        if drawn:  # its deeper tiles are ordered one level after the other: it is over once a part of it is given up
            given_up = block_store.list_abandoned_replicates(self.db, registration_id, numbers[0])
            ordered = {number: over and number in given_up for number, over in ordered.items()}
        progress = [
            # A number that nobody remembers after a backup was restored is issued again: it is not over.
            ReplicateProgress(
                number=number,
                cells=cells + charted.get(number, _NOTHING).wanted,
                back=back.get(number, 0) + charted.get(number, _NOTHING).back,
                over=ordered.get(number, False),
            )
            for number in numbers
        ]
        return form_blocks(progress, registered.block, registration_id, is_over=is_over)

    def _chart_progress(self, drawn: _NeededTiles | None, first: int) -> dict[int, ChartProgress]:
        if drawn is None:
            return {}
        return tiles.read_chart_progress(
            self.db, self.experiment_id, first=first, deepest=drawn.deepest, arms=drawn.arms
        )

    def _read(self, numbers: Collection[int]) -> None:
        wanted = [number for number in numbers if number not in self._measured]
        cells: dict[int, list[_Cell]] = {number: [] for number in wanted}
        below = first_place(self.chart.charted + 1) if self.chart else block_store.ALL_PLACES
        rows = (
            block_store.read_replicate_cells(self.db, self.experiment_id, wanted, self.until, below) if wanted else []
        )
        # Joined and parsed at once: a call for each of a thousand cells costs more than the parsing.
        texts = [text for row in rows for text in (row[4] or "null", row[5])]
        parsed = json.loads(f"[{','.join(texts)}]")
        for cell in zip(rows, parsed[::2], parsed[1::2], strict=True):
            cells[cell[0][0]].append(cell)
        for number in wanted:
            self._measured[number] = _measured(cells[number])

    def _observation(
        self,
        finding: WeighedFinding,
        number: int,
        issued_to: int,
        drawn: _NeededTiles | None,
        *,
        repeats: str,
        lacking: int,
    ) -> Observation:
        design, back = self.registered[issued_to].design, self._measured[number]
        wanted = [(design.configs[index], design.places[index]) for index in self._needed_indices(finding, issued_to)]
        if drawn:
            by_place = design.by_place
            wanted = [(by_place[place], place) for place in sorted(back.outcomes) if drawn.holds(place)]
        cells = [(config, back.measures.get(place)) for config, place in wanted]
        reached, why = compute_estimand(self.estimand(finding), cells, self.naming)
        if lacking:
            reached, why = None, f"of the tiles through which its border passes, {lacking} were never drawn"
        outcome = Outcome.OK if reached is not None else _worst([back.outcomes.get(place) for _, place in wanted])
        if (reached is not None or why == NOT_WAITING) and self.is_overturned(number, issued_to):
            reached, why = None, OUTVOTED
        return Observation(
            replicate=number,
            value=reached,
            hosts=back.hosts,
            why_missing=why,
            outcome=outcome,
            registration=issued_to,
            design=design.name,
            cohort=_COUNTED if issued_to in self.feeding[finding.number] else Cohort.EXPLORATORY,
            fingerprint=back.fingerprint,
            repeats=repeats if reached is not None else "",
            gpus=back.gpus,
        )

    def _repeats(self, finding: WeighedFinding, issued: Mapping[int, int]) -> dict[int, str]:
        """Those of these replicates that have an earlier one's numbers at a config that the finding needs."""
        by_number: dict[int, str] = {}
        for issued_to in set(issued.values()):
            numbers = tuple(number for number in issued if issued[number] == issued_to)
            design, measure = self.registered[issued_to].design, self.estimand(finding)["measure"]
            for index in self._needed_indices(finding, issued_to):
                place, config = design.places[index], design.configs[index]
                for name in ("", measure):
                    for first, *others in self._agreeing_groups(numbers, place, name):
                        measured = self.naming.name(name) if name else EVERY_NUMBER
                        what = f"{measured} of replicate {first} {self.naming.place(config)}"
                        by_number |= {number: what for number in others if number not in by_number}
        return by_number

    def _agreeing_groups(self, numbers: tuple[int, ...], place: int, measure: str) -> Sequence[Sequence[int]]:
        key = (numbers, place, measure)
        if key not in self._alike:
            measured = {
                number: self._measured[number] for number in numbers if place in self._measured[number].measures
            }
            self._alike[key] = find_clones(
                {
                    number: _all_numbers([back.measures[place].get(measure)] if measure else back.cells[place])
                    for number, back in measured.items()
                }
            )
        return self._alike[key]

    def _needed_indices(self, finding: WeighedFinding, issued_to: int) -> tuple[int, ...]:
        """Which configs of a design the finding needs; the same for each of its replicates, so it is asked once."""
        key = (finding.number, issued_to)
        if key not in self._wanted:
            self._wanted[key] = list_needed_configs(self.estimand(finding), self.registered[issued_to].design.configs)
        return self._wanted[key]


def _worst(outcomes: Sequence[Outcome | None]) -> Outcome | None:
    """How a replicate without a value ended, in the cells that the finding needs; None: one never came back."""
    return None if None in outcomes else next((outcome for outcome in _WORST if outcome in outcomes), Outcome.OK)


def observe_version(db: Database, experiment_id: int, until: datetime) -> ObservedVersion:
    registered = registrations.read_registrations(db, experiment_id)
    stored = experiments.find_experiment(db, experiment_id)
    manifest = stored_manifest(stored.manifest) if stored else None
    return ObservedVersion(
        db=db,
        experiment_id=experiment_id,
        name=stored.name if stored else "",
        until=until,
        registered={registration.id: read_registration_body(registration.body) for registration in registered},
        feeding=registrations.group_feeders_by_finding(db, experiment_id),
        amended=frozenset(
            map_amendments([registration for registration in registered if registration.created_at <= until])
        ),
        chart=manifest.map if manifest else None,
        naming=_naming_of(manifest) if manifest else BY_NAMES,
    )


def _naming_of(manifest: Manifest) -> Naming:
    measures = [measure.name for measure in manifest.measures]
    return Naming(
        name=partial(name_in_words, manifest.words),
        place=lambda config: shorten(tell_config(manifest.words, config, measures), _LONGEST_WORDS, placeholder=" …"),
    )


def _measured(cells: Sequence[_Cell]) -> MeasuredReplicate:
    """Cells without a measure that counts are not among the measures; what they hold still marks the computation."""
    numbers: list[Any] = []
    counted: dict[int, Mapping[str, Any]] = {}
    outcomes: dict[int, Outcome] = {}
    hosts: set[int] = set()
    gpus: dict[int, str] = {}
    every_cell: dict[int, list[Any]] = {}
    in_order: dict[tuple[str, ...], list[str]] = {}
    for (_, config, outcome, host, _, _, gpu), measures, early in cells:
        hosts.add(host)
        if gpu > gpus.get(host, ""):
            gpus[host] = gpu
        row: list[Any] = []
        if measures:
            names = tuple(measures)
            if names not in in_order:  # cells of a version have the same measures, and sorting is asked once
                in_order[names] = sorted(names)
            row += [measures[name] for name in in_order[names]]
        row += early
        numbers += row
        every_cell[config] = row
        ended = outcomes[config] = _OUTCOMES[outcome]
        if measures and ended is Outcome.OK:
            counted[config] = measures
    every = _all_numbers(numbers)
    return MeasuredReplicate(
        measures=counted,
        outcomes=outcomes,
        hosts=tuple(sorted(hosts)),
        fingerprint=mark_row(every) or f"{COARSE}:{digest_row(every)}",
        cells=every_cell,
        gpus=tuple(sorted(gpus.items())),
    )


def _all_numbers(measured: Sequence[Any]) -> list[float | None]:
    if _NUMBERS.issuperset(map(type, measured)):  # nearly always, and then they are read at once
        return list(map(float, measured))
    numbers: list[float | None] = []
    for entry in measured:
        if isinstance(entry, list):
            numbers += _all_numbers(entry)
        elif isinstance(entry, str):  # the SHA-256 of a grid
            numbers.append(float(int(entry[:12], 16)))
        else:
            numbers.append(entry if entry is None else float(entry))
    return numbers
