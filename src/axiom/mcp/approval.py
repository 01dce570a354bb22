"""Asks the person at a client about a proposal: a form with one box, in the way of either era of the protocol.

Who cannot be asked is told where the proposal waits. Only an accepted form with the box ticked approves anything; what
is signed, and that it is used once, is the laboratory's matter (`LabAccess.question` and `LabAccess.answer`).
"""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from axiom.limits import server as limits
from axiom.mcp import changes, tools
from axiom.mcp.answers import Answer, answer_text
from axiom.mcp.laboratory_access import LabAccess

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]

_FORM = "approval"  # what the question is called among those of one call
_BOX = "approve"
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        _BOX: {"type": "boolean", "title": "Let it run", "description": "Tick this to approve.", "default": False}
    },
    "required": [_BOX],
}


async def ask_person(
    lab: LabAccess, ctx: ServerRequestContext[Any, Any], params: types.CallToolRequestParams, in_thread: InThread
) -> types.CallToolResult | types.InputRequiredResult:
    """Ask, or take what was answered, or say where a person can be asked."""
    where = await in_thread(lambda: tools.call_tool(lab, changes.ASK, params.arguments or {}))
    number = where["proposal"]
    is_modern = ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
    if is_modern and params.request_state is not None:
        seal, reply = params.request_state, (params.input_responses or {}).get(_FORM)
        return _result(where, await in_thread(_answer(lab, number, seal, reply)))
    caller = await in_thread(lab.caller)
    if not caller.may_approve or not _can_ask(ctx):
        return _result(where, {"asked": False})
    question = await in_thread(lambda: lab.question(number))
    if is_modern:
        form = types.ElicitRequestFormParams(message=question["message"], requested_schema=_SCHEMA)
        return types.InputRequiredResult(
            input_requests={_FORM: types.ElicitRequest(params=form)}, request_state=question["seal"]
        )
    reply = None
    with anyio.move_on_after(limits.APPROVAL_FOR.total_seconds()):
        try:
            reply = await ctx.session.elicit_form(question["message"], _SCHEMA, related_request_id=ctx.request_id)
        except (MCPError, ValueError):  # it could not be shown, or what came back is no answer
            reply = None
    return _result(where, await in_thread(_answer(lab, number, question["seal"], reply)))


def _can_ask(ctx: ServerRequestContext[Any, Any]) -> bool:
    """Does the client show forms? One that names no kind means forms."""
    capabilities = ctx.session.client_capabilities
    asks = capabilities.elicitation if capabilities else None
    return asks is not None and (asks.form is not None or asks.url is None)


def _answer(lab: LabAccess, number: int, seal: str, reply: Any) -> Callable[[], Answer]:
    """Brings what the person said; whatever else is there says that they did nothing."""
    is_form = isinstance(reply, types.ElicitResult)
    action = reply.action if is_form else "nothing"
    ticked = (reply.content or {}).get(_BOX) if is_form else None
    return lambda: {"asked": True, **lab.answer(number, seal, action, ticked)}


def _result(where: Answer, answer: Answer) -> types.CallToolResult:
    whole = {**where, **answer}
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=answer_text(whole))], structured_content=whole
    )
