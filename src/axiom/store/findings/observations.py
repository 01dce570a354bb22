"""From what evidence is weighed: one value a replicate, written once, with who computed it where and for what."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from axiom.domain.fleet import Platform
from axiom.domain.registrations import read_registration_body
from axiom.domain.value import value_class
from axiom.store.engine.database import Bare, Database, as_value
from axiom_weigh.values import Cohort, Home, Observation, Outcome

_OF_LINE = """
SELECT o.replicate, o.block, o.registration_id, o.cohort, o.value, o.outcome, o.why_missing, o.fingerprint,
    o.repeats, o.hosts, o.line
FROM observation o WHERE o.finding_number = :number AND o.line <= :line ORDER BY o.replicate, o.line
"""
_DESIGNS = """
SELECT r.id, r.body FROM finding f JOIN registration r ON r.experiment_id = f.experiment_id WHERE f.id = :number
"""
_HOMES = """
SELECT h.id, h.volunteer_id, h.system, h.processor, h.instructions, v.is_ours
FROM json_each(:ids) j CROSS JOIN host h ON h.id = j.value JOIN volunteer v ON v.id = h.volunteer_id
"""
_REACHED = """
SELECT registration_id, max(replicate) AS last FROM observation
WHERE finding_number = :number AND cohort = 'confirmatory' GROUP BY registration_id
"""


_OUTCOMES: Mapping[str, Outcome | None] = {"": None, **{member.value: member for member in Outcome}}
_COHORTS = {member.value: member for member in Cohort}
_LAST_OF_ALL = 2**62  # lines end long before


@value_class
class PlacedObservation:
    block: int
    observation: Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservationSet:
    """What a line was weighed from, in issue order, and where its results came from."""

    observations: tuple[Observation, ...] = ()
    blocks: Mapping[int, int] = field(default_factory=dict)  # in which each replicate entered
    homes: Mapping[int, Home] = field(default_factory=dict)

    @property
    def placed(self) -> tuple[PlacedObservation, ...]:
        return tuple(
            PlacedObservation(block=self.blocks[observation.replicate], observation=observation)
            for observation in self.observations
        )

    def join(self, later: "ObservationSet") -> "ObservationSet":
        """Both together; a value that came late takes the place of the one that was missing."""
        by_replicate = {observation.replicate: observation for observation in self.observations}
        by_replicate.update({observation.replicate: observation for observation in later.observations})
        return ObservationSet(
            observations=tuple(by_replicate.values()),
            blocks={**self.blocks, **later.blocks},
            homes={**self.homes, **later.homes},
        )


def gather_observations(db: Database, placed: Sequence[PlacedObservation]) -> ObservationSet:
    """These, with where their hosts are at home today."""
    return ObservationSet(
        observations=tuple(placement.observation for placement in placed),
        blocks={placement.observation.replicate: placement.block for placement in placed},
        homes=find_host_homes(db, {host for placement in placed for host in placement.observation.hosts}),
    )


def store_observations(db: Database, number: int, line: int, placed: Iterable[PlacedObservation]) -> None:
    rows = list(placed)
    home_of = find_host_homes(db, {host for row in rows for host in row.observation.hosts})
    db.add_all("observation", [_row(number, line, row, home_of) for row in rows])


def read_line_observations(db: Database, number: int, line: int) -> ObservationSet:
    """What this line was weighed from. Of a value that came late the newest row counts, at its old place."""
    newest: dict[int, Bare] = {row[0]: row for row in _until(db, number, line)}
    latest: dict[str, int] = {}  # the newest line at which these hosts were written down
    for *_, hosts, written_at in newest.values():
        if written_at > latest.get(hosts, 0):
            latest[hosts] = written_at
    written = {text: _read_hosts(text) for text in sorted(latest, key=latest.__getitem__)}
    return ObservationSet(
        observations=_observations(newest.values(), _designs(db, number), written),
        blocks={replicate: row[1] for replicate, row in newest.items()},
        homes={
            home.host_id: home for host_set in written.values() for home in host_set.hosts if isinstance(home, Home)
        },
    )


def list_finding_observations(db: Database, number: int) -> list[tuple[int, PlacedObservation]]:
    rows = _until(db, number, _LAST_OF_ALL)
    written = {text: _read_hosts(text) for text in {row[-2] for row in rows}}
    pairs = zip(rows, _observations(rows, _designs(db, number), written), strict=True)
    return [(row[-1], PlacedObservation(block=row[1], observation=observation)) for row, observation in pairs]


def _until(db: Database, number: int, line: int) -> list[Bare]:
    """In issue order: by blocks. They nearly lie so, and are put so faster here than by the database."""
    return sorted(db.fetch_tuples(_OF_LINE, number=number, line=line), key=itemgetter(1))


def find_host_homes(db: Database, host_ids: Iterable[int]) -> dict[int, Home]:
    wanted = sorted(set(host_ids))
    return {
        row["id"]: Home(
            host_id=row["id"],
            volunteer_id=row["volunteer_id"],
            platform=str(as_value(Platform, row)),
            is_ours=bool(row["is_ours"]),
        )
        for row in (db.select(_HOMES, ids=json.dumps(wanted)) if wanted else [])
    }


def read_written_homes(db: Database, number: int) -> dict[int, set[Home | int]]:
    """The hosts of each line of a finding as they were written down; a number alone where nothing was known of one."""
    by_line: dict[int, set[Home | int]] = {}
    for row in db.select("SELECT DISTINCT line, hosts FROM observation WHERE finding_number = :number", number=number):
        by_line.setdefault(row["line"], set()).update(_read_hosts(row["hosts"]).hosts)
    return by_line


def find_reached_replicates(db: Database, number: int) -> dict[int, int]:
    return {row["registration_id"]: row["last"] for row in db.select(_REACHED, number=number)}


def _designs(db: Database, number: int) -> dict[int, str]:
    return {row["id"]: read_registration_body(row["body"]).design.name for row in db.select(_DESIGNS, number=number)}


def _row(number: int, line: int, placed: PlacedObservation, home_of: Mapping[int, Home]) -> dict[str, object]:
    observation = placed.observation
    return {
        "finding_number": number,
        "replicate": observation.replicate,
        "line": line,
        "block": placed.block,
        "registration_id": observation.registration,
        "cohort": observation.cohort,
        "value": observation.value,
        "outcome": observation.outcome or "",
        "why_missing": observation.why_missing,
        "hosts": json.dumps([_home(home_of.get(host), host, dict(observation.gpus)) for host in observation.hosts]),
        "fingerprint": observation.fingerprint,
        "repeats": observation.repeats,
    }


def _home(home: Home | None, host: int, gpus: Mapping[int, str]) -> list[object]:
    """A host with its volunteer and its own platform, and at the end the kind of its GPU where that computed."""
    facts = [] if home is None else [home.volunteer_id, home.platform, int(bool(home.is_ours))]
    return [host, *facts, *([gpus[host]] if host in gpus else [])]


@value_class
class _ComputedBy:
    """Who computed something, as it is written down; of a host of which nothing was known its number alone."""

    hosts: tuple[Home | int, ...]
    gpus: tuple[tuple[int, str], ...]  # hosts whose GPU computed, with its kind

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(home.host_id if isinstance(home, Home) else home for home in self.hosts)


def _read_hosts(text: str) -> _ComputedBy:
    loads = json.loads(text)
    gpus = tuple([(load[0], load.pop()) for load in loads if len(load) > 1 and isinstance(load[-1], str)])
    return _ComputedBy(
        hosts=tuple([_read_home(*load) if len(load) > 1 else int(load[0]) for load in loads]),
        gpus=gpus,
    )


def _read_home(host: int, volunteer: int, platform: str, is_ours: int) -> Home:
    return Home(host_id=host, volunteer_id=volunteer, platform=platform, is_ours=bool(is_ours))


def _observations(
    rows: Iterable[Bare], designs: Mapping[int, str], written: Mapping[str, _ComputedBy]
) -> tuple[Observation, ...]:
    numbers = {text: host_set.numbers for text, host_set in written.items()}
    return tuple(
        [
            Observation(
                replicate=replicate,
                value=value,
                hosts=numbers[hosts],
                why_missing=why_missing,
                outcome=_OUTCOMES[outcome],
                registration=registration,
                design=designs.get(registration, ""),
                cohort=_COHORTS[cohort],
                fingerprint=fingerprint,
                repeats=repeats,
                gpus=written[hosts].gpus,
            )
            for replicate, _, registration, cohort, value, outcome, why_missing, fingerprint, repeats, hosts, _ in rows
        ]
    )
