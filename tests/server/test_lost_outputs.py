"""What becomes of an output that the laboratory's own disk does not give back: nobody else is blamed for it."""

import errno
from pathlib import Path

import pytest
from scheduler_calls import Client

from axiom.errors import StoreBusy

LARGE = b"x" * 100_000  # so large that it lies in a file


@pytest.fixture
def returned(exchange, ann, monkeypatch):
    """A task whose large output is here, and its client; nobody has looked at it yet."""
    client = Client(ann.key)
    (handed,) = exchange.call(client, ask=1.0).tasks.values()
    with monkeypatch.context() as patched:
        patched.setattr(exchange.project._calm, "may", lambda _: False)
        exchange.call(client, exchange.upload(handed, LARGE))
    assert exchange.task(1)["state"] == "returned"
    return client


def refuse(monkeypatch, number):
    """From here on no stored file can be read, for this reason."""
    read = Path.read_bytes

    def read_bytes(path):
        if len(path.name) == 62:
            raise OSError(number, "the disk says no")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)


def standing(exchange, client):
    return exchange.do(lambda db: db.one("SELECT valid_in_row, quota FROM host WHERE id = :id", id=client.host))


@pytest.mark.parametrize("how", ["gone", errno.EIO, errno.EACCES])
def test_a_host_is_not_blamed_for_what_was_lost_here(exchange, returned, monkeypatch, how):
    if how == "gone":
        for path in exchange.folder.blobs.glob("??/*"):
            path.unlink()
    else:
        refuse(monkeypatch, how)
    before = standing(exchange, returned)
    exchange.settle()
    monkeypatch.undo()
    assert exchange.task(1)["state"] == "invalid"
    assert standing(exchange, returned) == before
    assert exchange.do(lambda db: db.select("SELECT * FROM notice")) == []
    assert exchange.do(lambda db: db.one("SELECT state FROM workunit WHERE id = 1"))["state"] == "open"


def test_a_host_is_blamed_for_what_it_brought(exchange, returned):
    before = standing(exchange, returned)
    exchange.settle()
    assert exchange.task(1)["state"] == "invalid"
    assert standing(exchange, returned) != before


@pytest.mark.usefixtures("returned")
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM])
def test_what_cannot_be_read_for_a_moment_is_judged_later(exchange, monkeypatch, number):
    refuse(monkeypatch, number)
    with pytest.raises(StoreBusy, match="cannot be read at the moment"):
        exchange.settle()
    assert exchange.task(1)["state"] == "returned"


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES])
@pytest.mark.parametrize("size", [100_000, 400_000], ids=["from memory", "from its file"])
def test_an_upload_is_answered_whatever_the_disk_says(exchange, attic, monkeypatch, number, size):
    (handed,) = exchange.call(attic, ask=1.0).tasks.values()
    refuse(monkeypatch, number)
    if number == errno.EMFILE:
        with pytest.raises(AssertionError, match="<status>1</status>"):
            exchange.upload(handed, b"x" * size)
        monkeypatch.undo()
    exchange.upload(handed, b"x" * size)
