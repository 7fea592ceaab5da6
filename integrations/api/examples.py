"""Examples for the API's description; everything in them is made up."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

from integrations.providers.coinzz import COINZZ

_PROGRESS: dict[str, Any] = {
    "id": "01a20a94-17a1-72d4-a6f7-36831d023788",
    "status": "em andamento",
    "page": 2,
    "processed": 400,
    "total": 1000,
    "percent": 40,
    "startedAt": "2026-03-02T12:00:01-03:00",
}
_STATUS: dict[str, Any] = {
    "id": "01a20a93-6465-77c7-b86f-eec86c7b9b75",
    "provider": COINZZ,
    "connected": True,
    "status": "conectado",
    "apiKeyHint": "8702|…k01",
    "lastSyncAt": None,
    "lastSyncStatus": None,
    "lastSyncError": None,
    "currentSync": _PROGRESS,
    "totalSalesSynced": 400,
    "webhookUrl": f"https://flowzz.example/webhooks/{COINZZ}/endereco-secreto",
    "lastWebhookAt": None,
    "health": {"score": 100, "reasons": []},
    "createdAt": "2026-03-02T12:00:00-03:00",
    "updatedAt": "2026-03-02T12:00:00-03:00",
}
_RUN: dict[str, Any] = {
    "id": _PROGRESS["id"],
    "success": True,
    "status": "concluída",
    "salesProcessed": 1000,
    "salesCreated": 12,
    "salesUpdated": 30,
    "salesUnchanged": 957,
    "errors": 1,
    "errorDetails": [{"externalId": "ordabcde", "message": "O preço não é um número."}],
    "syncedAt": "2026-03-02T12:00:04-03:00",
    "error": None,
    "progress": _PROGRESS | {"status": "concluída", "page": 5, "processed": 1000, "percent": 100},
}

CONNECT = OpenApiExample(
    "Chave do painel da plataforma",
    value={"apiKey": "8702|chave-copiada-de-Configuracoes-API"},
    request_only=True,
)
STATUS = OpenApiExample(
    "Primeira sincronização em andamento",
    value={"success": True, "data": _STATUS, "message": ""},
    response_only=True,
    status_codes=["200"],
)
RUN = OpenApiExample(
    "Sincronização concluída",
    value={
        "success": True,
        "data": _RUN,
        "message": "Sincronização concluída: 12 vendas criadas, 30 atualizadas",
    },
    response_only=True,
    status_codes=["200"],
)
