"""A model with its real SDK, and the service of our own that it speaks to."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from model_service import ModelService, Play, chat_body, messages_body, model_service, played

from axiom.models.chat_completions import ChatCompletionsModel
from axiom.models.key import ModelKey
from axiom.models.messages import MessagesModel
from axiom.models.model import Model, ModelMessage, ModelTool, Speaker

SECRET = "sk-secret/of+a=test"  # noqa: S105 - it opens nothing
HELLO = (
    ModelMessage(speaker=Speaker.SYSTEM, text="You are of a test."),
    ModelMessage(speaker=Speaker.USER, text="Say hello."),
)
TOOL = ModelTool(name="lab_brief", about="what stands", words={"type": "object", "properties": {}})


class Line:
    """A model, the service behind it, and the form of its answers."""

    def __init__(self, protocol: str, stack: ExitStack) -> None:
        self.protocol = protocol
        self.body: Callable[..., dict[str, Any]] = messages_body if protocol == "messages" else chat_body
        self.service: ModelService = stack.enter_context(model_service(lambda _: played(self.body())))
        address = self.service.address + ("" if protocol == "messages" else "/v1")
        make = MessagesModel if protocol == "messages" else ChatCompletionsModel
        self.key = ModelKey(SECRET)
        self.model: Model = make(address=address, name="of-a-test", key=self.key)

    def plays(self, *plays: Play) -> None:
        """From now on it plays these, and the last of them for ever."""
        left = list(plays)
        self.service.play = lambda _: left.pop(0) if len(left) > 1 else left[0]

    def say(self, **how: Any) -> Any:
        return self.model.say(HELLO, [TOOL], 100, **how)

    @property
    def sent(self) -> dict[str, Any]:
        return self.service.requests[-1][1]
