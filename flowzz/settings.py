"""Django settings, read from environment variables (see .env.example) by flowzz.core.env."""

import warnings
from datetime import timedelta
from urllib.parse import urlsplit

import django_stubs_ext
from corsheaders.defaults import default_headers

from flowzz import admin_menu, api_guide
from flowzz.core import env, logging
from flowzz.core.env import BASE_DIR

django_stubs_ext.monkeypatch()

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY", required=not DEBUG, development="development-only-" * 3)
# One key for the secrets of all providers; the variable has the name under which it is documented.
ENCRYPTION_KEY = env.secret(
    "COINZZ_ENCRYPTION_KEY", required=not DEBUG, development="development-only-" * 3
)
ENCRYPTION_KEY_FALLBACKS = env.comma_list("COINZZ_ENCRYPTION_KEY_FALLBACKS")
ENCRYPTION_KEY_VARIABLE = "COINZZ_ENCRYPTION_KEY"
ENCRYPTION_LEGACY_FORMAT = env.boolean("COINZZ_ENCRYPTION_LEGACY_FORMAT", default=True)

PUBLIC_BASE_URL = env.url("PUBLIC_BASE_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env.comma_list(
    "ALLOWED_HOSTS", (urlsplit(PUBLIC_BASE_URL).hostname or "", "127.0.0.1", "localhost")
)
CORS_ALLOWED_ORIGINS = env.comma_list("CORS_ALLOWED_ORIGINS")
FRONTEND_URL = env.url("FRONTEND_URL", (*CORS_ALLOWED_ORIGINS, PUBLIC_BASE_URL)[0])
CORS_ALLOW_CREDENTIALS = True  # the refresh token's cookie; nothing else reads a cookie there
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-none-match", "last-event-id"]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Idempotent-Replayed",
    *("RateLimit-Limit", "RateLimit-Policy", "RateLimit-Remaining", "RateLimit-Reset"),
    "Retry-After",
    "X-Request-ID",
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "flowzz.core",
    "flowzz.accounts",
    "flowzz.backoffice",
    "clients",
    "sales",
    "integrations",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",  # its templates, for FORM_RENDERER
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_celery_beat",
    "django_filters",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "flowzz",
]

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # widgets of our own have templates

MIDDLEWARE = [
    "flowzz.core.logging.RequestLogMiddleware",
    "flowzz.core.server.security_headers.SecurityHeadersMiddleware",
    "flowzz.core.server.compression.ApiGzipMiddleware",
    "flowzz.core.api.throttling.RateLimitHeadersMiddleware",
    "flowzz.core.api.etags.CacheHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "flowzz.core.server.thread_pools.refuse_if_pool_is_full",
    "flowzz.backoffice.null_characters.null_character_middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "flowzz.accounts.second_factor_pages.second_factor_middleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "flowzz.accounts.staff_sessions.expired.expired_session_middleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "flowzz.urls"
WSGI_APPLICATION = "flowzz.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds
PASSWORD_HASHERS = ["flowzz.core.server.password_hashing.LowPriorityHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Connections stay open with their threads: one per request would cost most of the throughput.
DATABASES = {"default": env.database_url("DATABASE_URL")}
DATABASE_POOLED = env.boolean("DATABASE_POOLED", default=False)
DATABASES["default"] |= {
    "DISABLE_SERVER_SIDE_CURSORS": DATABASE_POOLED,
    "ENGINE": "flowzz.core.db.backend",
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "target_session_attrs": "read-write",  # the primary among several hosts
        "connect_timeout": env.integer("DATABASE_CONNECT_TIMEOUT", 5),
        "tcp_user_timeout": 10_000,  # milliseconds without an answer until the connection is lost
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        # The server ends transactions of lost clients, which releases their locks. A pooler refuses
        # options: there they belong to the role.
        "options": ""
        if DATABASE_POOLED
        else "-c idle_in_transaction_session_timeout=45s -c tcp_keepalives_idle=30 "
        "-c tcp_keepalives_interval=10 -c tcp_keepalives_count=3",
        **DATABASES["default"].get("OPTIONS", {}),  # sslmode, for example
    },
}
REDIS_URL = env.redis_url("REDIS_URL")
REDIS_TIMEOUT_SECONDS = 1.0

# Language, time zone, files
LANGUAGE_CODE = "pt-br"
TIME_ZONE = "America/Sao_Paulo"
LOCALE_PATHS = [BASE_DIR / "flowzz" / "locale"]
FORMAT_MODULE_PATH = ["flowzz.formats"]
USE_THOUSAND_SEPARATOR = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = not STATIC_ROOT.exists()  # they are collected only in the image
warnings.filterwarnings("ignore", "No directory at:", UserWarning)
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# Secure cookies, redirects and HSTS apply if the public URL is https.
_is_https = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SESSION_ENGINE = "flowzz.accounts.staff_sessions.engine"
SESSION_COOKIE_AGE = 12 * 60 * 60  # a working day
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _is_https else None
SECURE_SSL_REDIRECT = env.boolean("SSL_REDIRECT", default=_is_https)
# Requests from the internal network; a webhook sent to http must not be lost.
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$", r"^webhooks/"]
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000, minimum=0) if _is_https else 0
# HSTS for subdomains would force https on programs that are not ours.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# E-mail
vars().update(env.email_url("EMAIL_URL", "consolemail://"))
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Flowzz <nao-responda@flowzz.example>")
ALERT_EMAILS = env.emails("ALERT_EMAILS")
ALERT_WEBHOOK_URL = env.url("ALERT_WEBHOOK_URL", "")

# Coinzz
COINZZ_API_URL = env.url("COINZZ_API_URL", "https://app.coinzz.com.br/api")
# Nobody has read sales from this API: the paths and names below are guesses.
COINZZ_API_ENABLED = env.boolean("COINZZ_API_ENABLED", default=True)
COINZZ_API_TEST_PATH = env.url_path("COINZZ_API_TEST_PATH", "products")
COINZZ_API_SALES_PATH = env.url_path("COINZZ_API_SALES_PATH", "sales")
COINZZ_API_SINCE_PARAM = env.parameter("COINZZ_API_SINCE_PARAM", "since")
COINZZ_API_SINCE_FORMAT = env.time_format("COINZZ_API_SINCE_FORMAT", "%Y-%m-%d %H:%M:%S")
COINZZ_API_PAGE_PARAM = env.parameter("COINZZ_API_PAGE_PARAM", "page")
COINZZ_API_PER_PAGE_PARAM = env.parameter("COINZZ_API_PER_PAGE_PARAM", "per_page")
COINZZ_API_ITEMS_KEY = env.dotted_keys("COINZZ_API_ITEMS_KEY", "data")
COINZZ_API_LAST_PAGE_KEY = env.dotted_keys("COINZZ_API_LAST_PAGE_KEY", "meta.last_page,last_page")
COINZZ_API_NEXT_PAGE_KEY = env.dotted_keys("COINZZ_API_NEXT_PAGE_KEY", "links.next,next_page_url")
COINZZ_API_TOTAL_KEY = env.dotted_keys("COINZZ_API_TOTAL_KEY", "meta.total,total")
COINZZ_SIGNATURE_HEADER = env.text("COINZZ_SIGNATURE_HEADER", "X-Coinzz-Signature")
COINZZ_EXPORT_COLUMNS = env.mapping("COINZZ_EXPORT_COLUMNS")
API_KEY_MAX_AGE = timedelta(days=env.integer("API_KEY_MAX_AGE_DAYS", 180))

# Webhooks
WEBHOOK_WITHOUT_TOKEN = env.boolean("WEBHOOK_WITHOUT_TOKEN", default=DEBUG)
WEBHOOK_MAX_BYTES = env.integer("WEBHOOK_MAX_BYTES", 256 * 1024)
WEBHOOK_TOKEN_GRACE = timedelta(hours=env.integer("WEBHOOK_TOKEN_GRACE_HOURS", 24, minimum=0))
RECORD_RETENTION = timedelta(days=env.integer("RECORD_RETENTION_DAYS", 400))
DUPLICATE_WINDOW = timedelta(hours=env.integer("DUPLICATE_WINDOW_HOURS", 72))
PAYLOAD_RETENTION = timedelta(days=env.integer("PAYLOAD_RETENTION_DAYS", 90))
INBOX_BATCH_SIZE = env.integer("INBOX_BATCH_SIZE", 1_000)
FALLBACK_BUFFER_MAX_EVENTS = env.integer("FALLBACK_BUFFER_MAX_EVENTS", 10_000)
FALLBACK_BUFFER_MAX_BYTES = env.integer("FALLBACK_BUFFER_MAX_BYTES", 256 * 1024 * 1024)

# Sync
SYNC_WAIT_SECONDS = env.number("SYNC_WAIT_SECONDS", 10.0)
SYNC_INITIAL_SALES = env.integer("SYNC_INITIAL_SALES", 1_000)
SYNC_INITIAL_AGE = timedelta(days=env.integer("SYNC_INITIAL_DAYS", 90))
SYNC_OVERLAP = timedelta(minutes=env.integer("SYNC_OVERLAP_MINUTES", 120, minimum=0))
SYNC_SPREAD = timedelta(minutes=env.integer("SYNC_SPREAD_MINUTES", 55, minimum=0))
SYNC_PAGE_SIZE = env.integer("SYNC_PAGE_SIZE", 200)

# Limits
RATE_LIMIT_API = env.rate("RATE_LIMIT_API", "1000/h")
RATE_LIMIT_SYNC = env.rate("RATE_LIMIT_SYNC", "10/h")
RATE_LIMIT_IMPORT = env.rate("RATE_LIMIT_IMPORT", "30/h")
RATE_LIMIT_LOGIN = env.rate("RATE_LIMIT_LOGIN", "10/min")
RATE_LIMIT_SCHEMA = env.rate("RATE_LIMIT_SCHEMA", "60/min")
RATE_LIMIT_WEBHOOK = env.rate("RATE_LIMIT_WEBHOOK", "1200/min")
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0, minimum=0)

# API
IDEMPOTENCY_RETENTION = timedelta(hours=env.integer("IDEMPOTENCY_RETENTION_HOURS", 24))
JWT_SIGNING_KEY = env.secret("JWT_SIGNING_KEY", required=False)
JWT_REFRESH_CLAIMS = env.comma_list("JWT_REFRESH_CLAIMS")
JWT_MAX_LIFETIME = timedelta(hours=env.integer("JWT_MAX_LIFETIME_HOURS", 24))
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "LEEWAY": timedelta(seconds=30),  # clocks of the service that shares the signing key
    "SIGNING_KEY": JWT_SIGNING_KEY or SECRET_KEY,
    "USER_ID_CLAIM": env.text("JWT_USER_ID_CLAIM", "userId"),
    "AUTH_TOKEN_CLASSES": ("flowzz.accounts.tokens.AccessToken",),
}
REST_FRAMEWORK = api_guide.REST_FRAMEWORK | {"NUM_PROXIES": TRUSTED_PROXIES}
API_EXAMPLES = api_guide.EXAMPLES
SPECTACULAR_SETTINGS = api_guide.SPECTACULAR_SETTINGS

# Second factor of staff, and monitoring
STAFF_TOTP_REQUIRED = env.boolean("STAFF_TOTP_REQUIRED", default=False)
OTP_TOTP_ISSUER = "Flowzz"
METRICS_TOKEN = env.secret("METRICS_TOKEN", required=False)
SENTRY_DSN = env.sentry_dsn("SENTRY_DSN")
TRACES_ENDPOINT = env.traces_endpoint("TRACES_ENDPOINT")

# Celery: messages say that there is work; the work itself is in PostgreSQL.
CELERY_BROKER_URL = env.text("BROKER_URL", REDIS_URL)
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "flowzz:celery:",
    "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
    "socket_keepalive": True,
    "health_check_interval": 25,
    # Do not retry for 6 s: a lost message is replaced by the next sweep.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_BEAT_SCHEDULER = "flowzz.core.workers.beat_scheduler:Scheduler"

# Settings that staff may change at runtime, by the groups of their page.
RUNTIME_SETTINGS = {
    "Alertas": ["integrations.runtime_settings.ALERT_EMAILS"],
    "Limites": [
        "integrations.runtime_settings.WEBHOOK_RATE",
        "flowzz.core.api.throttling.API_RATE",
        "integrations.runtime_settings.SYNC_RATE",
        "integrations.runtime_settings.IMPORT_RATE",
        "flowzz.core.api.throttling.LOGIN_RATE",
        "flowzz.core.api.throttling.SCHEMA_RATE",
    ],
    "Webhooks": [
        "integrations.runtime_settings.PAYLOAD_RETENTION",
        "integrations.runtime_settings.RECORD_RETENTION",
        "integrations.runtime_settings.DUPLICATE_WINDOW",
    ],
    "Sincronização": [
        "integrations.runtime_settings.API_ENABLED",
        "integrations.runtime_settings.SYNC_OVERLAP",
        "integrations.runtime_settings.SYNC_INITIAL_AGE",
        "integrations.runtime_settings.SYNC_INITIAL_SALES",
    ],
}

LOGGING = logging.configuration(level=env.log_level("LOG_LEVEL", "INFO"))
LOGGING_CONFIG = "flowzz.core.logging.configure"

LOGIN_REDIRECT_URL = "admin:index"
UNFOLD = admin_menu.UNFOLD
