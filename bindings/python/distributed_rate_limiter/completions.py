"""Asynchronous calls: one completion queue for each event loop.

The loop owns its queue, through the reader that it keeps for the queue's descriptor: when the loop is closed or forgotten, the reader goes,
the queue with it, and with the queue its descriptor and whatever is under way. A client only knows its queues weakly.
"""

from __future__ import annotations

import asyncio
import collections
from typing import Any, Deque, Dict, List, Tuple

from . import _native
from .arguments import Identity, check_requests
from .errors import InvalidArgumentError, error_of

Decision = Tuple[int, ...]
Answer = Tuple[int, Decision]  # with the status before it

# Calls of one loop at a time. More wait for their turn; the client's own queue is shorter and answers at once.
_CAPACITY = 65536


class CompletionQueue:
    """The asynchronous calls of one client in one event loop. Used in the thread of this loop only."""

    __slots__ = ("__weakref__", "_closing", "_fd", "_handle", "_held", "_last_id", "_pending", "_room", "loop")

    def __init__(self, client: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._handle = _native.queue_open(client, _CAPACITY)
        self._fd = _native.queue_fd(self._handle)
        self._pending: Dict[int, asyncio.Future[Answer]] = {}
        self._room: Deque[Tuple[int, asyncio.Future[None]]] = collections.deque()  # who waits to submit so many calls
        self._held = 0  # submitted and not drained, also those that were cancelled
        self._last_id = 0
        self._closing = False
        loop.add_reader(self._fd, self._drain)

    async def call(self, limiter: Any, identity: Identity, cost: int, reset: int = 0) -> Decision:
        """Submit one call and wait for its decision. A cancelled wait cancels the call."""
        if self._held >= _CAPACITY:
            await self._wait_for_room(1)
        call, future = self._submit(limiter, identity, cost, reset)
        try:
            status, decision = await future
        except BaseException:
            self._cancel(call)
            raise
        if status != 0:
            raise error_of(status)
        return decision

    async def call_many(self, limiter: Any, requests: List[Tuple[Identity, int]]) -> List[Decision]:
        """Submit all at once, and wait for all of them."""
        check_requests(requests)
        await self._wait_for_room(len(requests))
        calls = [self._submit(limiter, identity, cost, 0) for identity, cost in requests]
        try:
            answers = [await future for _, future in calls]
        except BaseException:
            for call, _ in calls:
                self._cancel(call)
            raise
        for status, _ in answers:
            if status != 0:
                raise error_of(status)
        return [decision for _, decision in answers]

    def _submit(self, limiter: Any, identity: Identity, cost: int, reset: int) -> Tuple[int, asyncio.Future[Answer]]:
        self._last_id = call = self._last_id + 1
        _native.queue_submit(self._handle, limiter, identity, cost, reset, call)
        self._held += 1
        self._pending[call] = future = self.loop.create_future()
        return call, future

    def _cancel(self, call: int) -> None:
        if self._pending.pop(call, None) is not None:
            try:
                _native.queue_cancel(self._handle, call)
            except InvalidArgumentError:
                pass  # it has ended meanwhile, and waits to be drained

    async def _wait_for_room(self, calls: int) -> None:
        while self._held + calls > _CAPACITY:
            future = self.loop.create_future()
            self._room.append((calls, future))
            try:
                await future
            except asyncio.CancelledError:
                self._make_room()  # for the next, in case it was given to this one
                raise

    def _drain(self) -> None:
        completions = _native.queue_wait(self._handle)
        self._held -= len(completions)
        pop = self._pending.pop
        for call, status, decision in completions:
            future = pop(call, None)
            if future is not None and not future.done():
                future.set_result((status, decision))
        if self._room:
            self._make_room()
        if self._closing and self._held == 0:
            self.loop.remove_reader(self._fd)

    def _make_room(self) -> None:
        """Wake as many as there is room for, first come, first served: to wake all each time would take the square of their number."""
        free = _CAPACITY - self._held
        while self._room and self._room[0][0] <= free:
            calls, future = self._room.popleft()
            if not future.done():
                future.set_result(None)
                free -= calls

    def close(self) -> None:
        """The client is closed: deliver what has ended, then leave the loop."""
        if not self._closing:
            self._closing = True
            self._drain()

    def close_from_any_thread(self) -> None:
        try:
            self.loop.call_soon_threadsafe(self.close)
        except RuntimeError:
            pass  # the loop is closed, and has let go of the queue

