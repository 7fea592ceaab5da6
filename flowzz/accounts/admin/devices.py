"""The pages of django-otp's devices would show their secrets: nobody needs them."""

from django.contrib import admin

# These register the pages that are then taken away.
from django_otp.plugins.otp_static.admin import StaticDeviceAdmin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDeviceAdmin
from django_otp.plugins.otp_totp.models import TOTPDevice

__all__ = ["StaticDeviceAdmin", "TOTPDeviceAdmin"]

admin.site.unregister((StaticDevice, TOTPDevice))
