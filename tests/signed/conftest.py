from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from axiom.domain.experiments import seed_of
from axiom.signed.keys import Keys, make_keys
from axiom.signed.tickets import Ticket

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOURS = {"issued": NOW, "deadline": NOW + timedelta(hours=48), "expires": NOW + timedelta(hours=72)}
CELLS = {
    "replicates": (7, 8),
    "seeds": (seed_of("probe", 1, 7), seed_of("probe", 1, 8)),
    "places": (0, 3),
    "configs": ({"width": 8, "lr": 0.5}, {"width": 16, "lr": 0.5}),
    "cell_seconds": (1.5, 3.0),
    "memory_mb": 400,
}
CODE = {"experiment": "probe", "version": 1, "bundle": "ab" * 32, "serial": 3}


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("lab") / "keys", NOW)


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return make_keys(tmp_path_factory.mktemp("other") / "keys", NOW)


@pytest.fixture(scope="session")
def make_ticket(keys: Keys) -> Callable[..., Ticket]:
    fields = {"lab": keys.trust.lab, "trust": keys.trust.version, "host": 1, "task": 5, **CODE, **CELLS, **HOURS}
    return lambda **changes: Ticket(**fields | changes)
