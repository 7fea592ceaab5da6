"""The buyer of an order, as a source reports it. Pure."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Customer:
    """Texts as sent, without surrounding spaces; empty if absent. `identity` normalises them."""

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
