"""What users install and read: types, documents, examples."""

from __future__ import annotations

import importlib.metadata
import inspect
import json
import pathlib
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest
from conftest import HERE, Redis, free_port, run_python, with_redis_url

import distributed_rate_limiter
from distributed_rate_limiter import Status, _native, client, http, info, limiter, stats

ROOT = HERE.parents[2]
EXAMPLES = ROOT / "examples" / "python"
README = (HERE.parent / "README.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)


def header(name: str) -> str:
    return (ROOT / "include" / "drl" / name).read_text()


def test_statuses_are_those_of_the_library() -> None:
    table = dict(re.findall(r"X\(DRL_(?:ERR_)?(\w+), (\d+),", header("status.h")))
    assert {status.name: str(int(status)) for status in Status} == table
    assert all(_native.status_name(status).endswith(status.name) for status in Status)


def test_header_styles_are_those_of_the_library() -> None:
    text = header("http.h")
    for name, bit in info._STYLES.items():
        assert re.search(rf"DRL_HEADERS_{name.upper()} = {bit},?\s", text)


def test_decision_and_stats_are_laid_out_as_in_the_shim() -> None:
    flat = (ROOT / "bindings" / "swig" / "drl_flat.h").read_text()
    enums = [re.findall(r"^  DRL_FLAT_(\w+),?$", block, re.M) for block in re.findall(r"^enum \{\n(.*?)^\};", flat, re.M | re.S)]
    for index, name in [pair for names in enums for pair in enumerate(names)]:
        assert getattr(info, f"_{name}") == index
    assert [len(names) for names in enums] == [15, 6]
    assert re.search(rf"DRL_DECISION_DEGRADED = {info._DEGRADED},", header("decision.h"))
    for name, number in limiter._STRATEGIES.items():
        assert re.search(rf"DRL_FAIL_{name.upper()} = {number},?\s", header("limiter.h"))
    fields = re.findall(r"^  int(?:64|32)_t (\w+)", header("stats.h").split("typedef struct drl_stats {")[1].split("}")[0], re.M)
    ours = [name.replace("latency_sum", "latency_sum_us") for name in stats.Stats.__dataclass_fields__]
    assert ours == fields


def test_version_is_the_library_s() -> None:
    assert distributed_rate_limiter.__version__ == importlib.metadata.version("distributed-rate-limiter") == _native.version()


def test_extension_needs_no_library_of_ours() -> None:
    said = subprocess.run(["ldd", _native.__file__], capture_output=True, text=True, check=True).stdout
    assert "libc.so" in said and not re.search("hiredis|ssl|crypto|sodium|libdrl", said)


def test_extension_knows_no_folder_of_the_machine_that_built_it() -> None:
    said = subprocess.run(["readelf", "-d", _native.__file__], capture_output=True, text=True, check=True).stdout
    assert "NEEDED" in said and not re.search("RPATH|RUNPATH", said)
    assert str(ROOT).encode() not in pathlib.Path(_native.__file__).read_bytes()


def test_wheel_says_what_it_is_and_carries_its_licences() -> None:
    about = importlib.metadata.metadata("distributed-rate-limiter")
    assert about["Requires-Python"] == ">=3.9" and about["License"] == "MIT" and about["Summary"]
    assert about.get_all("Provides-Extra") == ["fastapi", "flask"]
    assert about.get_payload().strip() == README.strip()
    files = {file.name for file in importlib.metadata.files("distributed-rate-limiter") or ()}
    assert {"py.typed", "_native.pyi", "LICENSE", "hiredis.txt", "ssl.txt", "sodium.txt"} <= files


def test_extension_exports_nothing_but_its_entry() -> None:
    command = ["nm", "-D", "--defined-only", _native.__file__]
    names = re.findall(r" [TDBRV] (\w+)", subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert [name for name in names if name.startswith(("drl_", "redis", "SSL", "X509", "sodium", "crypto"))] == []
    assert "PyInit__native" in names


# Under mypy, a line that has an error although it need not, and a line that has none although it should, are errors both.
TYPED_PROGRAM = """
from typing import Dict, Tuple
from fastapi import FastAPI
from flask import Flask
from distributed_rate_limiter import LimitState, RateLimiter, RateLimitInfo
from distributed_rate_limiter.fastapi import FastAPIRateLimiter
from distributed_rate_limiter.flask import rate_limit

limiter = RateLimiter(redis_url="redis://localhost:6379/0", rate=100, per=60)
allowed, info = limiter.allow("user_123", cost=5)
a: bool = allowed
b: RateLimitInfo = info
c: float = info.retry_after
d: Dict[str, str] = info.as_headers()
h: Tuple[LimitState, ...] = info.limits
i: str = limiter.key(b"user_123")
app = FastAPI()
app.add_middleware(FastAPIRateLimiter, limiter=limiter, trust_proxy=True)

@Flask(__name__).route("/api")
@rate_limit(limiter, trust_proxy=True)
def my_route() -> Dict[str, str]:
    return {}

async def main() -> None:
    e, f = await limiter.allow_async(b"user", cost=2)
    g: bool = e

limiter.allow(7)  # type: ignore[arg-type]
RateLimiter("redis://localhost:6379/0", 1, 1, timeout="3")  # type: ignore[arg-type]
RateLimiter("redis://localhost:6379/0", 1, 1, timout=3)  # type: ignore[call-arg]
rate_limit(limiter, trust_proxi=True)  # type: ignore[call-arg]
app.add_middleware(FastAPIRateLimiter, limiter=limiter, trust_proxi=True)  # type: ignore[call-arg]
"""


def test_package_is_fully_typed(tmp_path: pathlib.Path) -> None:
    package = pathlib.Path(distributed_rate_limiter.__file__).parent
    assert (package / "py.typed").exists()
    user = tmp_path / "user.py"
    user.write_text(TYPED_PROGRAM)
    run = ["-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache")]
    assert run_python(*run, "-p", "distributed_rate_limiter").strip() == ""
    assert run_python(*run, str(user)).strip() == ""


def test_typed_keywords_are_those_that_are_taken() -> None:
    def keywords(function: Any) -> Any:
        return {name for name, one in inspect.signature(function).parameters.items() if one.kind is one.KEYWORD_ONLY}

    assert set(http.GateOptions.__annotations__) == keywords(http.Gate.__init__) - {"lower_case"}
    assert set(client.ClientOptions.__annotations__) == keywords(client.Client.__init__)


@pytest.mark.parametrize("index", range(len(BLOCKS)))
def test_readme_runs_as_it_stands(redis: Redis, tmp_path: pathlib.Path, index: int) -> None:
    block = BLOCKS[index]
    if "redis://" not in block:  # it goes on from the one before
        block = BLOCKS[index - 1] + block
    (tmp_path / "readme").mkdir()
    source = tmp_path / "readme" / "block.py"
    source.write_text(block)
    run_python("-X", "dev", "-W", "error::ResourceWarning", str(with_redis_url(source, redis.url, tmp_path)))


def test_readme_shows_the_calls_that_were_promised() -> None:
    for program in ("fastapi_app.py", "flask_app.py"):
        promised = (HERE / "seed" / program).read_text().split("\n\n\n@app.get")[0].strip()
        assert promised in README


def test_example_basic(own_redis: Redis) -> None:
    lines = run_python(str(EXAMPLES / "basic.py"), f"{own_redis.url}?timeout=10s").splitlines()
    assert [line.split()[2].strip(",") for line in lines] == ["allowed"] * 5 + ["denied"] * 2


def test_example_burst_and_cost_shows_each_outcome(redis: Redis) -> None:
    said = run_python(str(EXAMPLES / "burst_and_cost.py"), f"{redis.url}?timeout=10s")
    for word in ("allowed", "denied", "never", 'limit "second"', "after a reset: 100"):
        assert word in said


def test_example_http_server(redis: Redis, tmp_path: pathlib.Path, serve: Any) -> None:
    shutil.copy(EXAMPLES / "http_server.py", tmp_path)
    port = free_port()
    server = serve([sys.executable, "http_server.py", f"{redis.url}?timeout=10s", str(port)], port)
    assert server.get("/healthz")[0] == 200 and "ratelimit" not in server.get("/healthz")[1]
    status, headers, body = server.get("/search")
    assert status == 200 and json.loads(body) == {"found": []} and headers["ratelimit-limit"] == "20"
    assert int(headers["ratelimit-remaining"]) <= 15
