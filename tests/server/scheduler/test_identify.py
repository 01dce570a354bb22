"""What a client says of its computer, read as far as it is of use, and what counts as news."""

import re

import pytest
from scheduler_calls import GPU, LINUX, RECORDED, altered

from axiom.boinc import account_keys
from axiom.boinc.requests import read_request
from axiom.domain.fleet import Capacity, Gpu, Platform
from axiom.server.scheduler.identify import describe_client, identify_host, platform_of
from axiom.store.accounts import accounts
from axiom.store.hosts import hosts

SAID = RECORDED["first_contact"].replace("</host_cpid>", "</host_cpid>\n    <domain_name>attic</domain_name>")
KEY = "abcdefgh"
PLATFORMS = [
    ((LINUX,), "avx avx2 avx512f", ("linux", "x86_64", "avx2")),
    ((LINUX,), "AVX AVX2 AVX512F AVX512DQ AVX512VL", ("linux", "x86_64", "avx512")),
    ((LINUX,), "sse4.2 avx1.0 avx", ("linux", "x86_64", "avx")),
    ((LINUX,), "sse sse2 avxx", ("linux", "x86_64", "none")),
    (("windows_intelx86", "windows_x86_64"), "avx2", ("windows", "x86_64", "avx2")),
    (("arm64-apple-darwin", "x86_64-apple-darwin"), "", ("macos", "arm64", "neon")),
    (("aarch64-unknown-linux-gnu",), "fp asimd", ("linux", "arm64", "neon")),
    (("windows_arm64",), "", ("windows", "arm64", "neon")),
    (("vax-dec-vms",), "avx2", ("vax-dec-vms", "unknown", "none")),
    (("x" * 255,), "", ("x" * 60, "unknown", "none")),
    ((), "avx2", ("unknown", "unknown", "none")),
]


def test_a_platform_is_in_our_words_where_we_have_some_also_a_volunteer_s_program():
    for names, features, (system, processor, instructions) in PLATFORMS:
        known = Platform(system=system, processor=processor, instructions=instructions)
        assert platform_of(names, features) == known, names
    assert described(RECORDED["anonymous_platform"]).platform.system == "linux"
    other = RECORDED["anonymous_platform"].replace(LINUX, "windows_arm64")
    assert described(other).platform == Platform(system="windows", processor="arm64", instructions="neon")
    none = re.sub(r"(?s)<app_versions>.*</app_versions>", "", RECORDED["anonymous_platform"])
    assert described(none).platform == Platform(system="anonymous", processor="unknown", instructions="none")


def described(said: str = SAID, inside: str = "", **leaves):
    return describe_client(read_request(altered(said, inside, **leaves)), "a digest")


def test_a_recorded_client_is_described_and_what_it_does_not_say_is_not_known():
    whole = described()
    assert (whole.name, whole.cpid) == ("attic", "9e3b282d6a322113b6ca7bf1ab2f3d31")
    assert whole.platform == Platform(system="linux", processor="x86_64", instructions="avx512")
    assert whole.capacity == Capacity(cores=2, memory_mb=int(25276510208 / 2**20 * 0.9), disk_mb=11264)
    assert (whole.flops, whole.availability, whole.digest) == (1e9, 1.0, "a digest")
    assert whole.facts["boinc"] == "7.20.5"
    assert whole.facts["boinc_platform"] == LINUX
    assert whole.facts["cores_all"] == 2
    assert whole.facts["vendor"] == "AuthenticAMD"
    assert described(RECORDED["first_contact"]).name == "unnamed"
    assert described(re.sub(r"(?s)<disk_usage>.*</disk_usage>", "", SAID)).capacity.disk_mb is None
    assert described(d_project_share="1048576").capacity.disk_mb == 1
    shares = [("0.5", "0.5", 0.25), ("0", "0.5", 0.01), ("7", "1", 1.0)]
    for on, active, availability in shares:  # a share, and never nothing
        assert described(on_frac=on, active_frac=active).availability == availability
    there = "<coprocs>" + GPU.format(count=2, seconds=0, instances=0) + "</coprocs>"
    assert described(inside=there).capacity.gpus == (Gpu(kind="NVIDIA", count=2, memory_mb=7_629, model="A card"),)
    absent = "<coprocs>" + GPU.format(count=0, seconds=0, instances=0) + "</coprocs>"
    assert described(inside=absent).capacity.gpus == ()
    assert [gpu.count for gpu in described(RECORDED["two_gpus"]).capacity.gpus] == [1]  # that asks


CORES = [  # of the computer, in percent when it is in use and when it is not, and what is given
    ("1", "100", "100", 1),
    ("8", "99.9", "0", 7),
    ("1", "1", "1", 1),
    ("8", "0", "0", 8),
    ("999999", "100", "100", 4_096),
    ("8", "25", "100", 8),
    ("8", "50", "25", 4),
    ("8", "25", "0", 8),
    ("8", "0", "25", 8),
]


def test_cores_and_memory_are_what_the_volunteer_gives_at_the_best_of_times():
    for there, busy, idle, cores in CORES:
        words = re.sub("<max_ncpus_pct>[^<]*<", f"<max_ncpus_pct>{busy}<", SAID)
        if idle != "0" or busy != "99.9":
            words = words.replace("<max_ncpus_pct>", f"<niu_max_ncpus_pct>{idle}</niu_max_ncpus_pct>\n<max_ncpus_pct>")
        assert described(words, p_ncpus=there).capacity.cores == cores
    for busy, idle, most in (("50", "90", 900), ("90", "50", 900), ("0", "0", 0)):
        words = re.sub("<ram_max_used_busy_pct>[^<]*<", f"<ram_max_used_busy_pct>{busy}<", SAID)
        words = re.sub("<ram_max_used_idle_pct>[^<]*<", f"<ram_max_used_idle_pct>{idle}<", words)
        assert described(words, m_nbytes=1_000 * 2**20).capacity.memory_mb == most


@pytest.fixture
def met(small_lab):
    digest = account_keys.key_digest(KEY)
    with small_lab.db.transaction():
        facts = {"name": "Ann", "email": "ann@mail.example", "password": "", "cross_id": "c" * 32}
        made = accounts.create_account(small_lab.db, **facts, now=small_lab.now)
        accounts.set_keys(small_lab.db, made, key_serial=1, key_digest=digest, weak_digest="another")

    def meets(inside: str = "", **leaves):
        request = read_request(altered(SAID, inside, **{"authenticator": KEY, "hostid": 1} | leaves))
        return identify_host(small_lab.db, request, small_lab.now)

    return meets


NEWS = [
    ({}, False),
    ({"d_free": "5"}, False),
    ({"on_frac": "0.99"}, False),
    ({"on_frac": "0.5"}, True),
    ({"domain_name": "cellar"}, True),
    ({"core_client_release": "9"}, True),
    ({"d_project_share": "11700000000"}, False),
    ({"d_project_share": "1000000"}, True),
    ({"cpu_scheduling_period_minutes": "7"}, False),
    ({"max_ncpus_pct": "50"}, True),
    ({"inside": "<coprocs>" + GPU.format(count=1, seconds=0, instances=0) + "</coprocs>"}, True),
]


@pytest.mark.parametrize(("change", "is_news"), NEWS)
def test_a_host_is_described_anew_when_something_of_use_has_changed(small_lab, met, change, is_news):
    assert met(hostid=0).is_new
    before = hosts.find_stored_host(small_lab.db, 1)
    again = met(**change)
    after = hosts.find_stored_host(small_lab.db, 1)
    assert (again.host.id, again.is_new) == (1, False)
    assert (after.facts_digest != before.facts_digest) == is_news
    if is_news:
        new = described(SAID, **change)
        for host in (after.host, again.host):
            assert (host.name, host.platform, host.capacity) == (new.name, new.platform, new.capacity)
        assert after.host.availability == new.availability
    else:
        assert after.host == before.host


def test_a_count_begins_anew_with_a_new_number_and_who_has_no_account_is_nobody(small_lab, met):
    assert met(authenticator="another") is None
    assert (hosts.list_all_hosts(small_lab.db), met(hostid=77, rpc_seqno=9).host.id) == ([], 1)
    assert hosts.find_stored_host(small_lab.db, 1).rpc_seqno == 0
    assert not met(rpc_seqno=0).is_new
    assert not met(rpc_seqno=5).is_new
    assert (hosts.find_stored_host(small_lab.db, 1).rpc_seqno, met(rpc_seqno=4).host.id) == (5, 2)
