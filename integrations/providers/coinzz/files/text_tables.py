"""Text files with a table: their encoding, separator and rows. Pure."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from io import BytesIO, TextIOWrapper
from itertools import islice
from typing import Final, Self

from integrations.providers.errors import PayloadInvalid

SEPARATORS: Final = (";", ",", "\t", "|")
HEADER_ROWS: Final = 30
"""The header is among the first rows of a file: titles may stand above it."""

MAX_ROW_CHARACTERS: Final = 500_000
"""The longest row, with its line breaks: a longer one is no valid CSV. It is held in memory."""

_PART_CHARACTERS: Final = 1024 * 1024
_INVALID_LINE: Final = '"x"x\n'
"""An error for the parser, within quotes and outside of them."""
_SAVE_AS: Final = "Abra-o e salve como Excel (.xlsx) ou CSV, e envie o arquivo novo."
_OTHER_FORMATS: Final = (
    (b"\xd0\xcf\x11\xe0", f"Isto é uma planilha do Excel antigo (.xls) ou com senha. {_SAVE_AS}"),
    (b"%PDF", "Isto é um PDF. Exporte as vendas de novo, como Excel (.xlsx) ou CSV."),
    (b"PK\x03\x04", f"Isto não é um CSV nem uma planilha .xlsx que se possa ler. {_SAVE_AS}"),
    (b"{\\rtf", f"Isto é um documento de texto. {_SAVE_AS}"),
    (b"\x1f\x8b", "O arquivo está comprimido. Descompacte-o e envie a planilha."),
    (b"Rar!", "O arquivo está comprimido. Descompacte-o e envie a planilha."),
    (b"\x89PNG", "Isto é uma imagem. Envie a planilha, como Excel (.xlsx) ou CSV."),
    (b"\xff\xd8\xff", "Isto é uma imagem. Envie a planilha, como Excel (.xlsx) ou CSV."),
)
_MARKUP: Final = ("<!doctype", "<html", "<table", "<meta", "<head", "<body", "<?xml", "<style")
_JSON: Final = ("{", "[")


@dataclass(frozen=True, slots=True)
class Row:
    """A row with the number of its first line, counted from 1; None if it is no valid CSV."""

    number: int
    cells: list[str] | None
    is_unfinished: bool = False
    """Whether the file ends with this row and without a line break: it may have been cut."""


@dataclass(frozen=True, slots=True)
class TextTable:
    content: bytes
    encoding: str
    separator: str = ";"

    def rows(self) -> Iterator[Row]:
        text = TextIOWrapper(
            BytesIO(self.content), encoding=self.encoding, errors="replace", newline=""
        )
        lines = _BoundedLines(text)
        reader = csv.reader(lines, delimiter=self.separator, strict=True)
        while True:
            number = reader.line_num + 1  # its first line: an open quote may end it far below
            lines.characters = 0
            try:
                yield Row(number, next(reader), lines.is_unfinished)
            except StopIteration:
                return
            except csv.Error:
                yield Row(number, None)

    def first_rows(self) -> list[Row]:
        return list(islice(self.rows(), HEADER_ROWS))


class _BoundedLines:
    """The lines of a text, of which those of one row may have MAX_ROW_CHARACTERS together."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._read = partial(text.readline, MAX_ROW_CHARACTERS)
        self.characters = 0
        """The length of the row's lines so far."""
        self.is_unfinished = False
        """Whether the last line had no line break."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._read()
        if not line:
            raise StopIteration
        self.characters += len(line)
        self.is_unfinished = not line.endswith(("\n", "\r"))
        if self.characters < MAX_ROW_CHARACTERS:
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._read()
        return _INVALID_LINE


def detect_encoding(content: bytes) -> str:
    """Return UTF-16 or UTF-8, with or without a BOM, or the encoding of Windows in Brazil."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    start = content[:2_000]
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if zeros and zeros.count(0) > 0.9 * len(zeros) and start.count(0) < 0.6 * len(start):
            return encoding
    try:
        deque(_decode(content, errors="strict"), maxlen=0)
    except UnicodeDecodeError:
        return "utf-8-sig" if _is_damaged_utf8(content) else "cp1252"
    return "utf-8-sig"


def _is_damaged_utf8(content: bytes) -> bool:
    """Return whether few of the characters beyond ASCII are invalid, as in a cut file."""
    invalid = beyond_ascii = 0
    for text in _decode(content, errors="replace"):
        invalid += text.count("\N{REPLACEMENT CHARACTER}")
        beyond_ascii += len(text) - len(text.encode("ascii", errors="ignore"))
    return invalid < beyond_ascii / 10


def _decode(content: bytes, errors: str) -> Iterator[str]:
    """Yield the text of UTF-8 in parts: all of it may take four times the memory."""
    text = TextIOWrapper(BytesIO(content), encoding="utf-8-sig", errors=errors, newline="")
    return iter(partial(text.read, _PART_CHARACTERS), "")


def reject_other_formats(content: bytes, encoding: str) -> None:
    """Raise PayloadInvalid with the next step for a file that is not a text with a table."""
    for prefix, message in _OTHER_FORMATS:
        if content.startswith(prefix):
            raise PayloadInvalid("not_csv", message)
    start = content[:500].decode(encoding, errors="ignore").lstrip("\ufeff \t\r\n").casefold()
    if start.startswith(_MARKUP):
        raise PayloadInvalid(
            "not_csv", f"Isto é uma página da internet com o nome de uma planilha. {_SAVE_AS}"
        )
    if start.startswith(_JSON):
        raise PayloadInvalid("not_csv", "Isto é um JSON. Envie um CSV ou uma planilha .xlsx.")
