"""A secret is revealed when its registration has ended and nothing of it is out, and never before."""

from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.findings.reveal_seeds import reveal_ended
from axiom.store.experiments import experiments
from axiom.store.registrations import seed_secrets


def reveal(lab):
    with lab.db.transaction():
        return reveal_ended(lab.db, seed_secrets.list_registrations_with_secrets(lab.db), lab.now)


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


def test_what_was_never_sent_gets_a_seed_that_nobody_knows_when_it_is_ordered_again(working_lab, monkeypatch):
    working_lab.deploy(workunits=2)
    order = working_lab.order(1)
    working_lab.later(minutes=1)
    with working_lab.db.transaction():
        retire_version(working_lab.db, 1, "a test", working_lab.now)
    working_lab.report(order, working_lab.output(order))
    working_lab.validate()
    before = experiments.read_seeds(working_lab.db, 1, (0, 1, 2))
    assert reveal(working_lab) == [1]
    monkeypatch.setattr(seed_secrets, "new_secret", lambda: "6" * 64)
    with working_lab.db.transaction():
        experiments.reopen_experiment(working_lab.db, 1)
    working_lab.later(minutes=1)
    working_lab.deploy(workunits=2)
    after = experiments.read_seeds(working_lab.db, 1, (0, 1, 2))
    assert (after[0], {*before} & {*after}) == (before[0], {before[0]})
    for again in working_lab.ask(1, wanted=2):
        working_lab.report(again, working_lab.output(again))
    working_lab.validate()
    assert working_lab.broken() == {}
