import itertools
import json, os
import sys

import numpy as np

LRS = [0.05, 0.2]
NOISES = np.linspace(0, 1, 3)
STEPS = 30
DIM = 5
OUT = "results"


def gradient(w, a, noise, rng):
    return a @ w + noise * rng.standard_normal(DIM)


def descend(lr, noise, seed=0, momentum=0.9):
    """Gradient descent on a random quadratic."""
    rng = np.random.default_rng(seed)
    m = rng.standard_normal((DIM, DIM))
    a = m @ m.T / DIM
    w, v = rng.standard_normal(DIM), np.zeros(DIM)
    curve = []
    reached = None
    for step in range(STEPS):
        v = momentum * v - lr * gradient(w, a, noise, rng)
        w = w + v
        loss = 0.5 * w @ a @ w
        curve.append(loss)
        if reached is None and loss < 0.1:
            reached = step
    return {"lr": lr, "final_loss": curve[-1], "reached": reached, "diverged": not np.isfinite(loss), "curve": curve}


def plot(rows):
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots()
    for row in rows:
        ax.plot(row["curve"])
    fig.savefig(os.path.join(OUT, "curves.png"))


def main():
    os.makedirs(OUT, exist_ok=True)
    seeds = [int(s) for s in sys.argv[1:]] or range(10)
    rows = []
    for seed in seeds:
        for lr, noise in itertools.product(LRS, NOISES):
            out = descend(lr, noise, seed=seed)
            rows.append({"seed": seed, "noise": float(noise), **out})
    with open(os.path.join(OUT, "rows.json"), "w") as f:
        json.dump(rows, f)
    if os.environ.get("PLOT"):
        plot(rows)


if __name__ == "__main__":
    main()
