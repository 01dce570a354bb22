"""Clusters, models, news, programs, watches, runners and logs of a laboratory, as an operator types them."""

import hashlib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from fake_builds import LINUX, build
from furnished_lab import fill
from model_service import Play, chat_body, model_service, played

from axiom.cli.laboratory.logs import new_lines
from axiom.laboratory.rounds.steps.failures import count_failures
from axiom.laboratory.rounds.steps.watch import check_watches
from axiom.store.engine.database import connect_writer

LINE = "The server moves on Saturday."


@pytest.fixture
def say(hand_over):
    return hand_over()


def test_a_key_of_a_cluster_is_written_once_and_renewed_in_its_place(say, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "alpha.key"
    file.write_text("the key of something else")
    assert [say("cluster", verb, "alpha")[0] for verb in ("add", "renew")] == [2, 3]
    assert file.read_text() == "the key of something else"
    assert say("cluster", "list", "--json")[1]["clusters"] == []
    file.unlink()
    assert say("cluster", "add", "alpha")[0] == 0
    first = file.read_text()
    status, answer, _ = say("cluster", "renew", "alpha", "--json")
    assert status == 0
    assert answer["cluster"]["key_file"] == file.name
    assert file.read_text() != first
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.glob("alpha*")] == [file.name]


def test_a_model_answers_and_what_it_took_is_told(say, monkeypatch):
    assert say("model", "try")[0] == 2  # none is set
    with model_service(lambda _: played(chat_body())) as service:
        monkeypatch.setenv("AXIOM_MODEL_ADDRESS", f"{service.address}/v1")
        monkeypatch.setenv("AXIOM_MODEL_NAME", "of-a-test")
        monkeypatch.setenv("AXIOM_MODEL_PRICES", "input=2,output=8,cached=0.2")
        status, answer, _ = say("model", "try", "Say hello.", "--json")
        model, text = answer["model"], chat_body()["choices"][0]["message"]["content"]
        assert status == 0
        assert model["requests"] == 1
        assert model["text"] == text
        assert len(service.requests) == 1
        assert 0 < model["tokens"] <= 20_000
        assert 0 < model["cost"] < 1
        monkeypatch.delenv("AXIOM_MODEL_PRICES")
        assert "unknown" in say("model", "try", "Say hello.")[1]
        service.play = lambda _: Play(status=401, body=b"{}")
        status, _, err = say("model", "try")
        assert status == 1, err
        assert "401" in err, err
        assert "Traceback" not in err, err


def test_news_are_said_listed_and_withdrawn(say):
    assert say("news", "add", LINE, "--dry-run")[0] == 0
    for words, status in (
        *((("add", "Hm"), 2), (("add", "Two\nlines"), 2), (("add", "x" * 201), 2)),
        *((("add", LINE, "--text", "x" * 4_001), 2), (("add", LINE, "--until", "soon"), 2)),
        *((("add", LINE, "--until", "2001-01-01T00:00"), 4), (("add", LINE, "--until", "2999-01-01T00:00"), 4)),
        (("add", LINE, "--until", "9999-12-31T23:59-14:00"), 2),
        (("withdraw", 7), 3),
    ):
        assert say("news", *words)[0] == status, words
    assert say("news", "list", "--json")[1] == {"said": []}
    _, answer, _ = say("news", "add", LINE, "--text", "Clients wait.\n\nNothing is lost.", "--json")
    assert (answer["news"]["news"], answer["news"]["hosts_told"]) == (1, 0)
    (row,) = say("news", "list", "--json")[1]["said"]
    assert row["number"] == 1
    assert row["line"] == LINE
    assert row["paragraphs"] == ["Clients wait.", "Nothing is lost."]
    assert [say("news", "withdraw", 1)[0] for _ in range(2)] == [0, 4]
    assert say("news", "list", "--json")[1] == {"said": []}
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    until = tomorrow.isoformat().replace("+00:00", "+02:00")  # kept in UTC
    answer = say("news", "add", LINE, "--until", until, "--json")[1]["news"]
    assert answer["until"] == (tomorrow - timedelta(hours=2)).isoformat()


def test_a_program_is_let_in_listed_limited_and_ended(say, tmp_path):
    status, answer, _ = say("program", "add", "ada", "--may", "read", "--dry-run", "--json")
    assert status == 0
    assert "token" not in answer["program"]
    for words, status in (
        *((("add", "Ada Lovelace", "--may", "read"), 2), (("add", "ada", "--may", "govern"), 2)),
        *((("add", "ada", "--may", "read", "--days", 0), 2), (("add", "ada", "--may", "read", "--limit", "many"), 2)),
        (("add", "ada", "--may", "read", "--limit", "core_hours=2"), 2),
        (("add", "ada", "--may", "read", "--prompt", "no-such-file"), 2),
        *((("limit", "ada", "--limit", "open_proposals=2"), 3), (("end", "ada"), 3)),
    ):
        assert say("program", *words)[0] == status, words
    assert say("program", "list", "--json")[1] == {"programs": []}
    instructions = tmp_path / "instructions.md"
    instructions.write_text("Read the results and say what follows.\n")
    status, token, _ = say("program", "add", "ada", "--may", "propose", "--model", "some-1", "--prompt", instructions)
    assert status == 0
    assert token.startswith("axiom_")

    def program() -> dict:
        return say("program", "list", "--json")[1]["programs"][0]

    entry = program()
    assert entry["name"] == "ada"
    assert entry["may"] == "propose"
    assert entry["model"] == "some-1"
    assert entry["is_let_in"] is True
    assert entry["prompt"] == hashlib.sha256(instructions.read_bytes()).hexdigest()
    assert say("program", "limit", "ada", "--limit", "core_hours_per_day=48")[0] == 0
    assert program()["limits"]["core_hours_per_day"] == 48
    assert (say("program", "end", "ada")[0], program()["is_let_in"]) == (0, False)
    assert token.strip() not in str(say("audit", "show", "--json")[1])


def test_failures_are_listed_and_watches_are_registered_met_and_ended(hand_over, small_lab, prepared):
    fill(small_lab, prepared)
    small_lab.later(days=1)
    with small_lab.db.transaction():
        count_failures(small_lab.db, small_lab.now)
    say = hand_over()
    assert "time-limit" in {row["cause"] for row in say("failure", "list", "--json")[1]["failures"]}
    assert [say("failure", "list", name)[0] for name in ("tiny_sum@1", "nobody")] == [0, 3]

    def register(*words, more: tuple = ()):
        return say("watch", "register", *words, "--sentence", "Large sums.", *more)

    dry = register("tiny_sum", "total", ">", "1", more=("--dry-run", "--json"))[1]
    assert dry["watch"]["predicate"] == "total > 1"
    for words, status in (
        *((("tiny_sum", "totl", ">", "1"), 2), (("tiny_som", "total", ">", "1"), 2)),
        *((("tiny_sum@9", "total", ">", "1"), 3), (("tiny_sum", "total", ">", "nan"), 2)),
        *((("tiny_sum", "total", ">", "inf"), 2), (("tiny_sum", "total", "=", "1"), 2)),
        *((("tiny_sum", "total", ">", "many"), 2), (("tiny_sum", "total", "<", "-1", "--sentense", "Misspelt."), 2)),
    ):
        assert register(*words)[0] == status, words
    assert say("watch", "list", "--json")[1]["watches"] == []
    assert register("tiny_sum", "total", ">", "1")[0] == register("tiny_sum", "total", "<", "-1.5e-3")[0] == 0
    with closing(connect_writer(small_lab.folder.database)) as db, db.transaction():
        check_watches(db, small_lab.now)
    rows = {row["predicate"]: row for row in say("watch", "list", "--json")[1]["watches"]}
    large = rows["total > 1"]
    assert (large["state"], large["sentence"], large["value"]) == ("met", "Large sums.", 1.5)
    assert "total < -0.0015" in rows
    doctor = "watch 1 is met"
    assert doctor in str(say("doctor", "--json")[1])
    assert [say("watch", "end", number)[0] for number in (1, 1, 7)] == [0, 4, 3]
    assert doctor not in str(say("doctor", "--json")[1])


def test_runners_that_were_signed_are_fetched_once(say, say_to, tmp_path, small_lab):
    build(tmp_path / "built")

    def sign(key: str, *words):
        return say_to(None, "runner", "sign", tmp_path / "built", "--key", tmp_path / key, *words)

    (tmp_path / "mine").write_text("mine")
    assert (sign("mine", "--make-key")[0], (tmp_path / "mine").read_text()) == (5, "mine")
    assert sign("none")[0] == 5
    assert not (tmp_path / "none").exists()
    status, public, _ = sign("release.key", "--make-key")
    assert status == 0
    assert len(public.strip()) == 64
    assert (tmp_path / "release.key").stat().st_mode & 0o777 == 0o600
    for place, key, status in (("built", "0" * 64, 4), ("built", "0" * 63, 2), ("built", "", 2), ("none", "0" * 64, 3)):
        assert say("runner", "fetch", tmp_path / place, "--key", key)[0] == status
    assert not small_lab.folder.fetched_runners.exists()
    words = ("runner", "fetch", tmp_path / "built", "--key", public.strip())
    assert say_to(tmp_path / "empty", *words)[0] == 5
    answers = [say(*words, "--json", *more)[1] for more in (["--dry-run"], [], ["--only", LINUX])]
    changes = [answer["runners"][0]["change"] for answer in answers]
    assert changes == ["would be fetched", "fetched", "there already"]
    assert [path.name for path in small_lab.folder.fetched_runners.iterdir()] == [LINUX]
    assert sign("release.key")[1] == public


def test_the_newest_lines_of_a_log_are_shown_and_who_follows_gets_whole_ones(say, small_lab, tmp_path):
    assert (say("logs")[0], say("logs", "--list", "--json")[1]) == (0, {"logs": []})
    small_lab.folder.logs.mkdir()
    (small_lab.folder.logs / "axiom.log.1").write_text("one\ntwo\n")
    (small_lab.folder.logs / "axiom.log").write_text("three \x1b[2J\nfour\n")
    (small_lab.folder.logs / "runner.log").write_text("built\n")
    assert say("logs") == (0, "one\ntwo\nthree ?[2J\nfour\n", "")
    assert [say("logs", "-n", number)[1].splitlines()[:1] for number in (3, 0)] == [["two"], []]
    assert say("logs", "runner", "--json")[1] == {"logs": [{"name": "runner", "lines": ["built"]}]}
    assert [row["name"] for row in say("logs", "--list", "--json")[1]["logs"]] == ["axiom", "runner"]
    assert [say("logs", *words)[0] for words in (("runer",), ("--follow", "--json"))] == [2, 2]
    file = tmp_path / "axiom.log"
    file.write_text("before\n")

    def happens():
        with file.open("a") as log:
            for text in ("half ", "a line\n"):
                log.write(text)
                log.flush()
                yield
            log.write("the last\n")
        file.rename(tmp_path / "axiom.log.1")
        file.write_text("the first\n")
        yield

    story = happens()
    assert list(islice(new_lines(file, lambda: next(story)), 3)) == ["half a line", "the last", "the first"]


def test_a_line_that_is_written_just_before_its_log_is_set_aside_is_told(tmp_path, monkeypatch):
    file = tmp_path / "axiom.log"
    file.write_text("before\n")
    is_file = type(file).is_file

    def set_aside(path):
        monkeypatch.setattr(type(file), "is_file", is_file)
        with file.open("a") as log:
            log.write("the last\n")
        file.rename(tmp_path / "axiom.log.1")
        file.write_text("the first\n")
        return is_file(path)

    monkeypatch.setattr(type(file), "is_file", set_aside)
    looks = iter(range(3))
    assert list(islice(new_lines(file, lambda: next(looks)), 2)) == ["the last", "the first"]
