"""Axiom: a laboratory that asks questions of small neural networks and says how sure it is."""

__version__ = "26.12.0"

_FOR_NOTEBOOKS = {
    "open": ("axiom.notebook.lab", "open_lab"),
    "connect": ("axiom.notebook.connect", "connect"),
    "weigh": ("axiom_weigh.weighing.weigh", "weigh"),
    "weigh_all": ("axiom_weigh.weighing.many_claims", "weigh_all"),
    "compare": ("axiom_weigh.weighing.compare", "compare"),
    "assert_effect": ("axiom_weigh.weighing.assert_effect", "assert_effect"),
    "plan": ("axiom_weigh.weighing.plan", "plan"),
}


def __getattr__(name: str) -> object:
    """What a notebook or a test asks for, imported then, such as `axiom.open(folder)` and `axiom.weigh(table)`."""
    if name in _FOR_NOTEBOOKS:
        from importlib import import_module

        module, function = _FOR_NOTEBOOKS[name]
        return getattr(import_module(module), function)
    raise AttributeError(f"module 'axiom' has no attribute {name!r}")
