"""The admin of users, and of the groups that give staff their permissions."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

# From their admin modules, which register the pages that are removed below.
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from flowzz.accounts import passwords, second_factor
from flowzz.accounts.admin.permission_fields import PermissionsField
from flowzz.accounts.admin.summary import summarize
from flowzz.accounts.models import User, login_email_changed
from flowzz.backoffice import audit_log
from flowzz.backoffice.base_admin import BaseAdmin
from flowzz.backoffice.display import RowSummary, badge, section
from flowzz.backoffice.forms.shown_values import RowForm
from flowzz.core.formatting import format_count

ACCESS = ("is_staff", "groups")
GRANT = "accounts.grant_staff_access"
MAX_NOTES = 20
PRIVILEGES = (*ACCESS, "is_superuser", "user_permissions")


class _EmailForm(forms.ModelForm[User]):
    def clean_email(self) -> str:
        """Refuse the e-mail of another user in any case: logins ignore it."""
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Já existe um usuário com este e-mail.")
        return email


class UserForm(RowForm, _EmailForm, UserChangeForm[User]):
    password: Any = None  # Django shows the algorithm and parts of the hash


class NewUserForm(_EmailForm, UserCreationForm):  # type: ignore[misc]  # unfold has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["usable_password"]
        choice.label, choice.choices = "Senha", [("true", "Definir agora"), ("false", "Sem senha")]
        choice.help_text = "Sem senha, a pessoa só entra depois de aceitar um convite."


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[misc]  # unfold has no types
    def save(self, commit: bool = True) -> Any:
        if not self.cleaned_data["set_usable_password"]:
            return super().save(commit)
        passwords.change(self.user, self.cleaned_data["password1"])
        return self.user


class _PermissionsPage(BaseAdmin[Any]):
    """A page whose permissions are chosen in words."""

    filter_horizontal = ()

    def formfield_for_manytomany(self, db_field: Any, *args: Any, **kwargs: Any) -> Any:
        if db_field.name in ("permissions", "user_permissions"):
            return PermissionsField(label=capfirst(db_field.verbose_name))
        return super().formfield_for_manytomany(db_field, *args, **kwargs)


@admin.register(User)
class UserAdmin(_PermissionsPage, DjangoUserAdmin[User]):
    """Users can not be deleted here: their sales would be deleted as well."""

    form = UserForm
    add_form = NewUserForm
    change_password_form = PasswordForm
    list_display = ("email", "name", "access", "has_second_factor", "is_active", "last_login")
    list_filter = ("is_active", "is_staff", "groups")
    search_fields = ("email", "name")
    search_help_text = "E-mail ou nome"
    ordering = ("email",)
    show_full_result_count = False
    readonly_fields = ("password_state", "last_login", "date_joined")
    change_form_outer_before_template = "accounts/user.html"
    fieldsets = (
        section(None, "email", "name", "phone", "password_state", "is_active"),
        ("Permissões", {"fields": PRIVILEGES, "classes": ("collapse",)}),
        section("Datas", "last_login", "date_joined"),
    )
    add_fieldsets = (section(None, "email", "name", "usable_password", "password1", "password2"),)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        device = second_factor.confirmed_devices().filter(user=OuterRef("pk"))
        users: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        return users.annotate(has_second_factor=Exists(device))

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        user = super().get_object(request, *args, **kwargs)
        if user is not None:
            vars(user)["may_be_changed"] = self.has_change_permission(request, user)
        return user

    def summarize(self, request: HttpRequest, row: User) -> RowSummary:
        return summarize(request, row)

    def detail_context(self, request: HttpRequest, row: User) -> dict[str, Any]:
        may_read = request.user.has_perm("accounts.view_staffaction")
        notes = audit_log.notes_about(row)[:MAX_NOTES] if may_read else []
        return super().detail_context(request, row) | {"notes": notes}

    @admin.display(description="acesso")
    def access(self, user: User) -> str:
        """Name the groups of staff; all others are sellers."""
        if user.is_superuser:
            return badge("Superusuário", "danger")
        if not user.is_staff:
            return badge("Vendedor(a)", "info")
        names = ", ".join(sorted(group.name for group in user.groups.all()))
        return badge(names or "Equipe, sem grupo", "success" if names else "warning")

    @admin.display(description="duas etapas", boolean=True)
    def has_second_factor(self, user: User) -> bool:
        return bool(vars(user)["has_second_factor"])

    @admin.display(description="senha")
    def password_state(self, user: User) -> SafeString:
        is_set = user.has_usable_password()
        state, link = ("Definida", "Trocar") if is_set else ("Nenhuma", "Definir")
        if not vars(user)["may_be_changed"]:
            return format_html("{}", state)
        url = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('{} · <a class="bo-link" href="{}">{} a senha</a>', state, url, link)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Forbid staff to change who may do more: they could take over such an account."""
        is_protected = obj is not None and _may_do_more(obj, request)
        return not is_protected and super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *_locked_privileges(request))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            login_email_changed.send(User, user=obj)


def _may_do_more(user: User, request: HttpRequest) -> bool:
    """Return whether the user is a superuser, or of staff to whom the request's gives no access."""
    if request.user.is_superuser or user.pk == request.user.pk:
        return False
    return user.is_superuser or (user.is_staff and not request.user.has_perm(GRANT))


def _locked_privileges(request: HttpRequest) -> tuple[str, ...]:
    """Return the privileges that the staff member must not grant."""
    if request.user.is_superuser:
        return ()
    if request.user.has_perm(GRANT):
        return tuple(field for field in PRIVILEGES if field not in ACCESS)
    return PRIVILEGES


admin.site.unregister((Group, StaticDevice, TOTPDevice))  # django-otp's pages show secrets


@admin.register(Group)
class GroupAdmin(_PermissionsPage, DjangoGroupAdmin):
    """Only who may give access to staff changes groups: a group may be one's own."""

    list_display = ("name", "members")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(GRANT) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.has_perm(GRANT) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return request.user.has_perm(GRANT) and super().has_delete_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Group]":
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(members=Count("user"))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the groups with their people; Django lists each permission of a group by its id."""
        _, _, needed, protected = super().get_deleted_objects(objs, request)
        groups = self.get_queryset(request).filter(pk__in=[group.pk for group in objs])
        people = {
            group.name: format_count(self.members(group), "pessoa", "pessoas") for group in groups
        }
        names = [f"{name}, com {count}" for name, count in people.items()]
        return names, {"grupos": len(names)}, needed, protected

    @admin.display(description="pessoas")
    def members(self, group: Group) -> int:
        return int(vars(group)["members"])
