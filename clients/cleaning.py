"""Remove what copying adds to a value: format characters and full-width digits. Pure."""

import unicodedata


def clean_text(raw: str) -> str:
    """Return the text in NFC, without format characters (category Cf) and outer spaces."""
    if raw.isascii():
        return raw.strip()
    visible = "".join(char for char in raw if unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFC", visible).strip()


def clean_digits(raw: str) -> str:
    """Return the clean text with full-width digits and punctuation as ASCII."""
    return raw.strip() if raw.isascii() else unicodedata.normalize("NFKC", clean_text(raw)).strip()
