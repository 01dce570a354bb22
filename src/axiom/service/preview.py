"""What would be ordered now, for everybody who looks at the plan's page: made seldom, however many ask."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

from axiom.domain.planning import Preview
from axiom.lab.planning.preview import preview
from axiom.lab.policy import Policy
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder

_FRESH_SECONDS = 2.0
_REST = 20.0  # times as long as it took: however large the fleet is, looking takes a twentieth of a core at most


class Foresight:
    def __init__(self, folder: Folder, policy: Policy, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._policy = policy
        self._now = now
        self._lock = threading.Lock()
        self._until = -1.0
        self._preview: Preview | None = None

    def now(self) -> Preview:
        with self._lock:
            began = time.monotonic()
            if self._preview is None or began >= self._until:
                with Connections(folder=self._folder).reader() as db:
                    self._preview = preview(db, self._policy, self._now())
                ended = time.monotonic()
                self._until = ended + max(_FRESH_SECONDS, _REST * (ended - began))
            return self._preview
