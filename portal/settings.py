"""Django's settings, made from :class:`portal.config.Config`. No decision is taken here that is not Django's own."""

from django.utils.csp import CSP

from portal.config import CHECKOUT, Config

CONFIG = Config.from_env()

SECRET_KEY = CONFIG.secret_key
DEBUG = CONFIG.debug
ALLOWED_HOSTS = list(CONFIG.hosts)
CSRF_FAILURE_VIEW = "portal.problems.refuse_form"
CSRF_TRUSTED_ORIGINS = [CONFIG.public_url] if CONFIG.public_url else []

INSTALLED_APPS = [
    "portal",
    "portal.admin_app.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "portal.accounts",
    "datasets.catalogue",
    "datasets.processing",
    "datasets.publishing",
]

MIDDLEWARE = [
    "portal.middleware.RequestIdentity",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.CompressedPages",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "datasets.catalogue.reviewers.ReviewerCookies",
    "portal.middleware.PersonalAnswers",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.problems.ProblemMiddleware",
]

ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.site_context.site_context",
            ],
        },
    }
]

_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {
        # Writers queue up instead of failing halfway; readers never wait for a writer.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # Pages are read where the system has them: SQLite's own cache is 2 MB of what may be a gigabyte.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=1073741824;",
    },
}
_POSTGRESQL = {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    # Compiling a query of many joins takes PostgreSQL longer than answering it for one page.
    "OPTIONS": {"connect_timeout": 5, "options": "-c jit=off"},
}
DATABASES = {
    "default": {
        **(_SQLITE if CONFIG.database.vendor == "sqlite" else _POSTGRESQL),
        "NAME": CONFIG.database.name,
        "USER": CONFIG.database.user,
        "PASSWORD": CONFIG.database.password,
        "HOST": CONFIG.database.host,
        "PORT": CONFIG.database.port or "",
    }
}
# Of each process, for counting questions: one entry for each who asks.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10_000}},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "accounts:sign_in"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "catalogue:gallery"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = CONFIG.home / "static"
FRONTEND_DIST = CHECKOUT / "frontend" / "dist"
STATICFILES_DIRS = [("frontend", FRONTEND_DIST)] if FRONTEND_DIST.is_dir() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Vite has hashed the names already; WhiteNoise adds gzip and, for those names, a year of caching.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
_https = CONFIG.public_url.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    # Styles only: Neuroglancer and Plot insert <style> elements, templates hand a class's colour over as a property.
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "datasets.catalogue.api.credentials.BearerToken",
        "datasets.catalogue.api.credentials.SiteSession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["datasets.catalogue.api.credentials.ScopeSuffices"],
    "EXCEPTION_HANDLER": "portal.problems.api_problem",
    "URL_FORMAT_OVERRIDE": None,  # "format" is a parameter of cutouts, slices and manifests
    "DEFAULT_THROTTLE_RATES": {"links": "60/min", "selections": "60/min", "locate": "120/min"},
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "Cisterna",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # A caller chooses what to be shown: none of the fields is in every answer.
    "COMPONENT_NO_READ_ONLY_REQUIRED": True,
    "DISABLE_ERRORS_AND_WARNINGS": True,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "portal.masking.MaskingFormatter", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
