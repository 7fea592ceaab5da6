"""What a user's page shows first: whether and how the user can log in, contacts, last logins."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from flowzz.accounts.login_attempts import last_attempts
from flowzz.accounts.models import LoginAttempt, StaffSession, User
from flowzz.backoffice.display import (
    NamedValue,
    Notice,
    RowSummary,
    ValueGroup,
    list_url,
    short_datetime,
)
from flowzz.core.formatting import format_number


def may_invite(request: HttpRequest, user: User) -> bool:
    """Return whether the user still needs a password, and the request's user may invite them."""
    is_open = user.is_active and not user.has_usable_password()
    is_superior = user.is_superuser and not request.user.is_superuser
    return is_open and not is_superior and request.user.has_perm("accounts.change_user")


def summarize(request: HttpRequest, user: User) -> RowSummary:
    contacts = [
        NamedValue("Nome", user.name),
        NamedValue("E-mail", user.email, f"mailto:{user.email}", is_copied=True),
        NamedValue("Telefone", user.phone, is_copied=True),
    ]
    return RowSummary(
        notices=list(_notices(request, user)),
        value_groups=[
            ValueGroup("Contato", "person", contacts),
            ValueGroup("Acessos", "login", list(_logins(request, user))),
        ],
    )


def _notices(request: HttpRequest, user: User) -> Iterator[Notice]:
    """Yield why the user can not log in."""
    if user.erasure_requested_at:
        at = short_datetime(user.erasure_requested_at)
        yield Notice(f"Conta encerrada em {at}: todos os dados estão sendo apagados.", "bad")
    elif not user.is_active:
        yield Notice("Conta desativada: ninguém entra nela.")
    elif not user.has_usable_password():
        page = reverse("admin:accounts_user_invite", args=[user.id])
        invite = page if may_invite(request, user) else ""
        if user.invited_at:
            text = f"Convite enviado em {short_datetime(user.invited_at)}; falta escolher a senha."
            yield Notice(text, "info", invite, "Convidar de novo")
        else:
            text = "Sem senha e sem convite: esta pessoa ainda não entra no Flowzz."
            yield Notice(text, "warning", invite, "Enviar convite")


def _logins(request: HttpRequest, user: User) -> Iterator[NamedValue]:
    """Yield the newest logins and attempts, and how many logins are open."""
    if request.user.has_perm("accounts.view_loginattempt"):
        attempts = last_attempts(user)
        for attempt in attempts:
            outcome = f"{attempt.get_way_display()}: {attempt.get_outcome_display().lower()}"
            times = f" ({format_number(attempt.count)} vezes)" if attempt.count > 1 else ""
            yield NamedValue(short_datetime(attempt.minute), f"{outcome}{times}")
        url = list_url(LoginAttempt, user__id__exact=user.pk)
        yield NamedValue("Entradas e tentativas", "Ver todas" if attempts else "Nenhuma", url)
    now = timezone.now()
    yield NamedValue("Abertos pela API", user.login_sessions.filter(expires_at__gt=now).count())
    if user.is_staff:
        sessions = StaffSession.objects.filter(user=user, expire_date__gt=now)
        yield NamedValue("Abertos na administração", sessions.count())
