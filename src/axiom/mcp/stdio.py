"""Serves one client over standard input and output."""

from pathlib import Path

import anyio
from mcp.server.stdio import stdio_server

from axiom.mcp.remote_access import RemoteLabAccess
from axiom.mcp.server import lab_server


def serve_stdio(address: str | Path, token: str, *, operates: bool) -> None:
    """Answer until the client leaves. A token that is not good is said before anything else."""
    lab = RemoteLabAccess(address, token)
    lab.caller()
    anyio.run(_serve, lab, operates)


async def _serve(lab: RemoteLabAccess, operates: bool) -> None:
    server = lab_server(lambda _: lab, operates=operates)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
