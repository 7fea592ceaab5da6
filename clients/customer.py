"""The buyer as a source describes them. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Texts as sent, outer spaces removed, empty where absent; normalising is `identity`'s."""

    name: str = ""
    email: str = ""
    phone: str = ""
    document: str = ""
    address: str = ""
    address_number: str = ""
    district: str = ""
    complement: str = ""
    city: str = ""
    state: str = ""
    cep: str = ""
    country: str = ""
