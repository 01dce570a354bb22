"""Plays a fleet of volunteers' computers against any scheduler that speaks the BOINC client's protocol.

The numbers of two servers can be compared when both are as durable, get the same hosts and asks over a new connection
for each request, and take turns in at least three rounds. Compare the server's CPU by request first and rates second,
and look at the fraction of empty answers beside every rate: a server that says "no tasks" looks fast.

    scripts/bench fleet --url URL --mode register --hosts 200 --keys K1,K2 --state fleet.jsonl
    scripts/bench fleet --url URL --mode empty --seconds 3 --state fleet.jsonl --pid PID
    scripts/bench fleet --url URL --mode cycle --ask 8 --measures '{"share": 0.5}' --state fleet.jsonl --pid PID
    scripts/bench fleet --url URL --mode cycle --filler 1000 ...    # of a server that looks into no output

Prints one JSON object. Ends with 0 unless a request failed or an output was refused.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from loadgen.hosts import Host, fleet, load, save
from loadgen.lane import Mode, Plan
from loadgen.outputs import Maker, axiom_maker, filler_maker
from loadgen.play import play, told
from loadgen.processes import Cost, cost
from loadgen.requests import Shape

_NOTHING = Cost(cpu=0.0, memory_mb=0.0)


def options() -> argparse.Namespace:
    """What is wanted, from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--url", required=True, help="the scheduler's address")
    add("--mode", type=Mode, choices=list(Mode), default=Mode.CYCLE)
    add("--keys", default="", help="account keys, comma separated; hosts are dealt over them")
    add("--state", type=Path, default=Path("fleet.jsonl"), help="where the hosts are kept between runs")
    add("--hosts", type=int, default=200)
    add("--salt", default="", help="tells sets of hosts apart")
    add("--lanes", type=int, default=4, help="requests under way at once, each by a process of its own")
    add("--seconds", type=float, default=10.0)
    add("--turns", type=int, default=0, help="requests of each host at most")
    add("--requests", type=int, default=0, help="of all hosts together at most")
    add("--ask", type=int, default=8, help="processors for which work is wanted")
    add("--ask-seconds", type=float, default=1.0, help="seconds of work wanted for each of them")
    add("--cores", type=int, default=8, help="of each host")
    add("--hold", type=int, default=1, help="requests of its host that a task outlasts before it is reported")
    add("--most-reports", type=int, default=2**31)
    add("--most-in-hand", type=int, default=2**31)
    add("--no-uploads", action="store_true", help="report only what has been uploaded before")
    add("--filler", type=int, default=0, help="bytes of an output that is nothing but filler")
    add("--measures", type=json.loads, default={}, help="what every cell of an output measured, as JSON")
    add("--cpu-seconds", type=float, default=3.0, help="what a task claims to have taken")
    add("--version-num", type=int, default=100, help="the application's")
    add("--over", type=float, default=0.0, help="seconds over which the first requests are spread")
    add("--polite", action="store_true", help="obey the server's delays")
    add("--patient", action="store_true", help="ask a server that is away again and again")
    add("--keep", action="store_true", help="keep connections to the scheduler")
    add("--pid", type=int, default=0, help="the server, whose CPU and memory are told with all its descendants'")
    return parser.parse_args()


def plan_of(wanted: argparse.Namespace) -> Plan:
    """The plan for each lane."""
    maker: Maker = axiom_maker(wanted.measures, cpu_seconds=wanted.cpu_seconds)
    if wanted.filler:
        maker = filler_maker(wanted.filler)
    return Plan(
        url=wanted.url,
        mode=wanted.mode,
        seconds=wanted.seconds,
        maker=maker,
        shape=Shape(version=wanted.version_num, cores=wanted.cores, cpu_seconds=wanted.cpu_seconds),
        turns=wanted.turns,
        requests=-(-wanted.requests // wanted.lanes),
        ask=wanted.ask,
        ask_seconds=wanted.ask_seconds,
        hold=wanted.hold,
        most_reports=wanted.most_reports,
        most_in_hand=wanted.most_in_hand,
        uploads=not wanted.no_uploads,
        over=wanted.over,
        polite=wanted.polite,
        patient=wanted.patient,
        keep=wanted.keep,
    )


def hosts_of(wanted: argparse.Namespace) -> list[Host]:
    """The hosts as the state file has them, or new ones."""
    if wanted.state.exists() and wanted.mode is not Mode.REGISTER:
        return load(wanted.state)[: wanted.hosts]
    keys = [key for key in wanted.keys.split(",") if key]
    if not keys:
        sys.exit("New hosts need accounts: give their keys with --keys, or hosts that are there with --state.")
    return fleet(wanted.hosts, keys, salt=wanted.salt)


def main() -> int:
    """Play, print, judge."""
    wanted = options()
    plan = plan_of(wanted)
    before = cost(wanted.pid) if wanted.pid else _NOTHING
    played = play(plan, hosts_of(wanted), lanes=wanted.lanes)
    after = cost(wanted.pid) if wanted.pid else _NOTHING
    save(wanted.state, played.hosts)
    server = {
        "cpu_ms_a_request": round(1e3 * (after.cpu - before.cpu) / max(1, played.score.requests), 3),
        "cores": round((after.cpu - before.cpu) / played.seconds, 3),
        "memory_mb": round(after.memory_mb, 1),
    }
    print(json.dumps(told(plan, played, server), indent=2))
    return int(played.score.failures > 0 or played.score.refused > 0)


if __name__ == "__main__":
    sys.exit(main())
