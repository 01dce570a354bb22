"""The packages of a runner: locked with hashes, to the laboratory's own versions, and without what no host needs."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
from build_runner.plan import LOCKS, PLATFORMS, ROOT
from build_runner.wheels import installed, is_kept, kept, locked

PACKAGES = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
RUNNERS = [LOCKS / "runner.lock", LOCKS / "runner-cuda.lock"]


@pytest.mark.parametrize("lock", RUNNERS, ids=lambda lock: lock.name)
def test_hosts_compute_with_the_versions_that_the_laboratory_has(lock):
    own = {(package["name"], package["version"]) for package in PACKAGES}
    shared = {(name, version) for name, version in locked(lock) if name in {name for name, _ in own}}
    assert shared <= own
    assert {"jax", "jaxlib", "numpy", "scipy", "cryptography"} <= {name for name, _ in shared}


@pytest.mark.parametrize("lock", sorted(LOCKS.glob("*.lock")), ids=lambda lock: lock.name)
def test_every_package_of_a_lock_has_its_hashes(lock):
    blocks = re.split(r"\n(?=[a-z])", lock.read_text().strip())
    assert len(blocks) == len(locked(lock))
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks)


def test_the_locks_hold_wheels_of_jax_for_every_platform():
    versions = (version for name, version in locked(LOCKS / "runner.lock") if name == "jaxlib")
    oldest = min(versions, key=lambda version: [int(part) for part in version.split(".")])
    (package,) = (row for row in PACKAGES if (row["name"], row["version"]) == ("jaxlib", oldest))
    hashes = set(re.findall(r"sha256:[0-9a-f]{64}", (LOCKS / "runner.lock").read_text()))
    signs = {
        "x86_64-pc-linux-gnu": r"cp311.*manylinux.*x86_64",
        "aarch64-unknown-linux-gnu": r"cp311.*manylinux.*aarch64",
        "windows_x86_64": r"cp311.*win_amd64",
        "arm64-apple-darwin": r"cp311.*macosx.*arm64",
    }
    assert set(signs) == set(PLATFORMS)
    for sign in signs.values():
        wheels = [wheel for wheel in package["wheels"] if re.search(sign, wheel["url"])]
        assert wheels
        assert all(wheel["hash"] in hashes for wheel in wheels)


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("jax/_src/core.py", True),
        ("jax/py.typed", True),
        ("jax/_src/internal_test_util/big.py", False),
        ("numpy/testing/__init__.py", True),
        ("numpy/_core/tests/test_dot.py", False),
        ("numpy/_core/include/numpy/arrayobject.h", False),
        ("numpy/f2py/__init__.py", True),  # scipy asks NumPy for everything that it has
        ("scipy/linalg/_fblas.so", True),
        ("scipy/stats/_stats.so", False),
        ("scipy.libs/libopenblas.so", True),
        ("cffi/api.py", False),
        ("_cffi_backend.so", True),
        ("bin/f2py", False),
        ("jax-0.10.2.dist-info/licenses/LICENSE", True),
        ("jax-0.10.2.dist-info/RECORD", False),  # says where it was installed, and when
        ("jax-0.10.2.dist-info/INSTALLER", False),
        ("jax_cuda12_plugin-0.10.2.dist-info/entry_points.txt", True),  # by which JAX finds it
        ("pycparser-3.12.dist-info/METADATA", False),
        ("jax/__pycache__/core.cpython-311.pyc", False),
    ],
)
def test_what_a_host_needs_of_a_package(name, needed):
    assert is_kept(name) is needed


def test_a_library_that_no_kept_file_asks_for_is_left_out(tmp_path):
    site = Path(str(importlib.util.find_spec("scipy").origin)).parents[1]
    libraries, place = tmp_path / "scipy.libs", tmp_path / "scipy" / "linalg"
    libraries.mkdir()
    place.mkdir(parents=True)
    for path in (site / "scipy.libs").iterdir():
        (libraries / path.name).symlink_to(path)
    (libraries / "libnobody-1.so").symlink_to(next((site / "numpy.libs").glob("libscipy_openblas64_*")))
    (fblas,) = (site / "scipy" / "linalg").glob("_fblas.*.so")
    (place / fblas.name).symlink_to(fblas)
    names = {name.split("/")[1].split("-")[0] for name in kept(tmp_path) if name.startswith("scipy.libs/")}
    assert "libnobody" not in names
    assert {"libscipy_openblas", "libgfortran", "libquadmath"} <= names  # the last two asked for by the first
    for name in ("ml_dtypes-0.6.0.dist-info", "jax-0.10.2.dist-info"):
        (tmp_path / name).mkdir()
    assert installed(tmp_path) == {"jax": "0.10.2", "ml-dtypes": "0.6.0"}
