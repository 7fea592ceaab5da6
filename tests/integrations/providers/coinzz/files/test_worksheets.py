"""Workbooks whose parts are small in the file and huge in memory are refused or read in steps."""

import tracemalloc
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from integrations.providers.coinzz.files import workbooks, worksheets
from integrations.providers.coinzz.files.order_file import OrderTable
from integrations.providers.errors import PayloadInvalid
from tests.integrations.providers.coinzz.files.test_workbooks import HEADER, read, workbook

MB = 1024 * 1024
TOO_LARGE = "A planilha é grande demais. Divida-a em partes de até 50.000 linhas."
SHEET, STYLES, BOOK = "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"


def change(part: str, edit: Callable[[str], str]) -> bytes:
    """Return a workbook with one order, of which one part is changed."""
    content = BytesIO()
    source = zipfile.ZipFile(BytesIO(workbook(HEADER, ["a", 1, "", "", 1])))
    with source, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            text = source.read(name).decode()
            archive.writestr(name, edit(text) if name == part else text)
    return content.getvalue()


def before(end: str, added: str) -> Callable[[str], str]:
    return lambda text: text.replace(end, added + end)


def peak_memory(read_it: Callable[[], OrderTable]) -> int:
    tracemalloc.start()
    try:
        assert len(list(read_it().lines())) == 1
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("part", "end", "element"),
    [
        (STYLES, "</styleSheet>", "<a/>"),
        (SHEET, "</sheetData>", "<row/>"),
        (SHEET, "</sheetData>", "<a/>"),
        (SHEET, "</worksheet>", "<a/>"),
        (SHEET, "</sheetData>", "<row ht='1'/>"),
    ],
)
def test_unknown_elements_cost_no_memory(part: str, end: str, element: str) -> None:
    content = change(part, before(end, element * (MB // 2 // len(element))))
    assert len(content) < MB // 16
    assert peak_memory(lambda: read(content)) < 6 * MB


@pytest.mark.parametrize(
    ("part", "end", "element"),
    [
        (BOOK, "</workbook>", "<a/>"),
        ("[Content_Types].xml", "</Types>", "<a/>"),
        ("xl/_rels/workbook.xml.rels", "</Relationships>", "<a/>"),
        (STYLES, "</cellXfs>", "<xf/>"),
        (SHEET, "</row>", "<c/>"),
    ],
)
def test_part_that_needs_too_much_memory_is_refused(part: str, end: str, element: str) -> None:
    content = change(part, before(end, element * (5 * MB // len(element))))
    with pytest.raises(PayloadInvalid, match=TOO_LARGE):
        read(content)


def test_text_that_is_larger_than_any_row_is_refused() -> None:
    content = change(SHEET, before("</sheetData>", f"<row><c><v>{'1' * 5 * MB}</v></c></row>"))
    with pytest.raises(PayloadInvalid, match=TOO_LARGE):
        read(content)


def test_row_beyond_excels_last_is_refused() -> None:
    content = change(SHEET, before("</sheetData>", "<row r='1048577'><c><v>1</v></c></row>"))
    with pytest.raises(PayloadInvalid, match=TOO_LARGE):
        read(content)


def test_texts_in_a_part_of_another_name_have_their_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    content = BytesIO()
    source = zipfile.ZipFile(BytesIO(workbook(HEADER, ["a", 1])))
    with source, zipfile.ZipFile(content, "w") as archive:
        for name in source.namelist():
            text = source.read(name).decode().replace("sharedStrings.xml", "texts.xml")
            archive.writestr(name.replace("sharedStrings.xml", "texts.xml"), text)
    assert len(list(read(content.getvalue()).lines())) == 1
    monkeypatch.setattr(workbooks, "MAX_STRINGS_BYTES", 10)
    with pytest.raises(PayloadInvalid, match=TOO_LARGE):
        read(content.getvalue())


def test_worksheet_that_the_workbook_names_many_times_is_read_ten_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """openpyxl read each of them once more, to find its size."""
    opened = list[str]()
    unpatched = workbooks._Archive.open

    def open_part(archive: workbooks._Archive, name: str, *options: Any) -> object:
        opened.append(name)
        return unpatched(archive, name, *options)

    monkeypatch.setattr(workbooks._Archive, "open", open_part)
    again = "".join(f'<sheet name="n{n}" sheetId="{n}" r:id="rId1"/>' for n in range(2, 500))
    list(read(change(BOOK, before("</sheets>", again))).lines())
    assert opened.count(SHEET) == workbooks.MAX_WORKSHEETS


def test_rows_without_numbers_and_out_of_order_are_read() -> None:
    cells = "<c t='str'><v>{}</v></c><c><v>2</v></c>"
    rows = f"<row>{cells.format('b')}</row><row r='2'>{cells.format('c')}</row>"
    table = read(change(SHEET, before("</sheetData>", rows)))
    numbers = [line.item and line.item["order"]["order_number"] for line in table.lines()]
    assert numbers == ["a", "b", "c"]


def test_worksheet_that_ends_too_early_is_refused() -> None:
    with pytest.raises(PayloadInvalid, match="o arquivo está danificado"):
        read(change(SHEET, lambda text: text.replace("</worksheet>", "")))


def test_dates_keep_their_formats() -> None:
    target = worksheets.read_date_formats(
        BytesIO(
            b"<styleSheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
            b"<numFmts><numFmt numFmtId='164' formatCode='dd/mm/yyyy'/>"
            b"<numFmt numFmtId='165' formatCode='[h]:mm'/></numFmts>"
            b"<cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
            b"<cellXfs><xf/><xf numFmtId='164'/><xf numFmtId='165'/><xf numFmtId='14'/>"
            b"<xf numFmtId='4'/></cellXfs></styleSheet>"
        ),
        lambda: None,
    )
    assert target == ({1, 2, 3}, {2})
