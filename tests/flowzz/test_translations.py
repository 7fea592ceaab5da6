"""Portuguese translations of texts that libraries have in English, or translate less well."""

import re
from pathlib import Path

import django
import django_celery_beat
import rest_framework
import unfold
from django.conf import settings
from django.utils.translation import gettext

SOURCES = {".py", ".html"}


def test_texts_of_unfold_and_beat_are_portuguese() -> None:
    english = ("Previous", "Next", "Select action", "periodic tasks", "Crontab Schedule")
    portuguese = ("Anterior", "Próxima", "Escolha uma ação", "tarefas agendadas", "Horário")
    assert tuple(map(gettext, english)) == portuguese


def test_every_translated_text_exists_in_a_library() -> None:
    catalogue = Path(settings.LOCALE_PATHS[0], "pt_BR", "LC_MESSAGES", "django.po").read_text()
    texts = [text.replace('\\"', '"') for text in re.findall('^msgid "(.+)"$', catalogue, re.M)]
    libraries = (unfold, django_celery_beat, django, rest_framework)
    packages = (Path(str(module.__file__)).parent for module in libraries)
    files = (file for package in packages for file in package.rglob("*") if file.suffix in SOURCES)
    source = re.sub(r"""(['"])\s*\n\s*\1""", "", "\n".join(file.read_text() for file in files))
    assert texts
    assert [text for text in texts if text not in source] == []
