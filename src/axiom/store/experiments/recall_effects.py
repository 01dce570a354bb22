"""What a version has touched: everything that would be cancelled, kept or voided if it were recalled."""

from dataclasses import dataclass

from axiom.store.engine.database import Database, Row

_WORKUNITS = "SELECT state, count(*) AS amount FROM workunit WHERE experiment_id = :id GROUP BY state"
_TASKS = "SELECT state, count(*) AS amount FROM task WHERE experiment_id = :id GROUP BY state"
_OUT = """
SELECT count(DISTINCT t.host_id) AS hosts, count(DISTINCT h.volunteer_id) AS volunteers
FROM task t JOIN host h ON h.id = t.host_id WHERE t.experiment_id = :id AND t.state = 'sent'
"""
_HOSTS = """
SELECT count(DISTINCT t.host_id) AS hosts, count(DISTINCT h.volunteer_id) AS volunteers
FROM task t JOIN host h ON h.id = t.host_id WHERE t.experiment_id = :id
"""
_RESULTS = """
SELECT (SELECT count(*) FROM result WHERE experiment_id = :id) AS results,
    (SELECT count(*) FROM duplicate d JOIN result r ON r.id = d.result_id WHERE r.experiment_id = :id) AS duplicates,
    (SELECT count(*) FROM registration WHERE experiment_id = :id) AS registrations
"""
_FINDINGS = """
SELECT f.id AS number, f.estimand, f.status, e.verdict, e.grade FROM finding f
LEFT JOIN evidence e ON e.finding_number = f.id AND e.id = (SELECT max(id) FROM evidence WHERE finding_number = f.id)
WHERE f.experiment_id = :id ORDER BY f.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class BlastRadius:
    workunits: dict[str, int]
    tasks: dict[str, int]
    hosts_out: int  # that have a task of it at this moment
    volunteers_out: int
    hosts: int  # that ever had one
    volunteers: int
    results: int
    duplicates: int
    registrations: int
    findings: tuple[Row, ...]


def blast_radius(db: Database, experiment_id: int) -> BlastRadius:
    out, ever = db.select(_OUT, id=experiment_id)[0], db.select(_HOSTS, id=experiment_id)[0]
    counted = db.select(_RESULTS, id=experiment_id)[0]
    return BlastRadius(
        workunits={row["state"]: row["amount"] for row in db.select(_WORKUNITS, id=experiment_id)},
        tasks={row["state"]: row["amount"] for row in db.select(_TASKS, id=experiment_id)},
        hosts_out=out["hosts"],
        volunteers_out=out["volunteers"],
        hosts=ever["hosts"],
        volunteers=ever["volunteers"],
        results=counted["results"],
        duplicates=counted["duplicates"],
        registrations=counted["registrations"],
        findings=tuple(db.select(_FINDINGS, id=experiment_id)),
    )
