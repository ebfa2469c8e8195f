"""The client: one I/O thread and its connection to one Redis deployment, shared by any number of limiters."""

from __future__ import annotations

import asyncio
import weakref
from typing import Any, Optional, TypedDict, Union

from . import _native
from .arguments import Seconds, optional_count, optional_microseconds
from .closing import Closing
from .completions import CompletionQueue
from .stats import Stats
from .status import Status


class ClientOptions(TypedDict, total=False):
    """The keywords of Client, as types."""

    timeout: Optional[Seconds]
    connect_timeout: Optional[Seconds]
    client_name: Optional[str]
    username: Optional[str]
    password: Optional[str]
    identity_secret: Union[str, bytes, None]
    queue_capacity_max: Optional[int]
    spin: bool


class Client(Closing):
    """A connection to Redis that limiters share: ``RateLimiter(client=client, rate=100, per=60)``.

    Redis need not be reachable: until it is, decisions are degraded. Any thread and any event loop may use it, and a forked child
    gets a connection of its own. A client that nobody refers to any more closes itself.

    redis_url: see RateLimiter; its parameters are db, client_name, timeout and connect_timeout, such as "?timeout=250ms"
    timeout: the deadline of a call, from queueing to reply; 0.001 to 3600 seconds, default 0.1
    connect_timeout: for connecting and logging in; 0.001 to 3600 seconds, default 1
    client_name: shown by CLIENT LIST; 1 to 64 printable ASCII characters without spaces, default "libdrl"
    username, password: instead of those of the URL
    identity_secret: key for HMAC-SHA-256 of identities instead of SHA-256; 16 to 1024 bytes
    queue_capacity_max: requests waiting or in flight, 64 to 1048576, default 16384; further ones are answered at once by the fail strategy
    spin: whether waiting threads spin briefly before they sleep, where that is found to pay

    Raises ValueError (InvalidArgumentError) or TypeError, with the argument's name.
    """

    def __init__(
        self,
        redis_url: str,
        *,
        timeout: Optional[Seconds] = None,
        connect_timeout: Optional[Seconds] = None,
        client_name: Optional[str] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
        identity_secret: Union[str, bytes, None] = None,
        queue_capacity_max: Optional[int] = None,
        spin: bool = True,
    ) -> None:
        self._handle: Any = None
        self._queues: weakref.WeakValueDictionary[int, CompletionQueue] = weakref.WeakValueDictionary()
        if not isinstance(redis_url, str):
            raise TypeError(f"redis_url must be str, not {type(redis_url).__name__}")
        if not isinstance(spin, bool):
            raise TypeError(f"spin must be bool, not {type(spin).__name__}")
        self._handle = _native.client_open(
            redis_url,
            optional_microseconds("timeout", timeout),
            optional_microseconds("connect_timeout", connect_timeout),
            client_name,
            username,
            password,
            identity_secret,
            optional_count("queue_capacity_max", queue_capacity_max, Status.OPTION),
            0 if spin else 1,
        )

    @property
    def closed(self) -> bool:
        """Whether close was called."""
        return self._handle is None

    def stats(self) -> Stats:
        """The counters of this client, since it was opened or this process forked."""
        return Stats._of(_native.stats(self._handle))

    def metrics(self) -> str:
        """The counters as Prometheus text exposition (version 0.0.4), decisions by namespace and limiter name."""
        return _native.metrics(self._handle)

    def close(self) -> None:
        """Close the connection. Calls under way end with ClosedError, in every thread and loop. Closing twice is fine."""
        self._handle = None  # the last reference closes it: a call that runs in another thread keeps its own
        for reference in self._queues.valuerefs():  # a list, made at once: other threads may add theirs meanwhile
            queue = reference()
            if queue is not None:
                queue.close_from_any_thread()

    def _queue(self) -> CompletionQueue:
        """The queue of the running event loop. Only this loop's thread looks for it, so nothing is locked."""
        loop = asyncio.get_running_loop()
        queue = self._queues.get(id(loop))
        if queue is None or queue.loop is not loop:
            queue = self._queues[id(loop)] = CompletionQueue(self._handle, loop)
        return queue

    def __del__(self) -> None:
        if getattr(self, "_handle", None) is not None:
            self.close()
