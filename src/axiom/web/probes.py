"""What programs that watch a laboratory ask: is it alive, is it ready, and its figures for Prometheus."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from axiom.errors import AxiomError

log = logging.getLogger("axiom.web")

ALIVE, READY, METRICS = "/healthz", "/readyz", "/metrics"
PATHS = frozenset({ALIVE, READY, METRICS})
_TEXT = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' own format
_HEADERS = {"cache-control": "no-store"}


@dataclass(frozen=True, kw_only=True)
class Probes:
    """What is asked for an answer."""

    unready: Callable[[], Sequence[str]] = tuple  # why the laboratory is not ready; nothing where it is
    metrics: Callable[[], bytes] = bytes
    shows_metrics: bool = False  # also to whoever reaches the site


def probe_routes(probes: Probes, *, with_metrics: bool) -> list[Route]:
    """The addresses of the probes. Nobody keeps their answers."""

    async def alive(_request: Request) -> Response:  # in the loop: no slow page stands before it
        return JSONResponse({"healthy": True}, headers=_HEADERS)

    def ready(_request: Request) -> Response:
        reasons = list(probes.unready())
        answer = {"ready": not reasons, "reasons": reasons}
        return JSONResponse(answer, status_code=503 if reasons else 200, headers=_HEADERS)

    def metrics(_request: Request) -> Response:
        try:
            return Response(probes.metrics(), media_type=_TEXT, headers=_HEADERS)
        except AxiomError as error:
            log.error("metrics.failed %s", error)
            return PlainTextResponse("The records cannot be read now.\n", status_code=503, headers=_HEADERS)

    routes = [Route(ALIVE, alive), Route(READY, ready)]
    return [*routes, Route(METRICS, metrics)] if with_metrics else routes
