"""The container files, read as text: no test starts a container."""

import re

import pytest
import yaml

from flowzz.core.env import BASE_DIR, OPTIONAL_PACKAGES

DOCKERFILE = (BASE_DIR / "Dockerfile").read_text()
IGNORE = (BASE_DIR / ".dockerignore").read_text()
COMPOSE = (BASE_DIR / "docker-compose.yml").read_text()


def test_images_contain_every_package() -> None:
    packages = {file.parent.name for file in BASE_DIR.glob("*/__init__.py")} - {"tests"}
    copied = re.findall(r"^COPY (\w+) \1$", DOCKERFILE, re.M)
    not_ignored = re.findall(r"^!(\w+)$", IGNORE, re.M)

    assert set(copied) == packages | {"templates"}
    assert set(not_ignored) == set(copied)
    for document in ("openapi.yaml", "frontend.md", "back-office.md"):  # the web process sends them
        assert f"\n!docs/{document}\n" in IGNORE
        assert f" docs/{document} " in DOCKERFILE


@pytest.mark.parametrize("group", OPTIONAL_PACKAGES)
def test_optional_packages_are_pinned_apart_and_can_be_built_in(group: str) -> None:
    requirements = BASE_DIR / "requirements"
    pinned, production = (
        set(re.findall(r"^([\w.-]+)==", (requirements / f"{name}.txt").read_text(), re.M))
        for name in (group, "production")
    )

    assert set(OPTIONAL_PACKAGES[group]) - pinned == set()
    assert set(OPTIONAL_PACKAGES[group]) & production == set()
    assert f"\n!requirements/{group}.txt\n" in IGNORE
    assert f" requirements/{group}.txt " in DOCKERFILE
    assert f"OPTIONAL={' '.join(OPTIONAL_PACKAGES)}" in (BASE_DIR / ".env.example").read_text()


def test_missing_secrets_have_an_explanation() -> None:
    required = re.findall(r"\$\{(\w+):\?(.*?)\}", COMPOSE)

    assert {name for name, _ in required} == {
        "SECRET_KEY",
        "COINZZ_ENCRYPTION_KEY",
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
    }
    assert [name for name, reason in required if not reason] == []


def test_every_container_is_confined() -> None:
    services = yaml.safe_load(COMPOSE)["services"]
    expected = {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "logging": {"driver": "json-file", "options": {"max-size": "20m", "max-file": "5"}},
    }
    for name, service in services.items():
        assert {key: service.get(key) for key in expected} == expected, name
        assert service["mem_limit"] in ("1g", "2g"), name
        assert service.get("privileged") is None, name


def test_no_pod_leaves_its_service_while_the_database_or_redis_is_down() -> None:
    """Webhooks are acknowledged then, if they arrive."""
    manifest = (BASE_DIR / "deploy/kubernetes/web.yaml").read_text()
    deployment = next(yaml.safe_load_all(manifest))
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    probes = ("startupProbe", "livenessProbe", "readinessProbe")
    assert [container[probe]["httpGet"]["path"] for probe in probes] == ["/health/live"] * 3


def test_the_application_is_no_superuser_and_redis_is_bounded() -> None:
    compose = yaml.safe_load(COMPOSE)
    script = compose["configs"]["application_role"]["content"]
    redis = compose["services"]["redis"]["command"]

    assert "CREATE ROLE flowzz LOGIN PASSWORD" in script
    assert "POSTGRES_USER" not in compose["services"]["db"]["environment"]
    assert "--requirepass" in redis
    assert "--maxmemory 512mb --maxmemory-policy noeviction" in redis
