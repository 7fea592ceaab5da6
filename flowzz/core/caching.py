"""A cache of results for texts that others send, which may have any length."""

from collections.abc import Callable
from functools import lru_cache, wraps
from sys import getsizeof
from typing import Concatenate, Final, ParamSpec, TypeVar

MAX_BYTES: Final = 2_000
"""The largest argument that is cached: thousands of bodies would fill the memory."""

ValueT = TypeVar("ValueT", bound=object)
ResultT = TypeVar("ResultT")
Rest = ParamSpec("Rest")
Function = Callable[Concatenate[ValueT, Rest], ResultT]


def cache_short(
    maxsize: int, *, typed: bool = False
) -> Callable[[Function[ValueT, Rest, ResultT]], Function[ValueT, Rest, ResultT]]:
    """Cache a function's last results as `lru_cache` does, but not for a long first argument."""

    def decorate(function: Function[ValueT, Rest, ResultT]) -> Function[ValueT, Rest, ResultT]:
        cached: Function[ValueT, Rest, ResultT] = lru_cache(maxsize, typed)(function)

        @wraps(function)
        def call(value: ValueT, /, *rest: Rest.args, **named: Rest.kwargs) -> ResultT:
            is_short = getsizeof(value) <= MAX_BYTES
            return (cached if is_short else function)(value, *rest, **named)

        return call

    return decorate
