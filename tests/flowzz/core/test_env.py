"""Readers of environment variables: errors name the variable and show no secret."""

import os
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from flowzz.core import env

NAME = "SOME_SETTING"
PASSWORD = "senha-que-nao-aparece"

secret = partial(env.secret, required=True)
boolean = partial(env.boolean, default=False)
integer = partial(env.integer, default=5)
number = partial(env.number, default=0.5)
log_level = partial(env.log_level, default="INFO")
rate = partial(env.rate, default="10/min")
url = partial(env.url, default="https://flowzz.example")
url_path = partial(env.url_path, default="sales")
parameter = partial(env.parameter, default="page")
time_format = partial(env.time_format, default="%Y-%m-%d")
dotted_keys = partial(env.dotted_keys, default="data,items")
email_url = partial(env.email_url, default="consolemail://")


@pytest.fixture
def set_variable(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return partial(monkeypatch.setenv, NAME)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (secret, ""),
        (secret, PASSWORD),
        (boolean, "ja"),
        (integer, "five"),
        (integer, "1.5"),
        (integer, "0"),
        (integer, "-1"),
        (integer, "9999999999"),
        (number, "soon"),
        (number, "-1"),
        (number, "nan"),
        (env.emails, "equipe@flowzz.test, nobody"),
        (env.mapping, "header"),
        (env.mapping, "header=,=field"),
        (log_level, "loud"),
        (rate, "5"),
        (rate, "0/min"),
        (rate, "10/month"),
        (url, "flowzz.example"),
        (url, "ftp://flowzz.example"),
        (url_path, "sales?page=1"),
        (url_path, "all sales"),
        (url_path, "/"),
        (parameter, "a b"),
        (parameter, "page=1"),
        (time_format, "since"),
        (time_format, "%H:%M"),
        (time_format, "%s"),
        (dotted_keys, "data, meta."),
        (dotted_keys, "data items"),
        (env.redis_url, ""),
        (env.redis_url, f"nonsense:{PASSWORD}"),
        (env.database_url, ""),
        (env.database_url, f"mysql://flowzz:{PASSWORD}@db/flowzz"),
        (env.database_url, f"postgres://flowzz:{PASSWORD}@db:port/flowzz"),
        (env.database_url, f"postgres://flowzz:{PASSWORD}@one,two:port/flowzz"),
        (email_url, f"carrier://pigeon:{PASSWORD}@mail"),
        (email_url, f"smtp://flowzz:{PASSWORD}@mail:port"),
        (env.sentry_dsn, f"{PASSWORD}@sentry.example/1"),
        (env.sentry_dsn, f"https://{PASSWORD}@sentry.example/"),
        (env.sentry_dsn, "https://sentry.example/1"),
        (env.traces_endpoint, f"collector:4318/{PASSWORD}"),
    ],
)
def test_error_of_a_wrong_value_names_the_variable(
    set_variable: Callable[[str], None], read: Callable[[str], Any], value: str
) -> None:
    set_variable(value)
    with pytest.raises(ImproperlyConfigured) as error:
        read(NAME)
    assert str(error.value).startswith(f"Set {NAME} to ")
    assert PASSWORD not in str(error.value)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (secret, "s" * 32, "s" * 32),
        (boolean, "", False),
        (boolean, " True ", True),
        (boolean, "off", False),
        (integer, "", 5),
        (integer, "07", 7),
        (partial(integer, minimum=0), "0", 0),
        (number, "", 0.5),
        (number, "10", 10.0),
        (env.comma_list, "", []),
        (env.comma_list, "app.example , ,painel.example,", ["app.example", "painel.example"]),
        (env.emails, "a@flowzz.test, b@flowzz.test", ["a@flowzz.test", "b@flowzz.test"]),
        (env.mapping, "Cod. ext=order_number, b=c=d", {"Cod. ext": "order_number", "b": "c=d"}),
        (log_level, "debug", "DEBUG"),
        (rate, "", "10/minute"),
        (rate, "5/s", "5/second"),
        (rate, "10/minute", "10/minute"),
        (url, "https://flowzz.example/", "https://flowzz.example"),
        (url_path, "/v2/orders/", "v2/orders"),
        (parameter, "", "page"),
        (parameter, "filter[since]", "filter[since]"),
        (parameter, "none", ""),
        (time_format, "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M"),
        (dotted_keys, "", ["data", "items"]),
        (dotted_keys, "result.sales, data", ["result.sales", "data"]),
        (env.redis_url, "rediss://:$secret@redis:6379/0", "rediss://:$secret@redis:6379/0"),
    ],
)
def test_valid_value_is_read(
    set_variable: Callable[[str], None], read: Callable[[str], Any], value: str, expected: object
) -> None:
    set_variable(value)
    assert read(NAME) == expected


@pytest.mark.parametrize("read", [env.sentry_dsn, env.traces_endpoint])
def test_setting_whose_packages_are_missing_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, set_variable: Callable[[str], None], read: Callable[[str], str]
) -> None:
    missing = {group: ["no-such-package"] for group in env.OPTIONAL_PACKAGES}
    monkeypatch.setattr(env, "OPTIONAL_PACKAGES", missing)
    set_variable(f"https://{PASSWORD}@receiver.example/1")
    with pytest.raises(ImproperlyConfigured) as error:
        read(NAME)
    assert str(error.value).startswith(f"{NAME} needs no-such-package, which is not installed: ")
    assert re.findall(r"requirements/\w+\.txt", str(error.value))
    assert PASSWORD not in str(error.value)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (env.sentry_dsn, "", ""),
        (env.sentry_dsn, "https://k@sentry.example/1", "https://k@sentry.example/1"),
        (env.traces_endpoint, " ", ""),
        (env.traces_endpoint, "http://otel:4318/", "http://otel:4318"),
        (env.traces_endpoint, "http://otel:4318/v1/traces", "http://otel:4318"),
    ],
)
def test_setting_whose_packages_are_installed_is_read(
    monkeypatch: pytest.MonkeyPatch,
    set_variable: Callable[[str], None],
    read: Callable[[str], str],
    value: str,
    expected: str,
) -> None:
    monkeypatch.setattr(env, "OPTIONAL_PACKAGES", {"sentry": ["Django"], "traces": ["Django"]})
    set_variable(value)
    assert read(NAME) == expected


def test_urls_with_passwords_become_django_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB", f"postgresql://flowzz:{PASSWORD}@db:5433/sales")
    monkeypatch.setenv("MAIL", f"smtp+tls://flowzz:{PASSWORD}@mail.example:587")
    database, mail = env.database_url("DB"), env.email_url("MAIL", "consolemail://")
    assert (database["ENGINE"], database["NAME"]) == ("django.db.backends.postgresql", "sales")
    assert (database["HOST"], database["PORT"], database["PASSWORD"]) == ("db", 5433, PASSWORD)
    assert (mail["EMAIL_HOST"], mail["EMAIL_PORT"]) == ("mail.example", 587)
    assert (mail["EMAIL_USE_TLS"], mail["EMAIL_HOST_PASSWORD"]) == (True, PASSWORD)


def test_missing_variable_counts_as_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert NAME not in os.environ
    assert (boolean(NAME), integer(NAME), env.comma_list(NAME, ("one",))) == (False, 5, ["one"])


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ("one:5433,two", ("one,two", "5433,5432")),
        ("[::1]:5433,192.0.2.1:5434", ("::1,192.0.2.1", "5433,5434")),
    ],
)
def test_database_may_have_several_hosts(
    monkeypatch: pytest.MonkeyPatch, hosts: str, expected: tuple[str, str]
) -> None:
    monkeypatch.setenv("DB", f"postgres://flowzz:{PASSWORD}@{hosts}/sales?sslmode=require")
    database = env.database_url("DB")
    assert (database["HOST"], database["PORT"]) == expected
    assert (database["NAME"], database["OPTIONS"]) == ("sales", {"sslmode": "require"})
