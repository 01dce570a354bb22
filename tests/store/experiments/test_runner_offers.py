"""What is offered, as it is written down and read again."""

import json
from dataclasses import replace

import pytest

from axiom.domain.runners import OfferedRunner, RunnerFile, gpu_of
from axiom.errors import CannotStart, StoreDamaged
from axiom.signed.signing_requests import WantedProgram
from axiom.store.experiments.runner_offers import (
    RunnerOffer,
    read_offer,
    read_unsigned_programs,
    write_offer,
    write_unsigned_programs,
)

MAIN = RunnerFile(name="axiom_runner_1", open_name="", md5="0" * 32, size=1_000, signature="abc\n.\n", is_main=True)
TRUST = replace(MAIN, name="axiom_trust_1.json", open_name="trust.json", md5="1" * 32, size=20, is_main=False)
LINUX = "x86_64-pc-linux-gnu"
AVX = {"needs_avx": True, "glibc": (2, 36), "unpacked_bytes": 7}
BOTH = {
    LINUX: OfferedRunner(platform=LINUX, version=104, files=(MAIN, TRUST), **AVX),
    f"{LINUX}-nv": OfferedRunner(platform=LINUX, version=105, files=(MAIN,), plan_classes=("nv",)),
}


FILE = {"name": "a", "open_name": "", "md5": "0" * 32, "size": 1, "signature": "s", "is_main": True}
WHOLE = {
    "platform": LINUX,
    "version": 7,
    "files": [FILE],
    "plan_classes": [""],
    "is_stand_in": False,
    "needs_avx": False,
    "glibc": None,
    "unpacked_bytes": 0,
}
DAMAGES = ({"version": "new"}, {"files": None}, {"plan_classes": []}, {"glibc": [2]}, {"files": [{"name": "a"}]})
DAMAGED = [
    *("", "{", "[]", "{}", '{"runners": []}', '{"runners": {"x": 5}}', "\udcff"),
    *(json.dumps({"runners": {"x": WHOLE | damage}}) for damage in DAMAGES),
    *(json.dumps({"runners": {"x": {k: v for k, v in WHOLE.items() if k != name}}}) for name in WHOLE),
]


def test_a_damaged_offer_says_what_to_do(small_lab):
    small_lab.folder.runners.mkdir()
    small_lab.folder.offer.write_text(json.dumps({"runners": {"x": WHOLE}}))
    assert (read_offer(small_lab.folder)["x"].version, read_offer(small_lab.folder)["x"].tickets) == (7, 1)
    for text in DAMAGED:
        small_lab.folder.offer.write_bytes(text.encode(errors="surrogateescape"))
        with pytest.raises(CannotStart, match=r"offer\.json"):
            read_offer(small_lab.folder)
    small_lab.folder.offer.unlink()
    small_lab.folder.offer.mkdir()
    with pytest.raises(CannotStart):
        read_offer(small_lab.folder)


def test_what_was_written_is_read_again_until_nothing_waits(small_lab):
    path = small_lab.folder.runners / "unsigned.json"
    write_unsigned_programs(small_lab.folder, [])
    assert not path.exists()
    wanted = WantedProgram(name="a", md5="0" * 32, sha256="1" * 64, size=5)
    write_unsigned_programs(small_lab.folder, [wanted])
    assert read_unsigned_programs(small_lab.folder) == (wanted,)
    write_unsigned_programs(small_lab.folder, [])
    assert read_unsigned_programs(small_lab.folder) == ()
    assert path.exists()
    for damage in ("", "5", '[{"name": "a"}]'):
        path.write_text(damage)
        with pytest.raises(StoreDamaged):
            read_unsigned_programs(small_lab.folder)
    kinds = {"": "", "nv": "NVIDIA", "nv_13": "NVIDIA", "amd": "ATI", "intel": "intel_gpu", "plain": ""}
    assert {plan_class: gpu_of(plan_class) for plan_class in kinds} == kinds
    assert read_offer(small_lab.folder) == {}
    held = RunnerOffer(small_lab.folder)
    assert dict(held) == {}
    write_offer(small_lab.folder, BOTH)
    assert len(held) == 0
    held.refresh()
    assert dict(held) == read_offer(small_lab.folder) == BOTH
    assert [file.is_copied for file in BOTH[LINUX].files] == [False, True]
    assert BOTH[LINUX].size == 1_020
    small_lab.folder.offer.write_text("{")
    with pytest.raises(CannotStart):
        held.refresh()
    assert dict(held) == BOTH
