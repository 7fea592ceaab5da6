"""Settings, all from the environment (see .env.example), read through flowzz.env."""

from datetime import timedelta
from urllib.parse import urlsplit

import django_stubs_ext
from corsheaders import defaults as cors_defaults
from django.core.exceptions import ImproperlyConfigured

from flowzz import api_about, logs
from flowzz.backoffice import appearance
from flowzz.env import BASE_DIR, env, rate, required, secret, url

django_stubs_ext.monkeypatch()

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = secret("SECRET_KEY", required=not DEBUG, development="development-only-" * 3)
COINZZ_ENCRYPTION_KEY = secret(
    "COINZZ_ENCRYPTION_KEY", required=not DEBUG, development="development-only-" * 3
)
COINZZ_ENCRYPTION_KEY_FALLBACKS = env.list("COINZZ_ENCRYPTION_KEY_FALLBACKS", default=[])

PUBLIC_BASE_URL = url("PUBLIC_BASE_URL", default="http://127.0.0.1:8000")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[urlsplit(PUBLIC_BASE_URL).hostname, "127.0.0.1", "localhost"]
)
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [
    *cors_defaults.default_headers,
    "idempotency-key",
    "if-none-match",
    "last-event-id",
]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Idempotent-Replayed",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-ID",
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "flowzz",
    "flowzz.accounts",
    "flowzz.backoffice",
    "flowzz.idempotency",
    "clients",
    "sales",
    "integrations",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_celery_beat",
    "django_filters",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "flowzz.logs.RequestLogMiddleware",
    "flowzz.headers.BrowserLimitsMiddleware",
    "flowzz.throttling.RateLimitHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "flowzz.accounts.second_factor_pages.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "flowzz.urls"
WSGI_APPLICATION = "flowzz.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
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

# PostgreSQL and Redis. A connection lives with its thread: a new one a request costs six times
# the throughput.
required("DATABASE_URL", "postgres://flowzz:password@127.0.0.1:5432/flowzz")
DATABASES = {"default": env.db_url("DATABASE_URL")}
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured("Set DATABASE_URL to a PostgreSQL database (postgres://…).")
DATABASES["default"] |= {
    "ENGINE": "flowzz.database",
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "connect_timeout": env.int("DATABASE_CONNECT_TIMEOUT", default=5),
        "tcp_user_timeout": 10_000,  # milliseconds until a silent network counts as lost
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        # The server's side: whoever was cut off in a transaction lets go of its locks.
        "options": "-c idle_in_transaction_session_timeout=60s -c tcp_keepalives_idle=30 "
        "-c tcp_keepalives_interval=10 -c tcp_keepalives_count=3",
    },
}
REDIS_URL = required("REDIS_URL", "redis://127.0.0.1:6379/0")
REDIS_TIMEOUT_SECONDS = 1.0

# Language, place, files
LANGUAGE_CODE = "pt-br"
TIME_ZONE = "America/Sao_Paulo"
USE_I18N = True
FORMAT_MODULE_PATH = ["flowzz.formats"]
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = not STATIC_ROOT.exists()
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000

# Behind a proxy that ends TLS, and the cookies' safety, follow the public address.
_is_https = PUBLIC_BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _is_https
SESSION_COOKIE_AGE = 12 * 60 * 60  # a day's work
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _is_https else None
SECURE_SSL_REDIRECT = env.bool("SSL_REDIRECT", default=_is_https)
# Asked from inside; and a webhook that comes the wrong way is better taken than lost.
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$", r"^webhooks/"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000) if _is_https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Other programs may stand on the names below ours: they are not ours to force to https.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# E-mail
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Flowzz <nao-responda@flowzz.example>")
ALERT_EMAILS = env.list("ALERT_EMAILS", default=[])

# Coinzz
COINZZ_API_URL = url("COINZZ_API_URL", default="https://app.coinzz.com.br/api")
COINZZ_SIGNATURE_HEADER = env.str("COINZZ_SIGNATURE_HEADER", default="X-Coinzz-Signature")
COINZZ_EXPORT_COLUMNS = env.dict("COINZZ_EXPORT_COLUMNS", default={})
API_KEY_MAX_AGE = timedelta(days=env.int("API_KEY_MAX_AGE_DAYS", default=180))

# Webhooks
WEBHOOK_MAX_BYTES = env.int("WEBHOOK_MAX_BYTES", default=256 * 1024)
WEBHOOK_TOKEN_GRACE = timedelta(hours=env.int("WEBHOOK_TOKEN_GRACE_HOURS", default=24))
DUPLICATE_WINDOW = timedelta(hours=env.int("DUPLICATE_WINDOW_HOURS", default=72))
PAYLOAD_RETENTION = timedelta(days=env.int("PAYLOAD_RETENTION_DAYS", default=90))
INBOX_BATCH_SIZE = env.int("INBOX_BATCH_SIZE", default=1_000)
SPOOL_MAX_EVENTS = env.int("SPOOL_MAX_EVENTS", default=10_000)

# Sync
SYNC_WAIT_SECONDS = env.float("SYNC_WAIT_SECONDS", default=10.0)
SYNC_INITIAL_SALES = env.int("SYNC_INITIAL_SALES", default=1_000)
SYNC_INITIAL_AGE = timedelta(days=env.int("SYNC_INITIAL_DAYS", default=90))
SYNC_OVERLAP = timedelta(minutes=env.int("SYNC_OVERLAP_MINUTES", default=120))
SYNC_SPREAD = timedelta(minutes=env.int("SYNC_SPREAD_MINUTES", default=55))
SYNC_PAGE_SIZE = env.int("SYNC_PAGE_SIZE", default=200)

# Limits
RATE_LIMIT_API = rate("RATE_LIMIT_API", "1000/h")
RATE_LIMIT_SYNC = rate("RATE_LIMIT_SYNC", "10/h")
RATE_LIMIT_IMPORT = rate("RATE_LIMIT_IMPORT", "30/h")
RATE_LIMIT_LOGIN = rate("RATE_LIMIT_LOGIN", "10/min")
RATE_LIMIT_SCHEMA = rate("RATE_LIMIT_SCHEMA", "60/min")
RATE_LIMIT_WEBHOOK = rate("RATE_LIMIT_WEBHOOK", "1200/min")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

# API
IDEMPOTENCY_RETENTION = timedelta(hours=env.int("IDEMPOTENCY_RETENTION_HOURS", default=24))
JWT_SIGNING_KEY = secret("JWT_SIGNING_KEY", required=False)
JWT_REFRESH_CLAIMS = env.list("JWT_REFRESH_CLAIMS", default=[])
JWT_MAX_LIFETIME = timedelta(hours=env.int("JWT_MAX_LIFETIME_HOURS", default=24))
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "SIGNING_KEY": JWT_SIGNING_KEY or SECRET_KEY,
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": env.str("JWT_USER_ID_CLAIM", default="userId"),
    "AUTH_TOKEN_CLASSES": ("flowzz.accounts.tokens.AccessToken",),
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["flowzz.accounts.tokens.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["flowzz.api.JSONParser"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_THROTTLE_CLASSES": ["flowzz.throttling.ApiThrottle"],
    "DEFAULT_PAGINATION_CLASS": "flowzz.paging.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "flowzz.api_schema.Schema",
    "EXCEPTION_HANDLER": "flowzz.api.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "NUM_PROXIES": TRUSTED_PROXIES,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Flowzz API",
    "DESCRIPTION": api_about.DESCRIPTION,
    "TAGS": api_about.TAGS,
    "SERVERS": [{"url": "/", "description": "Este servidor"}],
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["flowzz.api_schema.without_trailing_slash"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "flowzz.api_schema.without_docstrings",
        "flowzz.api_headers.with_headers",
        "flowzz.api_examples.with_examples",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ClientStatus": "clients.models.ClientStatus",
        "SaleStatus": "sales.statuses.SaleStatus",
        "ShippingStatus": "sales.statuses.ShippingStatus",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Staff's second step at login
STAFF_TOTP_REQUIRED = env.bool("STAFF_TOTP_REQUIRED", default=False)
OTP_TOTP_ISSUER = "Flowzz"

# Monitoring
METRICS_TOKEN = secret("METRICS_TOKEN", required=False)

# Celery: the queue holds "there is work", never the work.
CELERY_BROKER_URL = REDIS_URL
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": "flowzz:celery:",
    "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
    "socket_keepalive": True,
    "health_check_interval": 25,
    # A wake-up that can't be sent is lost at once: whoever asked isn't kept for 6 s.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULER = "flowzz.beat:Scheduler"

LOGGING = logs.configuration(level=env.str("LOG_LEVEL", default="INFO"))
LOGGING_CONFIG = "flowzz.logs.configure"

LOGIN_REDIRECT_URL = "admin:index"
UNFOLD = appearance.UNFOLD
