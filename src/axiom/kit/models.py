"""Networks as plain layers of arrays. The same functions take NumPy arrays and, inside a compiled program, JAX's."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import add, matmul
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from axiom.kit import side_by_side

if TYPE_CHECKING:
    import jax

Array: TypeAlias = "npt.NDArray[Any] | jax.Array"


class Layer(NamedTuple):
    """One affine map: inputs by outputs, and one bias per output."""

    weights: Array
    biases: Array


Net: TypeAlias = tuple[Layer, ...]


class NetworkFunction(Protocol):
    """How layers become a function: `Architecture`, and those of `convolution`, `normalisation` and `attention`.

    Each is a frozen dataclass: two that are equal compile to the same program, which is compiled once.
    """

    def hidden(self, net: Net, x: Array) -> tuple[Array, ...]:
        """The activations of every hidden layer, first to last: a row for each row of `x`."""

    def outputs(self, net: Net, x: Array) -> Array:
        """What the last layer gives, before any softmax."""


def _relu(_library: Any, x: Any) -> Any:
    return x * (x > 0)


def _leaky_relu(_library: Any, x: Any) -> Any:
    return x * (0.01 + 0.99 * (x > 0))


def _elu(library: Any, x: Any) -> Any:
    return library.where(x > 0, x, library.expm1(library.minimum(x, 0)))


def _gelu(library: Any, x: Any) -> Any:
    """The approximation by tanh that its authors give (Hendrycks & Gimpel 2016)."""
    return 0.5 * x * (1 + library.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))


def _sigmoid(library: Any, x: Any) -> Any:
    return 0.5 * (1 + library.tanh(0.5 * x))


ACTIVATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    "softplus": lambda library, x: library.logaddexp(x, 0.0),
    "sigmoid": _sigmoid,
    "tanh": lambda library, x: library.tanh(x),
    "swish": lambda library, x: x * _sigmoid(library, x),
    "square": lambda _library, x: x * x,
    "linear": lambda _library, x: x,
}
"""Each takes the library of its array, NumPy or `jax.numpy`, so that measuring on NumPy's arrays compiles nothing."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Layers one above the other, each an affine map that an activation follows."""

    activation: str = "relu"
    ntk: bool = (
        False  # weights are standard normal, and each layer divides by the root of its fan-in (Jacot et al. 2018)
    )
    residual: bool = False  # a hidden layer as wide as the one below adds what it received (He et al. 2016)

    def hidden(self, net: Net, x: Array) -> tuple[Array, ...]:
        """The activations of every hidden layer, first to last."""
        activate, library = ACTIVATIONS[self.activation], library_of(x, net)
        activations: list[Array] = []
        for layer in net[:-1]:
            above = activate(library, self._affine(layer, x, library))
            x = above + x if self.residual and above.shape == x.shape else above
            activations.append(x)
        return tuple(activations)

    def outputs(self, net: Net, x: Array) -> Array:
        """What the last layer gives, before any softmax."""
        if side_by_side.is_joined(net, x):
            joined: Array = _outputs(net, x, architecture=self)
            return joined
        return self._affine(net[-1], self.hidden(net, x)[-1] if len(net) > 1 else x, library_of(x, net))

    def _affine(self, layer: Layer, x: Array, library: Any) -> Array:
        times, plus = (matmul, add) if library is np or x.ndim != 2 else _with_slopes()
        product = times(x, layer.weights)
        above: Array = plus(product * float(layer.weights.shape[0] ** -0.5) if self.ntk else product, layer.biases)
        return above


@side_by_side.program("architecture")
def _outputs(net: Net, x: Array, *, architecture: NetworkFunction) -> Array:
    return architecture.outputs(net, x)


RELU = Architecture()
"""The plain network of the old laboratory: ReLU, standard parametrisation."""


@side_by_side.drawn_once
def mlp(rng: np.random.Generator, sizes: Sequence[int], *, gain: float = 2.0) -> Net:
    """A network in standard parametrisation: variance gain / fan-in, biases at zero. A gain of 2 is He's start."""
    return tuple(
        Layer(
            weights=(rng.standard_normal((fan_in, fan_out)) * np.sqrt(gain / fan_in)).astype(np.float32),
            biases=np.zeros(fan_out, dtype=np.float32),
        )
        for fan_in, fan_out in itertools.pairwise(sizes)
    )


@side_by_side.drawn_once
def ntk(rng: np.random.Generator, sizes: Sequence[int], *, gain: float = 2.0) -> Net:
    """A start for an architecture that divides by the root of the fan-in: variance `gain`, and 1 in the last layer."""
    last = len(sizes) - 2
    return tuple(
        Layer(
            weights=(rng.standard_normal(shape) * np.sqrt(1.0 if place == last else gain)).astype(np.float32),
            biases=np.zeros(shape[1], dtype=np.float32),
        )
        for place, shape in enumerate(itertools.pairwise(sizes))
    )


def hidden(net: Net, x: Array) -> tuple[Array, ...]:
    """The activations of every hidden layer of a plain ReLU network, first to last."""
    return RELU.hidden(net, x)


def logits(net: Net, x: Array) -> Array:
    """The outputs of the last layer of a plain ReLU network, before any softmax."""
    return RELU.outputs(net, x)


def affine(layer: Layer, x: Array) -> Array:
    """Rows times the weights of a layer, plus its biases."""
    return RELU.outputs((layer,), x)


def library_of(x: Array, net: Net) -> Any:
    """The library whose functions these arrays want: NumPy, or `jax.numpy` inside a compiled program."""
    if isinstance(x, np.ndarray) and all(isinstance(layer.weights, np.ndarray) for layer in net):
        return np
    import jax.numpy  # here and not above: a host without AVX cannot load it, and still computes with NumPy

    return jax.numpy


def _with_slopes() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A product and a sum of rows for arrays of JAX."""
    from axiom.kit import fast_gradients  # here and not above, as JAX itself

    return fast_gradients.times, fast_gradients.plus
