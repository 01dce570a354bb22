"""Lets programs with tokens say whatever does harm: every tool and command, every word, values of every wrong kind.

Four programs (one may read, three may propose, and the person at one's client may approve) say sequences of ten calls:
tools by their form, commands at the gate, misspelled names, numbers and keys of others, NaN, 2**63, 300 kB of text,
approvals with somebody else's seal or a made-up one. Afterwards the tables are compared with what they were. It counts
against us that a row was changed or removed, or added where its author may add none; that a command went beyond a
right or a limit; that an answer told a host's name or a secret or had more than 24 kB; and each exception that is none
of ours. All chains must be whole. That an effect would be seen is shown first: an approval of the operator is.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path += [str(Path(__file__).resolve().parents[2] / folder) for folder in ("tests", "tests/support")]
sys.path.append(str(Path(__file__).parent / "parts"))

from hostile_tools import CALLS, HostileTools
from mcp_lab import McpLab, opened
from tiny_labs import empty_lab, prepared_in

from axiom.commands.proposals import ApproveProposal
from axiom.service import standard_callers as callers


def main() -> int:
    """0 when no sequence had an effect beyond rights and limits, and none met an exception."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hostile-") as name:
        with opened(empty_lab(Path(name) / "seen"), prepared_in(Path(name))) as lab:
            if not _is_seen(lab):
                print("an effect was not seen, so this campaign would prove nothing")
                return 1
        with opened(empty_lab(Path(name) / "lab"), prepared_in(Path(name))) as lab:
            return _play(lab, wanted.sequences, wanted.seed)


def _is_seen(lab: McpLab) -> bool:
    hostile = HostileTools(lab=lab, seed=0)
    lab.gate.submit(ApproveProposal(proposal=2, why="it is over"), callers.operator())
    return bool(hostile.broken())


def _play(lab: McpLab, sequences: int, seed: int) -> int:
    hostile = HostileTools(lab=lab, seed=seed)
    began, spent = time.monotonic(), time.process_time()
    hostile.play(sequences)
    calls = sequences * CALLS
    took, cpu = time.monotonic() - began, time.process_time() - spent
    print(f"sequences {sequences:,}, calls {calls:,}, in {took:.0f} s ({1_000 * cpu / calls:.2f} ms of CPU each)")
    for how, times in hostile.endings.most_common():
        print(f"{how.ljust(14)} {times:8,}")
    broken = hostile.broken()
    print(f"effects beyond rights and limits, faults, broken chains: {len(broken)}")
    for sentence in broken[:20]:
        print(f"- {sentence}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
