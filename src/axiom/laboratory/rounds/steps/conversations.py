"""Part of the last step: what became of the conversations with a language model, and which programs acted as the PI."""

import json
from datetime import UTC, datetime

from axiom.domain.rounds import EntryKind, Note
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.store.rounds import rounds, transcripts
from axiom.store.rounds.transcripts import KeptEntry
from axiom.store.upkeep import audit

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def tell_conversations(this_round: OpenRound) -> list[Note]:
    """A sentence for each conversation; where programs are the PI, one for each that gave a command."""
    notes = _conversations(this_round)
    return [*notes, *_programs(this_round)] if this_round.round.pi == "program" else notes


def _conversations(this_round: OpenRound) -> list[Note]:
    about = f"/sessions/{this_round.round.name}/transcript"
    notes = [
        _end_note(entry, about)
        for entry in transcripts.list_entries_of_kind(this_round.db, this_round.round.id, EntryKind.END)
    ]
    last = transcripts.find_last_transcript_entry(this_round.db, this_round.round.id)
    if last is not None and last.entry.kind is not EntryKind.END:
        text = "A conversation with the scientist ({model}) was cut off, and the session went on without it."
        notes.append(Note(kind="pi.cut", text=text, facts={"model": last.entry.model}, about=about))
    return notes


def _end_note(entry: KeptEntry, about: str) -> Note:
    fields = json.loads(entry.entry.body)
    text = "The scientist ({model}), after the step {step}: {reason}."
    facts = {"model": entry.entry.model, "step": fields["step"], "reason": fields["reason"].rstrip(".")}
    if fields["requests"]:
        text += " Requests: {requests}; tokens: {tokens}; cost: {cost}."
        cost = "price unknown" if fields["cost"] is None else fields["cost"]
        facts |= {"requests": fields["requests"], "tokens": fields["tokens"], "cost": cost}
        if fields.get("lost_tokens"):
            text += " Of the tokens {lost} were set aside for requests without an answer, and perhaps not taken."
            facts["lost"] = fields["lost_tokens"]
    if fields["read"]:
        text += " It has read what {others} wrote, so a person decides on all that it proposed."
        facts["others"] = ", ".join(fields["read"])
    return Note(kind="pi.scientist" if fields["is_well"] else "pi.fault", text=text, facts=facts, about=about)


def _programs(this_round: OpenRound) -> list[Note]:
    since = rounds.find_previous_round_end(this_round.db, this_round.round.id) or _FIRST
    notes = [
        Note(
            kind="pi.program",
            text="{program} ({model}) acted as the PI; its commands: {commands}, of them refused: {refused}.",
            facts={
                "program": row["caller"],
                "model": row["model"] or "no model was named",
                "commands": row["commands"],
                "refused": row["refused"],
            },
        )
        for row in audit.list_program_commands(this_round.db, since, this_round.now)
    ]
    none = Note(kind="pi.nobody", text="No program has given a command since the session before.")
    return shorten_notes(notes, "Programs", "") or [none]
