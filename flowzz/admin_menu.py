"""The name, colours and menu of the admin site."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _can_view(model: str) -> Any:
    app, name = model.split(".")

    def permission(request: HttpRequest) -> bool:
        user = request.user
        return user.has_perms([f"{app}.view_{name}"]) or user.has_perms([f"{app}.change_{name}"])

    return permission


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model.replace('.', '_')}_changelist"),
        "permission": _can_view(model),
    }


def _page(title: str, icon: str, name: str, model: str) -> dict[str, Any]:
    """Return a menu item for a page without a model, shown with the permission of `model`."""
    link = reverse_lazy(f"backoffice:{name}")
    return {"title": title, "icon": icon, "link": link, "permission": _can_view(model)}


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Flowzz",
    "SITE_HEADER": "Flowzz",
    "SITE_SUBHEADER": "Vendas em um só lugar",
    "SITE_SYMBOL": "sync_alt",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("backoffice/icon.svg"),
        }
    ],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "STYLES": [lambda _request: static("backoffice/backoffice.css")],
    "SCRIPTS": [lambda _request: static("backoffice/backoffice.js")],
    # Lighter than unfold's colours: a contrast of 4.5 to 1 on dark backgrounds.
    "COLORS": {"primary": {"400": "oklch(80% .13 305.504)", "500": "oklch(71.4% .203 305.504)"}},
    "DASHBOARD_CALLBACK": "integrations.admin.overview.views.dashboard",
    "LOGIN": {"form": "flowzz.accounts.staff_login.LoginForm"},
    "ACCOUNT": {
        "navigation": [
            {"title": "Verificação em duas etapas", "link": reverse_lazy("second_factor:page")}
        ]
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            _group(
                "Vendas",
                _item("Vendas", "shopping_bag", "sales.sale"),
                _item("Clientes", "group", "clients.client"),
                _item("Assinaturas", "autorenew", "sales.subscription"),
                _item("Pedidos de afiliação", "handshake", "sales.affiliationrequest"),
                _item("Exportações", "download", "sales.export"),
            ),
            _group(
                "Integrações",
                _item("Integrações", "hub", "integrations.integration"),
                _item("Eventos", "inbox", "integrations.webhookevent"),
                _page("Quarentena", "healing", "quarantine", "integrations.webhookevent"),
                _item("Sincronizações", "sync", "integrations.syncrun"),
                _item("Importações", "upload_file", "integrations.salesimport"),
                _item("Alertas", "notifications", "integrations.alert"),
                _item("Situações desconhecidas", "help", "integrations.statusmapping"),
                _item("Endereços de webhook", "link", "integrations.webhooktoken"),
            ),
            _group(
                "Detalhes",
                _item("Mudanças de situação", "history", "sales.salestatuschange"),
                _item("Ciclos de assinatura", "event_repeat", "sales.subscriptioncycle"),
                _item("Achados das sincronizações", "troubleshoot", "integrations.syncfinding"),
                _item("Ações em massa", "fact_check", "integrations.bulkaction"),
            ),
            _group(
                "Administração",
                _item("Usuários", "person", "accounts.user"),
                _item("Grupos", "groups", "auth.group"),
                _item("Registro de ações", "history_edu", "accounts.staffaction"),
                _page("Configurações", "tune", "configuration", "core.setting"),
                _item("Agenda", "schedule", "django_celery_beat.periodictask"),
            ),
        ],
    },
}
