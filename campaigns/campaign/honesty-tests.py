"""Two public tests of how honest an analysis is, installed by name: what they try is theirs, the verdicts are ours.

`phack` plays strategies that make effects of nothing, and `audit-closed-ai-scientist` has a world without an effect in
which fifty hypotheses are tried. Both run as they are published, in an environment that is removed at the end; where
they would ask a t-test they ask `axiom.weigh`. A t-test is asked beside it. Needs PyPI.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

PACKAGES = ("phack", "audit-closed-ai-scientist")
ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "packages" / "axiom-weigh" / "src"


def main() -> int:
    """0 when no rate is above the promise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=300, help="of each strategy")
    parser.add_argument("--worlds", type=int, default=160, help="without an effect, and as many with one")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="honesty-") as name:
        venv.create(name, with_pip=True)
        python = Path(name) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        arguments = [f"--{key}={value}" for key, value in vars(wanted).items()]
        environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
        script = ROOT / "campaigns" / "parts" / "public_honesty.py"
        return subprocess.run([python, script, *arguments], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
