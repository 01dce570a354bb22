"""What a replicate of rank_dynamics costs: the experiment against the same in hand-written NumPy, double and single.

Each arm is a process of its own with one thread. It first computes a few epochs of each network, which does not count:
a host keeps a warm process for each core, with everything imported and compiled. Then one whole seed counts. The arms
see the same data, starts, orders and snapshots, and must come to the same measures.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from axiom.kit import chance, data, geometry, models

ROUNDS = 3
LEAST = {"float64": 2.2, "float32": 1.5}  # times what the experiment costs
MOST_APART = {"weight_compression": 0.02, "hidden_compression": 0.02, "test_accuracy": 0.03}
DEPTHS, RATES, EPOCHS, EVERY, BATCH = (1, 2, 3), (0.005, 0.02, 0.1), 400, 20, 64
WARM_UP = 20  # epochs
SIZES = {1: (20, 64, 5), 2: (20, 128, 64, 5), 3: (20, 256, 128, 64, 5)}

Array = npt.NDArray[Any]


def by_experiment(depth: int, lr: float, epochs: int, seed: int) -> dict[str, float]:
    """One cell as the laboratory computes it."""
    from axiom.catalogue import rank_dynamics

    config = rank_dynamics.Config(depth=depth, lr=lr, epochs=epochs)
    measures = rank_dynamics.run(config, seed)
    return {name: getattr(measures, name) for name in MOST_APART}


def by_hand(depth: int, lr: float, epochs: int, seed: int, dtype: npt.DTypeLike) -> dict[str, float]:
    """The same cell in NumPy, with the gradients written out."""
    task = data.teacher(chance.stream(seed, "data"), inputs=20, classes=5, train=2_000, test=500)
    start = models.mlp(chance.stream(seed, "start"), SIZES[depth])
    orders = chance.orders(seed, items=2_000, epochs=epochs)
    weights = [np.asarray(layer.weights, dtype) for layer in start]
    biases = [np.asarray(layer.biases, dtype) for layer in start]
    x, x_test = task.x_train.astype(dtype), task.x_test.astype(dtype)
    targets = np.eye(5, dtype=dtype)[task.y_train]

    snapshots = [ranks(weights, biases, x_test)]
    for done, order in enumerate(orders, start=1):
        epoch(weights, biases, x, targets, order, lr)
        if done % EVERY == 0:
            snapshots.append(ranks(weights, biases, x_test))
    gone = [1 - end / begin for begin, end in zip(snapshots[0], snapshots[-1], strict=True)]
    hidden = activations(weights, biases, x_test)
    guessed = np.argmax(hidden[-1] @ weights[-1] + biases[-1], axis=1)
    return {
        "weight_compression": float(np.mean(gone[: depth + 1])),
        "hidden_compression": float(np.mean(gone[depth + 1 :])),
        "test_accuracy": float(np.mean(guessed == task.y_test)),
    }


def activations(weights: Sequence[Array], biases: Sequence[Array], x: Array) -> list[Array]:
    """The inputs and every hidden layer's outputs."""
    found = [x]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        above = found[-1] @ weight
        above += bias
        found.append(np.maximum(above, 0, out=above))
    return found


def epoch(weights: list[Array], biases: list[Array], x: Array, targets: Array, order: Array, lr: float) -> None:
    """One pass of small batches; weights and biases change in place."""
    for items in order[: len(order) // BATCH * BATCH].reshape(-1, BATCH):
        active = activations(weights, biases, x[items])
        slope = active[-1] @ weights[-1]
        slope += biases[-1]
        slope -= slope.max(axis=1, keepdims=True)
        np.exp(slope, out=slope)
        slope /= slope.sum(axis=1, keepdims=True)
        slope -= targets[items]
        slope *= lr / BATCH
        for layer in range(len(weights) - 1, -1, -1):
            change, shift = active[layer].T @ slope, slope.sum(axis=0)
            if layer:
                slope = slope @ weights[layer].T
                slope *= active[layer] > 0
            weights[layer] -= change
            biases[layer] -= shift


def ranks(weights: Sequence[Array], biases: Sequence[Array], x: Array) -> list[float]:
    """The stable rank of every weight matrix, and of every hidden representation around its mean."""
    hidden = activations(weights, biases, x)[1:]
    matrices = [*weights, *(active - active.mean(axis=0) for active in hidden)]
    return [float(geometry.stable_rank(matrix)) for matrix in matrices]


def arm(name: str, seed: int) -> None:
    """In a process of its own: one seed, counted after a warm-up."""

    def cell(depth: int, lr: float, epochs: int) -> dict[str, float]:
        if name == "axiom":
            return by_experiment(depth, lr, epochs, seed)
        return by_hand(depth, lr, epochs, seed, getattr(np, name))

    for depth in DEPTHS:
        cell(depth, RATES[0], WARM_UP)
    before = time.process_time()
    cells = [cell(depth, lr, EPOCHS) for depth in DEPTHS for lr in RATES]
    print(json.dumps({"cpu": time.process_time() - before, "start": before, "cells": cells}))


def measured(name: str, seed: int, cache: Path) -> Any:
    """What an arm says of one seed, in the environment that a host's processes have."""
    one = ("NPROC", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    surroundings = {
        "PATH": os.defpath,
        **dict.fromkeys(one, "1"),
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }
    command = [sys.executable, __file__, name, str(seed)]
    done = subprocess.run(command, env=surroundings, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def apart(one: Sequence[dict[str, float]], other: Sequence[dict[str, float]]) -> dict[str, float]:
    """The largest difference of each measure over the cells."""
    return {
        name: max(abs(cell[name] - same[name]) for cell, same in zip(one, other, strict=True)) for name in MOST_APART
    }


def main() -> int:
    """0 when both ratios hold and the arms agree."""
    cpu: dict[str, list[float]] = {name: [] for name in ("axiom", *LEAST)}
    held = True
    with tempfile.TemporaryDirectory() as cache:
        for seed in range(ROUNDS):
            said = {name: measured(name, seed, Path(cache)) for name in cpu}
            for name, one in said.items():
                cpu[name].append(one["cpu"])
            line = ", ".join(f"{name} {one['cpu']:.2f} s (start {one['start']:.2f} s)" for name, one in said.items())
            print(f"seed {seed}, load {os.getloadavg()[0]:.2f}: {line}", flush=True)
            for name in LEAST:
                found = apart(said["axiom"]["cells"], said[name]["cells"])
                held = held and all(found[measure] <= most for measure, most in MOST_APART.items())
                print(f"  {name} differs by at most {', '.join(f'{k} {v:.4f}' for k, v in found.items())}")
    medians = {name: statistics.median(seconds) for name, seconds in cpu.items()}
    for name, seconds in medians.items():
        print(f"{name:<8} {seconds:6.2f} s of CPU for a seed")
    for name, least in LEAST.items():
        ratio = medians[name] / medians["axiom"]
        held = held and ratio >= least
        print(f"{name}/axiom {ratio:.2f}, at least {least}")
    print("every figure held" if held else "a figure did not hold, or the arms disagree")
    return int(not held)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        arm(sys.argv[1], int(sys.argv[2]))
    else:
        sys.exit(main())
