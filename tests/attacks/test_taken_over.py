"""A taken-over server with all online keys, its disk and its database makes no volunteer's computer run its code."""

import random
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from takeover import Scene, known_home, play
from takeover_attempts import CLASSES, flipped

FLIPS = 500
EACH = 14  # attempts of a class


@pytest.fixture(scope="session")
def scene() -> Scene:
    return Scene()


@pytest.fixture(scope="session")
def known(scene, tmp_path_factory):
    return known_home(scene, tmp_path_factory.mktemp("known") / "host")


@pytest.mark.parametrize("number", range(EACH))
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_no_foreign_byte_is_executed(kind, number, scene, known, tmp_path):
    attempt = kind(scene, random.Random(f"{kind.__name__} {number}"))
    outcome = play(attempt, tmp_path / "host", known)
    assert outcome.problem(attempt) == "", attempt.name


def test_the_attempts_are_many_different_ones(scene):
    made = [kind(scene, random.Random(f"{kind.__name__} {number}")) for kind in CLASSES for number in range(EACH)]
    assert len({(attempt.kind, attempt.name) for attempt in made}) >= 55
    assert set(Counter(attempt.kind for attempt in made).values()) == {EACH}


@pytest.fixture
def in_memory(tmp_path):
    """A folder on no disk, where the system has one: every home writes through to the disk, and here are hundreds."""
    shared = Path("/dev/shm")  # noqa: S108  a folder of its own is made in it
    with tempfile.TemporaryDirectory(prefix="pytest-", dir=shared if shared.is_dir() else tmp_path) as folder:
        yield Path(folder)


def test_every_flipped_bit_is_refused_before_anything_is_imported(scene, in_memory):
    dice, problems = random.Random(1), []
    for number in range(FLIPS):
        attempt = flipped(scene, dice)
        if problem := play(attempt, in_memory / str(number)).problem(attempt):
            problems.append(f"{attempt.name}: {problem}")
    assert problems == []


def test_an_attack_that_succeeds_would_be_seen(scene, tmp_path):
    """With the bundle key the thief gets in, and the mark is found: so its absence elsewhere means something."""
    seal = scene.seal(scene.sealed["evil"].archive, serial=4)
    attempt = scene.genuine()
    files = {**scene.files("evil"), "bundle.seal": seal.text.encode()}
    outcome = play(replace(attempt, files=files, words=scene.words(seal.seal)), tmp_path / "host")
    assert outcome.marks == {"evil"}
    assert outcome.problem(attempt) == "executed evil"
