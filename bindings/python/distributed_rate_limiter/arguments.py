"""Arguments as Python has them, into those of the library."""

from __future__ import annotations

import datetime
import math
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, Union

from .errors import InvalidArgumentError
from .status import Status

Identity = Union[str, bytes, bytearray, memoryview]
Seconds = Union[int, float, datetime.timedelta]
Request = Union[Identity, Tuple[Identity, int]]

# Those of include/drl/limiter.h.
IDENTITY_LEN_MAX = 65536
COST_MAX = 10**12
REQUESTS_MAX = 4096
# A larger number is out of every range.
_NUMBER_MAX = 2**63 - 1

_MICROSECOND = datetime.timedelta(microseconds=1)


def integer(name: str, value: Any, wanted: str = "int") -> int:
    """`value` as int: itself, or one that stands for an int, as numpy's do. A bool does not."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be {wanted}, not {type(value).__name__}")
    return int(value.__index__())


def microseconds(name: str, value: Seconds, status: Status = Status.OPTION, exact: bool = False) -> int:
    """`value` in microseconds. With `exact`, a float that is no whole number of them is an error."""
    if isinstance(value, datetime.timedelta):
        return value // _MICROSECOND
    if not isinstance(value, float):
        return integer(name, value, "int, float or timedelta") * 1_000_000
    if not math.isfinite(value):
        raise InvalidArgumentError(status, f"{name} is {value}, must be finite")
    micros = round(value * 1e6)
    if exact and micros / 1e6 != value:
        raise InvalidArgumentError(status, f"{name} is {value!r}, which is no whole number of microseconds")
    return micros


def optional_microseconds(name: str, value: Optional[Seconds]) -> int:
    """`value` in microseconds, where 0 stands for the default: so nobody may ask for it."""
    if value is None:
        return 0
    micros = microseconds(name, value)
    if micros == 0:
        raise InvalidArgumentError(Status.OPTION, f"{name} is {value!r}, must be at least 0.001 seconds")
    return micros


def optional_count(name: str, value: Optional[int], status: Status) -> int:
    """`value`, where 0 stands for the default: so nobody may ask for it."""
    if value is None:
        return 0
    count = integer(name, value)
    if count == 0:
        raise InvalidArgumentError(status, f"{name} is 0, must be at least 1")
    return count


def one_of(name: str, value: object, choices: Dict[str, int], status: Status) -> int:
    """The number of a word."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str, not {type(value).__name__}")
    if value not in choices:
        words = ", ".join(repr(choice) for choice in choices)
        raise InvalidArgumentError(status, f"{name} is {value!r}, must be one of {words}")
    return choices[value]


def switch(name: str, value: bool) -> int:
    """0, the library's default, for on; 1 for off."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be bool, not {type(value).__name__}")
    return 0 if value else 1


def utf8(name: str, text: str) -> bytes:
    """`text` for C, which would end it at a NUL."""
    if not isinstance(text, str):
        raise TypeError(f"{name} must be str, not {type(text).__name__}")
    if "\0" in text:
        raise ValueError(f"{name} holds a NUL character")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds a lone surrogate, which UTF-8 cannot express") from None


def pack_options(numbers: Mapping[str, int], texts: Mapping[str, Optional[str]], identity_secret: Optional[Identity]) -> bytes:
    """Names and values, each behind its length, as drl_flat_client_open takes them; None is left out."""
    values = {name: b"%d" % max(-_NUMBER_MAX, min(number, _NUMBER_MAX)) for name, number in numbers.items()}
    values.update((name, utf8(name, text)) for name, text in texts.items() if text is not None)
    if identity_secret is not None:
        values["identity_secret"] = _bytes("identity_secret", identity_secret)
    parts = [part for name, value in values.items() for part in (name.encode(), value)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _bytes(name: str, value: Identity) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be str or bytes, not {type(value).__name__}")
    return value.encode()


def check_cost(name: str, cost: Any) -> int:
    """A cost that the library would take."""
    number = integer(name, cost)
    if not 0 <= number <= COST_MAX:
        raise InvalidArgumentError(Status.COST, f"{name} is {number}, must be 0..{COST_MAX}")
    return number


def pairs_of(requests: Iterable[Request]) -> List[Tuple[Identity, int]]:
    """(identity, cost) of each request; the cost of an identity alone is 1."""
    if isinstance(requests, (str, bytes, bytearray, memoryview)):
        raise TypeError(f"requests must be a list of identities, not {type(requests).__name__}")
    pairs = [request if isinstance(request, tuple) else (request, 1) for request in requests]
    for index, pair in enumerate(pairs):
        if len(pair) != 2:
            raise TypeError(f"requests[{index}] must be an identity or (identity, cost), not a tuple of {len(pair)}")
    return pairs


def check_requests(pairs: List[Tuple[Identity, int]]) -> None:
    """Whether the library would take these requests, before the first is submitted: many at once are sent all or none."""
    if len(pairs) > REQUESTS_MAX:
        raise InvalidArgumentError(Status.CAPACITY, f"requests are {len(pairs)}, must be at most {REQUESTS_MAX}")
    for index, (identity, cost) in enumerate(pairs):
        _check_identity(f"requests[{index}].identity", identity)
        check_cost(f"requests[{index}].cost", cost)


def _check_identity(name: str, identity: Identity) -> None:
    if isinstance(identity, str):
        try:
            length = len(identity.encode())
        except UnicodeEncodeError:
            raise ValueError(f"{name} holds a lone surrogate, which UTF-8 cannot express") from None
    elif isinstance(identity, (bytes, bytearray, memoryview)):
        length = memoryview(identity).nbytes
    else:
        raise TypeError(f"{name} must be str or bytes, not {type(identity).__name__}")
    if not 1 <= length <= IDENTITY_LEN_MAX:
        raise InvalidArgumentError(Status.IDENTITY, f"{name} has {length} bytes, must be 1..{IDENTITY_LEN_MAX}")
