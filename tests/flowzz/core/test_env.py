"""A wrong value stops the start, and says which variable to set; secrets are not shown."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from flowzz.core import env

NAME = "SOME_SETTING"
PASSWORD = "senha-que-nao-aparece"

secret = partial(env.secret, required=True)
flag = partial(env.flag, default=False)
whole = partial(env.whole, default=5)
number = partial(env.number, default=0.5)
level = partial(env.level, default="INFO")
rate = partial(env.rate, default="10/min")
url = partial(env.url, default="https://flowzz.example")
email_url = partial(env.email_url, default="consolemail://")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return partial(monkeypatch.setenv, NAME)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (secret, ""),
        (secret, PASSWORD),
        (flag, "ja"),
        (whole, "five"),
        (whole, "1.5"),
        (whole, "0"),
        (whole, "-1"),
        (whole, "9999999999"),
        (number, "soon"),
        (number, "-1"),
        (number, "nan"),
        (env.emails, "equipe@flowzz.test, nobody"),
        (env.pairs, "header"),
        (env.pairs, "header=,=field"),
        (level, "loud"),
        (rate, "5"),
        (rate, "0/min"),
        (url, "flowzz.example"),
        (url, "ftp://flowzz.example"),
        (env.redis_url, ""),
        (env.redis_url, f"nonsense:{PASSWORD}"),
        (env.database_url, ""),
        (env.database_url, f"mysql://flowzz:{PASSWORD}@db/flowzz"),
        (env.database_url, f"postgres://flowzz:{PASSWORD}@db:port/flowzz"),
        (email_url, f"carrier://pigeon:{PASSWORD}@mail"),
        (email_url, f"smtp://flowzz:{PASSWORD}@mail:port"),
    ],
)
def test_wrong_value_is_refused_by_the_name_of_its_variable(
    given: Callable[[str], None], read: Callable[[str], Any], value: str
) -> None:
    given(value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read(NAME)
    assert str(refused.value).startswith(f"Set {NAME} to ")
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (secret, "s" * 32, "s" * 32),
        (flag, "", False),
        (flag, " True ", True),
        (flag, "off", False),
        (whole, "", 5),
        (whole, "07", 7),
        (partial(whole, least=0), "0", 0),
        (number, "", 0.5),
        (number, "10", 10.0),
        (env.words, "", []),
        (env.words, "app.example , ,painel.example,", ["app.example", "painel.example"]),
        (env.emails, "a@flowzz.test, b@flowzz.test", ["a@flowzz.test", "b@flowzz.test"]),
        (env.pairs, "Cod. ext=order_number, b=c=d", {"Cod. ext": "order_number", "b": "c=d"}),
        (level, "debug", "DEBUG"),
        (rate, "", "10/minute"),
        (rate, "5/s", "5/second"),
        (url, "https://flowzz.example/", "https://flowzz.example"),
        (env.redis_url, "rediss://:$secret@redis:6379/0", "rediss://:$secret@redis:6379/0"),
    ],
)
def test_right_value_is_read(
    given: Callable[[str], None], read: Callable[[str], Any], value: str, expected: object
) -> None:
    given(value)
    assert read(NAME) == expected


def test_addresses_with_passwords_are_read_as_django_spells_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DB", f"postgresql://flowzz:{PASSWORD}@db:5433/sales")
    monkeypatch.setenv("MAIL", f"smtp+tls://flowzz:{PASSWORD}@mail.example:587")
    database, mail = env.database_url("DB"), env.email_url("MAIL", "consolemail://")
    assert (database["ENGINE"], database["NAME"]) == ("django.db.backends.postgresql", "sales")
    assert (database["HOST"], database["PORT"], database["PASSWORD"]) == ("db", 5433, PASSWORD)
    assert (mail["EMAIL_HOST"], mail["EMAIL_PORT"]) == ("mail.example", 587)
    assert (mail["EMAIL_USE_TLS"], mail["EMAIL_HOST_PASSWORD"]) == (True, PASSWORD)


def test_variable_that_is_not_set_counts_as_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert NAME not in os.environ
    assert (flag(NAME), whole(NAME), env.words(NAME, ("one",))) == (False, 5, ["one"])
