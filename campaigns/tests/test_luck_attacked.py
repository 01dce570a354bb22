"""campaign luck_attacked: luck that is the batches' own is told from luck that hangs on the start, and C learns."""

import ctypes
import subprocess
from dataclasses import replace
from pathlib import Path

import luck_attacked
import numpy as np
import pytest


def test_luck_of_batches_alone_is_seen_and_luck_of_pairs_is_not() -> None:
    rng = np.random.default_rng(1)
    starts, batches, pairs = rng.normal(size=(400, 2, 1)), rng.normal(size=(400, 1, 2)), rng.normal(size=(400, 2, 2))
    _, start, by_distance, by_first = luck_attacked.compare("batches", (starts + 0.5 * batches).reshape(400, 4))
    assert max(start, by_distance, by_first) < -luck_attacked.BROKEN
    _, start, by_distance, by_first = luck_attacked.compare("pairs", (starts + 0.5 * pairs).reshape(400, 4))
    assert start < -luck_attacked.BROKEN
    assert min(by_distance, by_first) > -luck_attacked.BROKEN


@pytest.mark.parametrize("rule", [0, 1, 2])
def test_networks_learn_and_idle_rows_delay_them(tmp_path: Path, rule: int) -> None:
    program = tmp_path / "networks.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", program, luck_attacked.SOURCE, "-lm"], check=True)
    library = ctypes.CDLL(str(program))
    library.learn.argtypes, library.learn.restype = [ctypes.c_void_p, luck_attacked._ARRAY], None
    rates = {"rule": rule, "lr": (0.1, 0.01, 0.003)[rule]}
    attack = luck_attacked.Attack(name="test", task="2 of 10 signs", seeds=8, steps=2_000, rest=rates)
    steps, again, delayed = (
        luck_attacked.steps_until(luck_attacked.learn(variant, library), 0.9, 20)[:, :4]
        for variant in (attack, attack, replace(attack, rest=rates | {"idle": 0.5}))
    )
    assert steps.max() <= 2_000
    assert (steps == again).all()
    assert np.median(delayed / steps) > 1.2
