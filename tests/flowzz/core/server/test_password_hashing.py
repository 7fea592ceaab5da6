"""Passwords are hashed by a thread of low priority, in Django's format."""

import os

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils.module_loading import import_string

from flowzz import settings as product
from flowzz.core.server import password_hashing
from flowzz.core.server.password_hashing import NICENESS, LowPriorityHasher


def test_hashes_are_those_of_django() -> None:
    ours, djangos = LowPriorityHasher(), PBKDF2PasswordHasher()
    encoded = ours.encode("uma senha longa", "sal", 10)
    assert encoded == djangos.encode("uma senha longa", "sal", 10)
    assert ours.verify("uma senha longa", encoded)
    assert not ours.verify("outra senha", encoded)


def test_only_the_hashing_thread_has_a_low_priority() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    hashing = password_hashing._thread().submit(os.getpriority, os.PRIO_PROCESS, 0)
    assert hashing.result() == NICENESS
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_product_uses_it() -> None:
    (name,) = product.PASSWORD_HASHERS
    assert import_string(name) is LowPriorityHasher
