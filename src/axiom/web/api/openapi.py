"""What the API offers, as an OpenAPI 3.1 document made from the commands and the pages themselves."""

import functools
import inspect
import json
import re
from typing import Any

from axiom import __version__
from axiom.gate.command import Command
from axiom.gate.registry import form_for_programs
from axiom.gate.words import schema_of
from axiom.reads.base.page_addresses import SitePage
from axiom.web.api.commands import KEY, OFFERED
from axiom.web.api.problems import KIND
from axiom.web.api.reads import PREFIX, READS, RECTANGLE, TABLE

_PROBLEM = {
    "description": "Why it was not done: the type names one of Axiom's errors (RFC 9457).",
    "content": {KIND: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_OBJECT = {"application/json": {"schema": {"type": "object"}}}
_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_HOW = [
    {
        "name": "dry_run",
        "in": "query",
        "description": "1: show what would be done, and do nothing.",
        "schema": {"type": "string", "enum": ["0", "1"]},
    },
    {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and command again give the first answer and change nothing.",
        "schema": {"type": "string", "pattern": f"^{KEY}$"},
    },
]
_RECTANGLE = [
    *(
        {"name": word, "in": "query", "description": what, "schema": {"type": "number"}}
        for word, what in (
            ("x0", "The first knob's value at the left end; without it the map's own."),
            ("x1", "The same at the right end."),
            ("y0", "The second knob's value at the lower end."),
            ("y1", "The same at the upper end."),
        )
    ),
    *(
        {"name": word, "in": "query", "schema": {"type": "integer", "minimum": 0}}
        for word in ("level", "arm", "replicate")
    ),
    {"name": "format", "in": "query", "schema": {"type": "string", "enum": ["json", "csv", "parquet"]}},
]


@functools.cache
def openapi_document() -> bytes:
    """The document, made once a process."""
    paths: dict[str, Any] = {
        f"{PREFIX}/commands/{name}": {"post": _command(kind)} for name, kind in sorted(OFFERED.items())
    }
    paths |= {re.sub(r":\w+}", "}", path): {"get": _read(path, page)} for path, page in READS.items()}
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Axiom",
            "version": __version__,
            "description": "Commands and pages of a laboratory, for programs that have a token.",
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": _PROBLEM_SCHEMA},
        },
    }
    return json.dumps(document).encode()


def _command(kind: type[Command]) -> dict[str, Any]:
    form = schema_of(form_for_programs(kind))
    return {
        "operationId": kind.name,
        "summary": _first_line(kind),
        "description": f"Needs the right to {kind.capability}.",
        "parameters": _HOW,
        "requestBody": {"required": True, "content": {"application/json": {"schema": form}}},
        "responses": {"200": {"description": "What was done.", "content": _OBJECT}, "default": _PROBLEM},
    }


def _read(path: str, page: SitePage) -> dict[str, Any]:
    words = [_path_word(word) for word in re.findall(r"\{(\w+)", path)]
    after = {"name": "after", "in": "query", "schema": {"type": "string", "pattern": r"^[0-9]{1,15}\.[0-9]{1,9}$"}}
    return {
        "operationId": f"read {path}",
        "summary": _first_line(page.make),
        "description": "The query is the page's; the header Link and the word next lead to what follows.",
        "parameters": [*words, *([after] if page is TABLE else _RECTANGLE if page is RECTANGLE else [])],
        "responses": {"200": {"description": "The answer of the page.", "content": _OBJECT}, "default": _PROBLEM},
    }


def _path_word(word: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1} if word == "number" else {"type": "string", "minLength": 1}
    return {"name": word, "in": "path", "required": True, "schema": schema}


def _first_line(of: object) -> str:
    return (inspect.getdoc(of) or "").partition("\n")[0]
