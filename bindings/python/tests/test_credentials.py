"""Credentials from a function: asked in a thread of Python's, whatever it does."""

from __future__ import annotations

import os
import threading
import time
from typing import Any, Callable, Iterator, List

import pytest
from conftest import TIMEOUT, Redis, run_python, wait_until

from distributed_rate_limiter import Client, Credentials, RateLimiter, RedisAccessError, Status, UndecidedError


@pytest.fixture
def guarded(own_redis: Redis) -> Iterator[Redis]:
    """A server that lets nobody in but "drl", with the password "first"."""
    own_redis.guard("first")
    yield own_redis
    assert own_redis.ask(b"ACL LOG RESET\r\n") == b"+OK\r\n"  # logins that were meant to fail


def open_limiter(url: str, credentials: Callable[[], Any], **options: Any) -> RateLimiter:
    options = {"timeout": TIMEOUT, "fail_strategy": "error", **options}
    return RateLimiter(url, 1000, 3600, credentials=credentials, **options)


def decides(limiter: RateLimiter) -> bool:
    try:
        return limiter.allow("user")[0]
    except UndecidedError:
        return False


def threads() -> List[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "drl-credentials"]


def test_function_is_asked_at_each_connection(guarded: Redis) -> None:
    asked: List[str] = []

    def credentials() -> Credentials:
        asked.append(threading.current_thread().name)
        return Credentials("drl", "first")

    with open_limiter(guarded.url, credentials) as limiter:
        assert limiter.allow("user")[0]
        before = len(asked)
        guarded.disconnect()
        wait_until(lambda: decides(limiter) and len(asked) > before, "it is not asked again")
    assert set(asked) == {"drl-credentials"}


def test_what_expires_is_asked_for_again_in_time(guarded: Redis) -> None:
    asked: List[int] = []

    def credentials() -> Credentials:
        asked.append(1)
        return Credentials("drl", "first", expires_in=0.4)

    with open_limiter(guarded.url, credentials) as limiter:
        wait_until(lambda: limiter.allow("user")[0] and len(asked) >= 4, "it is not asked again")
        assert limiter.stats().connects == 1 and limiter.stats().undecided == 0


def test_password_may_change_between_connections(guarded: Redis) -> None:
    password = "first"
    with open_limiter(guarded.url, lambda: Credentials("drl", password)) as limiter:
        assert limiter.allow("user")[0]
        guarded.guard("second")
        password = "second"
        guarded.disconnect()
        wait_until(lambda: decides(limiter), "it is not let in again")


class Unprintable(Exception):
    def __str__(self) -> str:
        raise ValueError("no")


def raising(error: BaseException) -> Callable[[], Any]:
    def credentials() -> Any:
        raise error

    return credentials


@pytest.mark.parametrize(
    ("credentials", "sentence"),
    [
        (raising(KeyError("vault")), "KeyError: 'vault'"),
        (raising(SystemExit(3)), "SystemExit: 3"),
        (raising(ValueError("a\nb\u20ac" * 200)), "ValueError: a b"),
        (raising(ValueError("\ud800")), "ValueError: ?"),
        (raising(Unprintable()), "Unprintable"),
        (lambda: None, "TypeError: credentials must give Credentials, not NoneType"),
        (lambda: ("drl", "first"), "not tuple"),
        (lambda: Credentials("drl", b"first"), "password must be str"),  # type: ignore[arg-type]
        (lambda: Credentials("drl", "fir\0st"), "password holds a NUL"),
        (lambda: Credentials("u" * 1024, "first"), "username is too long"),
        (lambda: Credentials("drl", "p" * 16384), "password is too long"),
        (lambda: Credentials("drl", "first", expires_in=0), "expires_in is 0, must be positive"),
        (lambda: Credentials("drl", "first", expires_in=float("nan")), "expires_in is nan"),
        (lambda: Credentials("drl", "second"), ""),
        (lambda x: None, "TypeError"),
    ],
)
def test_what_is_no_login_is_an_authentication_that_fails(guarded: Redis, credentials: Any, sentence: str) -> None:
    with open_limiter(guarded.url, credentials) as limiter:

        def failed() -> bool:
            with pytest.raises(UndecidedError) as caught:
                limiter.allow("user")
            return isinstance(caught.value, RedisAccessError) and sentence in str(caught.value)

        wait_until(failed, f"nobody says {sentence!r}")
        assert len(threads()) == 1


def test_it_is_asked_again_after_a_failure(guarded: Redis) -> None:
    answers = iter([1, 2])

    def credentials() -> Any:
        for number in answers:
            raise ValueError(number)
        return Credentials("drl", "first")

    with open_limiter(guarded.url, credentials) as limiter:
        wait_until(lambda: decides(limiter), "it is not let in")


def test_no_call_waits_for_it_beyond_its_timeout(guarded: Redis) -> None:
    event = threading.Event()

    def credentials() -> Credentials:
        event.wait()
        return Credentials("drl", "first")

    with open_limiter(guarded.url, credentials, timeout=0.1) as limiter:
        start = time.monotonic()
        assert not decides(limiter)
        assert time.monotonic() - start < 3
        event.set()
        wait_until(lambda: decides(limiter), "it is not let in")


def test_closing_does_not_wait_for_it_and_ends_its_thread(guarded: Redis) -> None:
    event, asked = threading.Event(), threading.Event()

    def credentials() -> Credentials:
        asked.set()
        event.wait()
        return Credentials("drl", "first")

    limiter = open_limiter(guarded.url, credentials, timeout=0.01)
    decides(limiter)
    assert asked.wait(TIMEOUT)
    start = time.monotonic()
    limiter.close()
    assert time.monotonic() - start < 2
    event.set()
    wait_until(lambda: not threads(), "its thread goes on")


def test_forgotten_and_failed_clients_leave_no_thread(guarded: Redis) -> None:
    open_limiter(guarded.url, lambda: Credentials("drl", "first"))
    with pytest.raises(ValueError, match="port"):
        Client("redis://localhost:port", credentials=lambda: Credentials("drl", "first"))
    with pytest.raises(TypeError, match="credentials must be callable, not str"):
        Client(guarded.url, credentials="first")  # type: ignore[arg-type]
    wait_until(lambda: not threads(), "a thread goes on")


def test_child_asks_for_itself(guarded: Redis) -> None:
    asked: List[int] = []

    def credentials() -> Credentials:
        asked.append(os.getpid())
        return Credentials("drl", "first")

    with open_limiter(guarded.url, credentials) as limiter:
        assert limiter.allow("user")[0]
        for _ in range(5):
            pid = os.fork()
            if pid == 0:
                good = limiter.allow("user")[0] and asked[-1] == os.getpid() and len(threads()) == 1
                limiter.close()
                wait_until(lambda: not threads(), "its thread goes on")
                os._exit(0 if good else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert limiter.allow("user")[0] and set(asked) == {os.getpid()}


def test_process_ends_while_it_is_asked(guarded: Redis) -> None:
    program = f"""
import time
from distributed_rate_limiter import RateLimiter

limiter = RateLimiter({guarded.url!r}, 10, 60, credentials=lambda: time.sleep(600))
print(limiter.allow("user")[0])
"""
    assert run_python("-c", program, timeout=30) == "True\n"


def test_credentials_are_printed_without_the_password() -> None:
    assert "hidden" not in repr(Credentials("drl", "hidden")) + str(Credentials("drl", "hidden"))


def test_cause_is_auth(guarded: Redis) -> None:
    with open_limiter(guarded.url, raising(KeyError()), fail_strategy="open") as limiter:
        wait_until(lambda: limiter.allow("user")[1].cause is Status.AUTH, "the cause is another")
