"""Numbers of things as people read them."""


def counted(number: int, one: str, many: str) -> str:
    """`1 evento`, `1.234 eventos`."""
    return f"{number:,} {one if number == 1 else many}".replace(",", ".")
