"""Which host calls, what its volunteer prefers and is shown, and what no reply says."""

import sys

from scheduler_calls import STORED, Client

from axiom.boinc import account_keys
from axiom.domain.fleet import GPU_KINDS, PreferenceSets, ProjectPreferences
from axiom.rules.accounts.new_hosts import MOST_NEW
from axiom.store.accounts import accounts, teams
from axiom.store.hosts import hosts as host_store

PREFERENCES = (
    "<global_preferences>\n<mod_time>{at}</mod_time>\n<max_ncpus_pct>{percent}</max_ncpus_pct>\n"
    '<venue name="home"><run_on_batteries>1</run_on_batteries></venue>\n</global_preferences>\n'
)


def hosts(exchange) -> dict[int, str]:
    return exchange.do(
        lambda db: {host.id: host.name for host in host_store.list_all_hosts(db) if host.volunteer_id != 1}
    )


def test_a_host_is_known_by_its_own_number_and_attached_anew_gets_its_tasks_back(exchange, ann, attic):
    ((name, before),) = exchange.call(attic, ask=1.0).tasks.items()
    heard = exchange.call(Client(ann.key), ask=1.0)
    assert heard.host == attic.host
    assert {name: after.order for name, after in heard.tasks.items()} == {name: before.order}
    attic.name, attic.cpid = "cellar", "5" * 32
    assert exchange.call(attic).host is None
    assert hosts(exchange) == {2: "cellar"}
    bob = Client(exchange.join("Bob").key, host=attic.host, seqno=50)
    assert [exchange.call(bob).host for _ in range(3)] == [3, None, None]
    unknown = Client(bob.key, cpid="3" * 32, host=2**62)
    assert exchange.call(unknown).host == 4
    ours = Client(bob.key, cpid="4" * 32, host=1)
    assert exchange.call(ours).host == 5


def test_a_copied_folder_becomes_a_second_computer(exchange, ann, attic):
    for _ in range(3):
        exchange.call(attic)
    copy = Client(ann.key, cpid="2" * 32, host=attic.host, seqno=attic.seqno)
    for _ in range(2):
        exchange.call(attic)
    heard = exchange.call(copy)
    assert (heard.host, attic.host) == (3, 2)
    twin = Client(ann.key, host=attic.host, seqno=attic.seqno - 2)  # on a computer of the same name and cpid
    assert exchange.call(twin).host == 4
    for client in (attic, copy, twin, attic, copy, twin):
        assert exchange.call(client).host is None
    assert hosts(exchange) == {2: "attic", 3: "attic (2)", 4: "attic (3)"}


def test_newer_preferences_reach_an_account_s_other_computers_but_by_no_weak_key(exchange, ann, attic):
    other = Client(ann.key, cpid="2" * 32)
    exchange.call(other)
    newer, older = PREFERENCES.format(at=500, percent=50), PREFERENCES.format(at=400, percent=40)
    brings = exchange.call(attic, inside=newer)
    assert brings.root.find("global_preferences") is None
    given = exchange.call(other).root.find("global_preferences")
    assert (given.findtext("mod_time"), given.findtext("max_ncpus_pct")) == ("500", "50")
    assert given.find("venue").get("name") == "home"
    assert exchange.call(other, inside=newer).root.find("global_preferences") is None
    given = exchange.call(other, inside=older).root.find("global_preferences")
    assert given.findtext("mod_time") == "500"
    exchange.call(other, inside=PREFERENCES.format(at=600, percent=60))
    assert exchange.call(attic, inside=newer).root.findtext("global_preferences/max_ncpus_pct") == "60"
    ours, theirs = account_keys.email_hash(ann.email), account_keys.email_hash("bob@elsewhere.example")

    def brings(at: int, percent: int, source: str) -> None:
        said = PREFERENCES.format(at=at, percent=percent)
        heard = exchange.call(attic, inside=said, global_prefs_source_email_hash=source)
        assert heard.root.find("global_preferences") is None, "it has newer ones, whoever's they are"

    for at, percent, source, kept in (
        (1_400, 40, theirs, "60"),
        (1_500, 50, ours, "50"),
        (1_600, 60, theirs, "50"),
        (1_700, 70, ours, "70"),
        (99_999_999_999, 10, ours, "70"),  # no date of the past
        (1_800, 80, ours, "80"),
    ):
        brings(at, percent, source)
        assert exchange.call(other).root.findtext("global_preferences/max_ncpus_pct") == kept
    older = PREFERENCES.format(at=400, percent=40)
    heard = exchange.call(other, inside=older, global_prefs_source_email_hash=theirs)
    assert heard.root.findtext("global_preferences/max_ncpus_pct") == "80"
    bob = Client(exchange.join("Bob").key, cpid="3" * 32)
    assert exchange.call(bob).root.find("global_preferences") is None
    farm = Client(ann.weak, cpid="4" * 32)  # a weak key says neither what is preferred nor who they are elsewhere
    heard = exchange.call(farm, inside=PREFERENCES.format(at=2_600, percent=1), cross_project_id="d" * 32)
    assert heard.root.findtext("userid") == str(ann.id)
    assert heard.root.find("global_preferences") is None, "what it has of its own is newer"
    later = exchange.call(attic, inside=PREFERENCES.format(at=400, percent=40))
    assert later.root.findtext("global_preferences/max_ncpus_pct") == "80"
    assert {reply.root.findtext("cross_project_id") for reply in (heard, later)} == {"c" * 32}


PROJECT = [
    (ProjectPreferences(), 100, []),
    (ProjectPreferences(resource_share=250.0), 250, []),
    (ProjectPreferences(on_cores=False), 100, ["CPU"]),
    (ProjectPreferences(on_gpus=False), 100, ["NVIDIA", "ATI", "intel_gpu", "apple_gpu"]),
]


def test_what_a_volunteer_prefers_is_told_with_the_computer_s_place_and_the_team(exchange, ann, attic):
    alone = exchange.call(attic).root
    assert [alone.findtext(tag) for tag in ("host_venue", "teamid", "team_name")] == ["", None, ""]
    for chosen, share, without in PROJECT:
        sets = PreferenceSets(general=chosen)
        exchange.do(lambda db, sets=sets: accounts.set_project_preferences(db, ann.id, sets, "home"))
        reply = exchange.call(attic).root
        preferred = reply.find("project_preferences")
        assert (float(preferred.findtext("resource_share")), reply.findtext("host_venue")) == (share, "home")
        assert [element.text for element in preferred.findall("no_rsc")] == without
        assert preferred.find("project_specific") is not None
    exchange.do(lambda db: host_store.set_venue(db, attic.host, "work"))
    facts = {"founder_id": ann.id, "country": "", "website": "", "about": "", "now": exchange.lab.now}
    team = exchange.do(lambda db: teams.create_team(db, name="Ärger & <Co>", **facts))
    exchange.do(lambda db: accounts.set_volunteer_team(db, ann.id, team))
    joined = exchange.call(attic, cross_project_id="d" * 32).root
    told = [joined.findtext(tag) for tag in ("host_venue", "teamid", "team_name")]
    assert told == ["work", str(team), "Ärger & <Co>"]
    assert joined.findtext("external_cpid") == account_keys.external_cpid("d" * 32, ann.email)
    for agreed in ("d" * 32, "", "short"):  # what the client's projects agreed on is taken over and said again
        assert exchange.call(attic, cross_project_id=agreed).root.findtext("cross_project_id") == "d" * 32


def test_every_computer_hears_the_sets_of_all_venues_as_clients_read_them(exchange, ann, attic):
    at_work = ProjectPreferences(resource_share=7.0, on_gpus=False)
    sets = PreferenceSets(general=ProjectPreferences(resource_share=42.0, on_cores=False), by_venue={"work": at_work})
    exchange.do(lambda db: accounts.set_project_preferences(db, ann.id, sets, ""))
    preferred = exchange.call(attic).root.find("project_preferences")
    heard = {
        part.get("name", ""): (part.findtext("resource_share"), [barred.text for barred in part.findall("no_rsc")])
        for part in (preferred, *preferred.findall("venue"))
    }
    assert heard == {"": ("42", ["CPU"]), "work": ("7", list(GPU_KINDS))}


def test_no_reply_holds_what_must_stay_here(exchange, ann, attic):
    exchange.deploy(30)
    bob = exchange.join("Bob of the lighthouse")  # longer than what signatures say by chance
    theirs = Client(bob.key, cpid="2" * 32, name="computer-of-bob")
    exchange.call(theirs, ask=10.0)
    keys, secrets = exchange.lab.keys, exchange.secrets
    canaries = [ann.key, ann.weak, ann.email, bob.key, bob.weak, bob.email, STORED]
    canaries += [theirs.cpid, theirs.name, attic.cpid, attic.name, "Bob of the", str(exchange.folder.path), sys.prefix]
    canaries += [key._private.private_bytes_raw().hex() for key in (keys.root, keys.bundle, keys.ticket)]
    canaries += [secrets.accounts.hex(), secrets.upload.hex()]
    replies = [exchange.call(attic, ask=1e6)]
    brought = [exchange.upload(handed) for handed in attic.tasks.values()]
    replies += [exchange.call(attic, *brought, ask=1e6), exchange.say(theirs.words(authenticator="0" * 32))]
    for reply in replies:
        assert [canary for canary in canaries if canary.encode() in reply.raw] == []
    assert len(replies[0].tasks) > 9
    assert not set(replies[0].tasks) & set(theirs.tasks)


def invented(key: str, number: int, **facts) -> Client:
    return Client(key, cpid=f"{number:032x}", name=f"pc-{number}", **facts)


def test_an_account_adds_no_more_than_so_many_computers_in_an_hour(exchange, ann, attic):
    exchange.call(attic, ask=1.0)
    (handed,) = attic.tasks.values()
    brought = exchange.upload(handed)
    for number in range(2, MOST_NEW + 1):
        exchange.call(invented(ann.key, number))
    assert len(hosts(exchange)) == MOST_NEW
    late = invented(ann.key, 900)
    heard = exchange.call(late, brought, ask=1.0)
    assert heard.host is None
    assert heard.tasks == {}
    assert len(hosts(exchange)) == MOST_NEW
    assert heard.named("result_ack") == [], "what it brings has to wait, too"
    ((priority, reason),) = heard.words
    assert priority == "notice"
    assert f"{MOST_NEW} computers" in reason
    assert 3_600 <= heard.number("request_delay") <= 4_200
    assert exchange.call(Client(ann.key)).host == attic.host, "a known computer is known again"
    assert exchange.call(attic, brought).named("result_ack") == [handed.task.findtext("name")]
    assert exchange.call(Client(exchange.join("Bob").key, cpid="b" * 32)).host is not None
    exchange.lab.later(minutes=60)
    assert exchange.call(late, ask=1.0).host is not None


def test_computers_without_a_valid_task_have_a_few_together_and_each_a_single(exchange, ann):
    exchange.deploy(300)
    computers = [invented(ann.key, number, cores=64) for number in range(12)]
    had = [len(exchange.call(computer, ask=1e9).tasks) for computer in computers]
    assert had == [16, 16, 16, 16, 16, 16, 16, 8, 4, 2, 1, 1]
    assert "128 tasks" in exchange.call(computers[-1], ask=1e9).words[0][1]
    for computer in computers:  # those that only ask again keep what they have
        exchange.call(computer, ask=1e9)
    assert sum(len(computer.tasks) for computer in computers) == 128
    bob = invented(exchange.join("Bob").key, 1, cores=64)
    assert len(exchange.call(bob, ask=1e9).tasks) == 16
