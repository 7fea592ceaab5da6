"""A section of a body (`client`, `order`, `utms`, …) and its fields by name. Pure."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from integrations.providers.coinzz import values
from integrations.providers.errors import PayloadInvalid


@dataclass(slots=True)
class Section:
    name: str
    fields: dict[str, Any]
    overlong: dict[str, str] = field(default_factory=dict)
    """The texts that were cut to fit, whole, by Coinzz's field name."""

    @classmethod
    def of(cls, name: str, raw: Any) -> Self:
        """Read section `name`, its keys plain or dotted (`order.order_number`); empty if absent."""
        if values.is_empty(raw):
            return cls(name, {})
        if not isinstance(raw, dict):
            raise PayloadInvalid("invalid_section", f"{name}: esperado um objeto com campos.")
        prefix = f"{name}."
        if prefix in " ".join(raw):
            raw = {key.removeprefix(prefix): value for key, value in raw.items()}
        return cls(name, raw)

    def text(self, key: str, limit: int) -> str:
        raw = self.fields.get(key)
        value = values.clean(raw) if isinstance(raw, str) else values.text(self._path(key), raw)
        if len(value) <= limit:
            return value
        self.overlong[key] = value
        return value[:limit].rstrip()

    def first_text(self, keys: Collection[str], limit: int) -> str:
        """The first of the fields that has a text: accounts differ in how they name one."""
        return next(filter(None, (self.text(key, limit) for key in keys)), "")

    def identity(self, key: str) -> str:
        return values.identity(self._path(key), self.fields.get(key))

    def money(self, key: str) -> Decimal:
        return values.money(self._path(key), self.fields.get(key))

    def money_if_readable(self, key: str) -> Decimal | None:
        """For an amount that is worth less than the sale it came with."""
        try:
            return None if self.fields.get(key) is None else self.money(key)
        except PayloadInvalid:
            return None

    def count(self, key: str) -> int | None:
        return values.count(self._path(key), self.fields.get(key))

    def moment(self, key: str) -> datetime | None:
        return values.moment(self._path(key), self.fields.get(key))

    def kept(self, known: AbstractSet[str]) -> dict[str, Any]:
        """What was sent in the known fields, the empty ones left out, in what JSON can hold."""
        return values.kept(self.fields, self.fields.keys() & known)

    def unknown(self, known: AbstractSet[str]) -> dict[str, Any]:
        """The same for all other fields."""
        kept = values.kept(self.fields, self.fields.keys() - known)
        return {values.clean(key): value for key, value in kept.items()}

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key
