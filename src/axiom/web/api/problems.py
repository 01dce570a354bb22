"""Errors as programs read them: a problem document (RFC 9457), and one table of which error has which status."""

import http
import json
from collections.abc import Mapping

from starlette.responses import Response

from axiom import errors
from axiom.errors import AxiomError

KIND = "application/problem+json"
TYPE = "urn:axiom:error:"  # before the name of the error's class; the Python client makes the class of it again
_BUSY_SECONDS = 5  # after which to come again where the writer has too much to do

# The nearest of its classes counts.
_STATUS: Mapping[type[AxiomError], int] = {
    AxiomError: 422,
    errors.WrongUse: 422,
    errors.NotFound: 404,
    errors.Refused: 409,
    errors.NotAllowed: 403,
    errors.LimitReached: 429,
    errors.CannotStart: 503,
    errors.KeysUnusable: 409,
    errors.StoreError: 503,
    errors.Fault: 500,
}


class RequestRefused(Exception):
    """A request that HTTP has a status of its own for, whatever the error is."""

    def __init__(self, status: int, error: AxiomError, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.error = error
        self.headers = headers or {}
        super().__init__(str(error))


def http_status(error: AxiomError) -> int:
    """The HTTP status that says what the error is about."""
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def problem_response(error: Exception) -> Response:
    """The problem document of an error; one that we did not foresee is a fault of ours and says no more than that."""
    if isinstance(error, RequestRefused):
        return _document(error.status, error.error, error.headers)
    if not isinstance(error, AxiomError):
        error = errors.Fault(
            "A fault of ours. Nothing of the command was stored; the operator finds the traceback in logs/axiom.log."
        )
    busy = {"retry-after": str(_BUSY_SECONDS)} if isinstance(error, errors.StoreBusy) else {}
    return _document(http_status(error), error, busy)


def _document(status: int, error: AxiomError, headers: Mapping[str, str]) -> Response:
    document = {
        "type": f"{TYPE}{type(error).__name__}",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": str(error),
    }
    return Response(
        json.dumps(document),
        status_code=status,
        media_type=KIND,
        headers={"cache-control": "no-store", "x-content-type-options": "nosniff", **headers},
    )
