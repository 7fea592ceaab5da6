"""The second factor of staff's login: time-based codes (TOTP) or recovery codes."""

import math
from base64 import b32encode
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from flowzz.accounts.models import User

RECOVERY_CODES = 10
CODE_DIGITS = 6


def confirmed_devices() -> "QuerySet[TOTPDevice]":
    devices: QuerySet[TOTPDevice] = TOTPDevice.objects.filter(confirmed=True)
    return devices


def is_enabled(user: User) -> bool:
    return bool(confirmed_devices().filter(user=user).exists())


class CodeThrottled(Exception):
    """Raised for a code that comes too soon after wrong ones; no code is checked until then."""

    def __init__(self, until: datetime) -> None:
        self.wait_seconds = max(1, math.ceil((until - timezone.now()).total_seconds()))
        super().__init__(self.wait_seconds)


def verify(user: User, code: str) -> Device | None:
    """Return the device of a valid code, which is then used up; raises CodeThrottled."""
    code = code.replace(" ", "").lower()
    kind = TOTPDevice if code.isdecimal() and len(code) == CODE_DIGITS else StaticDevice
    with transaction.atomic():
        device = kind.objects.select_for_update().filter(user=user, confirmed=True).first()
        return device if device is not None and _verify_token(device, code) else None


def _verify_token(device: Any, code: str) -> bool:
    is_allowed, details = device.verify_is_allowed()
    if not is_allowed and details and (until := details.get("locked_until")):
        raise CodeThrottled(until)
    return bool(device.verify_token(code))


def begin_enrolment(user: User) -> None:
    """Create a device to be confirmed; the current device stays valid until then."""
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    TOTPDevice.objects.create(user=user, name="app", confirmed=False)


def pending_device(user: User) -> TOTPDevice | None:
    device: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return device


def secret_to_type(device: TOTPDevice) -> str:
    """Return the secret of a device as people type it: in groups of four."""
    secret = b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def confirm_enrolment(user: User, code: str) -> TOTPDevice | None:
    """Replace the current device by the pending one; return None if the code is wrong.

    Raises CodeThrottled.
    """
    with transaction.atomic():
        devices = TOTPDevice.objects.select_for_update().filter(user=user)
        device: Any = devices.filter(confirmed=False).first()
        if device is None or not _verify_token(device, code.replace(" ", "")):
            return None
        devices.filter(confirmed=True).delete()
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        return device


def replace_recovery_codes(user: User) -> list[str]:
    """Create recovery codes, each valid once, and delete the earlier ones."""
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery")
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def disable(user: User) -> bool:
    """Delete the user's devices and codes; return whether the second factor was enabled."""
    was_enabled = is_enabled(user)
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
    return was_enabled
