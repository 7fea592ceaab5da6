"""The page with the question "Onde está o pedido?"."""

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from flowzz.backoffice.confirm_with_reason import StaffForm
from integrations.admin.missing_order.answers import MIN_LENGTH, explain
from integrations.models import Integration
from sales.order_ids.typed import typed_number

PERMISSIONS = ("sales.view_sale", "integrations.view_webhookevent")


class QuestionForm(StaffForm):
    pedido = forms.CharField(label="Número do pedido", max_length=128)
    conta = forms.EmailField(
        label="E-mail de quem vende (opcional)",
        required=False,
        help_text="Diz quando veio o último webhook e a última sincronização desta pessoa.",
    )
    integration: Integration | None = None

    def clean_pedido(self) -> str:
        number = typed_number(self.cleaned_data["pedido"])
        if len(number) < MIN_LENGTH:
            raise ValidationError(f"Escreva ao menos {MIN_LENGTH} caracteres do número.")
        return number

    def clean_conta(self) -> str:
        email: str = self.cleaned_data["conta"]
        if email:
            found = Integration.objects.filter(user__email__iexact=email.strip())
            self.integration = found.select_related("user").first()
            if self.integration is None:
                raise ValidationError("Nenhuma conta com este e-mail tem uma integração.")
        return email


@require_safe
@permission_required(PERMISSIONS, raise_exception=True)
def missing_order(request: HttpRequest) -> HttpResponse:
    form = QuestionForm(request.GET if "pedido" in request.GET else None)
    answers = explain(form.cleaned_data["pedido"], form.integration) if form.is_valid() else []
    context = {
        **admin.site.each_context(request),
        "title": "Onde está o pedido?",
        "form": form,
        "answers": answers,
    }
    return render(request, "integrations/missing_order.html", context)
