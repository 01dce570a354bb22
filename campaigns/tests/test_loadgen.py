"""The load generator, played against a scheduler that looks into everything it is sent."""

import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from loadgen import hosts, processes
from loadgen.hosts import HeldTask, Host
from loadgen.lane import Mode, Plan, Score
from loadgen.outputs import axiom_maker
from loadgen.play import play, share
from loadgen.request_writer import Shape, Writer
from loadgen.wire import Line
from patience import PATIENCE
from simulation.client_messages import UploadSlot
from simulation.replies import HeardOrder, hear, status_of

# The generator forks, and its own process never knows JAX; this one may, from other tests, and JAX warns of any fork.
pytestmark = pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning")

ROOT = Path(__file__).resolve().parents[2]
KEY = "ab" * 16
SIGNATURE = "one line\n."
MEASURES = {"loss": 0.5, "curve": [1.0]}


def plan(pretended, mode: Mode, **changes) -> Plan:
    maker = axiom_maker(MEASURES, cpu_seconds=3.0)
    return Plan(url=pretended.url, mode=mode, seconds=PATIENCE, maker=maker, turns=1, **changes)


def registered(pretended, amount: int = 4) -> list[Host]:
    return list(play(plan(pretended, Mode.REGISTER), hosts.fleet(amount, [KEY]), lanes=2).hosts)


def test_every_host_gets_a_number_and_a_ping_asks_and_reports_nothing(pretended):
    fleet = registered(pretended)
    assert sorted(host.id for host in fleet) == [101, 102, 103, 104]
    assert sorted(pretended.hosts.values()) == sorted(host.cpid for host in fleet)
    assert {host.seqno for host in fleet} == {0}
    played = play(plan(pretended, Mode.EMPTY), fleet, lanes=1)
    request = pretended.requests[-1]
    assert (request.findtext("dont_send_work"), float(request.findtext("work_req_seconds"))) == ("1", 0.0)
    assert (played.score.requests, played.score.wishes, played.score.uploads) == (4, 0, 0)
    assert not request.findall("result")


def test_outputs_are_what_the_tickets_order_under_the_given_tokens(pretended):
    played = play(plan(pretended, Mode.FETCH, ask=3), registered(pretended, 2), lanes=2)
    assert pretended.problems == []
    assert played.score.tasks == 6
    assert played.score.uploads == 6
    assert len(pretended.outputs) == 6
    for name, output in pretended.outputs.items():
        task = int(name.rpartition("-t")[2])
        cells = [(cell.replicate, cell.config) for cell in output.cells]
        assert cells == [(task, 0), (task, 1), (1_000 + task, 0), (1_000 + task, 1)]
        assert {cell.measures["loss"] for cell in output.cells} == {0.5}
        assert (output.header.task, output.header.host) == (task, pretended.tasks[name].host)


def test_a_cycle_reports_what_it_fetched_before_and_each_task_once(pretended):
    played = play(replace(plan(pretended, Mode.CYCLE, ask=3), turns=4), registered(pretended, 2), lanes=2)
    reported = [sent for sent in pretended.tasks.values() if sent.acknowledged]
    assert (played.score.tasks, len(reported)) == (2 * 4 * 3, 2 * 3 * 3)
    assert {sent.acknowledged for sent in reported} == {1}
    assert sorted(played.score.acknowledged) == sorted(sent.name for sent in reported)
    assert sum(len(host.hand) for host in played.hosts) == 6
    assert pretended.problems == []


def test_uploads_may_come_apart_from_requests(pretended):
    fetched = play(plan(pretended, Mode.FETCH, ask=2, uploads=False), registered(pretended), lanes=1).hosts
    assert pretended.outputs == {}
    early = play(plan(pretended, Mode.CYCLE, ask=0, uploads=False), fetched, lanes=1)
    assert early.score.acknowledged == []
    before = len(pretended.requests)
    sent = play(plan(pretended, Mode.UPLOAD), early.hosts, lanes=1)
    assert (sent.score.uploads, len(pretended.requests) - before) == (8, 0)
    reported = play(plan(pretended, Mode.REPORT), sent.hosts, lanes=1)
    assert len(reported.score.acknowledged) == 8
    assert all(not host.hand for host in reported.hosts)


def test_a_lost_answer_loses_neither_reports_nor_tasks(pretended):
    pretended.cut = {7, 8, 12}
    calm = replace(plan(pretended, Mode.CYCLE, ask=2, patient=True), turns=5)
    played = play(calm, registered(pretended), lanes=2)
    assert played.score.failures == 3
    in_hand = {name for host in played.hosts for name in host.hand}
    assert in_hand == {sent.name for sent in pretended.tasks.values() if not sent.acknowledged}
    assert pretended.problems == []


def test_a_refused_output_is_reported_with_its_error_and_counted(pretended):
    pretended.refuse_uploads = True
    played = play(replace(plan(pretended, Mode.CYCLE, ask=1), turns=2), registered(pretended, 1), lanes=1)
    assert played.score.refused == 2
    assert pretended.requests[-1].findtext("result/file_info/error_msg") == "refused"


def test_first_requests_are_spread_and_delays_obeyed(pretended):
    fleet = registered(pretended)
    pretended.delay = 0.3
    began = time.monotonic()
    play(replace(plan(pretended, Mode.EMPTY, over=0.4, polite=True), turns=2), fleet, lanes=1)
    came = [moment - began for moment in pretended.times[4:]]
    assert came[3] >= 0.3
    assert max(came) >= 0.3 + came[3]


def test_a_run_ends_with_its_time_and_with_its_requests(pretended):
    fleet, endless = registered(pretended), replace(plan(pretended, Mode.EMPTY), turns=0)
    assert play(replace(endless, seconds=0.3), fleet, lanes=1).score.requests > 0
    assert play(replace(endless, requests=7), fleet, lanes=1).score.requests == 7


def test_a_server_that_is_away_is_a_failure_and_nothing_more():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        away = Plan(url=url, mode=Mode.EMPTY, seconds=PATIENCE, maker=axiom_maker(MEASURES, cpu_seconds=3.0), turns=1)
        played = play(away, [Host(number=0, key=KEY, id=7)], lanes=1)
    assert (played.score.failures, played.score.requests) == (1, 0)
    assert "ConnectionRefusedError" in next(iter(played.score.faults))


@pytest.mark.parametrize("cores", [0, 8])
def test_a_request_has_the_elements_and_about_the_size_of_a_client_s(cores):
    writer = Writer(Shape(), deadline=1_800_000_000)
    host = Host(number=300, key=KEY, id=7, seqno=3)
    slot = UploadSlot(name="a.out", url="http://x/up", token=SIGNATURE, most_bytes=10)
    host.hand = {name: HeldTask(name=name, round=1, order=None) for name in ("a", "b")}
    host.hand["a"].report = writer.report(HeardOrder(name="a", text="t", slot=slot), size=5, md5="cd" * 16)
    body = writer.request(host, [host.hand["a"]], seconds=2.5 * cores, cores=cores)
    request = ET.fromstring(body)
    assert 3_400 < len(body) < 6_000
    assert (request.findtext("hostid"), request.findtext("rpc_seqno")) == ("7", "3")
    assert float(request.findtext("cpu_req_instances")) == cores
    assert request.findtext("host_info/ip_addr") == "10.0.1.44"
    assert [name.text for name in request.iterfind("result/name")] == ["a"]
    assert [name.text for name in request.iterfind("other_results/other_result/name")] == ["b"]
    assert float(request.findtext("result/file_info/nbytes")) == 5
    assert not request.findtext("cross_project_id")
    host.cross = "c" * 32  # as it was told in an answer
    assert ET.fromstring(writer.request(host, [], seconds=0.0, cores=0)).findtext("cross_project_id") == host.cross


def test_an_answer_is_read_as_loosely_as_a_client_does():
    text = """<?xml version="1.0"?>
<scheduler_reply>
<message priority="low">busy 3</message><request_delay>7.5</request_delay><hostid>9</hostid>
<result_ack>
    <name>a</name>
</result_ack><result_abort><name>b</name></result_abort>
<result_abort_if_not_started><name>c</name></result_abort_if_not_started>
<workunit><name>w</name><command_line>--ticket a&amp;&lt;2&gt;</command_line></workunit>
<file_info><name>code</name><url>http://x/code</url></file_info>
<file_info><name>out</name><generated_locally/><max_nbytes>12.000000</max_nbytes>
<upload_url>http://x/up?a=1&amp;b=2</upload_url><xml_signature>
one line
.
</xml_signature></file_info>
<result><name>d</name><wu_name>w</wu_name><file_ref><file_name>out</file_name></file_ref></result>
</scheduler_reply>
"""
    heard = hear(text.encode())
    (order,) = heard.orders
    assert (heard.host, heard.delay, heard.acknowledged) == (9, 7.5, ("a",))
    assert (heard.aborted, heard.unstarted, heard.messages) == (("b",), ("c",), ("busy 3",))
    assert (order.name, order.text) == ("d", "a&<2>")
    assert order.slot == UploadSlot(name="out", url="http://x/up?a=1&b=2", token=SIGNATURE, most_bytes=12)
    with pytest.raises(ValueError, match="cut"):
        hear(text[:200].encode())


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<data_server_reply>\n    <status>0</status>\n</data_server_reply>", 0),
        (b"<status>-1</status><message>no</message>", -1),
        (b"<html>busy</html>", None),
    ],
)
def test_an_upload_s_status_is_read(body, status):
    assert status_of(body) == status


@pytest.fixture
def posted():
    """What is heard of a server that says these bytes."""

    def post(words: bytes) -> tuple[int, bytes]:
        with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:
            saying = pool.submit(say, server, words)
            heard = Line(keep=False, timeout=PATIENCE).post(f"http://127.0.0.1:{server.getsockname()[1]}/x", b"body")
            saying.result()
        return heard

    return post


def say(server: socket.socket, words: bytes) -> None:
    opened, _ = server.accept()
    with opened:
        while b"body" not in opened.recv(65_536):
            pass
        opened.sendall(words)


def test_every_form_of_an_answer_is_understood_and_a_cut_one_is_an_error(posted):
    assert posted(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") == (200, b"hello")
    chunks = b"3\r\nhel\r\n2;x\r\nlo\r\n0\r\n\r\n"
    assert posted(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks) == (200, b"hello")
    assert posted(b"HTTP/1.0 503 Busy\r\n\r\nhello") == (503, b"hello")
    for cut in (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", b"HTTP/1.1 2", b""):
        with pytest.raises(ConnectionError):
            posted(cut)


def test_scores_add_up_and_a_share_of_a_list_is_found():
    score = Score(requests=2, latencies=[1.0], acknowledged=["a"], messages=Counter(x=1))
    score.add(Score(requests=3, latencies=[2.0], acknowledged=["b"], messages=Counter(x=2)))
    summed = (score.requests, score.latencies, score.acknowledged, score.messages)
    assert summed == (5, [1.0, 2.0], ["a", "b"], {"x": 3})
    assert [share(list(range(100)), part) for part in (0.5, 0.99, 1.0)] == [50, 99, 99]
    assert share([], 0.5) == 0


def test_a_process_s_cpu_and_memory_are_read():
    burn = "import time; end = 0.0\nwhile input():\n    end = time.process_time() + 0.1\n"
    burn += "    while time.process_time() < end: pass\n    print(flush=True)"
    costs, command = [], [sys.executable, "-c", burn]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(2):
            process.stdin.write("burn\n")
            process.stdin.flush()
            process.stdout.readline()
            costs.append(processes.cost(process.pid))
        process.kill()
    first, second = costs
    assert 0.1 <= first.cpu <= second.cpu - 0.1
    assert 3 < first.memory_mb < 100
    assert processes.cost(process.pid).cpu == 0
