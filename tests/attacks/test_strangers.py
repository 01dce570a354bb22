"""Strangers speak to a site that runs, in bytes: none is led elsewhere, answered twice, or told who has an account."""

import random
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from running_lab import Lab, axiom, running
from strangers import CLASSES, Site, play

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


def test_the_site_is_none_the_worse(lab: Lab, site: Site) -> None:
    for number, kind in enumerate(CLASSES):
        play(site, kind(random.Random(number)))
    assert lab.status()["state"]
    assert " ERROR " not in (lab.data / "logs" / "axiom.log").read_text()
    assert axiom("doctor", "--invariants", data=lab.data).returncode == 0
