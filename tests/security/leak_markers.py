"""Secret and personal values that no other test uses, and a search for them in all output."""

import logging
from dataclasses import dataclass, field
from typing import cast

from flowzz.core import redis
from flowzz.core.logging import json_lines

NAME = "Zulmira Marcada"
EMAIL = "zulmira.marcada@exemplo.com.br"
STREET = "Rua Marcada dos Segredos"
DOCUMENT, DOCUMENT_AS_SENT = "52998224725", "529.982.247-25"
PHONE = "11987650123"
LOGIN = "dona.marcada@exemplo.com.br"
PASSWORD = "senha-marcada-0123456789"
BAD_KEY = "8702|chaveMarcadaQueNinguemAceita0123456789012345678k01"
SIGNING_SECRET = "segredo-marcado-de-assinatura"
ERROR_MESSAGE = "uma falha que cita Zulmira Marcada, 529.982.247-25"
CLIENT = {
    "client_name": NAME,
    "client_email": EMAIL,
    "client_phone": PHONE,
    "client_documment": DOCUMENT_AS_SENT,
    "client_address": STREET,
}


class UnexpectedError(Exception):
    """An error that no code expects, with personal data in its message."""

    def __init__(self) -> None:
        super().__init__(ERROR_MESSAGE)


@dataclass
class Markers:
    """The values that must not appear in any output. A test may add more."""

    values: set[str] = field(
        default_factory=lambda: {
            NAME,
            EMAIL,
            STREET,
            DOCUMENT,
            DOCUMENT_AS_SENT,
            PHONE,
            LOGIN,
            PASSWORD,
            BAD_KEY,
            BAD_KEY.partition("|")[2],
            SIGNING_SECRET,
        }
    )

    def found_in(self, text: str) -> set[str]:
        return {value for value in self.values if value.lower() in text.lower()}


class LogRecorder(logging.Handler):
    """Collects what all loggers write, in production's format."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(json_lines())
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += self.format(record) + "\n"


def redis_content() -> str:
    """Return every key with its value. Celery's messages are among them."""
    client = redis.client()
    keys = sorted(cast(list[bytes], client.keys("*")))
    return "\n".join(f"{key!r}: {_value(key)}" for key in keys)


def _value(key: bytes) -> str:
    client, name = redis.client(), key.decode()
    match cast(bytes, client.type(name)).decode():
        case "string":
            return repr(client.get(name))
        case "list":
            return repr(client.lrange(name, 0, -1))
        case "hash":
            return repr(client.hgetall(name))
        case "set":
            return repr(client.smembers(name))
        case "zset":
            return repr(client.zrange(name, 0, -1))
        case other:
            raise AssertionError(f"cannot read {name}, which is a {other}")
