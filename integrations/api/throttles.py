"""Rate limits of syncs and imports, beside the API's own."""

from flowzz.core.api.throttling import RateThrottle
from integrations.runtime_settings import IMPORT_RATE, SYNC_RATE


class SyncThrottle(RateThrottle):
    name = "sync"
    rate = SYNC_RATE


class ImportThrottle(RateThrottle):
    name = "import"
    rate = IMPORT_RATE
