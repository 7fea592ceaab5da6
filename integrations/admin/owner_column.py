"""The seller of a row, and whether the integration is paused or disconnected."""

from collections.abc import Callable

from django.contrib import admin
from django.db.models import Model

from flowzz.backoffice.display import two_line_cell
from flowzz.backoffice.masking import follow
from integrations import modes


def owner_column(path: str = "integration") -> Callable[[object, Model], str | None]:
    """Return a column about the integration at the end of a path such as `run__integration`."""

    def column(_page: object, row: Model) -> str | None:
        integration = follow(row, path.split("__"))
        if integration is None:
            return None
        return two_line_cell(integration.user, modes.inactive_note(integration))

    return admin.display(column, description="vendedor(a)", ordering=f"{path}__user")
