"""`axiom model`: does the language model that the settings name answer, and what does that cost?"""

import hashlib
import itertools
import os
import time

import click

from axiom.cli.groups import Group
from axiom.cli.output import Shown, reading_options, show_facts
from axiom.models.choose_model import open_model, read_model_prices
from axiom.models.metered import MeteredModel
from axiom.models.model import ModelMessage, Speaker
from axiom.rules.language_models import ModelCaps
from axiom.settings import read_process_settings
from axiom.store.engine.folder import Folder
from axiom_weigh.terminal import print_text

_QUESTION = "Answer in one sentence: what do you need to know before you believe that one network learns faster?"
_CAPS = ModelCaps(tokens=20_000, micros=1_000_000, requests=4, seconds=120.0)


@click.group(cls=Group)
def model() -> None:
    """The language model that the settings name: does it answer, and what does that cost?"""


@model.command("try")
@click.argument("question", default=_QUESTION)
@click.option("--most-tokens", type=click.IntRange(1, 8_000), default=500, show_default=True, help="Of the answer.")
@reading_options
def try_model(question: str, most_tokens: int, folder: Folder) -> Shown:
    """Ask the model one QUESTION, within 20,000 tokens, one unit of money and two minutes. Nothing is stored."""
    settings, _ = read_process_settings(folder.settings)
    named, key = open_model(settings, os.environ)
    numbers, began = itertools.count(1), time.monotonic()
    metered = MeteredModel(
        named,
        name=settings.model_name,
        prompt=hashlib.sha256(b"").hexdigest(),
        key=key,
        prices=read_model_prices(settings),
        record=lambda _entry: next(numbers),
        clock=lambda: time.monotonic() - began,
        pause=time.sleep,
        caps=_CAPS,
    )
    reply = metered.say((ModelMessage(speaker=Speaker.USER, text=question),), (), most_tokens)
    answer = {
        "model": reply.model,
        "ended": str(reply.end),
        "tokens": metered.spent.tokens,
        "cost": metered.spent.micros / 1e6 if settings.model_prices else None,
        "requests": metered.spent.requests,
        "seconds": round(time.monotonic() - began, 2),
        "text": reply.text,
    }
    yield {"model": answer}
    show_facts({**{name: value for name, value in answer.items() if name != "text"}, "cost": _cost(answer["cost"])})
    print_text(f"\n{reply.text}")


def _cost(cost: object) -> object:
    return "unknown: model_prices is not set" if cost is None else cost
