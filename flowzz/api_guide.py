"""The API description: tags and example values in Portuguese, and the settings."""

from typing import Any

from flowzz.core.env import BASE_DIR

DESCRIPTION = (BASE_DIR / "flowzz" / "api_guide.md").read_text(encoding="utf-8")

TAGS: list[dict[str, Any]] = [
    {"name": "Acesso", "description": "Entrar e continuar dentro."},
    {"name": "Integrações", "description": "A conexão com a plataforma, do começo ao fim."},
    {"name": "Importação", "description": "Vendas de um arquivo, quando não há webhook nem API."},
    {"name": "Exportação", "description": "Vendas e clientes em um arquivo, feito aos poucos."},
    {"name": "Vendas", "description": "O que foi vendido, e em que pé está."},
    {"name": "Clientes", "description": "Quem comprou, e quanto."},
    {"name": "Assinaturas", "description": "Cobranças que se repetem, e as atrasadas."},
    {"name": "Afiliações", "description": "Quem pediu para vender os seus produtos."},
    {"name": "Painel", "description": "Os números de um período."},
    {"name": "Ao vivo", "description": "O que acontece, no momento em que acontece."},
]

EXAMPLES: dict[str, Any] = {
    "access": "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiIwMWEyIn0.assinatura",
    "address": "Rua das Laranjeiras",
    "addressNumber": "120",
    "affiliateEmail": "caio@exemplo.com.br",
    "affiliateName": "Caio Lima",
    "affiliatePhone": "+5562954544555",
    "apiKey": "8702|chave-copiada-do-painel",
    "apiKeyHint": "8702|…nel",
    "approvalRate": "0.7500",
    "averageDays": "4.5",
    "cep": "01310100",
    "city": "São Paulo",
    "code": "ass123456",
    "complement": "Apto 34",
    "country": "Brasil",
    "cpf": "52998224725",
    "district": "Bela Vista",
    "email": "vendedora@exemplo.com.br",
    "externalId": "ordabcde",
    "field": "order.order_number",
    "fileName": "vendas.csv",
    "header": "Número do pedido",
    "message": "",
    "metadata": {"order_status": "Aprovado", "utms": {"source": "instagram"}},
    "name": "Marina Prado",
    "next": "https://flowzz.example/api/v1/sales?cursor=bmV4dCAyMDI2LTAzLTAy",
    "orderHash": "ven0a1b2c3",
    "password": "uma-senha-comprida",
    "paymentMethod": "Pix",
    "phone": "+5562954544554",
    "phoneRaw": "",
    "previous": None,
    "productName": "Curso de Fotografia",
    "productSku": "CUR-01",
    "provider": "coinzz",
    "refresh": "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIwMWEyIn0.assinatura",
    "source": "coinzz",
    "state": "SP",
    "successRate": "0.7500",
    "trackingCode": "BR123456789BR",
}
"""Invented values by the name of a property, where its schema tells too little of it."""

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "flowzz.accounts.api_keys.authentication.ApiKeyAuthentication",
        "flowzz.accounts.authentication.JWTAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "flowzz.accounts.api_keys.authentication.WithinScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["flowzz.core.api.json_parser.JSONParser"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_THROTTLE_CLASSES": [
        "flowzz.core.api.throttling.CallThrottle",
        "flowzz.core.api.throttling.ApiThrottle",
    ],
    "DEFAULT_PAGINATION_CLASS": "flowzz.core.api.pagination.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "flowzz.core.api.schema.openapi.Schema",
    "EXCEPTION_HANDLER": "flowzz.core.api.error_handlers.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Flowzz API",
    "DESCRIPTION": DESCRIPTION,
    "TAGS": TAGS,
    "SERVERS": [{"url": "/", "description": "Este servidor"}],
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": [
        "flowzz.core.api.schema.openapi.strip_trailing_slashes",
        "integrations.api.schema.expand_providers",
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "flowzz.core.api.schema.openapi.shorten_enum_names",
        "integrations.api.schema.list_errors",
        "integrations.api.schema.describe_stream",
        "integrations.api.schema.name_providers",
        "flowzz.core.api.schema.openapi.remove_docstrings",
        "flowzz.core.api.schema.headers.add_headers",
        "flowzz.core.api.schema.examples.add_examples",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ClientStatus": "clients.models.ClientStatus",
        "SaleStatus": "sales.statuses.SaleStatus",
        "ShippingStatus": "sales.statuses.ShippingStatus",
        "PaymentCode": "sales.money.PaymentCode",
        "SubscriptionStatus": "sales.statuses.SubscriptionStatus",
        "IntegrationState": "integrations.models.IntegrationStatus",
        "EventState": "integrations.models.EventState",
        "ImportState": "integrations.models.ImportState",
        "JobState": "flowzz.core.db.jobs.JobState",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
