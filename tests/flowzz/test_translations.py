"""What the libraries of the back-office say in English reaches staff in Portuguese."""

from django.utils.translation import gettext


def test_unfold_and_beat_speak_portuguese() -> None:
    english = ("Previous", "Next", "Select action", "periodic tasks", "Crontab Schedule")
    portuguese = ("Anterior", "Próxima", "Escolha uma ação", "tarefas agendadas", "Horário")
    assert tuple(map(gettext, english)) == portuguese
