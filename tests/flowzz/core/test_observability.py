"""Errors and traces are off by default, and cost nothing then."""

import os
import subprocess
import sys

import pytest

from flowzz.core import observability
from flowzz.core.env import BASE_DIR

IMPORTED = """
import sys
import flowzz.rsgi, flowzz.celery
flowzz.celery.app.loader.import_default_modules()
print(sorted({"sentry_sdk", "opentelemetry.instrumentation"} & sys.modules.keys()))
"""


def run_with(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPORTED],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "flowzz.settings", **variables},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_no_optional_package_is_imported() -> None:
    process = run_with(SENTRY_DSN="", TRACES_ENDPOINT="")
    assert (process.returncode, process.stdout) == (0, "[]\n")


def test_settings_start_both() -> None:
    pytest.importorskip("sentry_sdk")
    pytest.importorskip("opentelemetry.instrumentation.django")
    process = run_with(SENTRY_DSN="http://key@127.0.0.1:9/1", TRACES_ENDPOINT="http://127.0.0.1:9")
    assert (process.returncode, process.stdout) == (
        0,
        "['opentelemetry.instrumentation', 'sentry_sdk']\n",
    )


def test_span_of_a_process_without_traces_is_one_object() -> None:
    assert observability.span("webhooks", webhooks=1) is observability.span("webhooks", webhooks=2)
