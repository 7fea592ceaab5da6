"""A section of a body (`client`, `order`, `utms`, …): typed access to its fields. Pure."""

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
    truncated: dict[str, str] = field(default_factory=dict)
    """The full texts of fields that were cut to their column's width."""

    @classmethod
    def parse(cls, name: str, raw: Any) -> Self:
        """Parse section `name`; its keys may have a prefix, as in `order.order_number`."""
        if values.is_empty(raw):
            return cls(name, {})
        if not isinstance(raw, dict):
            raise PayloadInvalid("invalid_section", f"{name}: esperado um objeto com campos.")
        prefix = f"{name}."
        if prefix in " ".join(raw):
            raw = {key.removeprefix(prefix): value for key, value in raw.items()}
        return cls(name, raw)

    def text(self, key: str, width: int) -> str:
        raw = self.fields.get(key)
        # Most values are texts: cleaned without building the path.
        text = (
            values.clean_text(raw)
            if isinstance(raw, str)
            else values.parse_text(self._path(key), raw)
        )
        if len(text) <= width:
            return text
        self.truncated[key] = text
        return text[:width].rstrip()

    def first_text(self, keys: Collection[str], width: int) -> str:
        """Return the first of the fields with a text: accounts name some fields differently."""
        return next(filter(None, (self.text(key, width) for key in keys)), "")

    def identity(self, key: str) -> str:
        return values.parse_identity(self._path(key), self.fields.get(key))

    def optional_identity(self, key: str) -> str:
        return "" if values.is_empty(self.fields.get(key)) else self.identity(key)

    def money(self, key: str) -> Decimal:
        return values.parse_money(self._path(key), self.fields.get(key))

    def optional_money(self, key: str) -> Decimal | None:
        """Return an amount, or None if it is missing or cannot be parsed."""
        try:
            return None if self.fields.get(key) is None else self.money(key)
        except PayloadInvalid:
            return None

    def count(self, key: str) -> int | None:
        return values.parse_count(self._path(key), self.fields.get(key))

    def timestamp(self, key: str) -> datetime | None:
        return values.parse_datetime(self._path(key), self.fields.get(key))

    def known_values(self, known: AbstractSet[str]) -> dict[str, Any]:
        """Return the raw values of the known fields that are not empty."""
        return values.non_empty_values(self.fields, self.fields.keys() & known)

    def unknown_values(self, known: AbstractSet[str]) -> dict[str, Any]:
        """Return the raw values of the other fields that are not empty."""
        unknown = values.non_empty_values(self.fields, self.fields.keys() - known)
        return {values.clean_text(key): value for key, value in unknown.items()}

    def _path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key
