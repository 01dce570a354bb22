"""Everything that happened in a simulation, in order, as one hash: the same seed must give the same one."""

import hashlib
from collections import Counter, deque

_LAST = 200  # lines that are kept for whoever looks for a fault


class Chronicle:
    """Takes lines; keeps their hash, how many there were of each kind, and the last of them."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.counts: Counter[str] = Counter()
        self.last: deque[str] = deque(maxlen=_LAST)
        self.events = 0

    def note(self, now: float, kind: str, *facts: object) -> None:
        line = f"{now:.3f} {kind} {' '.join(map(str, facts))}"
        self._hash.update(line.encode() + b"\n")
        self.last.append(line)
        self.counts[kind] += 1
        self.events += 1

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()
