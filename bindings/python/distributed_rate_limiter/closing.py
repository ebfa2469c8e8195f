"""`with` and `async with`, for what has a close."""

from __future__ import annotations

from types import TracebackType
from typing import Optional, Type, TypeVar

Self = TypeVar("Self", bound="Closing")


class Closing:
    """Closed at the end of a ``with`` or ``async with`` block."""

    def close(self) -> None:
        raise NotImplementedError

    async def aclose(self) -> None:
        """close, where a coroutine is wanted. It takes a few milliseconds at most."""
        self.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.aclose()
