"""How to join: the address, what is downloaded, what it asks of a computer. All of it is looked up, nothing typed."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from axiom.boinc.project import STAND_INS, TITLES
from axiom.errors import AxiomError
from axiom.locale.languages import mark
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.experiments.runner_offers import read_offer
from axiom.store.tasks import endings

_MEGABYTE = 1_000_000
_KINDS = {
    "": mark("its processor"),
    "NVIDIA": mark("an NVIDIA GPU"),
    "ATI": mark("an AMD GPU"),
    "intel_gpu": mark("an Intel GPU"),
    "apple_gpu": mark("an Apple GPU"),
}


@page_at("/join", "join.html", is_translated=True)
def join_page(reading: Reading) -> Answer:
    """Everything that somebody wants to know before they let a stranger's program compute."""
    versions = experiments.list_experiment_versions(reading.db)
    manifests = [stored_manifest(stored.manifest) for stored in versions if stored.status == "open"]
    runners, offer = list_runner_downloads(reading.folder), reading.live().get("offer", {})
    offered = {runner["platform"] for runner in runners}
    return {
        "join": {
            "address": reading.master,
            "only_here": is_local_address(reading.master),
            "runners": runners,
            "left_out": [
                {"name": name, "emulator": STAND_INS.get(platform, "")}
                for platform, name in TITLES.items()
                if platform not in offered
            ],
            "is_closed": bool(offer.get("is_closed")),
            "progress": offer["progress"] if offer.get("is_closed") else None,
            "memory_mb": max((manifest.memory_mb for manifest in manifests), default=None),
            "disk_mb": max((manifest.disk_mb for manifest in manifests), default=None),
            "gpu": any(manifest.uses_gpus for manifest in manifests),
            "gpu_proven": endings.has_proven_gpu(reading.db),
            "gpu_program": any(runner["uses_gpus"] and not runner["is_stand_in"] for runner in runners),
            "experiments": len(manifests),
        }
    }


def is_local_address(address: str) -> bool:
    """Does this address mean the computer on which it is said?"""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"", "localhost"} or host.endswith(".localhost")


def list_runner_downloads(folder: Folder) -> list[dict[str, Any]]:
    """What a host downloads once, by platform and by what it computes on; nothing where no runner is offered yet."""
    try:
        offered = read_offer(folder).values()
    except AxiomError:
        return []
    return [
        {
            "platform": runner.platform,
            "name": TITLES.get(runner.platform, runner.platform),
            "computes_on": [_KINDS.get(gpu, mark("another processor")) for gpu in runner.gpus],
            "uses_gpus": any(runner.gpus),
            "version": runner.version,
            "download_mb": round(runner.size / _MEGABYTE, 1),
            "disk_mb": round((runner.size + runner.unpacked_bytes) / _MEGABYTE),
            "needs_avx": runner.needs_avx,
            "emulator": runner.emulator,
            "is_stand_in": runner.is_stand_in,
        }
        for runner in sorted(offered, key=lambda runner: (runner.platform, runner.plan_classes))
    ]
