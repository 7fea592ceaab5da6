"""Passwords are hashed by a thread of low priority, so that no webhook waits for the CPU."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

from django.contrib.auth.hashers import PBKDF2PasswordHasher

NICENESS = 10


class LowPriorityHasher(PBKDF2PasswordHasher):
    """Django's hasher, and its format. A hash takes a third of a second of CPU time."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        encoded: str = _thread().submit(super().encode, password, salt, iterations).result()
        return encoded


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "password-hashing", initializer=_lower_priority)


def _lower_priority() -> None:
    with suppress(OSError):  # only Linux has a priority for each thread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
