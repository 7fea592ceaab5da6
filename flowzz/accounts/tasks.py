"""Celery tasks of accounts. Mails take a user's id: no queue holds an address or a link."""

from smtplib import SMTPException
from typing import Any

from celery import Task, shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from flowzz.accounts import login_attempts, passwords, sessions
from flowzz.accounts.models import User
from flowzz.accounts.staff_sessions.engine import SessionStore


@shared_task
def delete_expired_sessions() -> None:
    sessions.delete_expired()
    SessionStore.clear_expired()
    login_attempts.delete_old_attempts()


@shared_task(bind=True, max_retries=4, default_retry_delay=30)
def mail_password_reset(task: "Task[Any, Any]", user_id: str) -> None:
    """Mail a link to choose a password: an invitation, if the user has none."""
    for user in User.objects.filter(id=user_id, is_active=True):
        uid = urlsafe_base64_encode(force_bytes(user.pk))
        path = reverse("password_reset_confirm", args=[uid, passwords.make_token(user)])
        if user.has_usable_password():
            _mail(task, user, "Redefinir a senha", "reset", path)
        else:
            _mail(task, user, "Você foi convidado(a) para o Flowzz", "invitation", path)


@shared_task(bind=True, max_retries=4, default_retry_delay=30)
def mail_password_changed(task: "Task[Any, Any]", user_id: str) -> None:
    for user in User.objects.filter(id=user_id, is_active=True):
        _mail(task, user, "A senha foi trocada", "changed", reverse("admin_password_reset"))


def _mail(task: "Task[Any, Any]", user: User, subject: str, template: str, path: str) -> None:
    context = {"user": user, "url": f"{settings.PUBLIC_BASE_URL}{path}"}
    context |= {"days": passwords.INVITATION_DAYS, "login_url": _login_url(user)}
    text = render_to_string(f"accounts/password_{template}.txt", context)
    try:
        send_mail(f"[Flowzz] {subject}", text, None, [user.email])
    except (SMTPException, OSError) as error:
        raise task.retry(exc=error) from None


def _login_url(user: User) -> str:
    """Return where the user logs in: staff in the back-office, sellers in the frontend."""
    back_office = f"{settings.PUBLIC_BASE_URL}{reverse('admin:index')}"
    return back_office if user.is_staff else settings.FRONTEND_URL
