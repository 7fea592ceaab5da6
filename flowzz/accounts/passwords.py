"""Change passwords, and have a link mailed to reset them.

A new password ends all logins of the user, of the API and of the back-office.
"""

from functools import partial
from typing import Final

from django.db import transaction

from flowzz.accounts.models import User
from flowzz.core.db.jobs import enqueue
from flowzz.core.rate_limits import RateLimit, RateLimitExceeded

RESET_REQUESTED: Final = (
    "Se houver uma conta com este e-mail, enviamos a ela um link que vale por uma hora. "
    "Confira também o spam."
)
_RESETS: Final = RateLimit("password_reset", lambda: "3/hour")
"""Mails to one account."""


def request_reset(email: str) -> None:
    """Have a link mailed to the user of an e-mail, if there is one that has a password."""
    user = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if user is None or not user.has_usable_password():
        return
    try:
        _RESETS.hit(str(user.id))
    except RateLimitExceeded:
        return
    enqueue("flowzz.accounts.tasks.mail_password_reset", user.id)


def change(user: User, password: str) -> None:
    """Set a password that was validated, and mail the user that it has changed."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        user.login_sessions.all().delete()
        mail = "flowzz.accounts.tasks.mail_password_changed"
        transaction.on_commit(partial(enqueue, mail, user.id))
