"""Lines of a file of orders: cells of several columns become one value, or a problem. Pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from integrations.providers.coinzz.files import columns as fields
from integrations.providers.coinzz.files.cells import (
    clean_cell,
    comparable,
    is_shortened,
    is_totals_label,
    iso_date,
    join_phone,
    join_time,
    whole_number,
)
from integrations.providers.coinzz.files.prices import (
    Amount,
    UnclearPrice,
    choose_total,
    differ,
    read_amount,
)
from integrations.providers.coinzz.files.text_tables import Row
from integrations.providers.contracts import FileColumn, FileLine

MAX_DIGITS: Final = 10
MIN_CODE_LENGTH: Final = 7
NOT_CSV: Final = "A linha não é um CSV válido: confira as aspas."
TOO_MANY_CELLS: Final = (
    "A linha tem mais colunas do que o cabeçalho: um valor com o separador precisa de aspas."
)
CUT: Final = (
    "A última linha está incompleta, e o arquivo pode ter sido cortado: não foi importada. Exporte "
    "de novo, ou complete a linha e termine o arquivo com uma linha vazia."
)
EXAMPLE: Final = "É um exemplo do modelo: não foi importado. Apague a linha."
TOTALS: Final = "Linha sem pedido (um total): não foi importada."
NO_ORDER: Final = "Linha sem pedido: não foi importada. Preencha a coluna “{}”."
SHORTENED: Final = (
    "Coluna “{}”: a planilha abreviou o número do pedido. Formate a coluna como texto e exporte "
    "de novo."
)

_EXAMPLE: Final = re.compile(r"exemplo(?:[ -]?[0-9]+)?", re.IGNORECASE)
_AMOUNTS: Final = fields.MONEY | {fields.UNIT_PRICE, fields.QUANTITY}
_PRICES: Final = frozenset({fields.TOTAL, fields.UNIT_PRICE})
_JOINED: Final = _PRICES | {fields.TIME, fields.AREA_CODE, fields.COUNTRY_CODE}
"""Fields that are joined with another, or chosen among several."""


class LineReader:
    """Reads the lines of one file."""

    def __init__(self, columns: Sequence[FileColumn]) -> None:
        self.columns = columns
        self._by_field: dict[str, list[int]] = defaultdict(list)
        for position, column in enumerate(columns):
            self._by_field[column.field].append(position)
        own_fields = [field for field in self._by_field if field and field not in _JOINED]
        self.copied = [
            (field, self._by_field[field][0])
            for field in own_fields
            if field not in fields.CONVERTED and len(self._by_field[field]) == 1
        ]
        copied = {field for field, _ in self.copied}
        self.read_fields = [field for field in own_fields if field not in copied]
        self.unknown = [(n, column.header) for n, column in enumerate(columns) if not column.field]
        self.prices = [(n, column) for n, column in enumerate(columns) if column.field in _PRICES]
        self.codes = (self._pair(fields.COUNTRY_CODE), self._pair(fields.AREA_CODE))

    def read(self, rows: Iterator[Row]) -> Iterator[FileLine]:
        for row in rows:
            if row.cells is None:
                yield FileLine(number=row.number, problems=(NOT_CSV,))
            else:
                cells = [clean_cell(cell) for cell in row.cells]
                yield self._read_line(row.number, cells, may_be_cut=row.is_unfinished)

    def _read_line(self, number: int, cells: list[str], *, may_be_cut: bool) -> FileLine:
        width, missing = len(self.columns), len(self.columns) - len(cells)
        if any(cells[width:]):
            return FileLine(number=number, problems=(TOO_MANY_CELLS,))
        cells += [""] * missing
        if reason := self._reason_to_skip(cells):
            return FileLine(number=number, problems=(reason,))
        if may_be_cut and missing > 0:
            return FileLine(number=number, problems=(CUT,))
        return _Line(self, cells).read(number)

    def _reason_to_skip(self, cells: Sequence[str]) -> str:
        """Return why a line is not an order; empty if it is one."""
        numbers = [cells[n] for n in self.positions(fields.NUMBER, fields.HASH) if cells[n]]
        if any(map(_EXAMPLE.fullmatch, numbers)):
            return EXAMPLE
        labels = numbers or cells
        if any(is_totals_label(label) for label in labels if label):
            return TOTALS
        if numbers:
            return ""
        others = [
            column
            for column, cell in zip(self.columns, cells, strict=True)
            if cell and column.field not in _AMOUNTS
        ]
        return NO_ORDER.format(self.header(fields.NUMBER, fields.HASH)) if others else TOTALS

    def positions(self, *names: str) -> list[int]:
        return [position for name in names for position in self._by_field.get(name, ())]

    def header(self, *names: str) -> str:
        return self.columns[self.positions(*names)[0]].header

    def _pair(self, code: str) -> dict[int, int]:
        """Map each phone column to its column of codes: the nearest, preferably to its left."""
        phones = self._by_field.get(fields.PHONE, ())
        return {
            min(phones, key=lambda phone: (phone < position, abs(phone - position))): position
            for position in self._by_field.get(code, ())
            if phones
        }


class _Line:
    """One line: its item, and what is wrong with it."""

    def __init__(self, reader: LineReader, cells: Sequence[str]) -> None:
        self._reader = reader
        self._cells = cells
        self._item: dict[str, dict[str, Any]] = {"client": {}, "order": {}, "utms": {}}
        self._problems: list[str] = []

    def read(self, number: int) -> FileLine:
        for field, position in self._reader.copied:
            self._set(field, self._cells[position])
        for field in self._reader.read_fields:
            self._set(field, self._read_field(field))
        self._read_price()
        for position, header in self._reader.unknown:
            self._keep(header, self._cells[position])
        return FileLine(number=number, item=self._item, problems=tuple(self._problems))

    def _read_field(self, field: str) -> str:
        positions = self._reader.positions(field)
        headers = [self._reader.columns[position].header for position in positions]
        texts = [self._read_cell(field, position) for position in positions]
        return self._agreed(field, [pair for pair in zip(headers, texts, strict=True) if pair[1]])

    def _read_cell(self, field: str, position: int) -> str:
        text = self._cells[position]
        if field == fields.PHONE:
            country, area = (self._code(codes, position) for codes in self._reader.codes)
            return join_phone(country, area, text)
        if field in fields.DATES:
            times = self._reader.positions(fields.TIME) if field == fields.DATE else ()
            return join_time(iso_date(text), *(self._cells[n] for n in times))
        if field in (fields.NUMBER, fields.HASH) and is_shortened(text):
            self._problems.append(SHORTENED.format(self._reader.columns[position].header))
        return whole_number(text) if field in fields.WHOLE_NUMBERS else text

    def _code(self, codes: Mapping[int, int], phone: int) -> str:
        """Return the country or area code in the column that belongs to a phone's column."""
        return self._cells[codes[phone]] if phone in codes else ""

    def _agreed(self, field: str, values: Sequence[tuple[str, str]]) -> str:
        """Return the value that columns of one field agree on; else note the problem."""
        longest = max((text for _, text in values), key=len, default="")
        if len(values) > 1:
            forms = {_normal_form(field, text) for _, text in values}
            if len(forms) > 1 and not _is_one_value(field, max(forms, key=len), forms):
                self._problems.append(differ(header for header, _ in values))
        return longest

    def _read_price(self) -> None:
        """Set the order's total; a unit's price is stored as an unknown field is."""
        amounts = [
            Amount(column.header, self._cells[position], is_unit=column.field == fields.UNIT_PRICE)
            for position, column in self._reader.prices
            if self._cells[position]
        ]
        try:
            total = choose_total(amounts, self._quantity())
        except UnclearPrice as error:
            self._problems.append(str(error))
            return
        self._set(fields.TOTAL, total)
        for amount in amounts:
            if amount.text != total:
                self._keep(amount.header, amount.text)

    def _quantity(self) -> int | None:
        """Return the quantity; 1 without one, None if it cannot be read."""
        cells = [self._cells[position] for position in self._reader.positions(fields.QUANTITY)]
        if not any(cells):
            return 1
        text = str(self._item["order"].get("order_quantity", ""))
        return int(text) if text.isdecimal() and len(text) < MAX_DIGITS else None

    def _set(self, field: str, text: str) -> None:
        if text:
            section, _, key = field.partition(".")
            self._item[section][key] = text

    def _keep(self, header: str, text: str) -> None:
        if text:
            self._item["order"].setdefault(header, text)


def _is_one_value(field: str, longest: str, forms: Collection[str]) -> bool:
    """Return whether columns of one field agree: a day without time, a phone without area code."""
    if field in fields.DATES:
        return all(map(longest.startswith, forms))
    is_code = field in fields.CODES and min(map(len, forms)) >= MIN_CODE_LENGTH
    return is_code and all(map(longest.endswith, forms))


def _normal_form(field: str, text: str) -> str:
    """Return the form in which cells of several columns for one field are compared."""
    if field in fields.MONEY:
        return str(read_amount(text) or text)
    if field in fields.CODES:
        return "".join(char for char in comparable(text) if char.isalnum()).removeprefix("55")
    return comparable(text)
