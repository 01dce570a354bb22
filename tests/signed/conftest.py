from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from axiom.domain.experiments import seed_of
from axiom.signed.keys import Keys, make_keys
from axiom.signed.tickets import Ticket


@pytest.fixture(scope="session")
def now() -> datetime:
    return datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> Keys:
    return make_keys(tmp_path_factory.mktemp("lab") / "keys", now)


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> Keys:
    return make_keys(tmp_path_factory.mktemp("other") / "keys", now)


@pytest.fixture(scope="session")
def make_ticket(keys: Keys, now: datetime) -> Callable[..., Ticket]:
    def make(**changes: object) -> Ticket:
        fields: dict[str, object] = {
            "lab": keys.trust.lab,
            "trust": keys.trust.version,
            "host": 1,
            "task": 5,
            "experiment": "probe",
            "version": 1,
            "bundle": "ab" * 32,
            "serial": 3,
            "replicates": (7, 8),
            "seeds": (seed_of("probe", 1, 7), seed_of("probe", 1, 8)),
            "configs": ({"width": 8, "lr": 0.5}, {"width": 16, "lr": 0.5}),
            "places": (0, 3),
            "cell_seconds": (1.5, 3.0),
            "memory_mb": 400,
            "issued": now,
            "deadline": now + timedelta(hours=48),
            "expires": now + timedelta(hours=72),
        }
        return Ticket(**(fields | changes))  # type: ignore[arg-type]

    return make
