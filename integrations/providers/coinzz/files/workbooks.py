"""Excel workbooks (.xlsx): a sheet becomes a text table, row by row. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from io import BytesIO, TextIOWrapper
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile
from zlib import error as DeflateError

from openpyxl import load_workbook

from integrations.providers.coinzz.files.text_tables import TextTable
from integrations.providers.errors import PayloadInvalid

ZIP: Final = b"PK\x03\x04"
MAX_COLUMNS: Final = 200
MAX_ROWS: Final = 60_000
MAX_PARTS_BYTES: Final = 400 * 1024 * 1024
"""Of all parts together when unpacked: a sheet is read as a stream."""
MAX_STRINGS_BYTES: Final = 60 * 1024 * 1024
"""Of the shared texts when unpacked: they are held in memory."""
MAX_TEXT_BYTES: Final = 60 * 1024 * 1024
MAX_WORKSHEETS: Final = 10

_STRINGS: Final = "xl/sharedStrings.xml"
_WORKBOOK: Final = "xl/workbook.xml"
_UNREADABLE: Final = (
    *(BadZipFile, DeflateError, ParseError, EOFError, NotImplementedError, RuntimeError),
    *(KeyError, IndexError, AttributeError, TypeError, ValueError, OverflowError),
)
"""Errors of zipfile and openpyxl for a damaged file, or one of another program's dialect."""
_BREAKS: Final = re.compile(r"[\r\n]+")
_THREE_DECIMALS: Final = re.compile(r"-?[0-9]+\.[0-9]{3}")


def is_workbook(content: bytes) -> bool:
    return content.startswith(ZIP) and _WORKBOOK.encode() in content


def read_worksheets(content: bytes) -> Iterator[TextTable]:
    """Yield the workbook's visible sheets as tables. Raises PayloadInvalid.

    Formulas have the values that were stored with them. Each table has the line numbers of its
    sheet.
    """
    try:
        _check_size(content)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            for sheet in visible[:MAX_WORKSHEETS]:
                sheet.reset_dimensions()  # some programs store wrong ones
                yield _to_table(sheet.iter_rows(values_only=True))
        finally:
            book.close()
    except _UNREADABLE:
        raise PayloadInvalid(
            "not_csv",
            "Não foi possível ler a planilha: o arquivo está danificado, protegido por senha ou "
            "num formato diferente. Abra-o, salve como CSV e envie o arquivo novo.",
        ) from None


def _check_size(content: bytes) -> None:
    """Raise PayloadInvalid for a file that would unpack to too much: zipfile reads no more."""
    with ZipFile(BytesIO(content)) as archive:
        sizes = {part.filename: part.file_size for part in archive.infolist()}
    if sum(sizes.values()) > MAX_PARTS_BYTES or sizes.get(_STRINGS, 0) > MAX_STRINGS_BYTES:
        raise _too_large()


def _to_table(rows: Iterable[tuple[Any, ...]]) -> TextTable:
    content = BytesIO()
    text = TextIOWrapper(content, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    filled = 0
    for row in rows:
        cells = [_to_text(value) for value in row[: MAX_COLUMNS + 1]]
        is_filled = any(cells)
        writer.writerow(cells if is_filled else [])
        filled += is_filled
        if filled > MAX_ROWS or content.tell() > MAX_TEXT_BYTES:
            raise _too_large()
    return TextTable(content.getvalue(), "utf-8")


def _to_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return _BREAKS.sub(" ", value)
        case bool():
            return str(value).lower()
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case date() | time():
            return str(value)
        case float():
            return _decimal_text(value)
        case _:
            return str(value)


def _decimal_text(value: float) -> str:
    text = f"{value:.15g}" if abs(value) < 1e15 else f"{value:.0f}"
    if "e" in text:
        text = f"{value:.12f}".rstrip("0").rstrip(".")
    # A number of three decimals would be read as thousands.
    return f"{text}0" if _THREE_DECIMALS.fullmatch(text) else text


def _too_large() -> PayloadInvalid:
    return PayloadInvalid(
        "not_csv", "A planilha é grande demais. Divida-a em partes de até 50.000 linhas."
    )
