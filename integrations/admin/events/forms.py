"""Forms that ask for the owner of events, and for the body of a corrected copy."""

import json
import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from flowzz.backoffice.confirm_with_reason import ReasonForm, StaffForm
from integrations.models import Integration

_WORD = re.compile(r'"(?:[^"\\]|\\.)*+"|[][{},:]|[^][{},:"\s]++')
_OPENING, _CLOSING = {"[", "{"}, {"]", "}"}


def indent_json(text: str) -> str:
    """Return a JSON text with a line for each value, which is as written; other text unchanged."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    parts, size, depth, previous = [], 0, 0, ""
    for word in _WORD.findall(text):
        depth -= word in _CLOSING
        ends_values = word in _CLOSING and previous not in _OPENING
        if ends_values or (previous in {*_OPENING, ","} and word not in _CLOSING):
            parts.append("\n" + "  " * depth)
        parts.append(f"{word} " if word == ":" else _without_escapes(word))
        size += len(parts[-1]) + 2 * depth
        if size > settings.WEBHOOK_MAX_BYTES:
            return text
        depth += word in _OPENING
        previous = word
    return "".join(parts)


def _without_escapes(word: str) -> str:
    """Return a string with its letters instead of \\u00e9, unless one of them can't be seen."""
    if not word.startswith('"') or "\\u" not in word:
        return word
    value: str = json.loads(word)
    return json.dumps(value, ensure_ascii=False) if value.isprintable() else word


class OwnerForm(StaffForm):
    """Finds an integration of `provider` by the user's e-mail, as `integration`."""

    email = forms.EmailField(
        label="E-mail do(a) vendedor(a)", help_text="O mesmo com que entra no Flowzz."
    )

    def __init__(self, *args: Any, provider: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider = provider
        self.integration: Integration | None = None

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        self.integration = (
            Integration.objects.select_related("user")
            .filter(user__email__iexact=email.strip(), provider=self.provider)
            .first()
        )
        if self.integration is None:
            raise ValidationError(
                "Nenhuma conta com este e-mail tem esta integração. Confira o e-mail na lista "
                "de integrações."
            )
        return email


class OwnerReasonForm(OwnerForm, ReasonForm):
    field_order = ("email", "reason")


class CorrectionForm(ReasonForm):
    """The body of a copy, which differs from the original's."""

    body = forms.CharField(
        label="Corpo da cópia",
        strip=False,
        max_length=settings.WEBHOOK_MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 20, "spellcheck": "false", "class": "bo-code"}),
        help_text="Só o que está errado muda; o original fica guardado como veio.",
    )
    keeps_original = forms.BooleanField(
        label="Deixar o original na quarentena",
        required=False,
        help_text="Sem isto, o original fica como descartado, com o número da cópia.",
    )
    field_order = ("body", "keeps_original", "reason")

    def clean_body(self) -> str:
        text: str = self.cleaned_data["body"].replace("\r\n", "\n")
        if indent_json(text) == self.initial["body"].replace("\r\n", "\n"):
            raise ValidationError("Nada mudou. Para aplicar o evento como veio, reprocesse-o.")
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            place = f"linha {error.lineno}, coluna {error.colno}"
            raise ValidationError(f"Não é um JSON válido: veja a {place}.") from None
        return text
