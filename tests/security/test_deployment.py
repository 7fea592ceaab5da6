"""What production's settings protect."""

import os
import subprocess
import sys

import pytest
from django.test import Client as Browser
from django.test import override_settings
from pytest_django.fixtures import Settings

from flowzz.core.env import BASE_DIR
from flowzz.core.server.security_headers import PERMISSIONS, POLICIES

PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_",
    "COINZZ_ENCRYPTION_KEY": "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210",
    "DATABASE_URL": "postgres://nobody@127.0.0.1/none",
    "REDIS_URL": "redis://127.0.0.1/0",
    "PUBLIC_BASE_URL": "https://flowzz.example",
    "EMAIL_URL": "smtp+tls://nobody:nothing@mail.example:587",
}


def check(**changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"], **PRODUCTION, **changes},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_production_has_nothing_to_warn_of() -> None:
    done = check()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout


def test_plain_http_is_warned_of() -> None:
    done = check(PUBLIC_BASE_URL="http://flowzz.example")
    assert done.returncode == 1
    assert {code for code in ("W004", "W008", "W011", "W016") if code in done.stderr} == {
        "W004",
        "W008",
        "W011",
        "W016",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/admin/login/", "/admin/"),
        ("/api/docs", "/api/docs"),
        ("/api/v1/sales", "/api/"),
        ("/health/live", "/"),
        ("/nowhere", "/"),
    ],
)
def test_every_answer_says_what_browsers_must_forbid(path: str, policy: str) -> None:
    headers = Browser().get(path, secure=True).headers
    assert headers["Content-Security-Policy"] == POLICIES[policy]
    assert headers["Permissions-Policy"] == PERMISSIONS
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_no_policy_lets_scripts_stand_in_a_page() -> None:
    for policy in POLICIES.values():
        directives = dict(part.split(" ", 1) for part in policy.split("; "))
        scripts = directives.get("script-src", directives["default-src"])
        assert "'unsafe-inline'" not in scripts
        assert directives["frame-ancestors"] == directives["base-uri"] == "'none'"


@pytest.mark.django_db
def test_cookies_of_the_admin_stay_on_https_and_out_of_scripts(settings: Settings) -> None:
    cookies = Browser().get("/admin/login/", secure=True).cookies
    assert cookies["csrftoken"]["secure"] is True
    assert cookies["csrftoken"]["samesite"] == "Lax"
    assert (settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY) == (True, True)


@override_settings(SECURE_SSL_REDIRECT=True)
@pytest.mark.django_db
def test_http_leads_to_https_but_for_webhooks_and_checks() -> None:
    browser = Browser()
    assert browser.get("/admin/").headers["Location"] == "https://testserver/admin/"
    assert browser.get("/admin/", headers={"X-Forwarded-Proto": "https"}).status_code == 302
    assert browser.get("/health/live").status_code == 200
    assert browser.post("/webhooks/coinzz/unknown", b"{}", "application/json").status_code == 404
