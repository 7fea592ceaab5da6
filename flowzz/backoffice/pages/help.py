"""The help for staff: docs/back-office.md as a page, opened at the part about their page."""

from functools import cache
from typing import Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from flowzz.core.env import BASE_DIR

DOCUMENT: Final = BASE_DIR / "docs" / "back-office.md"
SECTIONS: Final = {
    "admin:index": "A primeira página",
    "admin:accounts_": "Usuários e grupos",
    "admin:accounts_staffaction": "Permissões",
    "admin:auth_": "Usuários e grupos",
    "admin:clients_": "Vendas e clientes",
    "admin:django_celery_beat_": "Configurações e agenda",
    "admin:integrations_alert": "Alertas",
    "admin:integrations_integration": "Integrações",
    "admin:integrations_salesimport": "Importar",
    "admin:integrations_statusmapping": "Status não reconhecidos",
    "admin:integrations_syncfinding": "Sincronizações",
    "admin:integrations_syncrun": "Sincronizações",
    "admin:integrations_webhookevent": "Eventos",
    "admin:integrations_webhookrefusal": "Eventos",
    "admin:integrations_webhooktoken": "Integrações",
    "admin:password_change": "Entrar",
    "admin:sales_": "Vendas e clientes",
    "admin:sales_export": "Exportar",
    "backoffice:configuration": "Configurações e agenda",
    "backoffice:missing_order": "Buscar",
    "backoffice:quarantine": "Quarentena",
    "backoffice:search": "Buscar",
    "backoffice:status_mapping": "Status não reconhecidos",
    "second_factor:": "Entrar",
    "staff_sessions:": "Entrar",
}
"""The heading about a page, by the start of the name of its URL; the longest one counts."""


def section_about(view_name: str) -> str:
    """Return the anchor of the section about a page; empty for a page that has none."""
    prefixes = [prefix for prefix in SECTIONS if view_name.startswith(prefix)]
    return slugify(SECTIONS[max(prefixes, key=len)]) if prefixes else ""


@require_safe
def help_view(request: HttpRequest) -> HttpResponse:
    if anchor := section_about(request.GET.get("de", "")):
        return redirect(f"{reverse('backoffice:help')}#{anchor}")
    html, headings = read_help()
    context = {"title": "Ajuda", "html": html, "headings": headings}
    return render(request, "backoffice/help.html", admin.site.each_context(request) | context)


@cache
def read_help() -> tuple[SafeString, list[tuple[str, str]]]:
    """Return the text as HTML, and its headings by anchor."""
    source = DOCUMENT.read_text()
    text = source.partition("Um teste compara esta tabela")[0]
    markdown = MarkdownIt()
    tokens = markdown.parse(text.partition("\n")[2])  # the page has a title of its own
    headings = [_anchor(tokens, at) for at, token in enumerate(tokens) if _is_heading(token)]
    for token in tokens:
        token.children = [child for child in token.children or () if child.type != "image"]
    html = markdown.renderer.render(tokens, markdown.options, {})
    return mark_safe(html), headings  # noqa: S308 - our own file; MarkdownIt escapes HTML


def _is_heading(token: Token) -> bool:
    return token.type == "heading_open"


def _anchor(tokens: list[Token], at: int) -> tuple[str, str]:
    """Give the heading an id; return it with the heading's text."""
    title = tokens[at + 1].content
    tokens[at].attrSet("id", slugify(title))
    return slugify(title), title
