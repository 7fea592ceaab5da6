"""Money and numbers, formatted for Brazil."""

from decimal import Decimal

from flowzz.core.formatting import format_count, format_number, format_reais


def test_numbers_have_a_thousands_point_and_a_decimal_comma() -> None:
    assert (format_number(12345), format_number(2.5)) == ("12.345", "2,5")
    assert format_count(1234, "evento", "eventos") == "1.234 eventos"
    assert format_reais(Decimal("1234.56")) == "R$\N{NO-BREAK SPACE}1.234,56"
