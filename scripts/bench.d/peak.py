"""What share of a core's peak training reaches, by width: the kit's compiled descent beside one large matrix product.

Peak is the best of several single-precision products of 1,024 by 1,024 in NumPy, measured in the same process and
between the trainings. A step of a network 20-W-W-5 on 64 rows counts three times the forward pass.
"""

import os
import statistics
import subprocess
import sys
import time

import numpy as np

from axiom.kit import chance, data, models, training
from axiom.kit.optimizers import Rates
from axiom.runner.child import environment

WIDTHS = (32, 64, 128, 256, 512)
ROUNDS, EPOCHS, ROWS, BATCH, SIDE = 5, 20, 2_048, 64, 1_024
LEAST = 0.15  # of peak, in the median over widths


def peak() -> float:
    """Floating-point operations a second of a large product."""
    one = np.ones((SIDE, SIDE), np.float32)
    began = time.process_time()
    for _ in range(10):
        one @ one
    return 10 * 2 * SIDE**3 / (time.process_time() - began)


def trained(width: int) -> float:
    """Floating-point operations a second of a training whose program is compiled."""
    task = data.teacher(chance.stream(1, "data"), inputs=20, classes=5, train=ROWS, test=1)
    start = models.mlp(chance.stream(1, "start"), (20, width, width, 5))
    orders = chance.orders(1, items=ROWS, epochs=EPOCHS)
    began = time.process_time()
    training.trained(start, task, orders, rates=Rates(lr=0.05), batch=BATCH, watch=lambda _net: 0.0, every=EPOCHS)
    seconds = time.process_time() - began
    return 3 * 2 * BATCH * (20 * width + width**2 + 5 * width) * EPOCHS * (ROWS // BATCH) / seconds


def main() -> int:
    """0 when the median width reaches the least share; measured in a process that has one thread from its start."""
    return subprocess.run([sys.executable, __file__, "--here"], env=environment.environment(), check=False).returncode


def measured() -> int:
    """The same, in this process."""
    for width in WIDTHS:
        trained(width)
    shares: dict[int, list[float]] = {width: [] for width in WIDTHS}
    best = 0.0
    for _ in range(ROUNDS):
        for width in WIDTHS:
            best = max(best, peak())
            shares[width].append(trained(width))
    print(f"load {os.getloadavg()[0]:.1f}; peak {best / 1e9:.0f} Gflop/s, one thread")
    medians = {width: statistics.median(each) / best for width, each in shares.items()}
    for width, share in medians.items():
        print(f"width {width:4d}  {statistics.median(shares[width]) / 1e9:6.1f} Gflop/s  {share:5.0%} of peak")
    median = statistics.median(medians.values())
    print(f"median over widths {median:.0%}, at least {LEAST:.0%}")
    return int(median < LEAST)


if __name__ == "__main__":
    raise SystemExit(measured() if "--here" in sys.argv else main())
