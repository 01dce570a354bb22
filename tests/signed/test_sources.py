"""Sources are parsed one at a time, whoever asks."""

import gc
import sys
import threading
from pathlib import Path

import axiom
from axiom.signed.sources import parsed

PACKAGE = Path(axiom.__file__).parent


def test_threads_that_parse_at_once_all_get_their_trees():
    """With the plain function, about one in a hundred fails here: a collection lets another thread begin half-way."""
    sources = [file.read_text() for file in sorted((PACKAGE / "catalogue").glob("*.py"))[:5]]
    trees: list[object] = []

    def parse_all() -> None:
        trees.extend(parsed(source) for source in sources)

    def listener(_phase: str, _info: object) -> None:
        sum(range(20))

    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(1e-6)
    gc.set_threshold(50)
    gc.callbacks.append(listener)
    try:
        threads = [threading.Thread(target=parse_all) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.callbacks.remove(listener)
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)
    assert len(trees) == 8 * len(sources)
