"""No test starts a container; what can be read of their files is read."""

import re

from flowzz.core.env import BASE_DIR

DOCKERFILE = (BASE_DIR / "Dockerfile").read_text()
IGNORE = (BASE_DIR / ".dockerignore").read_text()
COMPOSE = (BASE_DIR / "docker-compose.yml").read_text()


def test_images_hold_every_package() -> None:
    packages = {file.parent.name for file in BASE_DIR.glob("*/__init__.py")} - {"tests"}
    folders = re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.M)
    let_through = re.findall(r"^!(\w+)$", IGNORE, re.M)

    assert set(folders) == packages | {"templates"}
    assert set(let_through) == set(folders)


def test_a_secret_that_is_missing_is_explained_wherever_it_is_asked_for() -> None:
    asked = re.findall(r"\$\{(\w+):\?(.*?)\}", COMPOSE)

    assert {name for name, _ in asked} == {
        "SECRET_KEY",
        "COINZZ_ENCRYPTION_KEY",
        "POSTGRES_PASSWORD",
    }
    assert [name for name, reason in asked if not reason] == []
