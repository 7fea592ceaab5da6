"""The page of the back-office that lists open sessions and ends them.

Everybody sees their own; who may give access to staff, those of all.
"""

import hashlib
from dataclasses import dataclass

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from flowzz.accounts.models import StaffSession, request_user
from flowzz.backoffice import audit_log

PAGE = "staff_sessions:page"
OF_ALL = "accounts.grant_staff_access"


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A session with an id that may be shown: the key itself opens the session."""

    row: StaffSession
    public_id: str
    is_current: bool


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    context = admin.site.each_context(request) | {
        "title": "Sessões abertas",
        "sessions": _shown(request),
        "sees_all": request.user.has_perm(OF_ALL),
    }
    return render(request, "accounts/sessions.html", context)


@require_POST
def end(request: HttpRequest, public_id: str) -> HttpResponse:
    for session in _shown(request):
        if session.public_id == public_id:
            session.row.delete()
            audit_log.record(request, "Encerrou uma sessão", session.row.user)
            messages.success(request, "Sessão encerrada.")
            return redirect(PAGE)
    raise Http404


def _shown(request: HttpRequest) -> list[ShownSession]:
    key = request.session.session_key
    return [ShownSession(row, _public_id(row), row.session_key == key) for row in _visible(request)]


def _visible(request: HttpRequest) -> "QuerySet[StaffSession]":
    """Return the sessions that the request's user may see and end; no superuser's but by one."""
    sessions = StaffSession.objects.select_related("user").exclude(user=None)
    sessions = sessions.filter(expire_date__gt=timezone.now()).order_by("user__email", "started_at")
    user = request_user(request)
    if user.is_superuser:
        return sessions
    if user.has_perm(OF_ALL):
        return sessions.filter(user__is_superuser=False)
    return sessions.filter(user=user)


def _public_id(row: StaffSession) -> str:
    return hashlib.sha256(row.session_key.encode()).hexdigest()[:32]


app_name = "staff_sessions"
urlpatterns = [
    path("", admin.site.admin_view(page), name="page"),
    path("<slug:public_id>/encerrar", admin.site.admin_view(end), name="end"),
]
