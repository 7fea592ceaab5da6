"""All runtime settings, in the groups of the page on which staff change them."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from flowzz.core.runtime_settings.definitions import RuntimeSetting


@cache
def setting_groups() -> dict[str, tuple[RuntimeSetting[Any], ...]]:
    """Return the settings listed in `settings.RUNTIME_SETTINGS` by the title of their group."""
    return {
        title: tuple(setting for path in paths for setting in _settings(path))
        for title, paths in settings.RUNTIME_SETTINGS.items()
    }


def _settings(path: str) -> list[RuntimeSetting[Any]]:
    """Import a setting, or a dictionary of settings."""
    found = import_string(path)
    return list(found.values()) if isinstance(found, dict) else [found]


@cache
def settings_by_name() -> dict[str, RuntimeSetting[Any]]:
    return {setting.name: setting for group in setting_groups().values() for setting in group}
