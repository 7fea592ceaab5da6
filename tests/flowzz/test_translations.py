"""Portuguese translations of texts that libraries have in English only."""

from django.utils.translation import gettext


def test_texts_of_unfold_and_beat_are_portuguese() -> None:
    english = ("Previous", "Next", "Select action", "periodic tasks", "Crontab Schedule")
    portuguese = ("Anterior", "Próxima", "Escolha uma ação", "tarefas agendadas", "Horário")
    assert tuple(map(gettext, english)) == portuguese
