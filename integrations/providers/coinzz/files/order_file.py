"""A file of orders: its lines become items like those of the API. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from integrations.providers.coinzz.files import flowzz_export
from integrations.providers.coinzz.files.cells import clean_cell
from integrations.providers.coinzz.files.columns import (
    COLUMNS,
    REQUIRED,
    is_vague_amount,
    normalize_header,
)
from integrations.providers.coinzz.files.lines import LineReader
from integrations.providers.coinzz.files.text_tables import (
    SEPARATORS,
    Row,
    TextTable,
    detect_encoding,
    reject_other_formats,
)
from integrations.providers.coinzz.files.workbooks import MAX_COLUMNS, is_workbook, read_worksheets
from integrations.providers.coinzz.files.worksheets import MAX_ROW_NUMBER, too_large
from integrations.providers.contracts import FileColumn, FileLine, Step
from integrations.providers.errors import PayloadInvalid

_FORMATS: Final = (("aaaa-mm-dd hh:mm:ss", "dd/mm/aaaa hh:mm"), ("1234.56", "1.234,56"))
_SHOWN_HEADERS: Final = 12
STEP_LINES: Final = 1_000


@dataclass(frozen=True, slots=True)
class OrderTable:
    """A table of orders: its columns, and the line of its header."""

    table: TextTable
    columns: list[FileColumn]
    header_line: int
    is_own_export: bool

    @property
    def content(self) -> bytes:
        return self.table.content

    def count_lines(self, step: Step | None = None) -> int:
        """Count the lines. Raises PayloadInvalid for too many, blank ones included."""
        count = 0
        for number, row in enumerate(self.table.rows(), start=1):
            count += self._is_order(row)
            if step and number % STEP_LINES == 0:
                step()
            if number > MAX_ROW_NUMBER:
                raise too_large()
        return count

    def lines(self) -> Iterator[FileLine]:
        """Yield the lines below the header that are not blank."""
        rows = self._rows_below_header()
        if self.is_own_export:
            return flowzz_export.read_lines([column.header for column in self.columns], rows)
        return LineReader(self.columns).read(rows)

    def with_headers(self, message: str) -> str:
        """Return a reader's message with the file's headers and formats in place of ours."""
        # A total's column is meant before a vague one.
        for column in sorted(self.columns, key=lambda column: is_vague_amount(column.header)):
            if column.field:
                message = message.replace(f"{column.field}:", f"Coluna “{column.header}”:")
        for ours, in_file in _FORMATS:
            message = message.replace(ours, in_file)
        return message

    def _rows_below_header(self) -> Iterator[Row]:
        return filter(self._is_order, self.table.rows())

    def _is_order(self, row: Row) -> bool:
        """Return whether a row stands below the header and is not blank."""
        is_filled = row.cells is None or any(map(str.strip, row.cells))
        return is_filled and row.number > self.header_line


def read_file(content: bytes, step: Step | None = None, *, known: Mapping[str, str]) -> OrderTable:
    """Find the orders in a CSV file or workbook; `known` is from `known_headers`.

    Raises PayloadInvalid if the file contains no such table, or if a required column is missing.
    """
    tables = read_worksheets(content, step) if is_workbook(content) else _text_tables(content)
    found = max(
        (_find_header(table, known) for table in tables),
        key=lambda candidate: candidate.score,
        default=_Header(TextTable(b"", "utf-8"), [], 0, 0),
    )
    columns = _columns(found.cells, known)
    if len(columns) > MAX_COLUMNS:
        raise PayloadInvalid("not_csv", f"O arquivo tem mais de {MAX_COLUMNS} colunas.")
    _require_columns(columns)
    return OrderTable(
        found.table,
        columns,
        header_line=found.line,
        is_own_export=flowzz_export.is_own_export(column.header for column in columns),
    )


@dataclass(frozen=True, slots=True)
class _Header:
    table: TextTable
    cells: list[str]
    line: int
    score: int


def _text_tables(content: bytes) -> Iterator[TextTable]:
    encoding = detect_encoding(content)
    reject_other_formats(content, encoding)
    for separator in SEPARATORS:
        yield TextTable(content, encoding, separator)


def _find_header(table: TextTable, known: Mapping[str, str]) -> _Header:
    """Return the first row with the most known headers: titles may stand above the header."""
    candidates = [
        _Header(
            table,
            [clean_cell(cell) for cell in row.cells],
            row.number,
            len({known.get(normalize_header(cell)) for cell in row.cells} - {None}),
        )
        for row in table.first_rows()
        if row.cells and len(row.cells) <= 2 * MAX_COLUMNS
    ]
    return max(candidates, key=lambda header: header.score, default=_Header(table, [], 0, 0))


def _columns(headers: Sequence[str], known: Mapping[str, str]) -> list[FileColumn]:
    """Return the columns; an unknown one has a name of its own, because its cells are stored."""
    columns = []
    seen: defaultdict[str, int] = defaultdict(int)
    for position, header in enumerate(headers, start=1):
        field = known.get(normalize_header(header), "") if header else ""
        name = header or f"Coluna {position}"
        seen[name] += 1
        is_repeated = seen[name] > 1 and not field
        columns.append(FileColumn(f"{name} ({seen[name]})" if is_repeated else name, field))
    while columns and not headers[len(columns) - 1]:
        columns.pop()
    return columns


def _require_columns(columns: Iterable[FileColumn]) -> None:
    fields = {column.field for column in columns}
    missing = [COLUMNS[group[0]][0] for group in REQUIRED if not fields.intersection(group)]
    if not missing:
        return
    headers = [f"“{column.header}”" for column in columns][:_SHOWN_HEADERS]
    raise PayloadInvalid(
        "columns_missing",
        f"Não encontrei as colunas obrigatórias: {', '.join(f'“{name}”' for name in missing)}. "
        + (f"Encontrei: {', '.join(headers)}. " if headers else "")
        + "A primeira linha do arquivo deve ter os nomes das colunas, como no modelo.",
    )
