from collections.abc import Sequence
from datetime import datetime

from axiom.boinc.read_request import read_progress
from axiom.boinc.requests import Trickle
from axiom.domain.work import read_task_name
from axiom.server.scheduler.reply import SUFFIX
from axiom.store.engine.database import Database
from axiom.store.tasks import progress
from axiom.store.tasks.progress import SaidProgress

_MOST = 256  # tasks of which one contact may speak: more than a host has in hand


def hear(db: Database, host_id: int, trickles: Sequence[Trickle], now: datetime) -> None:
    """Keep how far this host says that its tasks are. Of several words about one, the last counts."""
    latest: dict[int, SaidProgress] = {}
    for trickle in trickles:
        name, share = read_task_name(trickle.task.removesuffix(SUFFIX)), read_progress(trickle)
        if name is not None and share is not None and (name[1] in latest or len(latest) < _MOST):
            latest[name[1]] = SaidProgress(task_id=name[1], fraction=share[0], cpu_seconds=share[1])
    progress.note(db, host_id, list(latest.values()), now)
