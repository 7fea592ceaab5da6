"""Compare the names of two people. Pure."""

import re

from clients.cleaning import fold

_PARTICLES = {"da", "das", "de", "del", "di", "do", "dos", "e"}


def full_name(name: str) -> str:
    """Return the name's words in lower case, without accents, punctuation and particles."""
    words = re.findall(r"\w+", fold(name))
    return " ".join(word for word in words if word not in _PARTICLES)


def given_names_agree(first: str, second: str) -> bool:
    """Return whether two names can be one person's: an initial or an empty name agrees."""
    if first == second:
        return True
    a, b = (full_name(name).partition(" ")[0] for name in (first, second))
    if len(a) <= 1 or len(b) <= 1:
        return a[:1] == b[:1] or not (a and b)
    return a == b
