"""Values of which a server makes hundreds for each request."""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value_class(cls: type[T]) -> type[T]:
    """A frozen, keyword-only dataclass with slots, of which the type checker alone sees to it that nothing changes it.

    What guards a frozen one while the program runs makes building it three times as slow.
    """
    return dataclass(kw_only=True, slots=True, unsafe_hash=True)(cls)
