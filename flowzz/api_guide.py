"""The API description: introduction, tags and example values in Portuguese, and its settings."""

from typing import Any

DESCRIPTION = """\
As vendas do Coinzz em um só lugar: conectar, sincronizar, importar, listar.

**Acesso.** `POST /api/v1/auth/token` troca e-mail e senha por dois tokens. O `access` vale 15
minutos e vai em `Authorization: Bearer …` de toda chamada; o `refresh` vale 30 dias e uma só
renovação em `/api/v1/auth/token/refresh`, que traz os dois próximos: usado de novo, encerra o
acesso. Um 401 diz que é hora de renovar; um 401 na renovação, que é hora de entrar de novo.
`POST /api/v1/auth/logout` encerra o acesso.

**Respostas.** Sucesso: `{"success": true, "data": …, "message": "…"}`. Erro: `{"error": "CÓDIGO",
"message": "…", "details": …}`. O `error` é estável e serve a programas; a `message` está em
português e pode ser mostrada como veio. Só `VALIDATION_ERROR` traz `details`: uma lista de
`field` (o campo, ou null para o todo) e `reason`. Toda resposta traz `X-Request-ID`: anote-o para
o suporte.

**Listas.** Vêm em páginas, da mais nova à mais antiga: `data` com as linhas, `next` e `previous`
com os endereços prontos das páginas vizinhas, ou null. Não há total: siga `next` até null. O que
chega no meio não repete nem pula linhas.

**Formas.** Dinheiro é texto com duas casas, em reais (`"150.99"`): não o leia como `float`. Datas
são ISO 8601 com fuso (`2026-03-02T12:00:00-03:00`); dias em filtros são `aaaa-mm-dd`, de São
Paulo. Chaves em camelCase; dentro de `metadata`, os nomes são os da plataforma de origem. Campos
novos podem surgir a qualquer momento: ignore os que não conhece.

**Limites.** 1.000 chamadas por hora, das quais 10 sincronizações e 30 importações; 10 logins por
minuto por endereço. Além disso, 429 com `Retry-After` em segundos. Toda resposta a uma chamada
contada diz como se está, 304 e erros inclusive: `RateLimit-Limit`, `RateLimit-Remaining` e
`RateLimit-Reset` (em segundos) do limite mais perto do fim, e `RateLimit-Policy` com todos.

**Repetições.** As chamadas que fazem algo aceitam `Idempotency-Key`: um UUID novo para cada ação do
usuário, o mesmo em cada nova tentativa. A mesma chave com a mesma requisição recebe por 24 horas a
primeira resposta, com `Idempotent-Replayed: true`, e nada é feito de novo; com outra requisição,
422; enquanto a primeira não termina, 409 com `Retry-After`. Respostas 5xx e 429 não são guardadas:
tente de novo com a mesma chave.

**Chamadas demoradas.** Sincronizar e importar respondem 200 com o resultado ou, se demoram, 202
com o `id` e o andamento: consulte o endereço de acompanhamento a cada um ou dois segundos até
`status` deixar de ser `na fila` ou `em andamento`.

O passo a passo, com curl e com TypeScript, está em `docs/frontend.md`.
"""

TAGS: list[dict[str, Any]] = [
    {"name": "Acesso", "description": "Entrar e continuar dentro."},
    {
        "name": "Integrações",
        "description": "A conexão com a plataforma, do começo ao fim.",
    },
    {"name": "Importação", "description": "Vendas de um arquivo, quando não há webhook nem API."},
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
    "password": "uma-senha-comprida",
    "paymentMethod": "Pix",
    "phone": "+5562954544554",
    "previous": None,
    "productName": "Curso de Fotografia",
    "productSku": "CUR-01",
    "provider": "coinzz",
    "refresh": "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIwMWEyIn0.assinatura",
    "source": "coinzz",
    "state": "SP",
    "success": True,
    "trackingCode": "BR123456789BR",
}
"""Invented values for the examples, by the name of a property."""

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Flowzz API",
    "DESCRIPTION": DESCRIPTION,
    "TAGS": TAGS,
    "SERVERS": [{"url": "/", "description": "Este servidor"}],
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": [
        "flowzz.core.api.schema.openapi.strip_trailing_slashes",
        "integrations.api.schema.expand_providers",
    ],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "integrations.api.schema.name_providers",
        "flowzz.core.api.schema.openapi.remove_docstrings",
        "flowzz.core.api.schema.headers.add_headers",
        "flowzz.core.api.schema.examples.add_examples",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ClientStatus": "clients.models.ClientStatus",
        "SaleStatus": "sales.statuses.SaleStatus",
        "ShippingStatus": "sales.statuses.ShippingStatus",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
