"""Text comparison without case and accents, the same in Python and in PostgreSQL."""

from django.db.models import CharField, Func

from clients.cleaning import clean_text

ACCENTED = "áàâãäåéèêëíìîïóòôõöúùûüçñ"
PLAIN = "aaaaaaeeeeiiiiooooouuuucn"
_TABLE = str.maketrans(ACCENTED, PLAIN)


class Unaccent(Func):
    """Lower-case text without accents. Immutable, so that an index can use it."""

    template = f"translate(lower(%(expressions)s), '{ACCENTED}', '{PLAIN}')"
    output_field = CharField()


def unaccent(text: str) -> str:
    """Return lower-case text without accents, as `Unaccent` does in the database.

    Stored texts are in NFC; a typed one may not be.
    """
    return clean_text(text).lower().translate(_TABLE)
