"""What load balancers and Prometheus ask: always as it is now, on the site and on the operator's socket."""

import os

import pytest

from axiom.errors import StorageFull, StoreDamaged, StoreError
from axiom.server.upkeep.jobs import Jobs
from axiom.service.health import Health
from axiom.store.connections import Connections
from axiom.store.upkeep import jobs
from axiom.store.writer import Writer
from axiom.web.probes import Probes


@pytest.fixture
def writer(small_lab):
    """A writer with a journal, as a laboratory has it."""
    small_lab.db.close()
    connections = Connections(folder=small_lab.folder)
    made = Writer(lambda: connections.journalled(small_lab.folder.journal, lambda: small_lab.now))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def ask(small_lab, writer, browse):
    """The status and the answer of /readyz."""
    now = lambda: small_lab.now  # noqa: E731
    health = Health(
        folder=small_lab.folder,
        journal=small_lab.folder.journal,
        writer=writer,
        jobs=Jobs(writer, now),
        now=now,
        up_since=small_lab.now,
    )
    browser = browse(small_lab, probes=Probes(unready=health.unready))

    def ready():
        reply = browser.get("/readyz")
        assert reply.headers["cache-control"] == "no-store"
        return reply.status, reply.json

    return ready


def test_a_full_disk_is_told_until_something_is_stored_again(writer, ask):
    def note(error):
        return lambda db: jobs.failed(db, "clean", 1.0, error)

    assert ask() == (200, {"ready": True, "reasons": []})
    writer.run(lambda db: db.select(f"PRAGMA max_page_count = {db.one('PRAGMA page_count')['page_count'] + 1}"))
    with pytest.raises(StorageFull):
        writer.run(note("x" * 100_000))
    writer.run(jobs.everything)  # to read needs no room, so it proves none
    status, answer = ask()
    assert (status, answer["ready"], len(answer["reasons"])) == (503, False, 1)
    writer.run(lambda db: db.select("PRAGMA max_page_count = 1000000"))
    writer.run(note("a short one"))
    assert ask()[0] == 200


def test_a_writer_that_failed_is_told_without_a_path(writer, ask, small_lab, monkeypatch):
    def failed(*_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failed)
        with pytest.raises(StoreError):
            writer.run(lambda db: jobs.failed(db, "clean", 1.0, "an error"))
        assert writer.failed is not None
        status, answer = ask()
    assert status == 503
    assert str(small_lab.folder.path) not in str(answer)


def test_metrics_are_shown_only_where_the_operator_wants_it_and_made_each_time(small_lab, browse, empty_site):
    reply = empty_site.get("/healthz")
    assert (reply.status, reply.json, reply.headers["cache-control"]) == (200, {"healthy": True}, "no-store")
    for shows, replies in ((True, [(200, b"first 1\n"), (200, b"second 1\n")]), (False, None)):
        scrapes = iter((b"first 1\n", b"second 1\n"))
        browser = browse(small_lab, probes=Probes(metrics=lambda scrapes=scrapes: next(scrapes), shows_metrics=shows))
        answers = [browser.get("/metrics") for _ in range(2)]
        if shows:
            assert [(reply.status, reply.raw) for reply in answers] == replies
        else:
            assert [reply.status for reply in answers] == [404, 404]

    def unreadable():
        raise StoreDamaged("a page of /var/lib/axiom/axiom.db is damaged")

    reply = browse(small_lab, probes=Probes(metrics=unreadable, shows_metrics=True)).get("/metrics")
    assert (reply.status, "/var/lib" in reply.text) == (503, False)
