"""The language model that the settings name, with its key and its prices."""

from collections.abc import Mapping

from axiom.errors import CannotStart, KeysUnusable, WrongUse
from axiom.models.http_client import is_on_this_computer
from axiom.models.key import ModelKey, read_key
from axiom.models.model import Model
from axiom.rules.language_models import ModelPrices
from axiom.settings import Settings


def open_model(settings: Settings, environment: Mapping[str, str]) -> tuple[Model, ModelKey]:
    """The model, and the key that must not be written down. Only now its SDK is imported."""
    address, name = settings.model_address, settings.model_name
    if not address or not name:
        raise WrongUse(
            "No language model is named. Nothing was sent; set model_address and model_name, as in "
            "`model_address = 'http://127.0.0.1:11434/v1'`, and model_protocol if it does not speak Chat Completions."
        )
    key = read_key(environment, settings.model_key_file)
    if key.value and address.startswith("http://") and not is_on_this_computer(address):
        raise KeysUnusable(
            f"The key of the model would travel to {address} in the clear. Nothing was sent; use an address that "
            "begins with https://, or no key."
        )
    try:
        if settings.model_protocol == "messages":
            from axiom.models.messages import MessagesModel

            return MessagesModel(address=address, name=name, key=key), key
        from axiom.models.chat_completions import ChatCompletionsModel

        return ChatCompletionsModel(address=address, name=name, key=key), key
    except ImportError as error:
        raise CannotStart(
            f"What speaks to language models is not installed ({error.name}). Nothing was sent; install it with "
            "`pip install 'axiom-lab[scientist]'`."
        ) from error


def read_model_prices(settings: Settings) -> ModelPrices | None:
    """What tokens cost; nothing where nobody said it."""
    if not settings.model_prices:
        return None
    prices = dict(part.split("=") for part in settings.model_prices.split(","))
    return ModelPrices(**{name: float(price) for name, price in prices.items()})
