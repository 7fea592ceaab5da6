"""What staff do on a user's page: take a note, invite, remove a lost second factor."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from flowzz.accounts import passwords, second_factor
from flowzz.accounts.admin.summary import may_invite
from flowzz.accounts.admin.users import UserAdmin
from flowzz.accounts.models import User
from flowzz.backoffice.confirm_with_reason import (
    Done,
    OptionalReasonForm,
    ReasonForm,
    confirm,
    take_note,
)
from flowzz.backoffice.extensions import row_action
from flowzz.core.rate_limits import RateLimitExceeded


@row_action(
    UserAdmin, "Anotar", path="anotar", icon="sticky_note_2", permission="accounts.view_user"
)
def add_note(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    return take_note(request, get_object_or_404(User, id=object_id))


class TooManyMails(Exception):
    """The user was mailed three links within an hour."""

    def __init__(self) -> None:
        super().__init__("Já foram três e-mails nesta hora. Espere um pouco e confira o spam.")


def _may_invite(request: HttpRequest, object_id: uuid.UUID | None) -> bool:
    user = User.objects.filter(id=object_id or uuid.UUID(int=0)).first()
    return user is not None and may_invite(request, user)


def _may_remove_second_factor(request: HttpRequest, object_id: uuid.UUID | None) -> bool:
    """Allow it for no superuser's account but to superusers, who could be impersonated."""
    users = User.objects.filter(id=object_id or uuid.UUID(int=0))
    if not request.user.is_superuser:
        users = users.filter(is_superuser=False)
    may = request.user.has_perms(("accounts.grant_staff_access", "accounts.change_user"))
    return may and users.exists()


@row_action(
    UserAdmin, "Enviar convite", path="convidar", icon="forward_to_inbox", permission=_may_invite
)
def invite(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    user = get_object_or_404(User, id=object_id)

    def act() -> Done:
        try:
            passwords.invite(user)
        except RateLimitExceeded:
            raise TooManyMails from None
        return Done("Convidou por e-mail", f"Convite enviado a {user.email}.", user)

    return confirm(
        request,
        OptionalReasonForm(request.POST or None),
        act,
        about=user,
        refusals=(TooManyMails, passwords.MailsUnavailable),
        title="Convidar de novo" if user.invited_at else "Enviar convite",
        text=f"{user.email} recebe um link que vale por {passwords.INVITATION_DAYS} dias, para "
        "escolher a senha.",
        button="Enviar convite",
    )


class NoSecondFactor(Exception):
    """The user logs in with the password alone."""

    def __init__(self) -> None:
        super().__init__("Esta pessoa não usa a verificação em duas etapas.")


@row_action(
    UserAdmin,
    "Remover a verificação em duas etapas",
    path="remover-verificacao",
    icon="phonelink_erase",
    permission=_may_remove_second_factor,
)
def remove_second_factor(request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
    """Remove the second factor of a user who lost the phone and the recovery codes."""
    user = get_object_or_404(User, id=object_id)

    def act() -> Done:
        if not second_factor.disable(user):
            raise NoSecondFactor
        text = "Removeu a verificação de outra pessoa"
        return Done(text, "Verificação em duas etapas removida.", user)

    return confirm(
        request,
        ReasonForm(request.POST or None),
        act,
        about=user,
        refusals=(NoSecondFactor,),
        title="Remover a verificação em duas etapas",
        text=f"Confirme antes, por telefone ou pessoalmente, que {user} perdeu o celular e os "
        "códigos de recuperação. No próximo login bastará a senha.",
        button="Remover",
    )
