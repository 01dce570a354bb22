"""Largest eigenvalue of a product of random matrices."""
import argparse
import json
import logging
import time
from pathlib import Path

import numpy as np

log = logging.getLogger(__name__)


def product(rng, size, depth, scale):
    out = np.eye(size)
    for _ in range(depth):
        out = out @ (scale * rng.standard_normal((size, size)) / np.sqrt(size))
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, default=6, choices=[6, 12])
    parser.add_argument("--depth", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--out", default="spectrum.json")
    parser.add_argument("--plot", action="store_true")
    args = parser.parse_args()

    start = time.time()
    rng = np.random.default_rng(args.seed)
    log.info("seed %d", args.seed)
    m = product(rng, args.size, args.depth, args.scale)
    values = np.linalg.svd(m, compute_uv=False)
    top = float(values[0])
    elapsed = time.time() - start
    if args.plot:
        import matplotlib.pyplot as plt

        plt.hist(values)
        plt.savefig(args.out + ".png")
    result = {"seed": args.seed, "size": args.size, "seconds": elapsed}
    result["top"] = top
    result["log_ratio"] = float(np.log(values[0] / values[-1]))
    result["above_one"] = int((values > 1).sum())
    Path(args.out).parent.mkdir(exist_ok=True)
    with open(args.out, "w") as handle:
        json.dump(result, handle, indent=2)
    print(f"top singular value {top:.3f} after {elapsed:.1f} s")


if __name__ == "__main__":
    main()
