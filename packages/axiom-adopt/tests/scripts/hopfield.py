"""Recall in a Hopfield network."""
import json
import sys

import numpy as np

LOADS = (2, 4, 6)
UNITS = 24


class Network:
    def __init__(self, load, seed, units=UNITS, rule="hebb"):
        self.rng = np.random.default_rng(seed)
        self.units = units
        self.patterns = self.rng.choice([-1, 1], size=(load, units))
        self.weights = self.learn(rule)

    def learn(self, rule):
        w = self.patterns.T @ self.patterns / self.units
        if rule == "pinv":
            w = self.patterns.T @ np.linalg.pinv(self.patterns.T)
        np.fill_diagonal(w, 0)
        return w

    def settle(self, state, sweeps=5):
        for _ in range(sweeps):
            for i in self.rng.permutation(self.units):
                state[i] = 1 if self.weights[i] @ state >= 0 else -1
        return state

    def experiment(self):
        cue = self.patterns[0] * np.where(self.rng.random(self.units) < 0.1, -1, 1)
        end = self.settle(cue.copy())
        overlap = float(end @ self.patterns[0]) / self.units
        return dict(overlap=overlap, recalled=overlap > 0.95, energy=float(-0.5 * end @ self.weights @ end))


if __name__ == "__main__":
    base = int(sys.argv[1])
    table = {}
    for load in LOADS:
        for rule in ["hebb", "pinv"]:
            net = Network(load, seed=base, rule=rule)
            table[f"{load} {rule}"] = {k: float(v) for k, v in net.experiment().items()}
    json.dump(table, sys.stdout)
