"""Clusters that compute for a laboratory: who may, until when, and how long a silent pilot keeps its tasks."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """A cluster that was given a key. Whoever has the key may compute in its name, and nothing else."""

    id: int
    name: str
    volunteer_id: int
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def may_compute(self, now: datetime) -> bool:
        """Is its key good at this moment?"""
        return self.ended_at is None and now < self.expires_at

    def why_not(self, now: datetime) -> str:
        """Why its key is not good, in half a sentence; nothing while it is."""
        if self.ended_at is not None:
            return f"was revoked on {self.ended_at:%Y-%m-%d}"
        return "" if now < self.expires_at else f"expired on {self.expires_at:%Y-%m-%d}"
