"""What is offered, as it is written down and read again."""

import json

import pytest

from axiom.errors import CannotStart, StoreDamaged
from axiom.signed.signing_requests import WantedProgram
from axiom.store.experiments.runner_offers import (
    Offered,
    OfferedRunner,
    RunnerFile,
    gpu_of,
    note_unsigned,
    read_offer,
    read_unsigned,
    write_offer,
)

MAIN = RunnerFile(name="axiom_runner_1", open_name="", md5="0" * 32, size=1_000, signature="abc\n.\n", is_main=True)
TRUST = RunnerFile(
    name="axiom_trust_1.json", open_name="trust.json", md5="1" * 32, size=20, signature="def\n.\n", is_main=False
)
LINUX = "x86_64-pc-linux-gnu"
BOTH = {
    LINUX: OfferedRunner(
        platform=LINUX, version=104, files=(MAIN, TRUST), needs_avx=True, glibc=(2, 36), unpacked_bytes=7
    ),
    f"{LINUX}-nv": OfferedRunner(platform=LINUX, version=105, files=(MAIN,), plan_classes=("nv",)),
}
FILE = {"name": "a", "open_name": "", "md5": "0" * 32, "size": 1, "signature": "s", "is_main": True}


def test_where_nothing_was_offered_nothing_is(small_lab):
    assert read_offer(small_lab.folder) == {}


def test_what_was_written_is_read(small_lab):
    write_offer(small_lab.folder, BOTH)
    assert read_offer(small_lab.folder) == BOTH
    assert [file.is_copied for file in BOTH[LINUX].files] == [False, True]
    assert BOTH[LINUX].size == 1_020


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
DAMAGED = [
    "",
    "{",
    "[]",
    "{}",
    '{"runners": []}',
    '{"runners": {"x": 5}}',
    *(
        json.dumps({"runners": {"x": {**WHOLE, **damage}}})
        for damage in (
            {"version": "new"},
            {"files": None},
            {"plan_classes": []},
            {"glibc": [2]},
            {"files": [{**FILE, "size": None}]},
            {"files": [{"name": "a"}]},
        )
    ),
    *(json.dumps({"runners": {"x": {k: v for k, v in WHOLE.items() if k != name}}}) for name in WHOLE),
    "\udcff",
]


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_offer_says_what_to_do(small_lab, text):
    small_lab.folder.runners.mkdir(exist_ok=True)
    small_lab.folder.offer.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CannotStart, match=r"offer\.json cannot be read .* Delete the folder `runners`"):
        read_offer(small_lab.folder)


def test_an_offer_that_is_a_folder_says_what_to_do(small_lab):
    small_lab.folder.offer.mkdir(parents=True)
    with pytest.raises(CannotStart, match="cannot be read"):
        read_offer(small_lab.folder)


def test_whoever_holds_the_offer_sees_another_one_after_a_look_and_a_damaged_one_never(small_lab):
    held = Offered(small_lab.folder)
    assert dict(held) == {}
    write_offer(small_lab.folder, BOTH)
    assert len(held) == 0
    held.look()
    assert dict(held) == BOTH
    small_lab.folder.offer.write_text("{")
    with pytest.raises(CannotStart):
        held.look()
    assert dict(held) == BOTH


CLASSES = [("", ""), ("nv", "NVIDIA"), ("nv_13", "NVIDIA"), ("amd", "ATI"), ("intel", "intel_gpu"), ("plain", "")]


@pytest.mark.parametrize(("plan_class", "gpu"), CLASSES)
def test_the_first_word_of_a_plan_class_says_on_what_it_computes(plan_class, gpu):
    assert gpu_of(plan_class) == gpu


def test_what_waits_for_a_signature_is_written_down_until_nothing_does(small_lab):
    path = small_lab.folder.runners / "unsigned.json"
    note_unsigned(small_lab.folder, [])
    assert not path.exists()
    wanted = WantedProgram(name="a", md5="0" * 32, sha256="1" * 64, size=5)
    note_unsigned(small_lab.folder, [wanted])
    assert read_unsigned(small_lab.folder) == (wanted,)
    note_unsigned(small_lab.folder, [])
    assert (read_unsigned(small_lab.folder), path.exists()) == ((), True)


@pytest.mark.parametrize("damage", ["", "5", '[{"name": "a"}]'])
def test_a_list_of_what_waits_that_cannot_be_read_is_not_an_empty_one(damage, small_lab):
    small_lab.folder.runners.mkdir(exist_ok=True)
    (small_lab.folder.runners / "unsigned.json").write_text(damage)
    with pytest.raises(StoreDamaged, match="which programs wait for a signature"):
        read_unsigned(small_lab.folder)
