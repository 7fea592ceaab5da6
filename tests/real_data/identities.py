"""Documents, phones and names by which buyers are told apart; CEPs and states."""

from typing import Any, Final

from tests import payloads
from tests.real_data.case import Case, webhook

KIND: Final = "Identidade"
DOCUMENT: Final = "734.107.141-97"
PHONE: Final = "11 98765-0401"


def case(given: str, *buyers: dict[str, Any], clients: int, **client: Any) -> Case:
    """Return orders of buyers; `client` are values of the last one's client."""
    numbers = [f"ord{letter * 5}" for letter in "abc"[: len(buyers)]]
    orders = zip(numbers, buyers, strict=True)
    return Case(
        kind=KIND,
        given=given,
        steps=tuple(webhook(payloads.order(number, client=buyer)) for number, buyer in orders),
        right={"clients": clients}
        | {f"{numbers[-1]}.client.{name}": value for name, value in client.items()},
    )


def _buyer(name: str = "Ana Souza", **fields: Any) -> dict[str, Any]:
    return {"client_name": name} | {f"client_{field}": value for field, value in fields.items()}


def _one_document() -> list[Case]:
    forms: tuple[Any, ...] = (
        *(
            "73410714197",
            "\u202d73410714197\u202c",
            73410714197.0,
            "00073410714197",
            "'73410714197",
        ),
        *(
            "CPF: 734.107.141-97",
            "C.P.F. 734.107.141-97",
            "(CPF) 734 107 141 97",
            "CPF=73410714197",
        ),
        *("734,107,141-97", "734.107.141_97", "73410714197;", '"734.107.141-97"', "#73410714197"),
        *("７３４１０７１４１９７", "734.107.141\u201197", "73410714197,00"),
    )
    return [
        case(
            f"{DOCUMENT}, then {form!a}",
            _buyer(documment=DOCUMENT),
            _buyer("Outro Nome", documment=form),
            clients=1,
            cpf="73410714197",
        )
        for form in forms
    ]


def _no_document() -> list[Case]:
    texts = {
        **{text: text for text in ("***.972.838-**", "7,34101E+10", "123", "xxx.107.141-xx")},
        **{text: text for text in ("12345678900", "RG 12.345.678-9", "isento", "7341O714197")},
        "000.000.000-00": "00000000000",
        "123.456.789-09": "12345678909",
        "N/A": "",
    }
    return [
        case(
            f"two buyers, document {text}",
            _buyer(documment=text),
            _buyer(documment=text),
            clients=2,
            cpf=kept,
        )
        for text, kept in texts.items()
    ]


def _phones() -> list[Case]:
    forms: tuple[Any, ...] = (
        *(
            "+55 (11) 98765-0401",
            11987650401.0,
            "011987650401",
            "0xx11 98765-0401",
            "015 11987650401",
        ),
        *("+11 98765-0401", "wa.me/5511987650401", "5511987650401:12@s.whatsapp.net"),
        *(
            "11 98765-0401 ramal 5",
            "1133330411 / 11987650401",
            "１１９８７６５０４０１",
            "'11987650401",
        ),
    )
    return [
        case(
            f"{PHONE}, then {form!a}",
            _buyer(phone=PHONE),
            _buyer("ANA", phone=form),
            clients=1,
            phone="+5511987650401",
        )
        for form in forms
    ]


def _unclear_phones() -> list[Case]:
    unknown = (
        *("98765-0501", "0800 123 4567", "(00) 98765-0401", "20 98765-0401", "11 98765-04O1"),
        *("1,1987650401E+10", "5.5119876504E+12", "11 *****-0401", "4004-1234"),
    )
    placeholders = ("11999999999", "(11) 99999-9999", "11912345678", "11900000000")
    return [
        *(
            case(
                f"two buyers, phone {text}",
                _buyer(phone=text),
                _buyer(phone=text),
                clients=2,
                phone="",
                phone_raw=text,
            )
            for text in unknown
        ),
        case(
            "only a phone without area code",
            _buyer("", phone="98765-0501"),
            clients=1,
            phone_raw="98765-0501",
        ),
        *(
            case(f"two buyers, phone {text}", _buyer(phone=text), _buyer(phone=text), clients=2)
            for text in placeholders
        ),
    ]


def _names() -> list[Case]:
    one = (
        *(
            ("Maria da Silva", "MARIA SILVA"),
            ("M. Silva", "Maria Silva"),
            ("Joa\u0303o ✨", "joão"),
        ),
        *(("Maria\u200b", "Ｍａｒｉａ"), ("", "Maria"), ("Maria-Clara", "Maria Clara")),
    )
    two = (("Maria", "José"), ("Mãe da Ana", "Ana"), ("Ana", "Anna"))
    return [
        case(
            f"one phone, {first!a} and {second!a}",
            _buyer(first, phone=PHONE),
            _buyer(second, phone=PHONE),
            clients=clients,
        )
        for pairs, clients in ((one, 1), (two, 2))
        for first, second in pairs
    ]


def _places() -> list[Case]:
    ceps = {
        **dict.fromkeys(
            ("1310100.0", "\u200b01310100", "01310\u2011100", "01.310-100"), "01310100"
        ),
        **dict.fromkeys(("C.E.P. 01310-100", "1310100", "０１３１０１００"), "01310100"),
        **dict.fromkeys(("0131010", "00000-000", "1,3101E+06", "013101000"), ""),
    }
    states = {
        **dict.fromkeys(("São Paulo - SP", "Estado de São Paulo", "S.P.", "São Paulo SP"), "SP"),
        **dict.fromkeys(("sao-paulo", "SP;", "SP, Brasil", "UF: SP", "São Paulo | SP"), "SP"),
        **{text: text for text in ("Estado Exemplo", "SP-MG", "Campinas SP")},
    }
    return [
        *(
            case(f"CEP {text!a}", _buyer(zip_code=text), clients=1, cep=cep)
            for text, cep in ceps.items()
        ),
        *(
            case(f"state {text}", _buyer(address_state=text), clients=1, state=state)
            for text, state in states.items()
        ),
    ]


CASES: Final = [
    *_one_document(),
    *_no_document(),
    *_phones(),
    *_unclear_phones(),
    *_names(),
    *_places(),
]
