"""Encrypted connections, and the options that say how."""

from __future__ import annotations

import pathlib
from typing import Any, Dict

import pytest
from conftest import TIMEOUT, Redis

from distributed_rate_limiter import RateLimiter, Status, UndecidedError


def test_server_is_verified_and_sees_the_client_s_certificate(own_redis: Redis, namespace: str) -> None:
    url, folder = own_redis.over_tls(), pathlib.Path(own_redis.folder.name)
    ca, me = {"ssl_ca_certs": folder / "ca.pem"}, {"ssl_certfile": str(folder / "me.pem"), "ssl_keyfile": folder / "me.key"}

    def allowed(timeout: float = TIMEOUT, **options: Any) -> bool:
        with RateLimiter(url, 10, 3600, namespace=namespace, fail_strategy="error", timeout=timeout, **options) as limiter:
            return limiter.allow("user")[0]

    assert allowed(**ca, **me)
    assert allowed(**me, ssl_cert_reqs="none", ssl_check_hostname=False)
    for missing in (ca, me):
        with pytest.raises(UndecidedError):
            allowed(timeout=1, **missing)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"ssl_ca_certs": 7}, "ssl_ca_certs must be str"),
        ({"ssl_keyfile": b"key"}, "ssl_keyfile must be str"),
        ({"ssl_cert_reqs": True}, "ssl_cert_reqs"),
        ({"ssl_check_hostname": "yes"}, "ssl_check_hostname"),
        ({"sentinel_ssl": 1}, "sentinel_ssl"),
        ({"sentinel_password": 7}, "sentinel_password"),
        ({"drive": 0}, "drive"),
        ({"requests_per_command_max": "1"}, "requests_per_command_max"),
    ],
)
def test_wrong_type_is_a_type_error_that_names_it(wrong: Dict[str, Any], named: str) -> None:
    with pytest.raises(TypeError, match=named):
        RateLimiter("rediss://localhost", 1, 1, **wrong)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"ssl_cert_reqs": "optional"}, "ssl_cert_reqs"),
        ({"ssl_ca_certs": "/nowhere/ca.pem"}, "ssl_ca_certs"),
        ({"ssl_certfile": "/nowhere/me.pem"}, "ssl_certfile"),
        ({"ssl_ca_certs": ""}, "ssl_ca_certs is empty"),
        ({"requests_per_command_max": 0}, "requests_per_command_max"),
        ({"requests_per_command_max": 65}, "requests_per_command_max"),
        ({"sentinel_username": "watcher"}, "sentinel_username"),
    ],
)
def test_wrong_value_is_a_value_error_that_names_it(wrong: Dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named) as caught:
        RateLimiter("rediss://localhost", 1, 1, **wrong)
    assert caught.value.status is Status.OPTION  # type: ignore[attr-defined]


def test_ways_of_working_reach_the_library(redis: Redis, namespace: str) -> None:
    with RateLimiter(redis.url, 10, 3600, namespace=namespace, timeout=TIMEOUT, drive=False, spin=False, requests_per_command_max=1) as limiter:
        limiter.allow_many(["a", "b", "c"])
        stats = limiter.stats()
        assert stats.batched_decisions - stats.batches == 0
