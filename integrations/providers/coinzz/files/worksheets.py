"""The rows of a worksheet and the formats of its dates, read without a tree of their XML. Pure.

openpyxl keeps every element of a worksheet and of the styles: a file of some kilobytes, unpacked,
would need gigabytes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any, Final
from xml.etree.ElementTree import Element, XMLParser, XMLPullParser

from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.worksheet._reader import ROW_TAG, WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

from integrations.providers.contracts import Step
from integrations.providers.errors import PayloadInvalid

STEP_BYTES: Final = 64 * 1024
"""After so much XML, a reader takes a step: some 50 ms."""
MAX_ROW_BYTES: Final = 4 * 1024 * 1024
"""The largest element of a worksheet, which is held in memory."""
MAX_ROW_NUMBER: Final = 1_048_576
"""Excel's last row."""
MAX_FORMATS: Final = 65_536
"""Excel's limit of the formats of cells."""
MAX_CODE: Final = 255
"""Excel's limit of the characters of a format."""

_ROWS_DEPTH: Final = 2
"""Rows, and the elements beside them, are within two others."""
_NUMBER_FORMAT, _CELL_FORMATS, _FORMAT = (
    f"{{{SHEET_MAIN_NS}}}{name}" for name in ("numFmt", "cellXfs", "xf")
)


def too_large() -> PayloadInvalid:
    return PayloadInvalid(
        "not_csv", "A planilha é grande demais. Divida-a em partes de até 50.000 linhas."
    )


def read_rows(
    source: IO[bytes], shared_texts: Any, workbook: Any, width: int, step: Step
) -> Iterator[tuple[int, list[Any]]]:
    """Yield each row with its number and the values of its first `width` cells."""
    parser = _RowParser(
        source,
        shared_texts,
        data_only=True,
        epoch=workbook.epoch,
        date_formats=workbook._date_formats,
        timedelta_formats=workbook._timedelta_formats,
    )
    for number, cells in parser.rows(source, step):
        last = max((cell["column"] for cell in cells), default=0)
        values: list[Any] = [None] * min(last, width)
        for cell in cells:
            if cell["column"] <= width:
                values[cell["column"] - 1] = cell["value"]
        yield number, values


class _RowParser(WorkSheetParser):
    def rows(self, source: IO[bytes], step: Step) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Yield the rows as openpyxl's parser does, and forget them."""
        parser: XMLPullParser[Element] = XMLPullParser(("start", "end"))
        path, unfinished = list[Element](), 0
        for xml in _chunks(source, step):
            unfinished += len(xml)
            if unfinished > MAX_ROW_BYTES:
                raise too_large()
            parser.feed(xml)
            for element in _ended(parser.read_events(), path):
                unfinished = 0
                if element.tag == ROW_TAG:
                    yield self._parse_row(element)
                element.clear()
            for parent in path[:_ROWS_DEPTH]:
                del parent[:]
        parser.close()

    def _parse_row(self, element: Any) -> tuple[int, list[dict[str, Any]]]:
        number, cells = self.parse_row(element)
        self.row_dimensions.clear()
        if number > MAX_ROW_NUMBER:
            raise too_large()
        return number, cells


def _chunks(source: IO[bytes], step: Step) -> Iterator[bytes]:
    while xml := source.read(STEP_BYTES):
        yield xml
        if len(xml) == STEP_BYTES:
            step()


def _ended(events: Iterable[Any], path: list[Element]) -> Iterator[Element]:
    """Yield the rows, and the elements beside and around them, when they end.

    `path` are the open elements.
    """
    for event, element in events:
        if event == "start":
            path.append(element)
            continue
        path.pop()
        if len(path) <= _ROWS_DEPTH:
            yield element


def read_date_formats(source: IO[bytes], step: Step) -> tuple[set[int], set[int]]:
    """Return the numbers of the cell formats that mean a date, and of those that mean a duration.

    All else of the styles is left out.
    """
    target = _FormatTarget()
    # Without defusedxml, as in production.
    parser = XMLParser(target=target)  # noqa: S314 - expat bounds entities
    unfinished = 0
    for xml in _chunks(source, step):
        parser.feed(xml)
        unfinished = 0 if target.has_started() else unfinished + len(xml)
        if unfinished > MAX_ROW_BYTES:
            raise too_large()
    parser.close()
    return target.find(is_date_format), target.find(is_timedelta_format)


class _FormatTarget:
    """Finds the formats of numbers in the XML of the styles. Builds no tree."""

    def __init__(self) -> None:
        self._codes: dict[int, str] = {}
        self._formats: list[int] = []
        self._is_cell_format = self._has_started = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._has_started = True
        if tag == _NUMBER_FORMAT:
            code = attributes.get("formatCode", "")[:MAX_CODE]
            self._codes[int(attributes["numFmtId"])] = code
        elif tag == _CELL_FORMATS:
            self._is_cell_format = True
        elif tag == _FORMAT and self._is_cell_format:
            self._formats.append(int(attributes.get("numFmtId", 0)))
        if max(len(self._codes), len(self._formats)) > MAX_FORMATS:
            raise too_large()

    def end(self, tag: str) -> None:
        if tag == _CELL_FORMATS:
            self._is_cell_format = False

    def has_started(self) -> bool:
        """Return whether an element has started since the last call."""
        has_started, self._has_started = self._has_started, False
        return has_started

    def find(self, is_kind: Callable[[str], bool]) -> set[int]:
        codes = {id_: self._codes.get(id_, builtin_format_code(id_)) for id_ in set(self._formats)}
        ids = {id_ for id_, code in codes.items() if code and is_kind(code)}
        return {number for number, id_ in enumerate(self._formats) if id_ in ids}

    def close(self) -> None: ...
