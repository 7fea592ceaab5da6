"""Names as people look for them: without case and accents, in the database and before it."""

from django.db.models import CharField, Func

ACCENTED = "áàâãäåéèêëíìîïóòôõöúùûüçñ"
PLAIN = "aaaaaaeeeeiiiiooooouuuucn"
_TABLE = str.maketrans(ACCENTED, PLAIN)


class Folded(Func):
    """A text folded by the database; immutable, so that an index can hold it."""

    template = f"translate(lower(%(expressions)s), '{ACCENTED}', '{PLAIN}')"
    output_field = CharField()


def fold(text: str) -> str:
    """The same of a text of ours."""
    return text.lower().translate(_TABLE)
