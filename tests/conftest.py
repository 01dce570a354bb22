"""What every test stands on: one thread for numeric work, and the same examples every time."""

import os

os.environ.update(
    NPROC="1",  # JAX sizes its pool by it, and reads it when it is imported
    XLA_FLAGS="--xla_cpu_multi_thread_eigen=false",
    OPENBLAS_NUM_THREADS="1",
    OMP_NUM_THREADS="1",
    MKL_NUM_THREADS="1",
    JAX_PLATFORMS="cpu",
)
os.environ.pop("OPENBLAS_CORETYPE", None)  # where it is set, NumPy computes with an older processor's instructions

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")
