"""A reply holds everything in BOINC's order, as any client reads it, or is not written at all."""

import dataclasses
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.boinc.replies import (
    App,
    AppVersion,
    FileRef,
    HostFacts,
    InputFile,
    Message,
    OutputSlot,
    Priority,
    ProjectFile,
    Reply,
    ReplyAccount,
    SignedFile,
    SiteLink,
    TaskOrder,
    WorkunitOrder,
    write_reply,
)

SITE = "http://127.0.0.1:18080/axiom/"
KEY = "1024\n" + "ab" * 32 + "\n.\n"
BARE = Reply(project_name="Axiom", master_url=SITE, request_delay=7.0)
APP = App(name="axiom", title="Axiom's runner")
RUNNER = SignedFile(
    name="axiom_runner_1.00", urls=(SITE + "download/r",), md5="0" * 32, bytes=8331, signature=KEY, executable=True
)
VERSION = AppVersion(
    app="axiom",
    version=100,
    platform="x86_64-pc-linux-gnu",
    plan_class="cpu_avx2",
    files=(
        FileRef(file="axiom_runner_1.00", main_program=True),
        FileRef(file="lib_1.py", open_name="lib/a.py", copy=True),
    ),
)
GPU = dataclasses.replace(VERSION, plan_class="nv_cuda12", cores=0.5, coprocessor="NVIDIA", coprocessors=1.0)
BUNDLE = InputFile(
    name="bundle_7.zip",
    urls=(SITE + "download/b", SITE + "mirror/b"),
    md5="f" * 32,
    bytes=4000,
    sticky=True,
)
WORKUNIT = WorkunitOrder(
    name="lazy_7_12",
    app="axiom",
    flops_estimate=5e12,
    flops_bound=1e18,
    memory_bytes=5e8,
    disk_bytes=1e8,
    command_line="eyJhIjoxfQ --a <b> & c",
    files=(FileRef(file="bundle_7.zip", open_name="bundle", copy=True),),
)
OPAQUE = "1-abc\ndef"
SLOT = OutputSlot(name="lazy_7_12_0_out", upload_url=SITE + "file_upload_handler", max_bytes=10**6, token=OPAQUE)
TASK = TaskOrder(
    name="lazy_7_12_0",
    workunit="lazy_7_12",
    platform="x86_64-pc-linux-gnu",
    version=100,
    plan_class="cpu_avx2",
    deadline=1795155134,
    files=(FileRef(file="lazy_7_12_0_out", open_name="out"),),
)
FULL = Reply(
    project_name="Axiom",
    master_url=SITE,
    request_delay=7.5,
    next_rpc_delay=3600.0,
    project_is_down=True,
    messages=(Message(text="Tea & <b>cake</b>", priority=Priority.NOTICE), Message(text="low")),
    account=ReplyAccount(
        id=1,
        name="Zoë <&>",
        total_credit=1234.5,
        recent_credit=0.00001,
        created_at=1795150000.9,
        email_hash="e" * 32,
        cross_project_id="c" * 32,
        external_cpid="x" * 32,
        team_name="Rød & Blå",
    ),
    host=HostFacts(id=12, total_credit=1e9, recent_credit=2.0, created_at=1795150001.0, venue="home"),
    global_preferences='<global_preferences>\n<venue name="home"><a>1</a></venue>\n</global_preferences>',
    project_preferences="<project_preferences><resource_share>50</resource_share></project_preferences>",
    acknowledged=("a_0", "odd <name>"),
    aborts=("b_0",),
    aborts_if_not_started=("c_0",),
    apps=(APP,),
    signed_files=(RUNNER,),
    app_versions=(VERSION, GPU),
    inputs=(BUNDLE,),
    workunits=(WORKUNIT,),
    outputs=(SLOT,),
    tasks=(TASK,),
    code_sign_key=KEY,
    code_sign_key_signature=KEY,
    trickles_received=True,
    unstick=("bundle_6.zip",),
    nothing_for=("NVIDIA",),
    project_files=(
        ProjectFile(
            file=InputFile(name="icon_1.png", urls=(SITE + "pictures/icon_1.png",), md5="c" * 32, bytes=9),
            open_name="stat_icon",
        ),
    ),
    links=(SiteLink(name="Your hosts", description="See & rename them", url=SITE + "hosts?a=1&b=2"),),
    news=SITE + "notices.php",
)


def read(reply: Reply) -> ET.Element:
    """What a strict parser makes of it; clients are looser."""
    return ET.fromstring(write_reply(reply))


def test_a_full_reply_has_everything_in_boinc_s_order_and_a_bare_one_little():
    recorded = (Path(__file__).parent / "full_reply.xml").read_bytes()
    assert write_reply(FULL) == recorded
    root = ET.fromstring(recorded)
    assert root.findtext("workunit/command_line") == WORKUNIT.command_line
    assert [message.text for message in root.iter("message")] == ["Tea & <b>cake</b>", "low"]
    numbers = re.findall(rb">([0-9][0-9.e+-]*)<", recorded)
    assert len(numbers) > 30
    assert [number for number in numbers if b"e" in number] == []
    assert write_reply(BARE).decode() == (
        "<scheduler_reply>\n<scheduler_version>720</scheduler_version>\n<dont_use_dcf/>\n"
        f"<master_url>{SITE}</master_url>\n<project_name>Axiom</project_name>\n"
        "<request_delay>7.000000</request_delay>\n</scheduler_reply>\n"
    )


def test_what_is_known_is_left_out_and_files_stick_only_where_they_should():
    assert read(dataclasses.replace(FULL, host=HostFacts())).find("hostid") is None
    slot = dataclasses.replace(SLOT, upload_url=SITE + "up")
    root = read(dataclasses.replace(BARE, outputs=(slot,)))
    assert (root.findtext("file_info/upload_url"), root.find("file_info/url")) == (SITE + "up", None)
    root = read(dataclasses.replace(BARE, inputs=(BUNDLE, dataclasses.replace(BUNDLE, sticky=False))))
    assert [file.find("sticky") is not None for file in root.iter("file_info")] == [True, False]


# What XML can hold, but for the carriage return, which every XML parser turns into a line's end.
texts = st.text(
    st.characters(codec="utf-8", exclude_characters=[*map(chr, range(9)), *map(chr, range(11, 32)), "\ufffe", "\uffff"])
)


@given(texts, texts, texts)
def test_every_text_is_read_back_as_it_was_written(first, second, third):
    reply = Reply(
        project_name=first,
        master_url=SITE,
        request_delay=1.0,
        messages=(Message(text=first[:200]),),
        account=ReplyAccount(
            id=1, name=first, email_hash=second, cross_project_id=third, external_cpid=first, team_name=second
        ),
        host=HostFacts(venue=third),
        acknowledged=(first,),
        aborts=(second,),
        aborts_if_not_started=(third,),
        apps=(App(name="a", title=first),),
        workunits=(dataclasses.replace(WORKUNIT, command_line=third[:90]),),
        nothing_for=(first,),
        links=(SiteLink(name=second, description=third, url=SITE),),
    )
    root = read(reply)
    read_back = {
        "project_name": first, "message": first[:200], "user_name": first, "email_hash": second,
        "cross_project_id": third, "external_cpid": first, "team_name": second, "host_venue": third,
        "result_ack/name": first, "result_abort/name": second, "result_abort_if_not_started/name": third,
        "app/user_friendly_name": first, "no_rsc_apps": first,
        "gui_urls/gui_url/name": second, "gui_urls/gui_url/description": third,
    }  # fmt: skip
    assert {path: root.findtext(path) for path in read_back} == read_back
    assert (root.findtext("workunit/command_line") or "") == third[:90]


@given(st.text(st.characters(), max_size=3000))
def test_a_message_fits_into_what_a_client_keeps_and_is_cut_between_characters(text):
    written = write_reply(dataclasses.replace(BARE, messages=(Message(text=text),)))
    inside = written.partition(b'priority="low">')[2].partition(b"</message>")[0]
    assert len(inside) <= 1023
    ET.fromstring(written)
    root = read(dataclasses.replace(BARE, messages=(Message(text="&" * 2000), Message(text="é" * 2000))))
    assert [message.text for message in root.iter("message")] == ["&" * 204 + "…", "é" * 510 + "…"]


def change(kind: str, **fields: object) -> Reply:
    (item,) = getattr(FULL, kind)[:1]
    return dataclasses.replace(BARE, **{kind: (dataclasses.replace(item, **fields),)})


REFUSED = {
    "a name with a slash": change("workunits", name="../x"),
    "a name with two dots": change("tasks", name="a..b"),
    "a name with a percent sign": change("outputs", name="a%41"),
    "a name with a line's end": change("tasks", name="a\n"),
    "a name too long": change("tasks", workunit="a" * 201),
    "no name": change("signed_files", name=""),
    "an open name that climbs": change("workunits", files=(FileRef(file="a", open_name="../a"),)),
    "a plan class too long": change("app_versions", plan_class="a" * 64),
    "a plan class with a tag": change("tasks", plan_class="<b>"),
    "an API version too long": change("app_versions", api_version="1" * 16),
    "a GPU class for another make": dataclasses.replace(
        BARE, app_versions=(dataclasses.replace(GPU, plan_class="nv_simulation"),)
    ),
    "an order too long": change("workunits", command_line="x" * 64_001),
    "an order of too many words": change("workunits", command_line="x " * 101),
    "no digest": change("inputs", md5="0" * 31),
    "no address": change("inputs", urls=("ftp://x/",)),
    "an address with a line's end": dataclasses.replace(BARE, master_url=SITE + "\n"),
    "an empty token": change("outputs", token=""),
    "a token with a tag": change("outputs", token=OPAQUE + "</xml_signature>"),
    "a token too long": change("outputs", token="x" * 4096),
    "a key with an ampersand": dataclasses.replace(BARE, code_sign_key="&"),
    "no number": dataclasses.replace(BARE, request_delay=float("nan")),
    "preferences that end the reply": dataclasses.replace(BARE, global_preferences="</scheduler_reply>"),
    "preferences cut short": dataclasses.replace(BARE, project_preferences="<project_preferences>"),
}


@pytest.mark.parametrize("reply", REFUSED.values(), ids=REFUSED)
def test_what_a_client_could_not_take_is_not_written(reply):
    with pytest.raises(ValueError, match="client"):
        write_reply(reply)


def test_the_longest_that_a_client_takes_is_written():
    for reply in (
        change("tasks", workunit="a" * 200),
        change("app_versions", plan_class="a" * 63),
        change("app_versions", api_version="1" * 15),
        change("workunits", command_line="x" * 64_000),
        change("workunits", command_line="x " * 100),
        change("outputs", token="x" * 4095),
    ):
        assert write_reply(reply)
