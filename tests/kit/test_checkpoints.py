"""States."""

import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from axiom.kit import checkpoints

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    arrays.arrays(arrays.scalar_dtypes().filter(lambda kind: kind.kind in "biufc"), arrays.array_shapes(min_dims=0)),
)
STATES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=4),
    ),
    max_leaves=12,
)


def bits(state):
    """A state as something that can be compared to the last bit, types and order included."""
    if isinstance(state, (list, tuple)):
        return type(state), [bits(each) for each in state]
    if isinstance(state, dict):
        return dict, [(name, bits(each)) for name, each in state.items()]
    if isinstance(state, (np.ndarray, np.generic)):
        return type(state), state.dtype.str, state.shape, state.tobytes()
    return type(state), state.hex() if isinstance(state, float) else state


@settings(max_examples=50)
@given(STATES)
def test_what_comes_back_has_the_same_bits(state):
    checkpoints.check(state)
    back = checkpoints.unpack(checkpoints.pack(state))
    assert bits(back) == bits(state)


def test_scalars_of_numpy_and_the_state_of_a_generator_come_back():
    rng = np.random.Generator(np.random.PCG64(5))
    state = {"loss": np.float32(0.1), "count": np.int64(2**62), "rng": rng.bit_generator.state}
    back = checkpoints.copy(state)
    assert bits(back) == bits(state)
    other = np.random.Generator(np.random.PCG64(6))
    other.bit_generator.state = back["rng"]
    assert other.random(5).tolist() == rng.random(5).tolist()


@pytest.mark.parametrize(
    "odd",
    [
        object(),
        {1: 2.0},
        {1, 2},
        np.array([object()]),
        np.array(["word"]),
        b"bytes",
        jnp.ones(2, dtype=jnp.bfloat16),
        jax.random.key(5),
        lambda: None,
    ],
    ids=lambda odd: type(odd).__name__,
)
def test_what_cannot_be_kept_is_named(odd):
    for refuse in (checkpoints.check, checkpoints.pack):
        with pytest.raises(TypeError, match=type(odd).__name__):
            refuse([{"deep": (1.0, odd)}])


WHOLE = checkpoints.pack({"a": [1, 2.5, "x"], "b": np.arange(6.0).reshape(2, 3)})


@settings(max_examples=50)
@given(st.integers(0, len(WHOLE) - 1))
def test_a_state_that_was_cut_is_none(end):
    with pytest.raises(ValueError, match="state"):
        checkpoints.unpack(WHOLE[:end])


def test_nothing_that_is_read_can_run_and_numpy_is_loaded_when_it_is_needed():
    pickled = b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
    with pytest.raises(ValueError, match="state"):
        checkpoints.unpack(json.dumps(["array"]).encode() + b"\n" + pickled + b"cos\nsystem\n(S'false'\ntR.")
    code = "import sys; from axiom.kit import states; assert not {'numpy', 'jax'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
