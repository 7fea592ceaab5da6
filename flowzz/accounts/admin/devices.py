"""Removes the admin pages of django-otp's devices, which show the devices' secrets."""

from django.contrib import admin

# Imported first: these modules register the pages that are removed below.
from django_otp.plugins.otp_static.admin import StaticDeviceAdmin
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDeviceAdmin
from django_otp.plugins.otp_totp.models import TOTPDevice

__all__ = ["StaticDeviceAdmin", "TOTPDeviceAdmin"]

admin.site.unregister((StaticDevice, TOTPDevice))
