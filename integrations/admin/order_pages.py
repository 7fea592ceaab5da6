"""Links to the pages of orders at their providers."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.providers.registry import get_provider, provider_names
from sales.models import Sale


def order_page_link(sale: Sale) -> SafeString | None:
    """Return a link to the order's page; None if its provider has none, or no hash is known."""
    if not sale.order_hash or sale.source not in provider_names():
        return None
    provider = get_provider(sale.source)
    url = provider.order_url(sale.order_hash)
    link = '<a class="bo-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>'
    return format_html(link, url, f"Abrir no {provider.label}") if url else None
