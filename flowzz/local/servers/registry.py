"""The kinds of embedded servers."""

from typing import TypeAlias

from flowzz.local.servers.postgres import Postgres
from flowzz.local.servers.valkey import Valkey

Server: TypeAlias = Postgres | Valkey
SERVER_CLASSES: dict[str, type[Server]] = {"postgres": Postgres, "valkey": Valkey}
