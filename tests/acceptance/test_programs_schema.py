"""Whatever the OpenAPI document allows, and much that it does not, is answered as it says and never with a fault."""

import json
import time
from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from programs_lab import ProgramsLab, programs_lab
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from axiom.web.api.openapi import description

_CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.negative_data_rejection,
]
schema = schemathesis.openapi.from_dict(json.loads(description()))
_REFUSED = schema.config.checks.negative_data_rejection
_REFUSED.expected_statuses = [*_REFUSED.expected_statuses, "413"]  # words too long are too large first


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProgramsLab]:
    with programs_lab(tmp_path_factory.mktemp("schema") / "lab") as started:
        yield started


@schema.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_it_is_described(there: ProgramsLab, case: schemathesis.Case) -> None:
    time.sleep(0.02)
    bearer = {"authorization": f"Bearer {there.tokens['operate']}"}
    case.call_and_validate(base_url=there.lab.address.rstrip("/"), headers=bearer, checks=_CHECKS)


def test_the_document_is_served_as_it_is_made(there: ProgramsLab) -> None:
    bearer = {"authorization": f"Bearer {there.tokens['read']}"}
    reply = httpx.get(f"{there.lab.address}api/openapi.json", headers=bearer)
    assert (reply.status_code, reply.content) == (200, description())
    assert reply.json()["openapi"].startswith("3.1")
