"""Error pages, in Portuguese."""

from typing import Any

import pytest
from django.test import Client as Browser

from flowzz import prometheus
from flowzz.accounts.models import User

pytestmark = pytest.mark.django_db


def heading(browser: Browser, path: str, **request: Any) -> tuple[int, str]:
    response = browser.get(path, **request)
    page = response.content.decode()
    assert '<html lang="pt-br">' in page
    return response.status_code, page.partition("<h1>")[2].partition("</h1>")[0]


def test_unknown_url() -> None:
    assert heading(Browser(), "/nowhere") == (404, "Não encontrado")


def test_page_without_permission() -> None:
    browser = Browser()
    browser.force_login(User.objects.create(email="equipe@flowzz.test", is_staff=True))
    assert heading(browser, "/admin/accounts/user/") == (403, "Sem permissão")


def test_unknown_host() -> None:
    assert heading(Browser(), "/", headers={"host": "other.example"}) == (
        400,
        "Requisição inválida",
    )


def test_unexpected_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(prometheus, "generate_latest", fail)
    browser = Browser(raise_request_exception=False)
    assert heading(browser, "/metrics") == (500, "Algo deu errado")


def test_form_that_is_no_longer_valid() -> None:
    browser = Browser(enforce_csrf_checks=True)
    page = browser.post("/admin/login/", {}).content.decode()
    assert "<h1>Este formulário não vale mais</h1>" in page


@pytest.mark.parametrize("path", ["/nowhere", "/admin/nowhere"])
def test_page_leads_on(path: str) -> None:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("equipe@flowzz.test"))
    page = browser.get(path).content.decode()
    assert [url for url in ('href="/admin/"', 'href="/admin/busca"') if url not in page] == []


def test_page_may_load_its_styles_and_no_script() -> None:
    browser = Browser()
    policies = [browser.get(path).headers["Content-Security-Policy"] for path in ("/x", "/api/x")]
    assert ["style-src 'self'" in policy for policy in policies] == [True, False]
    assert ["default-src 'none'" in policy for policy in policies] == [True, True]
    assert [policy for policy in policies if "script-src" in policy] == []
