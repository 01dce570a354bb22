"""Between sessions the laboratory itself retires what is broken, through the gate like everybody, and says why."""

from axiom.commands.experiments import DeployExperiment
from axiom.service.laboratory import _look_for_failures
from axiom.store.engine.database import at
from axiom.store.experiments import experiments
from axiom.store.tasks import workunits

SAID = "KeyError at axiom/catalogue/tiny_sum.py:31"
FAIL = """
UPDATE task SET state = 'failed', cause = 'cell-failed', message = :said, host_id = :host, sent_at = :at,
    closed_at = :at, bundle_digest = (SELECT digest FROM bundle)
WHERE id = :id
"""


def fail_on_hosts(door, *hosts: int) -> None:
    """The next tasks have failed, one on each of these hosts."""

    def spoil(db) -> None:
        for number, host in enumerate(hosts, start=1):
            db.execute(FAIL, id=number, host=host, said=SAID, at=at(door.lab.now))

    door.gate.writer.run(spoil)
    door.lab.later(seconds=1)


def test_the_job_counts_and_retires_what_is_broken_once_and_leaves_an_audit(door):
    def meet(db) -> None:
        for number in range(3):
            db.execute(
                "INSERT INTO host (volunteer_id, name, system, processor, instructions, cores, memory_mb, created_at, "
                "seen_at) SELECT min(id), :name, 'linux', 'x86_64', 'avx2', 2, 4000, 0, 0 FROM volunteer",
                name=f"h{number}",
            )

    door.gate.writer.run(lambda db: db.execute("INSERT INTO volunteer (name, created_at) VALUES ('Ben', 0)"))
    door.gate.writer.run(meet)
    door.gate.submit(DeployExperiment(experiment="tiny_sum", workunits=6), door.caller)
    fail_on_hosts(door, 1)
    _look_for_failures(door.gate, door.caller)
    assert door.look(lambda db: experiments.by_id(db, 1)).status == "open"
    fail_on_hosts(door, 1, 2, 3)
    for _ in range(2):
        _look_for_failures(door.gate, door.caller)
    found = door.look(lambda db: experiments.by_id(db, 1))
    assert (found.status, found.why) == ("retired", "4 of 4 tasks failed on 3 hosts, and more than 10% may not")
    assert door.look(lambda db: workunits.tasks(db, state="unsent")) == []
    (row,) = [row for row in door.audited() if row["command"] == "experiment.retire"]
    assert (row["outcome"], found.why in row["arguments"]) == ("done", True)
    assert '"tiny_sum@1"' in row["arguments"]  # this version, and not one that is published meanwhile
