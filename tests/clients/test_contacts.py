"""Normalisation of phones, e-mails, CEPs and states."""

from collections.abc import Callable

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clients.cleaning import clean_text
from clients.contacts import (
    AREAS,
    STATES,
    format_cep,
    format_phone,
    format_raw_phone,
    normalise_cep,
    normalise_email,
    normalise_phone,
    normalise_state,
    phone_identifies,
    phones_without_area,
)

any_text = st.text(st.characters(exclude_categories=()))
area_codes = st.sampled_from(list(map(str, AREAS)))
subscribers = st.from_regex(r"9[0-8][0-9]{7}|[2-5][0-9]{7}", fullmatch=True)
nationals = st.builds(str.__add__, area_codes, subscribers).filter(lambda n: len(set(n)) > 1)
nationals_apart = nationals.filter(lambda national: national[2:].strip("0") != "")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("55991234567", "+5555991234567"),
        ("5533334444", "+555533334444"),
        ("5511987654321", "+5511987654321"),
        ("5555991234567", "+5555991234567"),
        ("555533334444", "+555533334444"),
        ("+55 74999990000", "+5574999990000"),
        ("+55 (11) 98765-0001", "+5511987650001"),
        ("62954544554", "+5562954544554"),
        ("21900000001", "+5521900000001"),
        ("11999999999", "+5511999999999"),
        ("1133330411.0", "+551133330411"),
        ("11987650401.0", "+5511987650401"),
        ("11987650401,00", "+5511987650401"),
        ("'11987650401", "+5511987650401"),
        ("１１９８７６５０４０１", "+5511987650401"),
        ("+11 98765-0401", "+5511987650401"),
        ("+11 3333-0411", "+551133330411"),
        ("+62 95454-4554", "+5562954544554"),
        ("1144445555", "+551144445555"),
        ("5433210000", "+555433210000"),
        ("1190000000", "+551190000000"),
        ("+28 99876-5401", "+5528998765401"),
    ],
)
def test_brazilian_numbers(raw: str, expected: str) -> None:
    assert normalise_phone(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "011987654321",
        "(011) 98765-4321",
        "0 21 11 98765-4321",
        "021 (11) 98765-4321",
        "55 011 98765-4321",
        "+55 (0) 11 98765-4321",
        "+55 021 11 98765-4321",
        "+55 5511987654321",
        "0055 11 98765-4321",
        "+0055 11 98765-4321",
        "\u202a+55 11 98765\u20114321\u202c",
        "WhatsApp: 11 98765-4321",
        "11 98765-4321 ramal 5",
        "5511987654321:12@s.whatsapp.net",
        "11 98765-4321 / 11 3456-7890",
        "11 3456-7890 ou 11 98765-4321",
    ],
)
def test_formats_of_one_number(raw: str) -> None:
    assert normalise_phone(raw) == "+5511987654321"


@pytest.mark.parametrize("digits", ["87654321", "987654321"])
def test_phone_without_area_can_be_of_any_area(digits: str) -> None:
    phones = phones_without_area(digits)
    assert (len(phones), phones[0], phones[-1]) == (67, f"+5511{digits}", f"+5599{digits}")


@pytest.mark.parametrize("digits", ["7654321", "1187654321", ""])
def test_other_phones_are_not_without_area(digits: str) -> None:
    assert phones_without_area(digits) == []


def test_old_mobile_number_gets_no_ninth_digit() -> None:
    assert normalise_phone("(11) 8765-4321") == "+551187654321"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("+351 912 345 678", "+351912345678"),
        ("00351912345678", "+351912345678"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("+65 3123 4567", "+6531234567"),
        ("+39 06 6982 1234", "+390669821234"),
        ("0045 3212 3456", "+4532123456"),
        ("+44 (0)20 7946 0958", "+442079460958"),
    ],
)
def test_foreign_numbers(raw: str, expected: str) -> None:
    assert normalise_phone(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "-",
        "não tem",
        "190",
        "987654321",
        "+55 98765-4321",
        "119876543210",
        "351912345678",
        "0800 123 4567",
        "0300 123 4567",
        "20 98765-4321",
        "(00) 98765-4321",
        "1,1987654321E+10",
        "5.5119876543E+12",
        "+999 123 456 789",
        "+351 12",
        "1" * 400,
    ],
)
def test_incomplete_number_is_invalid(raw: str) -> None:
    assert normalise_phone(raw) == ""


@pytest.mark.parametrize(
    "raw",
    [
        "00000000000",
        "99999999999",
        "1111111111",
        "+55 99999999999",
        "11 00000-0000",
        "+11111111111",
    ],
)
def test_placeholder_is_invalid(raw: str) -> None:
    assert normalise_phone(raw) == ""


@pytest.mark.parametrize(
    "raw",
    [
        *("11999999999", "(11) 99999-9999", "11912345678", "1112345678", "11900000000", "", "0"),
        *("+351 999 999 999", "+351 912 345 678", "+1 202 222 2222"),
    ],
)
def test_placeholder_of_a_phone_does_not_identify(raw: str) -> None:
    assert not phone_identifies(normalise_phone(raw))


@pytest.mark.parametrize("raw", ["11987650401", "1133330411", "+351961234560", "11999999998"])
def test_phone_of_a_person_identifies(raw: str) -> None:
    assert phone_identifies(normalise_phone(raw))


@given(nationals_apart, st.sampled_from(["", "0", "+55", "+55 ", "55", "0055", "021", "+55 0"]))
def test_dialling_prefixes_are_ignored(national: str, prefix: str) -> None:
    assert normalise_phone(prefix + national) == f"+55{national}"


@given(nationals_apart, st.lists(st.sampled_from([" ", "-", ".", "(", ")"]), max_size=11))
def test_punctuation_does_not_matter(national: str, separators: list[str]) -> None:
    padded = separators + [""] * (len(national) - len(separators))
    punctuated = "".join(sum(zip(national, padded, strict=False), ()))

    assert normalise_phone(punctuated) == f"+55{national}"


@given(any_text)
def test_any_text_is_a_possible_number_or_invalid(raw: str) -> None:
    phone = normalise_phone(raw)

    assert phone == "" or phonenumbers.is_possible_number(phonenumbers.parse(phone))


@example("+98000001")
@example("+9000000001")
@given(st.from_regex(r"\+?[0-9]{6,16}", fullmatch=True))
def test_normalising_a_phone_twice_changes_nothing(raw: str) -> None:
    phone = normalise_phone(raw)

    assert normalise_phone(phone) == phone


@pytest.mark.parametrize(
    ("e164", "formatted"),
    [
        ("+5562954544554", "(62) 95454-4554"),
        ("+556232324554", "(62) 3232-4554"),
        ("+351912345678", "+351 912 345 678"),
        ("+55 62 ***-4554", "+55 62 ***-4554"),
        ("", ""),
    ],
)
def test_phone_is_formatted_for_people(e164: str, formatted: str) -> None:
    assert format_phone(e164) == formatted


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("01310100", "01310100"),
        ("44620-000", "44620000"),
        ("01.310-100", "01310100"),
        (" 44620 000 ", "44620000"),
        ("1310100", "01310100"),
        ("1310-100", "01310100"),
        ("", ""),
        ("310100", ""),
        ("446200000", ""),
        ("SW1A 2AA", ""),
        ("０１３１０１００", "01310100"),
        ("1310100.0", "01310100"),
        ("44620000,00", "44620000"),
        ("01310.000", "01310000"),
        ("310100.0", ""),
        ("\u200b01310100", "01310100"),
        ("01310\u2011100", "01310100"),
        ("01310\u2013100", "01310100"),
        ("'01310100", "01310100"),
        ("CEP: 01310-100", "01310100"),
        ("C.E.P. 01310-100", "01310100"),
        ("0131010", ""),
        ("00000-000", ""),
    ],
)
def test_cep(raw: str, expected: str) -> None:
    assert normalise_cep(raw) == expected


@pytest.mark.parametrize(
    ("cep", "formatted"), [("01310100", "01310-100"), ("", ""), ("***", "***")]
)
def test_cep_is_formatted_for_people(cep: str, formatted: str) -> None:
    assert format_cep(cep) == formatted


@pytest.mark.parametrize(
    ("raw", "formatted"),
    [
        ("62954544554", "(62) 95454-4554"),
        ("+351912345678", "+351 912 345 678"),
        ("62 9545", "62 9545"),
        ("+55 62 ***-4554", "+55 62 ***-4554"),
        ("", ""),
    ],
)
def test_phone_as_sent_is_formatted_for_people(raw: str, formatted: str) -> None:
    assert format_raw_phone(raw) == formatted


@given(any_text)
def test_cep_has_eight_digits_or_is_empty(raw: str) -> None:
    assert len(normalise_cep(raw)) in {0, 8}


def test_there_are_twenty_seven_states() -> None:
    assert len(STATES) == 27


@given(st.sampled_from(sorted(STATES)), st.sampled_from([str.upper, str.lower, str.title]))
def test_state_is_found_by_its_code_and_its_name(code: str, write: Callable[[str], str]) -> None:
    assert normalise_state(write(code)) == code
    assert normalise_state(f" {write(STATES[code])} ") == code


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("sp", "SP"),
        ("São Paulo", "SP"),
        ("sao  paulo", "SP"),
        ("PARA", "PA"),
        ("Parana", "PR"),
        ("São Paulo - SP", "SP"),
        ("SP - São Paulo", "SP"),
        ("São Paulo/SP", "SP"),
        ("São Paulo (SP)", "SP"),
        ("Estado de São Paulo", "SP"),
        ("ESTADO DO RIO DE JANEIRO", "RJ"),
        ("estado da bahia", "BA"),
        ("UF: SP", "SP"),
        ("S\u200bP", "SP"),
        ("S.P.", "SP"),
        ("SP;", "SP"),
        ("São Paulo SP", "SP"),
        ("sao-paulo", "SP"),
        ("Sao_Paulo", "SP"),
        ("São Paulo | SP", "SP"),
        ("Est. São Paulo", "SP"),
        ("Campinas SP", "Campinas SP"),
        ("São Paulo - RJ", "São Paulo - RJ"),
        ("Estado Exemplo", "Estado Exemplo"),
        (" Lisboa ", "Lisboa"),
        ("", ""),
    ],
)
def test_states(raw: str, expected: str) -> None:
    assert normalise_state(raw) == expected


@given(any_text)
def test_any_text_is_a_state_or_stays_as_sent(raw: str) -> None:
    assert normalise_state(raw) in {*STATES, clean_text(raw)}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(" Ana.Souza@Exemplo.COM.br ", "ana.souza@exemplo.com.br"), ("", ""), ("não tem", "")],
)
def test_email(raw: str, expected: str) -> None:
    assert normalise_email(raw) == expected


@given(any_text)
def test_normalising_an_email_twice_changes_nothing(raw: str) -> None:
    email = normalise_email(raw)

    assert normalise_email(email) == email
