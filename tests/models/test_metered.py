"""A conversation never takes more than its budget, whatever its service does, and all of it is written down."""

import json
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from model_line import HELLO, SECRET, TOOL, Line
from model_service import Play, played

from axiom.domain.rounds import EntryKind, TranscriptEntry
from axiom.errors import AnswerUnreadable, LimitReached, ModelBusy, ModelError, ModelLost, RequestRejected, StorageFull
from axiom.models.key import ModelKey
from axiom.models.metered import MeteredModel
from axiom.models.model import AnswerEnd, Model, ModelAnswer, ModelMessage, Speaker
from axiom.rules.language_models import ModelCaps, ModelPrices, ModelSpent, TokenUsage, cost_of_usage
from axiom.store.engine.database import connect_writer
from axiom.store.migrate import migrate_database
from axiom.store.rounds import rounds, transcripts

PRICES = ModelPrices(input=2.0, output=10.0, cached=0.2)


class Bench:
    """A metered model with a clock that is set by hand, and all that it wrote down."""

    def __init__(self, model: Model, *, prices: ModelPrices | None = PRICES, **how: Any) -> None:
        self.now, self.waits, self.entries = 0.0, list[float](), list[TranscriptEntry]()
        self.metered = MeteredModel(
            model,
            name="of-a-test",
            prompt="digest",
            key=ModelKey(SECRET),
            prices=prices,
            clock=lambda: self.now,
            pause=self.wait,
            **{"record": self.record, **how},
        )

    def record(self, entry: TranscriptEntry) -> int:
        self.entries.append(entry)
        return len(self.entries)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    @property
    def kinds(self) -> list[EntryKind]:
        return [entry.kind for entry in self.entries]

    @property
    def unsettled(self) -> tuple[int, int, int]:
        """What the transcript says was taken: of each request what its answer says, of one without any its reserve."""
        settled = {entry.request_id: entry for entry in self.entries}
        sent = [number for number, entry in enumerate(self.entries, 1) if entry.kind is EntryKind.REQUEST]
        requests = [settled.get(number, self.entries[number - 1]) for number in sent]
        return len(requests), sum(entry.tokens for entry in requests), sum(entry.micros for entry in requests)


def test_an_answer_takes_what_it_took_or_without_usage_its_reserve(line: Line):
    bench = Bench(line.model)
    answer = bench.metered.say(HELLO, [TOOL], 100)
    assert answer.text == "hello"
    assert bench.kinds == [EntryKind.REQUEST, EntryKind.ANSWER]
    request, settled = bench.entries
    assert request.tokens > settled.tokens == 20
    assert settled.micros == cost_of_usage(TokenUsage(read=12, cached=3, written=0, output=5), PRICES).micros == 75
    assert (settled.request_id, settled.prompt, settled.model) == (1, "digest", answer.model)
    assert bench.metered.spent == ModelSpent(tokens=20, micros=75, requests=1)
    bench = Bench(line.model)
    line.plays(played(line.body(usage=None)))
    bench.metered.say(HELLO, [TOOL], 100)
    assert bench.entries[0].tokens == bench.entries[1].tokens == bench.metered.spent.tokens > 100


@pytest.mark.parametrize(
    ("play", "error", "sent", "is_kept"),
    [
        (Play(status=429), ModelBusy, 6, False),
        (Play(status=500), ModelLost, 4, True),
        (Play(body=b"garbage"), AnswerUnreadable, 2, True),
        (Play(status=401), RequestRejected, 1, False),
    ],
)
def test_each_attempt_is_set_aside_and_settled(line: Line, play, error, sent, is_kept):
    bench = Bench(line.model)
    line.plays(play)
    with pytest.raises(error):
        bench.metered.say(HELLO, [TOOL], 100)
    assert len(line.service.requests) == bench.metered.spent.requests == sent
    assert bench.kinds == [EntryKind.REQUEST, EntryKind.FAILURE] * sent
    assert bench.metered.spent.tokens == (sent * bench.entries[0].tokens if is_kept else 0)
    assert bench.waits == [2.0**attempt for attempt in range(sent - 1)]


def test_a_service_that_recovers_is_asked_again_when_it_said(line: Line):
    bench = Bench(line.model)
    line.plays(Play(status=429, headers={"retry-after": "30"}), Play(drop=True), played(line.body()))
    assert bench.metered.say(HELLO, [TOOL], 100).text == "hello"
    assert bench.waits == [30.0, 2.0]
    bench = Bench(line.model)
    line.plays(Play(status=429, headers={"retry-after": "1800"}))
    with pytest.raises(ModelBusy):  # nobody waits beyond the session
        bench.metered.say(HELLO, [TOOL], 100)
    assert (bench.metered.spent.requests, bench.waits) == (1, [])


def test_a_silent_service_is_waited_for_once_and_never_beyond_the_time_of_an_answer(line: Line):
    bench = Bench(line.model)

    def silence(_body: object) -> Play:
        bench.now += 0.3
        return Play(wait=5.0)

    line.service.play = silence
    with pytest.raises(ModelLost, match="silent"):
        bench.metered.say(HELLO, [TOOL], 100, seconds=0.3)
    assert (len(line.service.requests), bench.waits) == (1, [])
    assert bench.metered.lost_tokens == bench.metered.spent.tokens == bench.entries[0].tokens
    bench = Bench(line.model)
    line.plays(Play(status=429, headers={"retry-after": "200"}))
    with pytest.raises(ModelBusy, match=r"429.* asked 2 times"):
        bench.metered.say(HELLO, [TOOL], 100)
    assert bench.now == 200.0
    assert bench.metered.spent.tokens == 0
    assert bench.metered.lost_tokens == 0
    bench = Bench(line.model)
    line.plays(Play(drop=True))
    with pytest.raises(ModelLost, match="broke off"):
        bench.metered.say(HELLO, [TOOL], 100)


def test_a_cap_that_ends_the_attempts_hides_not_why_the_model_gave_no_answer(line: Line):
    bench = Bench(line.model, caps=ModelCaps(requests=4))
    line.plays(Play(status=429))
    with pytest.raises(ModelBusy, match=r"429.* asked 4 times"):
        bench.metered.say(HELLO, [TOOL], 100)


def test_what_does_not_fit_is_not_sent(line: Line):
    spent = ModelSpent(requests=60)  # of a session that goes on in another process
    caps = [ModelCaps(tokens=1_000), ModelCaps(micros=1_000), ModelCaps(requests=0), ModelCaps(seconds=0.0)]
    for bench in (*(Bench(line.model, caps=each) for each in caps), Bench(line.model, spent=spent)):
        before = bench.metered.spent
        with pytest.raises(LimitReached):
            bench.metered.say(HELLO, [TOOL], 100)
        assert line.service.requests == []
        assert bench.kinds == [EntryKind.REFUSAL]
        assert bench.metered.spent == before


def test_after_an_answer_that_took_too_much_nothing_is_asked(line: Line):
    bench = Bench(line.model)
    usage = {"input_tokens": 10**6, "output_tokens": 5, "prompt_tokens": 10**6, "completion_tokens": 5}
    line.plays(played(line.body(usage=usage)))
    bench.metered.say(HELLO, [TOOL], 100)
    assert bench.metered.spent.tokens == 10**6 + 5
    with pytest.raises(LimitReached):
        bench.metered.say(HELLO, [TOOL], 100)
    assert len(line.service.requests) == 1


def test_a_conversation_is_written_down_once_and_without_the_key(line: Line):
    bench = Bench(line.model)
    answer = bench.metered.say(HELLO, [TOOL], 100)
    secret = ModelMessage(speaker=Speaker.USER, text=f"my key is {SECRET}")
    bench.metered.say([*HELLO, answer.message, secret], [TOOL], 100)
    second = json.loads(bench.entries[2].body)
    assert second["after"] == 2
    assert [message["text"] for message in second["messages"]] == ["hello", "my key is [the model's key]"]
    assert SECRET not in "".join(entry.body for entry in bench.entries)
    assert bench.entries[2].tokens < bench.entries[0].tokens


def test_the_store_knows_what_a_session_took(line: Line, tmp_path):
    database, now = connect_writer(tmp_path / "axiom.db"), datetime(2026, 3, 2, tzinfo=UTC)
    migrate_database(database, None, now)
    begun = rounds.begin_round(database, pi="scientist", reason="a test", now=now)
    bench = Bench(line.model, record=lambda entry: transcripts.append_transcript_entry(database, begun.id, entry, now))
    line.plays(played(line.body()), played(line.body(usage=None)), Play(status=401))
    for _ in range(2):
        bench.metered.say(HELLO, [TOOL], 100)
    with pytest.raises(RequestRejected):
        bench.metered.say(HELLO, [TOOL], 100)
    totals = transcripts.sum_transcript_usage(database, range(begun.id, begun.id + 1))
    assert ModelSpent(tokens=totals.tokens, micros=totals.micros, requests=totals.requests) == bench.metered.spent
    assert transcripts.check_transcript_chain(database) == []
    database.close()


def test_what_cannot_be_written_down_is_not_sent(line: Line):
    def full(_: TranscriptEntry) -> int:
        raise StorageFull("The disk is full.")

    with pytest.raises(StorageFull):
        Bench(line.model, record=full).metered.say(HELLO, [TOOL], 100)
    assert line.service.requests == []


class HonestService:
    """What a service bills: a token for so many bytes, each answer within its most tokens; faults of every kind."""

    def __init__(self, dice: random.Random) -> None:
        self.dice, self.tokens, self.micros = dice, 0, 0
        self.bytes_per_token = dice.uniform(1.0, 6.0)
        self.extra = dice.randrange(600)
        self.read_before = 0

    def compute(self, size: int, most_tokens: int) -> TokenUsage:
        """Compute an answer, and bill it."""
        whole = self.extra + max(1, int(size / self.bytes_per_token))
        cached = self.dice.randrange(min(whole, self.read_before) + 1)
        written = self.dice.randrange(whole - cached + 1)
        output = self.dice.randrange(1, most_tokens + 1)
        usage = TokenUsage(read=whole - cached - written, cached=cached, written=written, output=output)
        self.read_before = whole
        self.tokens += usage.tokens
        self.micros += cost_of_usage(usage, PRICES).micros
        return usage


class PlayedModel:
    """A model that fails in every way that an adapter tells of."""

    def __init__(self, service: HonestService, bench: list[Bench]) -> None:
        self.service, self.bench = service, bench

    def say(self, messages, tools, most_tokens, *, seconds=300.0):
        dice = self.service.dice
        self.bench[0].now += min(seconds, dice.expovariate(1 / 20))
        match dice.randrange(10):
            case 0:
                raise ModelBusy("busy", dice.choice([None, 5.0, 10_000.0]))
            case 1:
                raise RequestRejected("no")
        usage = self.service.compute(size_of(messages, tools), most_tokens)
        match dice.randrange(8):
            case 0:
                raise ModelLost("lost")
            case 1:
                raise AnswerUnreadable("garbage")
        usage = None if dice.random() < 0.1 else usage
        return ModelAnswer(text="word " * dice.randrange(200), calls=(), end=AnswerEnd.CUT, usage=usage, model="played")


def size_of(messages, tools) -> int:
    return sum(len(message.text.encode()) for message in messages) + sum(len(tool.about) for tool in tools)


def talk(bench: Bench, dice: random.Random) -> None:
    """Talk until the budget ends it."""
    conversation = list(HELLO)
    for _ in range(100):
        try:
            answer = bench.metered.say(conversation, [TOOL], dice.randrange(1, 2_000))
        except LimitReached:
            return
        except ModelError:
            continue
        conversation += [answer.message, ModelMessage(speaker=Speaker.USER, text="on " * dice.randrange(400))]
        if dice.random() < 0.05:  # what was said is told shorter
            conversation = [*HELLO, ModelMessage(speaker=Speaker.USER, text="in short")]
    raise AssertionError("the session goes on for ever")


def test_no_session_goes_beyond_a_cap_whatever_its_service_does():
    ends = set()
    for seed in range(150):
        dice = random.Random(seed)
        caps = ModelCaps(
            tokens=dice.choice([5_000, 50_000, 2_000_000]),
            micros=dice.choice([20_000, 200_000, 5_000_000]),
            requests=dice.choice([3, 20, 60]),
            seconds=dice.choice([60.0, 1_800.0]),
        )
        service, box = HonestService(dice), list[Bench]()
        bench = Bench(PlayedModel(service, box), caps=caps)
        box.append(bench)
        talk(bench, dice)
        spent = bench.metered.spent
        assert service.tokens <= spent.tokens <= caps.tokens
        assert service.micros <= spent.micros <= caps.micros
        assert (spent.requests, spent.tokens, spent.micros) == bench.unsettled
        assert spent.requests <= caps.requests
        assert bench.now <= caps.seconds + 0.01
        assert not spent.is_overrun
        ends.add(json.loads(bench.entries[-1].body)["reason"].split()[0])
    assert ends == {"the", "it"}
