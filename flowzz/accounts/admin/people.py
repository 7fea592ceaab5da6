"""People who log in, and the groups that give staff their permissions."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from flowzz.accounts.models import User
from flowzz.backoffice.pages import Page

ACCESS = ("is_staff", "groups")
PRIVILEGES = (*ACCESS, "is_superuser", "user_permissions")


@admin.register(User)
class UserPage(DjangoUserAdmin[User], Page[User]):
    """Users are never deleted here: that would take their sales along."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    show_full_result_count = False
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "is_active")}),
        ("Permissões", {"fields": PRIVILEGES}),
        ("Datas", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody rises by taking over the account of somebody above them."""
        is_above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not is_above and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *_out_of_reach(request))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.email = obj.email.lower()  # as the login looks it up
        super().save_model(request, obj, form, change)


def _out_of_reach(request: HttpRequest) -> tuple[str, ...]:
    """The privileges that this person can't give."""
    if request.user.is_superuser:
        return ()
    if request.user.has_perm("accounts.grant_staff_access"):
        return tuple(field for field in PRIVILEGES if field not in ACCESS)
    return PRIVILEGES


admin.site.unregister(Group)


@admin.register(Group)
class GroupPage(DjangoGroupAdmin, Page[Group]):
    pass
