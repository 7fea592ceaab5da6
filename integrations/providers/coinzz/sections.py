"""The sections of a body (`client`, `order`, `utms`, …): typed access to their fields. Pure.

An unreadable value is noted in `warnings` and counts as missing.
"""

from collections.abc import Callable, Collection, Container, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Self, TypeVar

from clients.cleaning import clean_text
from integrations.providers.coinzz import fields as names
from integrations.providers.coinzz import values
from integrations.providers.coinzz.decoding import decode_json_text, json_safe, unwrap
from sales.facts import ValueWarning

T = TypeVar("T")


@dataclass(slots=True)
class Section:
    name: str
    fields: dict[str, Any]
    truncated: dict[str, str] = field(default_factory=dict)
    """The full texts of fields that were cut to their column's width."""
    warnings: dict[str, ValueWarning] = field(default_factory=dict)
    """The warnings by field; the empty name stands for an unreadable section."""
    raw: Any = None
    """An unreadable section, as sent."""

    @classmethod
    def parse(cls, name: str, raw: Any) -> Self:
        """Parse section `name`; its keys may have a prefix, as in `order.order_number`."""
        if values.is_empty(raw):
            return cls(name, {})
        if not isinstance(raw, dict) and not isinstance(raw := unwrap(raw), dict):
            section = cls(name, {}, raw=raw)
            section.warn("", "invalid_section", "esperado um objeto com campos.")
            return section
        prefix = f"{name}."
        if prefix in " ".join(raw):
            raw = {key.removeprefix(prefix): value for key, value in raw.items()}
        return cls(name, raw)

    @property
    def is_missing(self) -> bool:
        return not self.fields and self.raw is None

    def texts(self, known: Container[str]) -> dict[str, str]:
        """Return the known fields that have a text, in full.

        Most fields of a body are read here: in one pass, without a call for each.
        """
        texts = {}
        for key, raw in self.fields.items():
            if raw is None or key not in known:
                continue
            if not isinstance(raw, str):
                text = self._read(values.parse_text, key, "")
            elif raw.isascii() and raw.isprintable():
                text = raw.strip()
            else:
                text = clean_text(raw)
            if text not in values.EMPTY_TEXTS:
                texts[key] = text
        return texts

    def cut(self, texts: Mapping[str, str], columns: Mapping[str, names.Column]) -> dict[str, str]:
        """Return texts by our columns' names, cut to their widths."""
        return {
            column.name: text
            if len(text := texts[key]) <= column.width
            else self._cut(key, text, column.width)
            for key, column in columns.items()
            if key in texts
        }

    def text(self, key: str, width: int | None = None) -> str:
        text = self._read(values.parse_text, key, "")
        return text if width is None or len(text) <= width else self._cut(key, text, width)

    def first_text(self, keys: Collection[str], width: int) -> str:
        """Return the first of the fields with a text: accounts name some fields differently.

        Its full text is stored under the first of the names, so that no value has two.
        """
        for key in keys:
            if text := self.text(key, width):
                if key in self.truncated:
                    self.truncated[next(iter(keys))] = self.truncated.pop(key)
                return text
        return ""

    def identity(self, key: str) -> str:
        return self._read(values.parse_identity, key, "")

    def money(self, key: str) -> Decimal | None:
        return self._read(values.parse_money, key, None)

    def count(self, key: str) -> int | None:
        return self._read(values.parse_count, key, None)

    def count_or_text(self, key: str) -> int | str:
        """Return a number, or a text as sent (`7 dias`)."""
        try:
            number = values.parse_count(self.fields.get(key))
        except values.Unreadable:
            number = None
        return self.text(key) if number is None else number

    def flag(self, key: str) -> bool | None:
        return self._read(values.parse_flag, key, None)

    def timestamp(self, key: str) -> datetime | None:
        return self._read(values.parse_datetime, key, None)

    def is_null(self, key: str) -> bool:
        return key in self.fields and self.fields[key] is None

    def is_readable(self, key: str) -> bool:
        """Return whether the field has a readable value; the empty name is the section's."""
        if not key:
            return bool(self.fields)
        return key not in self.warnings and not values.is_empty(self.fields.get(key))

    def known_values(self, known: AbstractSet[str]) -> dict[str, Any]:
        """Return the known fields that have a value as sent, without unreadable ones.

        An object or list that a sender wrote as a text of JSON is decoded.
        """
        keys = self.fields.keys() & known
        sent = self._raw_values(keys - self.warnings.keys() if self.warnings else keys)
        found = {key: json_safe(decode_json_text(value)) for key, value in sent.items()}
        return {key: value for key, value in found.items() if _has_value(value)}

    def extra_values(self, known: AbstractSet[str]) -> Any:
        """Return the unknown and the unreadable fields as sent, or the unreadable section."""
        if self.raw is not None:
            return json_safe(self.raw)
        if self.fields.keys() <= known and not self.warnings:
            return {}
        unknown = self.fields.keys() - known
        extra = {clean_text(key): value for key, value in self._raw_values(unknown).items()}
        return extra | self._raw_values(self.warnings.keys() & self.fields.keys())

    def warn(self, key: str, reason: str, message: str) -> None:
        path = f"{self.name}.{key}".strip(".")
        self.warnings[key] = ValueWarning(path, reason, f"{path}: {message}")

    def _cut(self, key: str, text: str, width: int) -> str:
        self.truncated[key] = text
        return text[:width].rstrip()

    def _read(self, parse: Callable[[Any], T], key: str, missing: T) -> T:
        raw = self.fields.get(key)
        if raw is None:
            return missing
        try:
            return parse(raw)
        except values.Unreadable as error:
            self.warn(key, error.reason, error.message)
            return missing

    def _raw_values(self, keys: Collection[str]) -> dict[str, Any]:
        raw_values = {}
        for key in keys:
            raw = self.fields[key]
            value = clean_text(raw) if isinstance(raw, str) else json_safe(raw)
            if value or isinstance(value, int):
                raw_values[key] = value
        return raw_values


@dataclass(slots=True)
class Body:
    """The sections of an order or a subscription; `top` has the fields beside them."""

    client: Section
    order: Section
    utms: Section
    subscription: Section
    general_info: Section
    top: Section

    @classmethod
    def parse(cls, item: dict[str, Any]) -> Self:
        if values.is_empty(item.get("order")):
            item = _with_sections(item)
        return cls(
            client=Section.parse("client", item.get("client")),
            order=_with_order_status(Section.parse("order", item.get("order"))),
            utms=Section.parse("utms", item.get("utms")),
            subscription=Section.parse("subscription", item.get("subscription")),
            general_info=Section.parse("general_info", item.get("general_info")),
            top=Section("", item),
        )

    @property
    def sections(self) -> tuple[Section, ...]:
        return (self.client, self.order, self.utms, self.subscription)

    @property
    def warnings(self) -> tuple[ValueWarning, ...]:
        found = [section.warnings for section in (*self.sections, self.general_info)]
        return tuple(chain.from_iterable(map(dict.values, found))) if any(found) else ()

    def __contains__(self, path: object) -> bool:
        """Return whether the field at `path` (`order.order_number`) has a readable value."""
        name, _, key = str(path).partition(".")
        section: Section | None = getattr(self, name, None)
        return section is not None and section.is_readable(key)


def _with_sections(item: dict[str, Any]) -> dict[str, Any]:
    """Return a flat item with sections: the API writes an order's fields beside `client`."""
    if not has_order_id(item):
        return item
    client, utms = item.keys() & names.CLIENT, item.keys() & names.UTMS.keys()
    order = item.keys() - names.TOP - client - utms
    flat = {"client": client, "utms": utms, "order": order}
    sections = {name: {key: item[key] for key in keys} for name, keys in flat.items() if keys}
    return sections | {key: item[key] for key in item.keys() & names.TOP if item[key]}


def _with_order_status(order: Section) -> Section:
    if names.API_STATUS in order.fields and values.is_empty(order.fields.get("order_status")):
        order.fields = order.fields | {"order_status": order.fields[names.API_STATUS]}
        del order.fields[names.API_STATUS]
    return order


def _has_value(value: Any) -> bool:
    """Return whether a value, or one inside of it, is no way to write that there is none."""
    if isinstance(value, dict | list):
        return any(map(_has_value, value.values() if isinstance(value, dict) else value))
    return not values.is_missing_number(value)


def has_order_id(item: Mapping[str, Any]) -> bool:
    return any(not values.is_empty(item.get(key)) for key in names.ORDER_IDS)
