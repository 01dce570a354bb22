"""How to join: the address, what is downloaded, what it asks of a computer. All of it is looked up, nothing typed."""

import ipaddress
import json
from typing import Any
from urllib.parse import urlsplit

from axiom.boinc.project import TITLES
from axiom.signed.manifests import stored_manifest
from axiom.store import experiments
from axiom.store.folder import Folder
from axiom.web.reading import Answer, Reading

_MEGABYTE = 1_000_000


def join(reading: Reading) -> Answer:
    """Everything that somebody wants to know before they let a stranger's program compute."""
    manifests = [stored_manifest(each.manifest) for each in experiments.everything(reading.db) if each.status == "open"]
    return {
        "join": {
            "address": reading.master,
            "only_here": is_only_here(reading.master),
            "runners": _runners(reading.folder),
            "memory_mb": max((each.memory_mb for each in manifests), default=None),
            "disk_mb": max((each.disk_mb for each in manifests), default=None),
            "gpu": any(each.gpu for each in manifests),
            "experiments": len(manifests),
        }
    }


def is_only_here(address: str) -> bool:
    """Does this address mean the computer on which it is said?"""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"", "localhost"} or host.endswith(".localhost")


def _runners(folder: Folder) -> list[dict[str, Any]]:
    """What a host downloads once, by platform; nothing where no runner is offered yet."""
    try:
        offered = json.loads((folder.runners / "offer.json").read_text(encoding="utf-8"))["runners"]
    except (OSError, ValueError, KeyError):
        return []
    return [
        {
            "platform": platform,
            "name": TITLES.get(platform, platform),
            "version": runner["version"],
            "download_mb": round(sum(file["size"] for file in runner["files"]) / _MEGABYTE, 1),
        }
        for platform, runner in sorted(offered.items())
    ]
