"""The name, colours and menu of the admin site."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy


def _item(title: str, icon: str, model: str, page: str = "", **more: Any) -> dict[str, Any]:
    """Return the menu item of a model's list, or of a page shown to those who may view `model`."""

    def can_view(request: HttpRequest) -> bool:
        verbs = (model.replace(".", f".{verb}_") for verb in ("view", "change"))
        return any(request.user.has_perm(permission) for permission in verbs)

    changelist = f"admin:{model.replace('.', '_')}_changelist"
    link = reverse_lazy(f"backoffice:{page}" if page else changelist)
    return {"title": title, "icon": icon, "link": link, "permission": can_view} | more


def _group(title: str, *items: dict[str, Any], is_open: bool = True) -> dict[str, Any]:
    """Return a group of the menu; one that is not open unfolds on a click and on its pages."""
    return {"title": title, "separator": True, "collapsible": not is_open, "items": list(items)}


def _static(name: str) -> Callable[[HttpRequest], str]:
    return lambda _request: static(f"backoffice/{name}")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Flowzz",
    "SITE_HEADER": "Flowzz",
    "SITE_SUBHEADER": "Vendas em um só lugar",
    "SITE_ICON": _static("icon.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("icon.svg")}],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "STYLES": [_static("backoffice.css")],
    "SCRIPTS": [_static("backoffice.js")],
    # Lighter than unfold's colours: a contrast of 4.5 to 1 on dark backgrounds.
    "COLORS": {"primary": {"400": "oklch(80% .13 305.504)", "500": "oklch(71.4% .203 305.504)"}},
    "DASHBOARD_CALLBACK": "integrations.admin.overview.views.dashboard",
    "LOGIN": {"form": "flowzz.accounts.staff_login.LoginForm"},
    "ACCOUNT": {
        "navigation": [
            {"title": "Alterar senha", "link": reverse_lazy("admin:password_change")},
            {"title": "Verificação em duas etapas", "link": reverse_lazy("second_factor:page")},
            {"title": "Sessões abertas", "link": reverse_lazy("staff_sessions:page")},
        ]
    },
    "TABS": [
        {
            "models": ["accounts.staffaction", "accounts.loginattempt"],
            "items": [
                _item("Ações da equipe", "", "accounts.staffaction"),
                _item("Entradas e tentativas de entrar", "", "accounts.loginattempt"),
            ],
        }
    ],
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            _group(
                "Vendas",
                _item("Vendas", "shopping_bag", "sales.sale"),
                _item("Clientes", "group", "clients.client"),
                _item(
                    "Possíveis duplicados",
                    "join",
                    "clients.mergesuggestion",
                    badge="sales.admin.duplicates.pending_count",
                ),
                _item("Assinaturas", "autorenew", "sales.subscription"),
                _item("Pedidos de afiliação", "handshake", "sales.affiliationrequest"),
                _item("Minhas exportações", "download", "sales.export"),
            ),
            _group(
                "Integrações",
                _item("Integrações", "hub", "integrations.integration"),
                _item("Eventos", "inbox", "integrations.webhookevent"),
                _item(
                    "Quarentena",
                    "healing",
                    "integrations.webhookevent",
                    "quarantine",
                    badge="integrations.admin.quarantine.quarantined_count",
                ),
                _item("Onde está o pedido?", "search_check", "sales.sale", "missing_order"),
                _item("Webhooks recusados", "block", "integrations.webhookrefusal"),
                _item("Sincronizações", "sync", "integrations.syncrun"),
                _item("Importações", "upload_file", "integrations.salesimport"),
                _item(
                    "Alertas",
                    "notifications",
                    "integrations.alert",
                    badge="integrations.admin.alerts.admin.open_count",
                ),
                _item("Status não reconhecidos", "help", "integrations.statusmapping"),
                _item("Endereços de webhook", "link", "integrations.webhooktoken"),
            ),
            _group(
                "Detalhes",
                _item("Mudanças das vendas", "history", "sales.salestatuschange"),
                _item("Ciclos de assinatura", "event_repeat", "sales.subscriptioncycle"),
                _item("Divergências encontradas", "troubleshoot", "integrations.syncfinding"),
                _item("Ações em massa", "fact_check", "integrations.bulkaction"),
                is_open=False,
            ),
            _group(
                "Administração",
                _item("Usuários", "person", "accounts.user"),
                _item("Chaves de API", "key", "accounts.apikey"),
                _item("Grupos", "groups", "auth.group"),
                _item("Registro de ações", "history_edu", "accounts.staffaction"),
                _item("Configurações", "tune", "core.setting", "configuration"),
                _item("Agenda", "schedule", "django_celery_beat.periodictask"),
                is_open=False,
            ),
        ],
    },
}
