"""Strangers speak to a site that runs, in bytes: none is led elsewhere, answered twice, or told who has an account."""

import random
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from growing_requests import MOST, growth, requests
from running_lab import Lab, axiom, running
from strangers import CLASSES, Site, play

from axiom.limits import server as limits

EACH = 12  # requests of a class


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running(tmp_path_factory.mktemp("site") / "lab", "--workers", "0", "--no-pi") as found:
        yield found


@pytest.fixture(scope="module")
def site(lab: Lab) -> Site:
    address = urlsplit(lab.address)
    found = Site(host=address.hostname or "", port=address.port or 0)
    assert found.open_account()
    return found


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_each_is_answered_as_it_should_be(kind, site: Site) -> None:
    problems = [play(site, kind(random.Random(f"{kind.__name__} {number}"))) for number in range(EACH)]
    assert problems == [""] * EACH


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\n\r\n", 200),
        ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
        ("POST /scheduler HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 411),
        (f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {'a' * limits.HEADER_BYTES}\r\n\r\n", 431),
    ],
)
def test_a_head_says_in_one_way_what_is_asked(site: Site, head: str, status: int) -> None:
    assert site.answer([head.encode()]).startswith(b"HTTP/1.1 %d " % status)


def test_no_request_takes_more_than_its_length(lab: Lab, site: Site) -> None:
    tried = {name: growth(site, lab.process.pid, longest, sized) for name, longest, sized in requests()}
    assert len(tried) > 500
    assert {name: times for name, times in tried.items() if times > MOST} == {}


def test_the_site_is_none_the_worse(lab: Lab, site: Site) -> None:
    for number, kind in enumerate(CLASSES):
        play(site, kind(random.Random(number)))
    assert lab.status()["state"]
    assert " ERROR " not in (lab.data / "logs" / "axiom.log").read_text()
    assert axiom("doctor", "--invariants", data=lab.data).returncode == 0
