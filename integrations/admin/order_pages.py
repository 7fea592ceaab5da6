"""Links to the pages of orders at their providers."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.providers.registry import get_provider, provider_names
from sales.models import Sale


def order_page(sale: Sale) -> tuple[str, str] | None:
    """Return the URL and the name of an order's page; None without one, or without a hash."""
    if not sale.order_hash or sale.source not in provider_names():
        return None
    provider = get_provider(sale.source)
    url = provider.order_url(sale.order_hash)
    return (url, f"Abrir no {provider.label}") if url else None


def order_page_link(sale: Sale) -> SafeString | None:
    """Return a link to the order's page, or None."""
    page = order_page(sale)
    link = '<a class="bo-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>'
    return format_html(link, *page) if page else None
