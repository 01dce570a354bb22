"""What was said to a language model and what came back, as it is kept."""

from dataclasses import dataclass
from enum import StrEnum


class EntryKind(StrEnum):
    """What an entry of a transcript holds."""

    REQUEST = "request"  # written before it is sent, with the most that it can take
    ANSWER = "answer"
    FAILURE = "failure"  # no answer that can be used
    REFUSAL = "refusal"  # it was not sent: it does not fit the budget


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscriptEntry:
    """One entry. Money is in millionths of its unit; 0 where no price is known."""

    kind: EntryKind
    model: str  # as the laboratory names it in a request, as its service does in an answer
    prompt: str  # the digest of its instructions
    body: str  # JSON
    tokens: int  # of a request the most that it can take, of an answer what it took
    micros: int
    request_id: int | None = None  # the request that it answers
