"""How long this Python takes for work like Axiom's, in microseconds: the shortest of several times.

Asked of every Python that could be taken (`bootstrap.sh`), so it is written for all and imports next to nothing.
"""

import time


def work() -> int:
    """Numbers, words and small objects, a hundred thousand times; in nanoseconds."""
    seen: dict[int, tuple[str, int]] = {}
    began = time.perf_counter_ns()
    for number in range(100_000):
        seen[number % 1_000] = "%d-%s" % (number, "x"), len(seen)  # noqa: UP031 - as the hot paths write
    return time.perf_counter_ns() - began


if __name__ == "__main__":
    print(min(work() for _ in range(15)) // 1_000)
