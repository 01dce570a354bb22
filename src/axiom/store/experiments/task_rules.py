"""What operators say of the tasks of experiments: one word each, which the next one replaces."""

from datetime import datetime

from axiom.domain.releases import ANY_COMPUTER, RecordedTaskRule, TaskRule
from axiom.store.engine import counters
from axiom.store.engine.database import Database, as_value


def read_rules(db: Database) -> dict[str, RecordedTaskRule]:
    rows = db.select("SELECT * FROM task_rule ORDER BY experiment")
    return {row["experiment"]: as_value(RecordedTaskRule, row) for row in rows}


def read_rule(db: Database, experiment: str) -> TaskRule:
    stated = read_rules(db).get(experiment)
    return stated.rule if stated else ANY_COMPUTER


def set_rule(db: Database, experiment: str, rule: TaskRule, *, reason: str, by: str, now: datetime) -> None:
    """Put it in the place of what was said before; one that demands nothing takes that back."""
    counters.note_experiment_change(db)
    db.execute("DELETE FROM task_rule WHERE experiment = :experiment", experiment=experiment)
    if rule != ANY_COMPUTER:
        db.add(
            "task_rule",
            experiment=experiment,
            least_cores=rule.least_cores,
            least_memory_mb=rule.least_memory_mb,
            times_longer=rule.times_longer,
            reason=reason,
            said_by=by,
            said_at=now,
        )
