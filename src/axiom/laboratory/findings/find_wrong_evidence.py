"""Does all evidence still follow from the stored results? Every line is made again, as it was when it was written."""

import bisect
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from axiom.laboratory.findings import observe
from axiom.laboratory.findings.compare_duplicates import read_agreements
from axiom.laboratory.findings.observe import ObservedVersion
from axiom.store.engine.database import Database, Row, from_microseconds
from axiom.store.experiments import experiments
from axiom.store.findings import blocks as block_store
from axiom.store.findings import evidence, observations
from axiom.store.findings.evidence import WeighedFinding
from axiom.store.findings.observations import PlacedObservation
from axiom_weigh.evidence.closed_blocks import ReplicateProgress, form_blocks, list_closed_blocks
from axiom_weigh.evidence.false_discoveries import WeighedClaim, false_shares
from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.grouping import group_pairs
from axiom_weigh.values import METHOD, Block, Cohort, Evidence, Home, Observation, Surroundings, Verdict

_Places = Mapping[tuple[int, int], int]  # the block of each replicate, by its number and registration


def find_wrong_evidence(db: Database) -> list[str]:
    """I10: every line of every history follows from the stored results, again and identically."""
    problems = []
    for experiment in experiments.list_experiment_versions(db):
        history = _VersionHistory(db=db, experiment_id=experiment.id)
        for finding in evidence.list_weighed_findings(db, experiment.id):
            problems += [
                f"finding {finding.number}, line {line} is not what its results say" for line in history.wrong(finding)
            ]
    return problems + _misplaced(db)


@dataclass(kw_only=True)
class _VersionHistory:
    """A version at every moment at which a line of one of its findings was written."""

    db: Database
    experiment_id: int
    _versions: dict[datetime, ObservedVersion] = field(default_factory=dict)
    _numbers: dict[int, list[int]] = field(default_factory=dict)  # issued to each registration

    def wrong(self, finding: WeighedFinding) -> Iterator[int]:
        """The lines of a finding that do not follow."""
        rows = evidence.list_evidence_lines(self.db, finding.number)
        try:
            written = self._observations_by_line(finding)
            strange, places = self._strange_lines(finding), self._places(finding, rows)
        except (TypeError, ValueError):  # what cannot even be read does not follow
            yield from (row["line"] for row in rows)
            return
        yield from sorted(set(range(1, len(rows) + 1)).union(written) - {row["line"] for row in rows})
        for row in rows:
            try:
                follows = self._follows(finding, row, written, places)
            except (TypeError, ValueError, KeyError):
                follows = False
            if not follows or row["line"] in strange:
                yield row["line"]

    def _observations_by_line(self, finding: WeighedFinding) -> dict[int, list[Observation]]:
        written = observations.list_finding_observations(self.db, finding.number)
        return group_pairs((line, placed.observation) for line, placed in written)

    def _follows(
        self, finding: WeighedFinding, row: Row, written: Mapping[int, list[Observation]], places: _Places
    ) -> bool:
        """What entered with the line is right, nothing that had come was forgotten, and it says what follows."""
        when, observed = (
            from_microseconds(row["created_at"]),
            evidence.read_observation_set(self.db, finding.number, row["line"]),
        )
        version = self._version_at(when)
        lost = [
            observation
            for observation in observed.observations
            if observation.outcome is None or version.has_lost(observation)
        ]
        seen = [*written.get(row["line"], ()), *lost]
        issued = {observation.replicate: observation.registration for observation in seen}
        again = {observation.replicate: observation.without_words for observation in version.observed(finding, issued)}
        line = evidence.parse_evidence(row)
        agreements = read_agreements(self.db, version.feeding[finding.number], when)
        is_so = all(again[observation.replicate] == observation.without_words for observation in seen)
        if not is_so or not _are_in_place(observed.placed, places, line.blocks):
            return False
        return line.method < METHOD or (  # by earlier rules, which nobody has any more
            _numbers(line)
            == _numbers(
                weigh_observations(
                    version.estimand(finding),
                    observed.observations,
                    blocks=line.blocks,
                    homes=observed.homes,
                    surroundings=Surroundings(agreements=agreements, false_share=line.false_share),
                )
            )
        )

    def _places(self, finding: WeighedFinding, rows: Sequence[Row]) -> _Places:
        """In which block each replicate had to enter, by its number and registration.

        Made again session by session: which blocks there were to choose from depends on what was weighed before and
        on what was amended by then; which of them come first, on their numbers alone.
        """
        places: dict[tuple[int, int], int] = {}
        reached: dict[int, int] = {}
        entered = 0
        for when, group in itertools.groupby(rows, key=lambda row: int(row["created_at"])):
            amount = max(0, max(row["blocks"] for row in group) - entered)
            version = self._version_at(from_microseconds(when))
            designs = [
                self._issued_blocks(version, registration_id, reached.get(registration_id, -1), amount)
                for registration_id in version.feeding[finding.number]
            ]
            for entered, block in enumerate(list_closed_blocks(designs)[:amount], start=entered + 1):  # noqa: B020  it goes on
                places.update({(number, block.registration): entered for number in block.replicates})
                reached[block.registration] = block.replicates[-1]
        return places

    def _issued_blocks(
        self, version: ObservedVersion, registration_id: int, after: int, amount: int
    ) -> tuple[Block, ...]:
        """So many blocks of a registration after this number, as if all were closed."""
        if registration_id not in self._numbers:
            self._numbers[registration_id] = block_store.list_issued_numbers(
                self.db, self.experiment_id, registration_id, -1
            )
        numbers, size = self._numbers[registration_id], version.registered[registration_id].block
        first = bisect.bisect_right(numbers, after)
        ended = [
            ReplicateProgress(number=number, cells=0, back=0, over=True)
            for number in numbers[first : first + amount * size]
        ]
        return form_blocks(ended, size, registration_id, is_over=registration_id in version.amended)

    def _strange_lines(self, finding: WeighedFinding) -> set[int]:
        """The lines that say of a host what it is not: another volunteer's, or two platforms at once.

        Which platform a host had then is written nowhere else, since a computer may get another system.
        """
        written = observations.read_written_homes(self.db, finding.number)
        by_line = {line: {_host_and_volunteer(home) for home in homes} for line, homes in written.items()}
        today = observations.find_host_homes(self.db, {host for whose in by_line.values() for host, _ in whose})
        current = {_host_and_volunteer(home) for home in today.values()}
        unknown = {(host, None) for whose in by_line.values() for host, _ in whose if host not in today}
        return {
            line
            for line, whose in by_line.items()
            if not whose <= current | unknown or len(whose) != len(written[line])
        }

    def _version_at(self, when: datetime) -> ObservedVersion:
        if when not in self._versions:
            self._versions[when] = observe.observe_version(self.db, self.experiment_id, when)
        return self._versions[when]


def _are_in_place(placed: Sequence[PlacedObservation], places: _Places, blocks: int) -> bool:
    """The first so many blocks are there, whole and in their order, and nothing else counts."""
    cohorts: dict[Cohort, dict[tuple[int, int], int]] = {cohort: {} for cohort in Cohort}
    for placement in placed:
        observation = placement.observation
        cohorts[observation.cohort][observation.replicate, observation.registration] = placement.block
    expected = {replicate: place for replicate, place in places.items() if place <= blocks}
    return cohorts[Cohort.CONFIRMATORY] == expected and set(cohorts[Cohort.EXPLORATORY].values()) <= {1}


def _host_and_volunteer(home: Home | int) -> tuple[int, int | None]:
    return (home.host_id, home.volunteer_id) if isinstance(home, Home) else (home, None)


def _numbers(line: Evidence) -> Evidence:
    """What must come out again. Sentences may be worded better, and what is foreseen may be foreseen better."""
    alarms = tuple(replace(alarm, text="") for alarm in line.alarms)
    return replace(line, line=0, needs=(), flags=(), reasons=(), more=None, alarms=alarms)


def _misplaced(db: Database) -> list[str]:
    """Lines that say another place among all claims than followed from what all of them said then."""
    claims, problems = evidence.list_claims(db), []
    newest: dict[int, Row] = {}
    for (_, when), group in itertools.groupby(
        evidence.read_evidence_course(db), lambda row: (row["session_id"], row["created_at"])
    ):
        written = list(group)
        before = dict(newest)
        newest.update({row["number"]: row for row in written})
        earlier = [row for row in written if row is not newest[row["number"]]]
        problems += [_sentence(row) for row in earlier if row["false_share"] != _share(before.get(row["number"]))]
        # What was registered or recalled in the very microsecond may have been before or after.
        possible = [_possible_shares(claims, newest, at) for at in (when, when - 1)]
        compared = {number for shares in possible for number in shares}.intersection(newest)
        problems += [
            _sentence(newest[number])
            for number in sorted(compared)
            if newest[number]["false_share"] not in [shares[number] for shares in possible if number in shares]
        ]
    return problems


def _possible_shares(claims: Sequence[Row], newest: Mapping[int, Row], at: int) -> dict[int, float | None]:
    """The places of the claims that stood at a moment, among all that had been asked. A recalled one says nothing."""
    earlier = [row for row in claims if row["created_at"] <= at]
    not_recalled = {row["number"] for row in earlier if row["recalled_at"] is None or at < row["recalled_at"]}
    rows = {number: row for number, row in newest.items() if number in not_recalled}
    shares = false_shares([_weighed_claim(row["number"], rows.get(row["number"])) for row in earlier])
    return {number: shares[number] for number in not_recalled}


def _weighed_claim(number: int, row: Row | None) -> WeighedClaim:
    if row is None:
        return WeighedClaim(number=number, e_value=1.0, e_absent=1.0, verdict=Verdict.UNDECIDED)
    return WeighedClaim(
        number=number, e_value=row["e_value"], e_absent=row["e_absent"], verdict=Verdict(row["verdict"])
    )


def _share(row: Row | None) -> float | None:
    return row["false_share"] if row else None


def _sentence(row: Row) -> str:
    return f"finding {row['number']}, line {row['line']} has not the place among all claims that it says"
