"""The build backend: scikit-build-core, and what an sdist needs besides: the sources of libdrl, and the C that SWIG makes of drl_python.i,
so that whoever installs from it needs neither this repository nor SWIG.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess
from typing import Any

from scikit_build_core import build as _backend
from scikit_build_core.build import (  # noqa: F401
    build_editable,
    build_wheel,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

# Of the repository, beside this folder's own files.
CARRIED = ["CMakeLists.txt", "LICENSE", "README.md", "bindings/swig", "cmake", "include", "lua", "pkgconfig", "src"]
TREE = pathlib.Path("../..")
COPY = pathlib.Path("libdrl")


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    if COPY.exists():  # an sdist of an sdist
        return str(_backend.build_sdist(sdist_directory, config_settings))
    try:
        _carry()
        return str(_backend.build_sdist(sdist_directory, config_settings))
    finally:
        shutil.rmtree(COPY, ignore_errors=True)


def _carry() -> None:
    for name in CARRIED:
        source, target = TREE / name, COPY / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        else:
            shutil.copy(source, target)
    swig = ["swig", "-python", "-noproxy", "-interface", "_native", f"-I{COPY}/bindings/swig"]
    subprocess.run([*swig, "-outdir", str(COPY), "-o", str(COPY / "drl_wrap.c"), "drl_python.i"], check=True)
