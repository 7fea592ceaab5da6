"""Writers of CSV files, in the format of a Brazilian Excel, and of XLSX files.

Both hold one row in memory; `close` writes buffered rows and leaves the file open, `discard` ends
what was not closed. Times are local and naive, because spreadsheets have no time zones; midnight
stands for a day whose time nobody reported. A text that would be read as a formula gets a leading
apostrophe.
"""

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import IO, Final

import xlsxwriter

Cell = str | int | Decimal | datetime | None
_FORMULA_PREFIXES: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_PHONE: Final = re.compile(r"\+[0-9]{1,3} [0-9*][0-9 *-]{3,20}")
"""No formula, and no number either: digits with a space between them."""
_MAX_TEXT: Final = 32_767
"""Characters in a cell, the limit of Excel."""


class Csv:
    """UTF-8 with a byte order mark, for Excel; semicolons, because decimals have commas."""

    def __init__(self, file: IO[bytes], titles: Sequence[str], name: str = "") -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._text, delimiter=";", lineterminator="\r\n")
        self._writer.writerow(titles)

    def add(self, row: Sequence[Cell]) -> None:
        self._writer.writerow([_to_text(cell) for cell in row])

    def close(self) -> None:
        self._text.detach()

    def discard(self) -> None: ...


class Xlsx:
    """Numbers and times are typed cells with a format; the row of titles is frozen."""

    def __init__(self, file: IO[bytes], titles: Sequence[str], name: str = "") -> None:
        """Write the titles into a sheet of that name.

        The rows are buffered in a folder, which `discard` deletes.
        """
        self._folder = TemporaryDirectory(prefix="flowzz-export-")
        options = {"constant_memory": True, "tmpdir": self._folder.name}
        self._book = xlsxwriter.Workbook(file, options)
        self._money = self._book.add_format({"num_format": "#,##0.00"})
        self._datetime = self._book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss"})
        self._day = self._book.add_format({"num_format": "dd/mm/yyyy"})
        self._page = self._book.add_worksheet(name or None)
        self._page.freeze_panes(1, 0)
        self._page.set_column(0, len(titles) - 1, 18)
        self._page.autofilter(0, 0, 0, len(titles) - 1)
        bold = self._book.add_format({"bold": True})
        for column, title in enumerate(titles):
            self._page.write_string(0, column, title, bold)
        self._rows = 1

    def add(self, row: Sequence[Cell]) -> None:
        for column, cell in enumerate(row):
            match cell:
                case None | "":
                    continue
                case str():
                    self._page.write_string(self._rows, column, _escape_formula(cell)[:_MAX_TEXT])
                case datetime():
                    style = self._datetime if _has_time(cell) else self._day
                    self._page.write_datetime(self._rows, column, cell, style)
                case Decimal():
                    self._page.write_number(self._rows, column, float(cell), self._money)
                case int():
                    self._page.write_number(self._rows, column, cell)
        self._rows += 1

    def close(self) -> None:
        self._book.close()
        self.discard()

    def discard(self) -> None:
        """Delete the buffered rows. Does nothing after `close`."""
        if self._page.row_data_fh:
            self._page.row_data_fh.close()
        self._folder.cleanup()


def _to_text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return str(cell).replace(".", ",")
        case datetime():
            return f"{cell:%d/%m/%Y %H:%M:%S}" if _has_time(cell) else f"{cell:%d/%m/%Y}"
        case int():
            return str(cell)
        case str():
            return _escape_formula(cell)


def _has_time(at: datetime) -> bool:
    return at.time() != time.min


def _escape_formula(text: str) -> str:
    """Add an apostrophe, also to a text that has some already: an import removes one."""
    if _PHONE.fullmatch(text):
        return text
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA_PREFIXES) else text
