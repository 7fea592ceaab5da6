"""The second step of staff's login: codes by time (TOTP) from their phone, or recovery codes."""

from typing import Any

from django.db import transaction
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from flowzz.accounts.models import User

RECOVERY_CODES = 10
CODE_DIGITS = 6


def is_on(user: User) -> bool:
    """Whether this person's login asks for a code."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def verify(user: User, code: str) -> Device | None:
    """The device that a code proves, which it does once; devices slow down after wrong ones."""
    code = code.replace(" ", "").lower()
    kind = TOTPDevice if code.isdecimal() and len(code) == CODE_DIGITS else StaticDevice
    with transaction.atomic():
        device = kind.objects.select_for_update().filter(user=user, confirmed=True).first()
        return device if device is not None and device.verify_token(code) else None


def begin(user: User) -> TOTPDevice:
    """A new device that counts once a code of it was entered; the one in use works until then."""
    TOTPDevice.objects.filter(user=user, confirmed=False).delete()
    device: TOTPDevice = TOTPDevice.objects.create(user=user, name="app", confirmed=False)
    return device


def pending(user: User) -> TOTPDevice | None:
    device: TOTPDevice | None = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    return device


def confirm(user: User, code: str) -> TOTPDevice | None:
    """Put the new device in the old one's place, if this is a code of it."""
    with transaction.atomic():
        devices = TOTPDevice.objects.select_for_update().filter(user=user)
        device: Any = devices.filter(confirmed=False).first()
        if device is None or not device.verify_token(code.replace(" ", "")):
            return None
        devices.filter(confirmed=True).delete()
        device.confirmed = True
        device.save(update_fields=["confirmed"])
        return device


def renew_recovery_codes(user: User) -> list[str]:
    """Codes for whoever lost the phone, each good once; earlier ones are void."""
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery")
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def remove(user: User) -> bool:
    """Ask this person for no code any more; whether they had been asked."""
    had_one = is_on(user)
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
    return had_one
