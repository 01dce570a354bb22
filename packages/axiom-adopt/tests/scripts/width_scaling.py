#!/usr/bin/env python
"""How does the error of random features fall with their number?

First tried on the train home; looks like a power law.
"""
import json
import sys
import time

import numpy as np

WIDTHS = [4, 8, 16]
N_TRAIN = 40
N_TEST = 60
RIDGE = 1e-6


# inputs on the sphere
def make_data(rng, n):
    x = rng.normal(size=(n, 3))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def target(x):
    return np.sin(3 * x[:, 0]) * x[:, 1]


def run(seed):
    t0 = time.time()
    results = {}
    for w in WIDTHS:
        rng = np.random.default_rng(seed)
        x, x_test = make_data(rng, N_TRAIN), make_data(rng, N_TEST)
        features = rng.normal(size=(3, w))
        phi = np.maximum(x @ features, 0)
        coef = np.linalg.solve(phi.T @ phi + RIDGE * np.eye(w), phi.T @ target(x))
        error = np.mean((np.maximum(x_test @ features, 0) @ coef - target(x_test)) ** 2)
        results[f"test_error_{w}"] = float(error)
        results[f"norm_{w}"] = float(np.linalg.norm(coef))
        print(f"width {w} done", file=sys.stderr)
    results["seconds"] = time.time() - t0
    return results


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]))))
