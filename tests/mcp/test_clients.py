"""The protocol's own client and a laboratory that runs: over standard input and over HTTP, in both eras."""

import json
import os
import shutil
import signal
import subprocess
from contextlib import asynccontextmanager, contextmanager

import anyio
import httpx
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp_lab import ERAS, ClientPerson, answer_of, opened
from patience import PATIENCE
from running_lab import AXIOM, Lab, answer, axiom, running

from axiom.domain.callers import Capability
from axiom.mcp import changes, tools
from axiom.signed.keys import make_keys
from axiom.signed.program_tokens import new_token

TICKED = ClientPerson(content={"approve": True})
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "a test", "version": "1"}}
LINK = {"source": "1", "kind": "tests", "target": "2", "why": "it is so"}


@pytest.fixture(scope="module")
def lab(new_lab, prepared, tmp_path_factory):
    """A furnished laboratory that runs, with /mcp."""
    folder = tmp_path_factory.mktemp("mcp_clients") / "lab"
    made = new_lab(folder)
    with opened(made, prepared):
        make_keys(made.folder.keys, made.now)
    shutil.rmtree(folder / "journal", ignore_errors=True)
    (folder / "axiom.toml").write_text("mcp = true\n")
    with running(folder, command="serve") as found:
        yield found


@pytest.fixture(scope="module")
def token_of(lab):
    """Tokens of programs by name; each may propose, and its person may approve."""
    known = {}

    def token(name: str) -> str:
        if name not in known:
            words = ("program", "add", name, "--may", "propose", "--may-approve", "--limit", "finding.link=1000")
            known[name] = answer(*words, data=lab.data)["program"]["token"]
        return known[name]

    return token


def by_stdio(lab: Lab, token: str, *words: str):
    environment = {**os.environ, "AXIOM_TOKEN": token}
    return StdioServerParameters(command=str(AXIOM), args=["mcp", "--data", str(lab.data), *words], env=environment)


@asynccontextmanager
async def by_http(lab: Lab, token: str):
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        create_mcp_http_client(headers=headers) as http,
        streamable_http_client(f"{lab.address}mcp", http_client=http) as streams,
    ):
        yield streams


WAYS = pytest.mark.parametrize("way", [by_stdio, by_http])


def talk(server, mode, conversation, person=None):
    async def run():
        async with Client(server, mode=mode, elicitation_callback=person) as client:
            return await conversation(client)

    return anyio.run(run)


@WAYS
@pytest.mark.parametrize("mode", [*ERAS, "auto"])
def test_a_client_that_has_tools_alone_reads_and_changes(lab, token_of, way, mode):
    async def conversation(client):
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == [tool.name for tool in tools.TOOLS]
        reads = [tool.name for tool in tools.TOOLS if tool.needs is Capability.READ]
        assert [tool.name for tool in listed if tool.annotations.read_only_hint] == reads
        assert answer_of(await client.call_tool("finding_show", {"number": 1}))["finding"] == 1
        why = f"because of {way.__name__} in the {'newer' if mode[:1] == '2' else 'older'} era"
        words = {**LINK, "why": why, "key": why}
        assert answer_of(await client.call_tool("finding_link", {**words, "dry_run": True}))["dry_run"] is True
        first, again = [answer_of(await client.call_tool("finding_link", words)) for _ in range(2)]
        assert (again["link"], again["repeated"]) == (first["link"], True)
        for change, kind in (({"why": "another reason"}, "KeyReused"), ({"by": "operator"}, "UnknownName")):
            refused = await client.call_tool("finding_link", words | change)
            assert refused.structured_content["error"]["kind"] == kind
        assert answer_of(await client.call_tool(changes.ASK, {"proposal": 1}))["page"] == "/proposals/1"

    talk(way(lab, token_of("ada")), mode, conversation)


@WAYS
@pytest.mark.parametrize("mode", ERAS)
def test_the_person_at_the_client_is_asked_and_not_answering_changes_nothing(lab, token_of, way, mode):
    async def conversation(client):
        return answer_of(await client.call_tool(changes.ASK, {"proposal": 1}))

    for person in (ClientPerson(action="decline"), ClientPerson(content={"approve": False})):
        said = talk(way(lab, token_of("bob")), mode, conversation, person)
        assert (said["asked"], said["answered"]) == (True, False)


def test_a_ticked_form_over_standard_input_approves_once(lab, token_of):
    async def conversation(client):
        first = answer_of(await client.call_tool(changes.ASK, {"proposal": 2}))
        return first, await client.call_tool(changes.ASK, {"proposal": 2})

    first, again = talk(by_stdio(lab, token_of("bob")), ERAS[0], conversation, TICKED)
    assert first["state"] == "approved"
    assert again.is_error
    audit = answer("audit", "show", "--limit", "1000", data=lab.data)["audit"]
    approved = [row for row in audit if row["command"] == "proposal.approve"]
    assert {row["caller"] for row in approved if row["outcome"] == "done"} == {"person at program:bob"}


@WAYS
def test_the_guide_is_a_resource_and_prompts_only_repeat(lab, token_of, way):
    async def conversation(client):
        resources = (await client.list_resources()).resources
        (part,) = (await client.read_resource(resources[0].uri)).contents
        assert json.loads(part.text) == answer_of(await client.call_tool("guide_show", {"part": "contract"}))
        prompt = (await client.list_prompts()).prompts[0]
        assert (await client.get_prompt(prompt.name)).messages

    talk(way(lab, token_of("ada")), ERAS[1], conversation)


def test_operate_offers_every_command_of_the_token(lab, token_of):
    async def conversation(client):
        return {tool.name for tool in (await client.list_tools()).tools}

    token = answer("program", "add", "operates", "--may", "operate", data=lab.data)["program"]["token"]
    names = talk(by_stdio(lab, token, "--operate"), ERAS[0], conversation)
    assert {tool.name for tool in tools.TOOLS} < names
    assert "experiment_deploy" in names
    assert "experiment_deploy" not in talk(by_stdio(lab, token_of("ada"), "--operate"), ERAS[0], conversation)


def test_a_request_without_a_good_token_or_from_another_place_is_turned_away(lab, token_of):
    address, good = f"{lab.address}mcp", {"Authorization": f"Bearer {token_of('ada')}"}
    ask = {"json": {"jsonrpc": "2.0", "id": 1, "method": "ping"}, "timeout": PATIENCE}
    assert httpx.post(address, **ask).status_code == 401
    assert httpx.post(address, headers={"Authorization": f"Bearer {new_token()}"}, **ask).status_code == 401
    assert httpx.post(address, headers={**good, "Host": "elsewhere.example"}, **ask).status_code == 421
    assert httpx.post(address, headers={**good, "Origin": "http://elsewhere.example"}, **ask).status_code == 403


def test_a_session_is_nobody_elses(lab, token_of):
    accepts = {"Accept": "application/json, text/event-stream"}
    begin = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO}
    mine, others = ({**accepts, "Authorization": f"Bearer {token_of(name)}"} for name in ("ada", "bob"))
    begun = httpx.post(f"{lab.address}mcp", headers=mine, json=begin, timeout=PATIENCE)
    session = {"Mcp-Session-Id": begun.headers["mcp-session-id"], "Mcp-Protocol-Version": "2025-11-25"}
    ping = {"json": {"jsonrpc": "2.0", "id": 2, "method": "ping"}, "timeout": PATIENCE}
    assert httpx.post(f"{lab.address}mcp", headers={**others, **session}, **ping).status_code == 404
    assert httpx.post(f"{lab.address}mcp", headers={**mine, **session}, **ping).status_code == 200


@contextmanager
def spoken(lab: Lab, token: str):
    """`axiom mcp` as a process, to which lines are written by hand."""
    process = subprocess.Popen(
        [AXIOM, "mcp", "--data", str(lab.data)],
        env={**os.environ, "AXIOM_TOKEN": token},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def say(process, number: int, method: str, **params):
    line = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    process.stdin.write(json.dumps(line) + "\n")
    process.stdin.flush()


@pytest.mark.parametrize("pause", [0.0, 0.05])
def test_a_client_that_was_killed_before_its_answer_asks_again_with_its_key(lab, token_of, pause):
    why = f"said by somebody who died {'later' if pause else 'at once'}"
    words = {**LINK, "why": why, "key": why}
    with spoken(lab, token_of("carla")) as process:
        say(process, 1, "initialize", **HELLO)
        process.stdout.readline()
        say(process, 2, "tools/call", name="finding_link", arguments=words)
        try:
            process.wait(timeout=pause)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)

    async def conversation(client):
        return [answer_of(await client.call_tool("finding_link", words)) for _ in range(2)]

    answers = talk(by_stdio(lab, token_of("carla")), ERAS[0], conversation)
    assert answers[0]["link"] == answers[1]["link"]
    audit = answer("audit", "show", "--limit", "1000", data=lab.data)[
        "audit"
    ]  # all: the catalogue is published meanwhile
    assert len([row for row in audit if why in row["arguments"]]) == 1


def test_where_no_laboratory_runs_or_no_token_is_there_it_says_so(lab, tmp_path):
    assert axiom("mcp", data=lab.data).returncode == 2
    file = tmp_path / "token"
    file.write_text(new_token())
    nowhere = axiom("mcp", "--token-file", file, data=tmp_path / "none")
    assert (nowhere.returncode, nowhere.stdout) == (5, "")
    assert axiom("mcp", "--token-file", file, data=lab.data).returncode == 4
    assert axiom("mcp", "--token-file", file, "--server", "http://127.0.0.1:9", data=lab.data).returncode == 5


def test_a_program_that_was_ended_is_out_in_the_middle_of_its_conversation(lab):
    token = answer("program", "add", "eve", "--may", "propose", data=lab.data)["program"]["token"]

    async def conversation(client):
        assert not (await client.call_tool("finding_show", {"number": 1})).is_error
        await anyio.to_thread.run_sync(lambda: axiom("program", "end", "eve", data=lab.data))
        refused = await client.call_tool("finding_show", {"number": 1})
        assert refused.structured_content["error"]["kind"] == "NotAllowed"

    talk(by_stdio(lab, token), ERAS[0], conversation)
