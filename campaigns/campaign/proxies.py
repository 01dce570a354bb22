"""Strangers hide requests from real proxies or open thousands of connections, and all others are answered as before.

A real laboratory stands behind nginx and Caddy as `deploy/` has them, behind HAProxy, and behind an nginx that keeps
connections and passes offers to upgrade on, which is no proxy of ours. In each round a stranger sends one request of
`campaigns/parts/smuggled.py`, and then two visitors ask for another page; a round counts against us in which one of
them gets another answer than that page's, or none within some seconds. Then one address begins 4,000 requests and ends
none, while others ask.
"""

import argparse
import contextlib
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from running_lab import running
from smuggled import CASES

ROOT = Path(__file__).resolve().parents[2]
VISITOR = b"GET /get_project_config.php HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
STRANGER_WAITS, VISITOR_WAITS = 0.3, 5.0
PAUSES = 0.0, 0.002, 0.02  # of a stranger, amid a request
HEADS, ANSWER_SECONDS = 4_000, 1.0
PASSING = 'proxy_set_header Connection "upgrade"; proxy_set_header Upgrade $http_upgrade;'
HAPROXY = """
global
    maxconn 9000
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 120s
    timeout http-request 10s
    option forwardfor
    http-reuse always
frontend site
    bind 127.0.0.1:{port}
    http-request del-header Upgrade
    default_backend laboratory
backend laboratory
    server laboratory 127.0.0.1:{behind}
"""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _nginx(folder: Path, port: int, behind: int, *, passes_upgrades: bool = False) -> list[str]:
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    site = site[: site.rindex("server {")].replace("127.0.0.1:8080", f"127.0.0.1:{behind}")
    lines = [line for line in site.splitlines() if "ssl_certificate" not in line and "error_log" not in line]
    site = "\n".join(lines).replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    if passes_upgrades:
        site = site.replace('proxy_set_header Connection "";', PASSING).replace('proxy_set_header Upgrade "";', "")
    temporary = " ".join(
        f"{name}_temp_path {folder}/{name};" for name in ("proxy", "client_body", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"""daemon off; pid {folder}/pid; error_log {folder}/errors crit; worker_rlimit_nofile 40000;
    events {{ worker_connections 20000; }}
    http {{ {temporary}
    {site}
    }}"""
    (folder / "nginx.conf").write_text(whole)
    return ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]


def _caddy(folder: Path, port: int, behind: int) -> list[str]:
    site = (ROOT / "deploy" / "Caddyfile").read_text()
    site = site.replace("{$AXIOM_DOMAIN} {", f"http://127.0.0.1:{port} {{\n\tbind 127.0.0.1")
    (folder / "Caddyfile").write_text(site.replace("server:8080", f"127.0.0.1:{behind}"))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def _haproxy(folder: Path, port: int, behind: int) -> list[str]:
    (folder / "haproxy.cfg").write_text(HAPROXY.format(port=port, behind=behind))
    return ["haproxy", "-f", str(folder / "haproxy.cfg"), "-db"]


PROXIES = {
    "nginx": _nginx,
    "Caddy": _caddy,
    "HAProxy": _haproxy,
    "an nginx that passes offers on": lambda *place: _nginx(*place, passes_upgrades=True),
}


@contextlib.contextmanager
def proxy(name: str, behind: int) -> Iterator[int]:
    """The port of a real proxy in front of a laboratory."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="proxy-") as place:
        command = PROXIES[name](Path(place), port, behind)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                until = time.monotonic() + 20
                while not visit(port)[0].startswith(b"HTTP/1.1 200") and time.monotonic() < until:
                    time.sleep(0.1)
                yield port
            finally:
                process.terminate()


def visit(port: int, seconds: float = VISITOR_WAITS) -> tuple[bytes, float]:
    """What a visitor is answered, whole, and after how long; empty where nothing comes."""
    began, heard = time.monotonic(), b""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
        line.sendall(VISITOR)
        while piece := line.recv(65_536):
            heard += piece
    return heard, time.monotonic() - began


def hide(port: int, case: bytes, round_: int) -> None:
    """A stranger sends it, with a pause behind the headers, before the end or nowhere, and listens for a moment."""
    at = (case.index(b"\r\n\r\n") + 4, len(case) - 8, len(case))[round_ % 3]
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=STRANGER_WAITS) as line:
        line.sendall(case[:at])
        time.sleep(PAUSES[round_ // 3 % 3])
        line.sendall(case[at:])
        while line.recv(65_536):
            pass


def smuggle(name: str, port: int, rounds: int) -> list[str]:
    """In which rounds a visitor was answered amiss."""
    page = visit(port)[0].partition(b"\r\n\r\n")[2]
    amiss = [] if page else [f"{name}: there is no page to ask for"]
    for what, case in CASES.items():
        for number in range(rounds):
            hide(port, case, number)
            answers = [visit(port) for _ in range(2)]
            if wrong := [heard for heard, _ in answers if heard.partition(b"\r\n\r\n")[2] != page]:
                amiss.append(f"{name}, {what}: {wrong[0][:80]!r}")
    return amiss


def crowd(name: str, port: int) -> float:
    """The longest that somebody waits while one address has begun 4,000 requests."""
    begun = []
    try:
        for _ in range(HEADS):
            line = socket.create_connection(("127.0.0.1", port), timeout=5, source_address=("127.0.0.2", 0))
            line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
            begun.append(line)
        answers = [visit(port) for _ in range(20)]
    finally:
        for line in begun:
            line.close()
    longest = max(seconds for _, seconds in answers)
    if any(not heard.startswith(b"HTTP/1.1 200") for heard, _ in answers):
        longest = float("inf")
    print(f"{name + ', longest wait beside 4,000 begun requests':<80}{longest:.2f} s (at most {ANSWER_SECONDS})")
    return longest


def main() -> int:
    """0 when every visitor of every round got his own page, and soon beside the crowd."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50, help="of each case through each proxy")
    wanted = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 40_000), most))
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        lab = stack.enter_context(running(Path(place) / "lab", "--workers", "0", "--no-pi"))
        behind = urlsplit(lab.address).port or 0
        ports = {name: stack.enter_context(proxy(name, behind)) for name in PROXIES}
        with ThreadPoolExecutor(len(ports)) as threads:
            amiss = list(threads.map(smuggle, ports, ports.values(), [wanted.rounds] * len(ports)))
        for name, wrong in zip(ports, amiss, strict=True):
            rounds = wanted.rounds * len(CASES)
            print(f"{name + ', rounds in which a visitor was answered amiss':<80}{len(wrong)} of {rounds} (at most 0)")
            print("".join(f"  {line}\n" for line in wrong[:20]), end="")
        waits = [crowd(name, port) for name, port in {**ports, "no proxy": behind}.items()]
    return int(any(amiss) or max(waits) > ANSWER_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
