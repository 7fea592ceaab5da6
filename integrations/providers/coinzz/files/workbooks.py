"""Excel workbooks (.xlsx): a sheet becomes a text table, row by row. Pure."""

import csv
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from io import BytesIO, TextIOWrapper
from typing import Any, Final
from xml.etree.ElementTree import ParseError, XMLParser
from zipfile import BadZipFile, ZipFile
from zlib import error as DeflateError

from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS

from integrations.providers.coinzz.decoding import THREE_DECIMALS
from integrations.providers.coinzz.files.text_tables import TextTable
from integrations.providers.coinzz.files.worksheets import read_date_formats, read_rows, too_large
from integrations.providers.contracts import Step
from integrations.providers.errors import PayloadInvalid

ZIP: Final = b"PK\x03\x04"
MAX_COLUMNS: Final = 200
MAX_ROWS: Final = 60_000
MAX_PARTS_BYTES: Final = 400 * 1024 * 1024
"""The limit of all parts together when unpacked: a sheet is read as a stream."""
MAX_STRINGS_BYTES: Final = 60 * 1024 * 1024
"""The limit of the shared texts when unpacked: they are held in memory."""
MAX_TREE_BYTES: Final = 2 * 1024 * 1024
"""The limit of a part of which openpyxl builds a tree: some fifty times its size in memory."""
MAX_TEXT_BYTES: Final = 60 * 1024 * 1024
MAX_WORKSHEETS: Final = 10
STEP_BYTES: Final = 128 * 1024
"""After so much XML of shared texts, a reader takes a step: some 50 ms."""

_WORKBOOK: Final = "xl/workbook.xml"
_ITEM, _TEXT, _PHONETIC = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("si", "t", "rPh"))
_UNREADABLE: Final = (
    *(BadZipFile, DeflateError, ParseError, EOFError, NotImplementedError, RuntimeError),
    *(KeyError, IndexError, AttributeError, TypeError, ValueError, OverflowError),
)
"""Errors of zipfile and openpyxl for a damaged file, or one of another program's dialect."""
_BREAKS: Final = re.compile(r"[\r\n]+")


def is_workbook(content: bytes) -> bool:
    return content.startswith(ZIP) and _WORKBOOK.encode() in content


def read_worksheets(content: bytes, step: Step | None) -> Iterator[TextTable]:
    """Yield the workbook's visible sheets as tables. Raises PayloadInvalid.

    Formulas have the values that were stored with them. Each table has the line numbers of its
    sheet. Calls `step` several times a second.
    """
    with _readable():
        _check_size(content)
        reader = _Reader(content, step or _no_step)
        reader.read()
    with reader.archive:
        for part in reader.visible_worksheets[:MAX_WORKSHEETS]:
            with _readable():
                table = _to_table(reader.rows(part))
            yield table


def _check_size(content: bytes) -> None:
    """Raise PayloadInvalid for a file that would unpack to too much: zipfile reads no more."""
    with ZipFile(BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MAX_PARTS_BYTES:
            raise too_large()


def _no_step() -> None: ...


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except _UNREADABLE:
        raise PayloadInvalid(
            "not_csv",
            "Não foi possível ler a planilha: o arquivo está danificado, protegido por senha ou "
            "num formato diferente. Abra-o, salve como CSV e envie o arquivo novo.",
        ) from None


class _Archive(ZipFile):
    def read(self, name: Any, pwd: bytes | None = None) -> bytes:
        """Return a part of which openpyxl builds a tree. Raises PayloadInvalid."""
        self.check_size(name, MAX_TREE_BYTES)
        return super().read(name, pwd)

    def check_size(self, name: str, most: int) -> None:
        """Raise PayloadInvalid for a part that unpacks to more than `most` bytes."""
        if self.getinfo(name).file_size > most:
            raise too_large()


class _Reader(ExcelReader):
    """Reads what a table needs, in steps, and in a fraction of openpyxl's time and memory."""

    archive: _Archive
    wb: Any  # the types lack what is set below

    def __init__(self, content: bytes, step: Step) -> None:
        super().__init__(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        self.archive = _Archive(BytesIO(content))
        self._step = step
        self.visible_worksheets: list[str] = []
        """The names of their parts."""

    def read(self) -> None:
        self.read_manifest()
        self.read_strings()
        self.read_workbook()
        self.read_styles()
        self.read_worksheets()

    def rows(self, part: str) -> Iterator[tuple[int, list[Any]]]:
        with self.archive.open(part) as source:
            yield from read_rows(source, self.shared_strings, self.wb, MAX_COLUMNS + 1, self._step)

    def read_styles(self) -> None:
        if ARC_STYLE in self.valid_files:
            with self.archive.open(ARC_STYLE) as source:
                formats = read_date_formats(source, self._step)
            self.wb._date_formats, self.wb._timedelta_formats = formats

    def read_worksheets(self) -> None:
        for sheet, relation in self.parser.find_sheets():
            is_worksheet = "chartsheet" not in relation.Type and relation.target in self.valid_files
            if is_worksheet and sheet.state == "visible":
                self.visible_worksheets.append(relation.target)

    def read_strings(self) -> None:
        texts = _SharedTexts()
        self.shared_strings = texts  # type: ignore[assignment]  # of a list only the look-up is used
        if part := self.package.find(SHARED_STRINGS):  # type: ignore[no-untyped-call]  # no types
            # Without defusedxml, as in production.
            parser = XMLParser(target=_TextTarget(texts.append))  # noqa: S314 - expat bounds entities
            self.archive.check_size(part.PartName[1:], MAX_STRINGS_BYTES)
            with self.archive.open(part.PartName[1:]) as source:
                while xml := source.read(STEP_BYTES):
                    parser.feed(xml)
                    self._step()
            parser.close()


class _SharedTexts:
    """Texts by their number, all in one piece of memory."""

    def __init__(self) -> None:
        self._texts = bytearray()
        self._ends = array("L", [0])

    def append(self, text: str) -> None:
        self._texts += text.encode(errors="surrogatepass")
        self._ends.append(len(self._texts))

    def __getitem__(self, number: int) -> str:
        start, end = self._ends[number], self._ends[number + 1]
        return self._texts[start:end].decode(errors="surrogatepass")


class _TextTarget:
    """Finds the shared texts in their XML, without formats and phonetics. Builds no tree."""

    def __init__(self, add: Callable[[str], None]) -> None:
        self._add = add
        self._parts: list[str] = []
        self._is_text = self._is_phonetic = False

    def start(self, tag: str, _: Mapping[str, str]) -> None:
        if tag == _TEXT:
            self._is_text = not self._is_phonetic
        elif tag == _PHONETIC:
            self._is_phonetic = True

    def data(self, text: str) -> None:
        if self._is_text:
            self._parts.append(text)

    def end(self, tag: str) -> None:
        if tag == _TEXT:
            self._is_text = False
        elif tag == _PHONETIC:
            self._is_phonetic = False
        elif tag == _ITEM:
            self._add("".join(self._parts).replace("x005F_", ""))
            self._parts.clear()

    def close(self) -> None: ...


def _to_table(rows: Iterable[tuple[int, Sequence[Any]]]) -> TextTable:
    """Write rows to a text, each on the line with its number."""
    content = BytesIO()
    text = TextIOWrapper(content, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    filled = lines = 0
    for number, row in rows:
        text.write("\n" * (number - lines - 1))
        lines = max(number, lines + 1)
        cells = [_to_text(value) for value in row]
        is_filled = any(cells)
        writer.writerow(cells if is_filled else [])
        filled += is_filled
        if filled > MAX_ROWS or content.tell() > MAX_TEXT_BYTES:
            raise too_large()
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
    return f"{text}0" if THREE_DECIMALS.fullmatch(text) else text
