"""Shows that a laid-out runtime computes: by itself, with nothing of this computer's in its environment.

One for another system is shown by what runs its programs here, which `built.json` then names.
"""

import subprocess
import tempfile
from pathlib import Path

from build_runner.emulation import Emulation
from build_runner.tree import put_ours

_LONGEST_SECONDS = 1_800  # beside programs that leave it little: alone it takes five
# What experiments use: compiled loops, derivatives, the decompositions that come from LAPACK, and both kinds of chance.
_PROGRAM = """
import sys
sys.path.insert(0, "code")
import axiom.runner.boinc_task
sys.path.remove("code")
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
import jax, jax.numpy as jnp, jax.scipy.linalg, jax.scipy.special
Ed25519PrivateKey.generate().sign(b"")
x = jax.random.normal(jax.random.key(1), (6, 4))
hessian = jax.jit(jax.hessian(lambda w: jnp.sum(jnp.tanh(x @ w) ** 2)))(jnp.ones(4))
lowest = jnp.linalg.eigvalsh(hessian)[0]
vectors, values, _ = jnp.linalg.svd(x, full_matrices=False)
solution = jnp.linalg.lstsq(x, jnp.ones(6))[0]
factor = jax.scipy.linalg.cho_factor(x.T @ x)
total, _ = jax.lax.scan(lambda s, v: (s + v @ v, None), 0.0, x)
plain = np.linalg.svd(np.asarray(x), compute_uv=False), np.random.Generator(np.random.Philox(1)).normal(size=3)
assert np.allclose(values, plain[0], atol=1e-5) and np.isfinite(float(lowest)) and np.allclose(total, (x * x).sum())
assert np.allclose(x.T @ (x @ solution - 1), 0, atol=1e-4) and np.isfinite(np.asarray(factor[0])).all()
strange = {path for path in sys.path if not path.lower().startswith(sys.prefix.lower())}
assert not strange, strange
print(sys.version.split()[0])
"""


def prove(tree: Path, *, has_gpu: bool, emulation: Emulation | None) -> str:
    """Compute with it and return its Python's version; a ValueError with what it said when it cannot."""
    python = tree / "bin" / "python3" if (tree / "bin").exists() else tree / "python.exe"
    environment = {"NPROC": "1", "OPENBLAS_NUM_THREADS": "1", "JAX_PLATFORMS": "cpu"}
    # An older JAX starts NVIDIA's compiler, which is a program, and no task may start one.
    ready = "\nassert jax.__version_info__ >= (0, 12) and __import__('jax_plugins')" if has_gpu else ""
    with tempfile.TemporaryDirectory() as empty:
        put_ours(Path(empty) / "code")
        command = [str(python), "-I", "-B", "-c", _PROGRAM + ready]
        if emulation is not None:
            started = emulation.start(python, *command[1:])
            command, environment = emulation.words(started, [tree, Path(empty)], environment, Path(empty)), {}
        try:
            done = subprocess.run(
                command,
                cwd=empty,
                env=environment or None,
                capture_output=True,
                text=True,
                check=False,
                timeout=_LONGEST_SECONDS,
            )
        except OSError as fault:
            raise ValueError(
                f"{python} does not run on this computer ({fault.strerror}), so nothing was built. "
                "A runner is built on a computer of its own platform."
            ) from None
    if done.returncode:
        raise ValueError(f"The runtime in {tree} does not compute, so nothing was built:\n{done.stderr[-4000:]}")
    return done.stdout.strip()
