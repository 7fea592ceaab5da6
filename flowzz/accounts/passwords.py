"""Change passwords, and have a link mailed to reset them, or to choose the first one.

A new password ends all logins of the user, of the API and of the back-office.
"""

import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.db import transaction
from django.utils import timezone

from flowzz.accounts.models import User
from flowzz.core.db.jobs import enqueue
from flowzz.core.rate_limits import RateLimit, RateLimitExceeded

RESET_REQUESTED: Final = (
    "Se houver uma conta com este e-mail, enviamos a ela um link que vale por uma hora. "
    "Confira também o spam."
)
INVITATION_DAYS: Final = 7
_MAIL_LINK: Final = "flowzz.accounts.tasks.mail_password_reset"
_RESETS: Final = RateLimit("password_reset", lambda: "3/hour")
"""Mails to one account."""


class _InvitationTokens(PasswordResetTokenGenerator):
    """Tokens that are dated ahead: what checks those of a reset accepts them for longer."""

    def _now(self) -> datetime:
        ahead = timedelta(days=INVITATION_DAYS, seconds=-settings.PASSWORD_RESET_TIMEOUT)
        return super()._now() + ahead


def make_token(user: User) -> str:
    """Return the token of a link that is valid until the next login or password.

    It expires after PASSWORD_RESET_TIMEOUT; of a user without a password, after INVITATION_DAYS.
    """
    is_reset = user.has_usable_password()
    tokens = default_token_generator if is_reset else _InvitationTokens()
    return tokens.make_token(user)


class MailsUnavailable(Exception):
    """The broker is down. No row says that a mail is due, so that none would be sent later."""

    def __init__(self) -> None:
        super().__init__("O e-mail não pôde ser enviado agora. Tente de novo em um minuto.")


def request_reset(email: str) -> None:
    """Have a link mailed to the user of an e-mail, if there is one with a password or invited.

    Raises MailsUnavailable, whether there is such a user or not: a task is enqueued for nobody as
    well.
    """
    user_id = _user_to_mail(email) or uuid.uuid4()
    if not enqueue(_MAIL_LINK, user_id):
        raise MailsUnavailable


def _user_to_mail(email: str) -> uuid.UUID | None:
    user = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if user is None or not (user.has_usable_password() or user.invited_at):
        return None
    try:
        _RESETS.hit(str(user.id))
    except RateLimitExceeded:
        return None
    return user.id


def invite(user: User) -> None:
    """Have a link mailed by which a user, who is committed, chooses the first password.

    Raises RateLimitExceeded, or MailsUnavailable, which spends none of the limit.
    """
    _RESETS.hit(str(user.id))
    if not enqueue(_MAIL_LINK, user.id):
        _RESETS.clear(str(user.id))
        raise MailsUnavailable
    user.invited_at = timezone.now()
    user.save(update_fields=["invited_at"])


def change(user: User, password: str) -> None:
    """Set a password that was validated, and mail the user if it replaces another one."""
    is_first = not user.has_usable_password()
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        user.login_sessions.all().delete()
        if not is_first:
            mail = "flowzz.accounts.tasks.mail_password_changed"
            transaction.on_commit(partial(enqueue, mail, user.id))
