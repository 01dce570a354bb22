"""Lets the old laboratory's five sessions be held again, leaves their logs to read, and compares the totals.

The fleet is synthetic, and what it computes is nothing: only hosts, elapsed times and how tasks ended are given.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from old_sessions.logged_findings import GOLDEN
from old_sessions.our_findings import books_of, differences, ordered
from old_sessions.playing import Player
from old_sessions.story import REMARKS

from axiom.reads.rounds.session_log import log_markdown, log_text
from axiom.store.engine.folder import write_file_atomically


def main() -> int:
    """0 when every total is as in the old logs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--into", type=Path, help="folder for the logs; else a new one under the system's for such")
    into = parser.parse_args().into or Path(tempfile.mkdtemp(prefix="axiom-history-"))
    into.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    with tempfile.TemporaryDirectory(prefix="axiom-replay-") as place:
        player = Player(Path(place) / "lab")
        played = player.play()
        wrong = []
        for chapter, golden in GOLDEN.items():
            mine = books_of(player.lab, played, chapter)
            write_file_atomically(into / f"{chapter}.md", log_markdown(mine.session, mine.notes).encode())
            write_file_atomically(into / f"{chapter}.txt", log_text(mine.session, mine.notes).encode())
            workunits, hosts = ordered(player.lab, played, chapter)
            print(f"{chapter}: credit {mine.credit} for {mine.awards} tasks; {workunits} workunits for {hosts} hosts")
            wrong += differences(player.lab, played, chapter, golden)
        player.lab.close()
    print(f"workunits that no log tells of the ordering of: {sum(played.unlogged.values())}")
    print(f"workunits that no log tells of any more: {sum(played.dropped.values())}")
    print("\nwhere the logs cannot all be right, and what is assumed:")
    print("".join(f"- {remark}\n" for remark in REMARKS))
    print(f"six sessions in {time.process_time() - began:.1f} s of one core")
    print(f"the logs are in {into}", file=sys.stderr)  # a folder of this computer, which no record should name
    print("\n".join(wrong) or "every total is as in the old logs")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
