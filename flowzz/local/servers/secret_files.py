"""Small files with secrets in them: complete or not there at all, and their owner's alone."""

import contextlib
import os
import secrets
from pathlib import Path


def replace(path: Path, text: str) -> None:
    _draft(path, text).replace(path)


def create(path: Path, text: str) -> None:
    """Write the file, or leave the one that is there, however many do so at the same moment."""
    draft = _draft(path, text)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _draft(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    return draft
