"""Reader of a CSV file of orders: its lines become items like those of the API. Pure."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Final

from clients.cleaning import clean_text
from integrations.providers.coinzz.files.columns import (
    COLUMNS,
    DATES,
    MONEY,
    REQUIRED,
    normalize_header,
)
from integrations.providers.contracts import FileColumn, FileLine
from integrations.providers.errors import PayloadInvalid

if TYPE_CHECKING:
    from _csv import Reader  # the type's only name

MAX_COLUMNS: Final = 200
_SEPARATORS: Final = (";", ",", "\t")
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_SEPARATOR_LINE: Final = re.compile(r'"?sep=.?"?', re.IGNORECASE)
# Excel writes `="007"` for a text with leading zeros.
_TEXT_FORMULA: Final = re.compile(r'="([^"]*)"')
_FORMATS: Final = (("aaaa-mm-dd hh:mm:ss", "dd/mm/aaaa hh:mm"), ("1234.56", "1.234,56"))
_CURRENCY: Final = re.compile(r"R\$\s*")
_THOUSANDS: Final = re.compile(r"-?[0-9]{1,3}(\.[0-9]{3})+")
_BRAZILIAN_DATE: Final = re.compile(
    r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})"
    r"(?:,?\s+(?:às\s+|-\s*)?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?"
)


@dataclass(frozen=True, slots=True)
class CsvOrders:
    text: str
    separator: str
    columns: list[FileColumn]

    def lines(self) -> Iterator[FileLine]:
        """Yield the lines below the header that are not blank."""
        rows = _rows(self.text, self.separator)
        started = False
        while True:
            number = rows.line_num + 1  # its first line: an open quote may end it far below
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error:
                yield FileLine(number, error="A linha não é um CSV válido: confira as aspas.")
                continue
            if not started:
                started = not _is_preamble(cells)
            elif any(cell.strip() for cell in cells):
                yield self._line(number, cells)

    def with_headers(self, message: str) -> str:
        """Return a reader's message with the file's headers and formats in place of ours."""
        for column in self.columns:
            if column.field:
                message = message.replace(f"{column.field}:", f"Coluna “{column.header}”:")
        for ours, in_file in _FORMATS:
            message = message.replace(ours, in_file)
        return message

    def _line(self, number: int, cells: Sequence[str]) -> FileLine:
        if any(cell.strip() for cell in cells[len(self.columns) :]):
            return FileLine(number, error="A linha tem mais colunas do que o cabeçalho.")
        item: dict[str, dict[str, str]] = {"client": {}, "order": {}, "utms": {}}
        try:
            for column, cell in zip(self.columns, cells, strict=False):
                section, _, key = (column.field or f"order.{column.header}").partition(".")
                if key and (text := _strip_formula(cell)):
                    item[section].setdefault(key, _as_json_value(column.field, text))
        except PayloadInvalid as error:
            return FileLine(number, error=self.with_headers(error.message))
        return FileLine(number, item)


def read_csv(content: bytes, *, known: Mapping[str, str]) -> CsvOrders:
    """Detect the encoding, the separator and the columns; `known` is from `known_headers`.

    Raises PayloadInvalid if the file is no CSV or if a required column is missing.
    """
    if content.startswith(_WORKBOOKS):
        raise PayloadInvalid(
            "not_csv", "Isto é uma planilha do Excel. Salve-a como CSV e envie de novo."
        )
    text = _decode(content)
    separator, headers = max(
        ((separator, _headers(text, separator)) for separator in _SEPARATORS),
        key=lambda candidate: sum(normalize_header(header) in known for header in candidate[1]),
    )
    if len(headers) > MAX_COLUMNS:
        raise PayloadInvalid("not_csv", f"O arquivo tem mais de {MAX_COLUMNS} colunas.")
    columns = [FileColumn(header, known.get(normalize_header(header), "")) for header in headers]
    fields = {column.field for column in columns}
    if missing := [COLUMNS[field][0] for field in REQUIRED if field not in fields]:
        raise PayloadInvalid(
            "columns_missing",
            "Não encontrei as colunas obrigatórias: "
            + ", ".join(f"“{header}”" for header in missing)
            + ". A primeira linha do arquivo deve ter os nomes das colunas.",
        )
    return CsvOrders(text, separator, columns)


def _decode(content: bytes) -> str:
    """Decode UTF-16 with a BOM, else UTF-8, else the encoding of Windows in Brazil."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _headers(text: str, separator: str) -> list[str]:
    try:
        cells = next(row for row in _rows(text, separator) if not _is_preamble(row))
    except (csv.Error, StopIteration):
        return []
    return [clean_text(cell) for cell in cells]


def _rows(text: str, separator: str) -> "Reader":
    return csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)


def _is_preamble(cells: Sequence[str]) -> bool:
    """Return whether a line is blank or a `sep=;` line, as Excel reads it."""
    return not any(cells) or bool(_SEPARATOR_LINE.fullmatch("".join(cells)))


def _strip_formula(cell: str) -> str:
    text = cell.strip()
    formula = _TEXT_FORMULA.fullmatch(text)
    return formula[1].strip() if formula else text


def _as_json_value(field: str, text: str) -> str:
    """Return a cell in the format of Coinzz's JSON; the parser rejects what is invalid."""
    if field in MONEY:
        amount = _CURRENCY.sub("", text)
        if _THOUSANDS.fullmatch(amount):  # 1.234 is 1234 in Brazil, and 1.234 elsewhere
            raise PayloadInvalid(
                "invalid_money", f"{field}: valor ambíguo; escreva os centavos, como em 1.234,00."
            )
        return amount
    if field in DATES and (match := _BRAZILIAN_DATE.fullmatch(text)):
        day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
        return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
    return text
