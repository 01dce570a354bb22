"""wu.json came with 0 bytes, and the script went on with what it would do by default."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.domain.work import Exit
from axiom.runner import tasks
from axiom.runner.files.home import RunnerHome
from axiom.runner.tasks import Runner
from axiom.signed import tickets
from axiom.signed.bundles import Seal, write_seal
from axiom.signed.tickets import Order, read_ticket
from axiom.signed.trust import write_trust


@pytest.fixture
def host(bench, prepared, tmp_path):
    """A volunteer's computer that has got everything: the order, and a home with the bundle and its seal."""
    lab, made = bench.lab, prepared()
    lab.deploy()
    order = lab.order(1)
    home = RunnerHome(tmp_path / "home")
    home.create()
    (home.path / "trust.json").write_bytes(write_trust(lab.keys.trust, [lab.keys.root]))
    serial, sha256 = read_ticket(order.ticket, trust=lab.keys.trust, now=lab.now).serial, hashlib.sha256(made.archive)
    facts = {"experiment": "tiny_sum", "version": 1, "serial": serial, "digest": sha256.hexdigest()}
    times = {"issued": lab.now, "expires": lab.now + timedelta(days=90)}
    seal = Seal(**facts, **times, size=len(made.archive))
    stem = home.path / "bundles" / seal.digest
    stem.with_suffix(".zip").write_bytes(made.archive)
    stem.with_suffix(".seal").write_text(write_seal(seal, lab.keys.bundle))
    runner = Runner(home, 1)
    yield lambda words: runner.obey(words, tmp_path / "slot", now=lab.now, report=lambda *_: None), order, stem
    runner.stop()


def demand_that_nothing_is_computed(host, words) -> None:
    """Neither a default nor half an order."""
    obey, _, _ = host
    answer = obey(words)
    assert answer.exit is Exit.BAD_TICKET, "it computed all the same"
    assert answer.output is None


EMPTY = {
    "the whole order": lambda _order: [],
    "the ticket": lambda order: replace(order, ticket="").argv(),
    "the seeds": lambda order: replace(order, seeds=()).argv(),
    "half of the ticket": lambda order: replace(order, ticket=order.ticket[: len(order.ticket) // 2]).argv(),
}


def test_an_order_of_which_something_is_empty_is_refused(host):
    obey, order, stem = host
    assert obey(order.argv()).exit is Exit.DONE
    for empty in EMPTY.values():
        demand_that_nothing_is_computed(host, empty(order))
    for suffix in (".zip", ".seal"):
        whole = (file := stem.with_suffix(suffix)).read_bytes()
        file.write_bytes(b"")
        answer = obey(order.argv())
        assert (answer.exit, answer.output) == (Exit.BAD_BUNDLE, None)
        file.write_bytes(whole)


def test_the_old_way_went_on_with_seed_42(host, bench, monkeypatch):
    _, order, _ = host
    ticket = read_ticket(order.ticket, trust=bench.lab.keys.trust, now=bench.lab.now)
    by_default = replace(ticket, seeds=(42,))

    class Lenient(Order):
        @classmethod
        def parse(cls, _argv):
            return replace(order, seeds=(42,))

    monkeypatch.setattr(tasks, "Order", Lenient)
    monkeypatch.setattr(tickets, "read_ticket", lambda *_, **__: by_default)
    with pytest.raises(AssertionError, match="it computed all the same"):
        demand_that_nothing_is_computed(host, [])
