"""The container files, read as text: no test starts a container."""

import re

from flowzz.core.env import BASE_DIR

DOCKERFILE = (BASE_DIR / "Dockerfile").read_text()
IGNORE = (BASE_DIR / ".dockerignore").read_text()
COMPOSE = (BASE_DIR / "docker-compose.yml").read_text()


def test_images_contain_every_package() -> None:
    packages = {file.parent.name for file in BASE_DIR.glob("*/__init__.py")} - {"tests"}
    copied = re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.M)
    not_ignored = re.findall(r"^!(\w+)$", IGNORE, re.M)

    assert set(copied) == packages | {"templates"}
    assert set(not_ignored) == set(copied)
    assert "\n!docs/openapi.yaml\n" in IGNORE  # /api/schema sends it
    assert "\nCOPY docs/openapi.yaml docs/openapi.yaml\n" in DOCKERFILE


def test_missing_secrets_have_an_explanation() -> None:
    required = re.findall(r"\$\{(\w+):\?(.*?)\}", COMPOSE)

    assert {name for name, _ in required} == {
        "SECRET_KEY",
        "COINZZ_ENCRYPTION_KEY",
        "POSTGRES_PASSWORD",
    }
    assert [name for name, reason in required if not reason] == []
