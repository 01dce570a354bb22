"""What clients are told of the tasks that they hold once the laboratory came back from a backup."""

from contextlib import closing

import pytest
from scheduler_calls import Client, Exchange

from axiom.server.scheduler import held_tasks
from axiom.store.engine.database import connect_writer
from axiom.store.experiments import experiments
from axiom.store.journal import history


@pytest.fixture
def back(working_lab, secrets):
    """A laboratory of before four tasks were sent, and the clients that hold them: one that it knows, and a newer."""
    before = Exchange(working_lab, secrets)
    known, newer = Client(before.join().key), Client("", cpid="2" * 32)
    newer.key = known.key
    before.call(known)
    before.close()
    backup = working_lab.folder.database.read_bytes()
    lost = Exchange(working_lab, secrets)
    lost.deploy(3)
    for _ in range(2):
        lost.call(known, ask=1.0)
        lost.call(newer, ask=1.0)
    lost.close()
    working_lab.folder.database.write_bytes(backup)
    with closing(connect_writer(working_lab.folder.database)) as db:
        history.part(db, working_lab.now)
    restored = Exchange(working_lab, secrets)
    yield restored, known, newer
    restored.close()


def test_a_host_keeps_what_it_was_given_after_the_backup_and_is_paid_for_it(back):
    restored, known, newer = back
    in_hand = list(known.tasks.values())
    assert [restored.task(handed.order.task) is None for handed in in_hand] == [False, True]
    heard = restored.call(known)
    assert (heard.named("result_abort"), heard.named("result_abort_if_not_started")) == ([], [])
    unknown = ["tiny_sum-1-w1-t0_0", f"tiny_sum-1-w1-t{2 * history.SKIPPED}_0", "axiom_ok_00001_0"]
    known.tasks |= dict.fromkeys(unknown)  # names that no history gave
    assert restored.call(known).named("result_abort") == unknown
    restored.lab.later(hours=1)  # so that a new order would not be the old one
    again = restored.call(known, ask=1e6).tasks
    assert again.keys().isdisjoint(handed.task.findtext("name") for handed in in_hand)
    heard = restored.call(known, *[restored.upload(handed) for handed in in_hand])
    assert heard.credit == pytest.approx(2 * 0.02)
    assert [restored.task(handed.order.task)["state"] for handed in in_hand] == ["valid", "valid"]
    lost, number = list(newer.tasks), newer.host  # a host that is newer than the backup cannot bring them
    assert restored.call(newer).named("result_abort") == lost
    assert newer.host > history.SKIPPED > number
    assert restored.broken() == {}


def test_a_client_lets_go_of_bundles_and_seals_with_which_nothing_goes_out_any_more(exchange, attic, monkeypatch):
    def let_go(*names: str, **asked) -> list[str]:
        """What a client need not keep any more that keeps these files, as it says in its request."""
        says = "<file_info>\n<name>{}</name>\n<nbytes>9.0</nbytes>\n<status>1</status>\n</file_info>\n"
        heard = exchange.call(attic, inside="".join(map(says.format, names)), **asked)
        return [element.text for element in heard.root.findall("delete_file_info")]

    given = [file.findtext("name") for file in exchange.call(attic, ask=1.0).root.findall("file_info")]
    current = [name for name in given if name.startswith(("bundle-", "seal-"))]
    old = [f"bundle-{'0' * 64}.zip", f"seal-{'1' * 64}.seal"]
    others = ["axiom_runner_0.pyz", "app.zip", f"bundle-{'0' * 63}.zip", f"../bundle-{'0' * 64}.zip"]
    assert len(current) == 2
    assert let_go(*others, *current, *old) == old
    monkeypatch.setattr(held_tasks, "_MOST_FILES", 1)
    assert let_go(*current, *old) == old[:1]
    assert let_go() == []
    monkeypatch.undo()
    attic.tasks.clear()
    assert (let_go(*current, ask=1.0), len(attic.tasks)) == ([], 1)  # they are sent again with their task
    exchange.do(lambda db: experiments.retire(db, 1, exchange.lab.now))
    assert let_go(*current) == current
