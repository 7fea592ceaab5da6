"""Comparison of the names of two people."""

import pytest

from clients.names import full_name, given_names_agree


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("Marina  da Silva e Souza", "marina silva souza"),
        ("D'ÁVILA, João-Paulo dos Santos", "d avila joao paulo santos"),
        ("Dos Reis", "reis"),
        ("", ""),
    ],
)
def test_full_name_has_no_particles_accents_and_punctuation(name: str, full: str) -> None:
    assert full_name(name) == full


@pytest.mark.parametrize(
    ("first", "second", "agree"),
    [
        ("Marina Alves", "MARINA Souza", True),
        ("Marina Alves", "Mariana Alves", False),
        ("Marina", "M. Alves", True),
        ("M", "Marina", True),
        ("B. Alves", "Marina", False),
        ("Jo", "Jota", False),
        ("Jota", "Jo", False),
        ("Ana Maria Braga", "Ana Paula Lima", True),
        ("Lu", "Lu Alves", True),
        ("", "Marina", True),
        ("Marina", "", True),
        ("-", "?", True),
        ("Ana", "Ana", True),
        ("da Ana", "Ana", True),
    ],
)
def test_given_names_agree(first: str, second: str, agree: bool) -> None:
    assert given_names_agree(first, second) is agree
