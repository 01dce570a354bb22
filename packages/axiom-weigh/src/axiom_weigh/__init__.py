"""How sure is it? Weighs numbers of several seeds, however often somebody looks."""

__version__ = "26.12.0"

_FUNCTIONS = {
    "weigh": "weigh",
    "weigh_all": "many_claims",
    "compare": "compare",
    "assert_effect": "assert_effect",
    "plan": "plan",
}


def __getattr__(name: str) -> object:
    """What a notebook or a test asks for, imported then, such as `axiom_weigh.weigh(table)`."""
    if name in _FUNCTIONS:
        from importlib import import_module

        return getattr(import_module(f"axiom_weigh.weighing.{_FUNCTIONS[name]}"), name)
    raise AttributeError(f"module 'axiom_weigh' has no attribute {name!r}")
