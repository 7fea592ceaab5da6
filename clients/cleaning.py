"""Remove what copying and other systems add to a text: invisible characters and spaces. Pure."""

import unicodedata
from typing import Final


class _Repairs(dict[int, str]):
    """Replacements of unprintable characters, for `str.translate`; filled on first use."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        match unicodedata.category(char):
            case "Cf" | "Cc":
                self[code] = " " if char in "\t\n\r" else ""
            case "Zs" | "Zl" | "Zp":
                self[code] = " "
            case "Cs":
                self[code] = "\N{REPLACEMENT CHARACTER}"
            case _:
                return char
        return self[code]


_REPAIRS: Final = _Repairs()


def clean_text(raw: str) -> str:
    """Return the text in NFC, without invisible characters and outer spaces.

    Removed are format characters (category Cf) and control characters. Any other kind of space
    becomes a space, and a lone surrogate, which cannot be stored, a replacement character.
    """
    if raw.isascii() and raw.isprintable():
        return raw.strip()
    text = raw if raw.isprintable() else raw.translate(_REPAIRS)
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip()


def clean_digits(raw: str) -> str:
    """Return the clean text with full-width digits and punctuation as ASCII."""
    text = clean_text(raw)
    return text if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def fold(text: str) -> str:
    """Return the text in lower case and without accents, for comparisons."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
