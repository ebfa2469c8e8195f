"""User name and password from a function, which a thread of ours asks when the library wants them: no thread of the library enters Python.

In a forked child that thread is not there: it is started again.
"""

from __future__ import annotations

import dataclasses
import os
import threading
import weakref
from typing import Any, Callable, Optional

from . import _native
from .arguments import Seconds, microseconds, utf8
from .errors import ClosedError, InvalidArgumentError
from .status import Status


@dataclasses.dataclass(frozen=True)
class Credentials:
    """What a ``credentials`` function answers.

    Client(url, credentials=function) asks whenever a connection to Redis is made, and in time before those in use expire: the connection is
    then authenticated again. The function runs in a thread of its own, one call at a time, and may block: no call of a limiter waits longer
    than its timeout for it. Whatever it raises, any other answer, and one that takes longer than ``connect_timeout``, is a login that fails:
    decisions are degraded with Status.AUTH, the log and errors say what it said, which must hold no secret, and it is asked again at the
    next attempt. What it refers to lives as long as the client.

    username: None for the default user; up to 1023 bytes
    password: up to 16383 bytes
    expires_in: how long they are good for, from now on, in seconds; None: always
    """

    username: Optional[str]
    password: str = dataclasses.field(repr=False)
    expires_in: Optional[Seconds] = None


AskCredentials = Callable[[], Credentials]


class Keeper:
    """Keeps a thread that asks one function, as long as a client is open."""

    def __init__(self, ask: AskCredentials) -> None:
        if not callable(ask):
            raise TypeError(f"credentials must be callable, not {type(ask).__name__}")
        self.mailbox = _native.mailbox_open()
        self._ask = ask
        self.start()
        _watch_forks(self)

    def start(self) -> None:
        threading.Thread(target=_serve, args=(self.mailbox, self._ask), name="drl-credentials", daemon=True).start()

    def stop(self) -> None:
        """End the thread, once it is not asking. In a forked child nobody else would."""
        _native.mailbox_stop(self.mailbox)


_keepers: "weakref.WeakSet[Keeper]" = weakref.WeakSet()
_watching = False


def _watch_forks(keeper: Keeper) -> None:
    global _watching
    _keepers.add(keeper)
    if not _watching:
        _watching = True
        os.register_at_fork(after_in_child=_start_again)


def _start_again() -> None:
    for keeper in list(_keepers):
        keeper.start()


def _serve(mailbox: Any, ask: AskCredentials) -> None:
    while True:
        try:
            _native.mailbox_wait(mailbox)
        except ClosedError:
            return
        try:
            _answer(mailbox, ask())
        except BaseException as error:
            _native.mailbox_answer(mailbox, b"", b"", 0, _why(error))


def _answer(mailbox: Any, given: Credentials) -> None:
    if not isinstance(given, Credentials):
        raise TypeError(f"credentials must give Credentials, not {type(given).__name__}")
    username = b"" if given.username is None else utf8("username", given.username)
    password = utf8("password", given.password)
    expires_in = 0
    if given.expires_in is not None:
        expires_in = microseconds("expires_in", given.expires_in)
        if not 0 < expires_in < 2**63:
            raise InvalidArgumentError(Status.OPTION, f"expires_in is {given.expires_in!r}, must be positive")
    _native.mailbox_answer(mailbox, username, password, expires_in, b"")


def _why(error: BaseException) -> bytes:
    name = type(error).__name__
    try:
        return f"{name}: {error}".encode("utf-8", "replace")
    except BaseException:  # its own __str__ fails
        return name.encode("utf-8", "replace")
