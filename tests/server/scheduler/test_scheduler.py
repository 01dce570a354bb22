"""A contact from its bytes to the reply's: who is answered how, what a first contact brings, what trouble says."""

import hashlib
import threading
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from patience import PATIENCE
from scheduler_calls import LINUX, MASTER, Client, Exchange, Heard

from axiom.boinc import account_keys
from axiom.boinc.uploads import read_name
from axiom.domain.work import read_task_name
from axiom.server.scheduler import scheduler
from axiom.server.scheduler.scheduler import is_stranger
from axiom.signed.boinc_code_signing import CodeKey, is_code_signed, sign_change
from axiom.signed.bundles import read_seal
from axiom.store.connections import Connections
from axiom.store.tasks import progress
from axiom.store.tasks.progress import StoredProgress

ANOTHER = b"<another_request><authenticator>1</authenticator></another_request>"
LONG = "<result><name>a_task_0</name><exit_status>0</exit_status></result>" * 1_500
KEYS = ("", "0" * 31, "0" * 32, "no key at all", "7_" + "0" * 32, "&lt;", "x" * 5_000)


@pytest.mark.usefixtures("ann")
def test_what_is_no_request_or_has_no_account_is_answered_and_stores_nothing(exchange, monkeypatch):
    for body in (b"", b"not XML", ANOTHER, bytes(range(256)) * 40):
        heard = exchange.say(body)
        assert 600 <= heard.number("request_delay") <= 1_200
        assert (heard.host, [priority for priority, _ in heard.words]) == (None, ["low"])
    for key in KEYS:
        for inside, accepted in (("", "en"), (LONG, "de-CH, en;q=0.5")):
            heard = exchange.say(Client(key).words(ask=1.0, inside=inside), accepted)
            ((priority, reason),) = heard.words
            assert priority == "notice"
            assert f"{MASTER}account" in reason
            assert ("Konto" in reason) == bool(inside), "in the client's language"
            assert 3_600 <= heard.number("request_delay") <= 4_200
            assert heard.host is None
            assert heard.root.findtext("userid") is None
            assert heard.tasks == {}
            monkeypatch.setattr(scheduler, "read_request", None)  # a long request of a stranger is not even read
        monkeypatch.undo()
    assert exchange.do(lambda db: db.row("SELECT count(*) AS n FROM host")["n"]) == 1


def test_only_a_long_request_has_its_key_looked_up_before_it_is_read(exchange, ann, attic, tmp_path):
    connections = Connections(folder=exchange.folder)
    strangers = [
        (key, bool(inside))
        for key in (ann.key, ann.weak, "0" * 32)
        for inside in ("", LONG)
        if is_stranger(Client(key).words(inside=inside), connections)
    ]
    assert strangers == [("0" * 32, True)]
    for key in ("no key", "0" * 31, "x" * 32, "0" * 33, "7_" + "0" * 31, "0_" + "0" * 32):
        assert is_stranger(Client(key).words(), connections), "no account can have this key"
    behind = f"<scheduler_request>{LONG}<authenticator>{'0' * 32}</authenticator></scheduler_request>"
    assert is_stranger(behind.encode(), connections), "the key is not at its head"
    unreadable = Connections(folder=type(exchange.folder)(path=tmp_path / "nothing"))
    assert not is_stranger(Client("0" * 32).words(inside=LONG), unreadable), "whoever answers tells of it"
    assert exchange.say(Client(ann.key).words(inside=LONG)).named("result_ack") == ["a_task_0"] * 1_500
    assert exchange.call(attic).root.findtext("userid") == str(ann.id)
    exchange.do(lambda db: db.execute("UPDATE volunteer SET key_digest = 'another' WHERE id = :id", id=ann.id))
    assert exchange.call(attic).root.findtext("userid") is None


def test_a_first_contact_is_told_who_it_is_and_whom_it_speaks_to(exchange, ann, attic):
    heard = exchange.call(attic)
    assert heard.raw.startswith(b"<scheduler_reply>\n")
    assert heard.raw.endswith(b"</scheduler_reply>\n")
    assert (attic.host, heard.root.findtext("master_url")) == (2, MASTER)
    assert heard.root.findtext("project_name") == "Small & Sons"
    code = exchange.secrets.code
    assert heard.root.findtext("code_sign_key").strip() == code.public_text.strip()
    assert heard.root.findtext("email_hash") == account_keys.email_hash(ann.email)
    assert heard.root.findtext("user_name") == "Ann"
    assert [element.tag for element in heard.root if element.tag in {"message", "app", "result"}] == []
    assert f"{MASTER}hosts/2" in [link.findtext("url") for link in heard.root.findall("gui_urls/gui_url")]
    assert heard.root.findtext("rss_feeds/rss_feed/url") == f"{MASTER}notices.php"
    has_key = f"<code_sign_key>\n{code.public_text.strip()}\n</code_sign_key>\n"
    again = exchange.call(attic, inside=has_key)
    assert (again.host, again.root.findtext("code_sign_key")) == (None, None)
    fresh = CodeKey.make()
    after = code.followed_by(sign_change(code.key, fresh.public_text))
    exchange.scheduler = exchange.open_scheduler(code=after)
    renewed = exchange.call(attic, inside=has_key)
    key, signature = (renewed.root.findtext(name) for name in ("code_sign_key", "code_sign_key_signature"))
    assert key.strip() == fresh.public_text.strip()
    assert is_code_signed(key.strip().encode(), signature, code.public_text), (
        "clients take it on the word of the old one"
    )
    signatures = [reply.root.findtext("code_sign_key_signature") for reply in (heard, again)]
    assert signatures == [None, None]


def test_a_host_that_asks_for_a_second_gets_a_single_task_with_all_that_it_takes(exchange, attic):
    heard = exchange.call(attic, ask=1.0)
    ((name, handed),) = heard.tasks.items()
    wanted = handed.workunit.findtext("name")
    assert (name, read_task_name(wanted)) == (f"{wanted}_0", (1, 1))
    assert [app.findtext("name") for app in heard.root.findall("app")] == ["axiom"]
    assert handed.workunit.findtext("app_name") == "axiom"
    program = heard.root.find("app_version")
    assert (program.findtext("platform"), int(program.findtext("version_num")), "") == handed.platform
    assert program.find("file_ref/main_program") is not None
    spoken = [*heard.root.iter("file_ref")]
    shown = heard.root.findall("project_files/file_ref")
    described = {file.findtext("name") for file in heard.root.findall("file_info")}
    assert described == {file.findtext("file_name") for file in spoken}, "each file that is spoken of, and no other"
    assert {"stat_icon", "slideshow_00"} <= {file.findtext("open_name") for file in shown}
    opened = {file.findtext("open_name") for file in spoken if file not in shown}
    assert opened == {None, "trust.json", "bundle.zip", "bundle.seal", "output.jsonl"}
    assert int(handed.task.findtext("report_deadline")) == (exchange.lab.now + timedelta(hours=48)).timestamp()
    flops, bound = float(program.findtext("flops")), float(handed.workunit.findtext("rsc_fpops_bound"))
    estimate = float(handed.workunit.findtext("rsc_fpops_est"))
    assert 0 < estimate < bound
    assert bound >= 12 * 3_600 * flops, "beside other programs a task of seconds may take hours"
    assert float(handed.workunit.findtext("rsc_memory_bound")) == 100 * 2**20
    ticket = exchange.ticket(handed)  # signed for this host and this task
    assert (ticket.host, ticket.task, ticket.seeds) == (attic.host, 1, handed.order.seeds)
    assert handed.order.host == attic.host
    assert handed.order.task == 1
    assert handed.order.bundle == ticket.bundle
    assert ticket.deadline.timestamp() == int(handed.task.findtext("report_deadline"))
    slot = handed.slot
    assert read_name(exchange.secrets.upload, slot.findtext("name")) == wanted
    assert slot.findtext("url") == f"{MASTER}file_upload_handler"


def test_every_file_of_a_task_is_what_a_download_gives(exchange, attic):
    (handed,) = exchange.call(attic, ask=1.0).tasks.values()
    got = {}
    for name, file in handed.files.items():
        if file.find("generated_locally") is None:
            got[name] = exchange.download(file.findtext("url"))
            assert file.findtext("md5_cksum") == hashlib.md5(got[name], usedforsecurity=False).hexdigest()
            assert int(file.findtext("nbytes")) == len(got[name])
        if file.find("file_signature") is not None:
            assert is_code_signed(got[name], file.findtext("file_signature"), exchange.secrets.code.public_text)
    kinds = {name: name.split("-")[0].split("_")[:2] for name in got}
    assert sorted(kinds.values()) == [["axiom", "runner"], ["axiom", "trust"], ["bundle"], ["seal"]]
    (bundle,) = [name for name in got if name.startswith("bundle-")]
    (seal,) = [name for name in got if name.startswith("seal-")]
    assert bundle == f"bundle-{handed.order.bundle}.zip"
    stated = read_seal(got[seal].decode(), trust=exchange.lab.keys.trust, now=exchange.lab.now)
    assert stated.digest == handed.order.bundle
    exchange.upload(handed)


def test_a_client_calls_again_soon_and_not_all_at_once(exchange):
    exchange.deploy(40)
    for name, platform, least, most in (("Ann", LINUX, 12, 14), ("Bob", "vax-dec-vms", 10, 15)):  # who gets none
        key, delays = exchange.join(name).key, set()
        for number in range(8):
            heard = exchange.call(Client(key, cpid=f"{name}{number:029}", platform=platform), ask=1.0)
            assert least <= heard.number("request_delay") <= most
            assert (heard.number("next_rpc_delay"), bool(heard.tasks)) == (3_600, platform == LINUX)
            delays.add(heard.number("request_delay"))
        assert len(delays) > 3


def test_without_work_there_is_a_reason_in_the_client_s_language_for_who_asked(exchange, attic, ann):
    assert exchange.call(attic, ask=1.0).words == []
    heard = exchange.call(attic, ask=1.0)
    ((priority, reason),) = heard.words
    assert priority == "low"
    assert "no work is waiting at the moment" in reason
    assert 2 <= heard.number("request_delay") <= 4, "it computes for us and may report soon"
    for accepted, word in (("de", "im Moment wartet keine Arbeit"), ("fr_FR", "votre ordinateur"), ("ja", "no work")):
        ((_, reason),) = attic.hear(exchange.say(attic.words(ask=1.0), accepted)).words
        assert word.lower() in reason.lower()
    stored = exchange.do(lambda db: db.row("SELECT why_no_work AS why FROM host WHERE id = 2")["why"])
    assert stored == "no work is waiting at the moment"
    links = attic.hear(exchange.say(attic.words(), "de"))
    assert links.words == []
    assert "Dieser Computer" in [link.findtext("name") for link in links.root.findall("gui_urls/gui_url")]
    stranger = Client(ann.key, cpid="9" * 32, platform="vax-dec-vms")
    ((_, reason),) = stranger.hear(exchange.say(stranger.words(ask=1.0), "de")).words
    assert all(part in reason for part in ("keine Arbeit", "vax-dec-vms")), "a reason without a translation is English"


def test_when_too_many_wait_the_client_keeps_everything_and_comes_back(working_lab, secrets):
    exchange = Exchange(working_lab, secrets, max_waiting=1)
    client = Client(exchange.join().key)
    (handed,) = exchange.call(client, ask=1.0).tasks.values()
    words, begun, go = client.words(exchange.upload(handed)), threading.Event(), threading.Event()
    first = exchange.writer.submit(lambda _: begun.set() or go.wait(PATIENCE))
    assert begun.wait(PATIENCE)
    waiting = exchange.writer.submit(lambda _: None)
    busy = exchange.say(words, "fr")
    go.set()
    first.result(PATIENCE), waiting.result(PATIENCE)
    assert busy.named("result_ack") == []
    assert 60 <= busy.number("request_delay") <= 180
    assert busy.root.find("project_is_down") is None
    assert [(priority, "occupé" in reason) for priority, reason in busy.words] == [("low", True)]
    assert exchange.say(words).named("result_ack") == [handed.task.findtext("name")]
    exchange.close()


def test_when_the_disk_is_full_nothing_is_acknowledged_and_later_all_is_well(exchange, attic):
    exchange.deploy(80)
    (first,) = exchange.call(attic, ask=1.0).tasks.values()
    second = Client(attic.key, cpid="2" * 32)
    words, asks = attic.words(exchange.upload(first), ask=1e6), second.words(ask=1e6)
    exchange.do(lambda db: db.select(f"PRAGMA max_page_count = {db.row('PRAGMA page_count')['page_count']}"))
    for body in (words, asks):
        full = exchange.say(body)
        assert full.named("result_ack") == []
        assert full.tasks == {}
        assert full.host is None
        assert full.root.find("project_is_down") is not None
        assert 180 <= full.number("request_delay") <= 420
    assert exchange.task(1)["state"] == "sent"
    exchange.do(lambda db: db.select("PRAGMA max_page_count = 1000000"))
    assert exchange.say(words).named("result_ack") == [first.task.findtext("name")]
    handed = exchange.call(second, ask=1e6).tasks
    assert handed
    for file in next(iter(handed.values())).files.values():
        if file.find("generated_locally") is None:
            exchange.download(file.findtext("url"))
    assert exchange.broken() == {}


def test_a_seal_that_was_undone_with_its_answer_is_there_for_the_next(exchange, ann, attic):
    exchange.deploy(9)
    bob, go = Client(exchange.join("Bob").key, cpid="2" * 32), threading.Event()
    stumble = (
        f"BEFORE UPDATE OF cross_id ON volunteer WHEN old.id = {ann.id} BEGIN SELECT raise(ABORT, 'stumbled'); END"
    )
    exchange.do(lambda db: db.execute(f"CREATE TRIGGER stumble {stumble}"))
    exchange.writer.submit(lambda _: go.wait(PATIENCE))
    words = attic.words(ask=1.0, cross_project_id="d" * 32), bob.words(ask=1.0)
    undone, served = (exchange.scheduler.answer_request(body) for body in words)  # in one group
    go.set()
    assert b"<project_is_down/>" in bytes(undone.result(PATIENCE))
    served = bytes(served.result(PATIENCE))
    heard = bob.hear(Heard(served, ET.fromstring(served)))
    (handed,) = heard.tasks.values()
    (seal,) = [file for name, file in handed.files.items() if name.startswith("seal-")]
    assert exchange.download(seal.findtext("url"))


def test_a_fault_of_ours_acknowledges_nothing_and_is_logged(exchange, attic, caplog):
    (handed,) = exchange.call(attic, ask=1.0).tasks.values()
    words = attic.words(exchange.upload(handed))
    exchange.do(lambda db: db.execute("UPDATE volunteer SET project_preferences = 'not JSON' WHERE id = 2"))
    heard = exchange.say(words)
    assert heard.named("result_ack") == []
    assert heard.root.find("project_is_down") is not None
    assert [record.levelname for record in caplog.records if record.name == "axiom.rpc"] == ["ERROR"]
    exchange.do(lambda db: db.execute("UPDATE volunteer SET project_preferences = '{}' WHERE id = 2"))
    assert exchange.say(words).named("result_ack") == [handed.task.findtext("name")]
    exchange.writer.stop()
    assert exchange.say(attic.words(ask=1.0)).root.find("project_is_down") is not None


def trickle(name: str, said: str, variety: str = "progress") -> str:
    head = f"<msg_from_host><result_name>{name}</result_name>\n<time>5</time>\n<variety>{variety}</variety>\n"
    return f"{head}{said}</msg_from_host>\n"


def done(fraction: object, seconds: object = 7.5) -> str:
    return f"<fraction_done>{fraction}</fraction_done>\n<cpu_seconds>{seconds}</cpu_seconds>\n"


HOSTILE_PROGRESS = [
    (done(7), (1.0, 7.5)),
    (done(-3), (0.0, 7.5)),
    (done("inf", "inf"), (1.0, 1e9)),
    (done(0.5, -1), (0.5, 0.0)),
    (done(0.5, "nan"), (0.5, 0.0)),
    (done("nan"), None),
    (done("much"), None),
    ("<cpu_seconds>5</cpu_seconds>", None),
    ("x" * 2_000 + done(0.5), None),
    (done(0.6), (0.6, 7.5)),
]


def test_how_far_a_task_is_is_kept_while_it_is_out_and_stays_a_share_and_seconds(exchange, attic, ann):
    for name in ("a", "tiny_sum-1-w1-t99_0", "tiny_sum-1-w1-t1_0"):  # another's, never made, not out
        assert exchange.call(attic, inside=trickle(name, done(0.5))).root.find("message_ack") is not None
    assert exchange.call(attic).root.find("message_ack") is None
    assert exchange.do(lambda db: db.select("SELECT * FROM progress")) == []
    (handed,) = exchange.call(attic, ask=1.0).tasks.values()
    name, heard_at = handed.task.findtext("name"), exchange.lab.now
    exchange.call(attic, inside=trickle(name, done(0.5), variety="other"))
    assert exchange.do(lambda db: progress.find_task_progress(db, 1)) is None
    exchange.call(attic, inside=trickle(name, done(0.25)) + trickle(name, done(0.4)))
    said = StoredProgress(fraction=0.4, cpu_seconds=7.5, heard_at=heard_at)
    assert exchange.do(lambda db: progress.find_task_progress(db, 1)) == said
    exchange.call(attic, inside=trickle(name, done(0.9)))  # at once again
    exchange.call(Client(ann.key, cpid="2" * 32), inside=trickle(name, done(0.1)))  # another computer
    assert exchange.do(lambda db: progress.find_task_progress(db, 1)) == said
    for words, expected in HOSTILE_PROGRESS:
        exchange.do(lambda db: db.execute("DELETE FROM progress"))
        exchange.lab.later(minutes=1)
        exchange.call(attic, inside=trickle(name, words))
        kept = exchange.do(lambda db: progress.find_task_progress(db, 1))
        assert (kept and (kept.fraction, kept.cpu_seconds)) == expected, words
    exchange.call(attic, exchange.upload(handed), inside=trickle(name, done(0.99)))
    assert exchange.do(lambda db: progress.find_task_progress(db, 1)) is None
