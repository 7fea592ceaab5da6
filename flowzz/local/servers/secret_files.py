"""Atomic writes of small secret files, readable by their owner only."""

import contextlib
import os
import secrets
from pathlib import Path


def replace(path: Path, text: str) -> None:
    _write_draft(path, text).replace(path)


def create(path: Path, text: str) -> None:
    """Write the file unless it exists. Safe when several processes create it together."""
    draft = _write_draft(path, text)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _write_draft(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    return draft
