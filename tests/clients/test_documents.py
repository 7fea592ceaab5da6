"""Normalisation of CPFs and CNPJs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from validate_docbr import CNPJ, CPF

from clients.documents import MAX_LENGTH, Document, format_document, normalise_document

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def check_digit(characters: str, weights: list[int]) -> str:
    """Compute a check digit by the tax authority's rule, independently of the library."""
    pairs = zip(characters, weights, strict=True)
    rest = sum((ord(character) - 48) * weight for character, weight in pairs) % 11
    return "0" if rest < 2 else str(11 - rest)


def complete_cpf(base: str) -> str:
    first = check_digit(base, list(range(10, 1, -1)))
    return base + first + check_digit(base + first, list(range(11, 1, -1)))


def complete_cnpj(base: str) -> str:
    first = check_digit(base, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])
    return base + first + check_digit(base + first, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])


def is_not_placeholder(document: str) -> bool:
    return len(set(document)) > 1


cpfs = st.text("0123456789", min_size=9, max_size=9).map(complete_cpf).filter(is_not_placeholder)
cnpjs = st.text(ALPHANUMERIC, min_size=12, max_size=12).map(complete_cnpj)
numeric_cnpjs = st.text("0123456789", min_size=12, max_size=12).map(complete_cnpj)


@st.composite
def punctuated(draw: st.DrawFn, documents: st.SearchStrategy[str]) -> tuple[str, str]:
    """Draw a document, and the same with separators and in mixed case."""
    document = draw(documents)
    separators = st.text(" ./-\u2013\u00a0", max_size=2)
    sent = draw(separators) + "".join(
        draw(st.sampled_from([character, character.lower()])) + draw(separators)
        for character in document
    )
    return document, sent


@given(punctuated(cpfs))
def test_punctuation_of_a_cpf_is_removed(pair: tuple[str, str]) -> None:
    document, sent = pair

    assert normalise_document(sent) == Document(document, valid=True)


@given(punctuated(cnpjs.filter(is_not_placeholder)))
def test_punctuation_of_a_cnpj_is_removed(pair: tuple[str, str]) -> None:
    document, sent = pair

    assert normalise_document(sent) == Document(document, valid=True)


def has_eight_digits(cpf: str) -> bool:
    """Return whether a number for a CPF is long enough to be taken for one."""
    return int(cpf) >= 10**7 and is_not_placeholder(cpf)


@given(cpfs.map(lambda cpf: complete_cpf("0" + cpf[1:9])).filter(has_eight_digits))
def test_zeros_of_a_cpf_sent_as_a_number_are_restored(document: str) -> None:
    assert normalise_document(str(int(document))) == Document(document, valid=True)


@given(st.sampled_from(["0", "00"]), numeric_cnpjs)
def test_zeros_of_a_cnpj_sent_as_a_number_are_restored(zeros: str, cnpj: str) -> None:
    document = complete_cnpj(zeros + "7" + cnpj[len(zeros) + 1 : 12])

    normalised = normalise_document(document.removeprefix(zeros))

    assert normalised == Document(document, valid=True)


@given(cpfs, st.integers(0, 10), st.integers(1, 9))
def test_document_with_one_wrong_digit_is_stored_and_flagged(
    cpf: str, place: int, shift: int
) -> None:
    wrong = cpf[:place] + str((int(cpf[place]) + shift) % 10) + cpf[place + 1 :]
    # A check digit of zero stands for two remainders, so a few single slips go unnoticed.
    valid = complete_cpf(wrong[:9]) == wrong and len(set(wrong)) > 1

    document = normalise_document(wrong)

    assert document == Document(wrong, valid=valid)
    assert document.identifies <= valid


@pytest.mark.parametrize("raw", ["", " ", "\t\n", "-", "...", " / "])
def test_empty_text_is_no_document(raw: str) -> None:
    document = normalise_document(raw)

    assert document == Document("", valid=False)
    assert not document.identifies


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("617326568", Document("00617326568", valid=True)),
        ("34167211017", Document("34167211017", valid=True)),
        ("00222022000", Document("00222022000", valid=True)),
        ("81591005400", Document("81591005400", valid=True)),
        ("398.259.791-94", Document("39825979194", valid=True)),
        ("94.580.730/0001-52", Document("94580730000152", valid=True)),
        ("12.ABC.345/01DE-35", Document("12ABC34501DE35", valid=True)),
        ("12abc34501de35", Document("12ABC34501DE35", valid=True)),
        ("123.456.789-00", Document("12345678900", valid=False)),
        ("12.ABC.345/01DE-36", Document("12ABC34501DE36", valid=False)),
        ("12.abc.345/01de-xx", Document("12.abc.345/01de-xx", valid=False)),
        ("12345", Document("12345", valid=False)),
        ("12.345", Document("12.345", valid=False)),
        ("1234567890123", Document("1234567890123", valid=False)),
        ("123456789012345", Document("123456789012345", valid=False)),
        (" passaporte XY 123 ", Document("passaporte XY 123", valid=False)),
        ("７３４１０７１４１９７", Document("73410714197", valid=True)),
        ("７３４．１０７．１４１－９７", Document("73410714197", valid=True)),
        ("\u202d73410714197\u202c", Document("73410714197", valid=True)),
        ("\ufeff734.107.141\u201197\u200b", Document("73410714197", valid=True)),
        ("'73410714197", Document("73410714197", valid=True)),
        ("CPF: 734.107.141-97", Document("73410714197", valid=True)),
        ("cpf73410714197", Document("73410714197", valid=True)),
        ("CPF/CNPJ nº 94.580.730/0001-52", Document("94580730000152", valid=True)),
        ("73410714197.0", Document("73410714197", valid=True)),
        ("73410714197,00", Document("73410714197", valid=True)),
        ("617326568.0", Document("00617326568", valid=True)),
        ("94580730000152.0", Document("94580730000152", valid=True)),
        ("00073410714197", Document("73410714197", valid=True)),
        ("073410714197", Document("73410714197", valid=True)),
        ("12373410714197", Document("12373410714197", valid=False)),
        ("7341071419.7", Document("7341071419.7", valid=False)),
        ("7,34101E+10", Document("7,34101E+10", valid=False)),
        ("7.34101e10", Document("7.34101e10", valid=False)),
        ("***.972.838-**", Document("***.972.838-**", valid=False)),
        ("1910000", Document("1910000", valid=False)),
        ("191", Document("191", valid=False)),
        ("734.100.037-04", Document("73410003704", valid=False)),
        ("73410003704.0", Document("73410003704", valid=False)),
        ("CPF:", Document("", valid=False)),
        ("C.P.F. 734.107.141-97", Document("73410714197", valid=True)),
        ("(CPF) 734.107.141-97", Document("73410714197", valid=True)),
        ("CPF=73410714197", Document("73410714197", valid=True)),
        ("734,107,141-97", Document("73410714197", valid=True)),
        ("734.107.141_97,", Document("73410714197", valid=True)),
        ('["734.107.141-97"]', Document("73410714197", valid=True)),
        ("#73410714197;", Document("73410714197", valid=True)),
        ("RG 12.345.678-9", Document("RG 12.345.678-9", valid=False)),
        ("xxx.107.141-xx", Document("xxx.107.141-xx", valid=False)),
        ("734.107.141-97 CPF", Document("734.107.141-97 CPF", valid=False)),
        ("CPF: CPF 734.107.141-97", Document("73410714197", valid=True)),
    ],
)
def test_documents(raw: str, expected: Document) -> None:
    assert normalise_document(raw) == expected


def test_eleven_digits_are_never_padded_to_a_cnpj() -> None:
    cnpj = complete_cnpj("000123456780")
    without_zeros = cnpj.removeprefix("000")
    assert CNPJ().validate(cnpj)
    assert not CPF().validate(without_zeros)

    assert normalise_document(without_zeros) == Document(without_zeros, valid=False)


@pytest.mark.parametrize(
    ("raw", "stored"),
    [
        ("x" * 100, "x" * MAX_LENGTH),
        ("x" * MAX_LENGTH, "x" * MAX_LENGTH),
        ("x" * (MAX_LENGTH - 1) + " y", "x" * (MAX_LENGTH - 1)),
    ],
)
def test_long_text_is_truncated(raw: str, stored: str) -> None:
    assert normalise_document(raw) == Document(stored, valid=False)


@pytest.mark.parametrize(
    "raw", ["12345678900", "12ABC34501DE36", "AB123456", "123", "***.972.838-**", "7,34101E+10"]
)
def test_mistyped_masked_or_short_document_identifies_nobody(raw: str) -> None:
    assert normalise_document(raw) == Document(raw, valid=False)
    assert not normalise_document(raw).identifies


@pytest.mark.parametrize(
    "raw",
    [
        "123.456.789-09",
        "012.345.678-90",
        "1234567890",
        "987.654.321-00",
        "000.000.001-91",
        "00.000.000/0001-91",
        "12.345.678/0001-95",
    ],
)
def test_placeholder_with_right_check_digits_identifies_nobody(raw: str) -> None:
    assert normalise_document(raw).valid
    assert not normalise_document(raw).identifies


@pytest.mark.parametrize(
    "raw",
    [
        "00000000000",
        "000.000.000-00",
        "11111111111",
        "00000000000000",
        "00.000.000/0000-00",
        "0",
        "000.000",
        "***",
        "não tem",
        "N/A",
    ],
)
def test_placeholder_does_not_identify(raw: str) -> None:
    document = normalise_document(raw)

    assert document.value != ""
    assert not document.valid
    assert not document.identifies


@given(st.text(max_size=MAX_LENGTH))
def test_normalising_twice_changes_nothing(raw: str) -> None:
    document = normalise_document(raw)

    assert normalise_document(document.value) == document


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_gives_a_consistent_document(raw: str) -> None:
    document = normalise_document(raw)

    assert len(document.value) <= MAX_LENGTH
    assert document.valid or not document.identifies


@pytest.mark.parametrize(
    ("value", "formatted"),
    [
        ("39825979194", "398.259.791-94"),
        ("94580730000152", "94.580.730/0001-52"),
        ("12ABC34501DE35", "12.ABC.345/01DE-35"),
        ("12345", "12345"),
        ("", ""),
    ],
)
def test_document_is_formatted_for_people(value: str, formatted: str) -> None:
    assert format_document(value) == formatted


@given(st.one_of(cpfs, cnpjs))
def test_formatted_document_normalises_to_itself(document: str) -> None:
    assert normalise_document(format_document(document)).value == document


@pytest.mark.parametrize(
    "raw",
    [
        *("734.100.037-62", "73410003762", "'73410003762", "CPF: 734.100.037-62", "734 100 037 62"),
        *("\u202d73410003762\u202c", "73410003762.0", "00073410003762", "７３４１０００３７６２"),
    ],
)
def test_spellings_of_one_cpf_are_one_document(raw: str) -> None:
    document = normalise_document(raw)
    assert (document.value, document.identifies) == ("73410003762", True)


@pytest.mark.parametrize("raw", ["734.100.037-04", "73410003704", "73410003704.0"])
def test_spellings_with_wrong_digits_identify_nobody(raw: str) -> None:
    document = normalise_document(raw)
    assert (document.value, document.identifies) == ("73410003704", False)
