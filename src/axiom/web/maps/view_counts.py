"""Where people look on maps, counted without who: what is finer there is computed sooner."""

import threading

_MOST = 1_000  # places that are remembered from one look at them to the next

Place = tuple[int, int]  # an experiment, and the place of a tile among its configs


class TileViews:
    """The tiles that somebody looked at since they were last taken from here, each once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: set[Place] = set()

    def note(self, experiment_id: int, place: int) -> None:
        with self._lock:
            if len(self._places) < _MOST:
                self._places.add((experiment_id, place))

    def take(self) -> list[Place]:
        with self._lock:
            taken, self._places = self._places, set()
        return sorted(taken)
