"""A secret is revealed when its registration has ended and nothing of it is out, and never before."""

from axiom.laboratory.registrations.reveal_seeds import list_ended_registrations, reveal_ended
from axiom.store.experiments import experiments
from axiom.store.registrations import seed_secrets


def reveal(lab):
    with lab.db.transaction():
        return reveal_ended(lab.db, list_ended_registrations(lab.db), lab.now)


def retire(lab):
    with lab.db.transaction():
        experiments.retire_experiment(lab.db, 1, lab.now)


def test_a_secret_waits_for_the_end_and_for_what_is_out(working_lab):
    assert reveal(working_lab) == []
    order = working_lab.order(1)
    working_lab.later(minutes=1)
    retire(working_lab)
    assert reveal(working_lab) == []  # the task is still out, and its volunteer alone knows the seed
    working_lab.report(order, working_lab.output(order))
    working_lab.validate()
    assert reveal(working_lab) == [1]
    assert reveal(working_lab) == []
    (secret,) = seed_secrets.list_secrets(working_lab.db, 1)
    assert secret.revealed_at == working_lab.now
    assert working_lab.broken() == {}


def test_a_version_that_is_reopened_goes_on_with_another_secret(working_lab, monkeypatch):
    order = working_lab.order(1)
    working_lab.report(order, working_lab.output(order))
    working_lab.validate()
    working_lab.later(minutes=1)
    retire(working_lab)
    assert reveal(working_lab) == [1]
    monkeypatch.setattr(seed_secrets, "new_secret", lambda: "6" * 64)
    with working_lab.db.transaction():
        experiments.reopen_experiment(working_lab.db, 1)
    working_lab.deploy(workunits=2)
    assert [secret.secret[0] for secret in seed_secrets.list_secrets(working_lab.db, 1)] == ["5", "6"]
    for order in working_lab.ask(1, wanted=2):
        working_lab.report(order, working_lab.output(order))
    working_lab.validate()
    assert working_lab.broken() == {}
