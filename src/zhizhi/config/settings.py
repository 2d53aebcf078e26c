"""Django settings: one file, everything changeable from the environment (docs/operations.md)."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from zhizhi.config import environment

PACKAGE = Path(__file__).resolve().parent.parent
DATA = Path(environment.text("ZHIZHI_DATA", "data")).resolve()
MODE = environment.text("ZHIZHI_MODE", "production")  # production, demo or test
if MODE not in {"production", "demo", "test"}:
    message = f"ZHIZHI_MODE must be production, demo or test, not {MODE!r}"
    raise environment.SettingInvalid(message)
DEMO = MODE == "demo"

# Made once and kept in the keys folder (boot.py) unless it is given.
SECRET_KEY = environment.text("ZHIZHI_SECRET_KEY") or environment.kept(DATA / "keys/secret_key")
DEBUG = False
ALLOWED_HOSTS = environment.text("ZHIZHI_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CIPHER_SUITE = environment.text("ZHIZHI_CIPHER_SUITE", "international")
if CIPHER_SUITE not in {"international", "national"}:
    message = f"ZHIZHI_CIPHER_SUITE must be international or national, not {CIPHER_SUITE!r}"
    raise environment.SettingInvalid(message)
CSRF_TRUSTED_ORIGINS = [
    origin for origin in environment.text("ZHIZHI_TRUSTED_ORIGINS").split(",") if origin
]

# Adding a system is one folder and one line here.
SYSTEMS = [
    "zhizhi.systems.fishery",
    "zhizhi.systems.grid",
    "zhizhi.systems.antifraud",
    "zhizhi.systems.guardian",
]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "zhizhi.config",
    "zhizhi.trust",
    "zhizhi.directory",
    "zhizhi.engine",
    "zhizhi.channels.inbox",
    "zhizhi.channels.webhook",
    "zhizhi.channels.carrier_sms",
    "zhizhi.web",
    *SYSTEMS,
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "zhizhi.web.compressing.CompressingMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "zhizhi.web.failures.FailureMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "zhizhi.web.session_limits.SessionLimitMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "zhizhi.web.permitting.PermissionsMiddleware",
]

ROOT_URLCONF = "zhizhi.config.urls"
ASGI_APPLICATION = "zhizhi.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "zhizhi.web.context.shell",
            ],
        },
    }
]

DATABASES = {"default": environment.database(environment.text("ZHIZHI_DATABASE"), DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "directory.Account"
# By which doors people come in (directory/backends.py): production has no other than these.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "zhizhi.directory.backends.PasswordDoor",
    "zhizhi.directory.backends.SecondFactorDoor",
]
if MODE != "production":
    AUTHENTICATION_BACKENDS.append("zhizhi.directory.backends.DemoDoor")
if MODE == "test":
    AUTHENTICATION_BACKENDS.append("django.contrib.auth.backends.ModelBackend")
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "call_sign", "email")},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
MFA_ADAPTER = "zhizhi.directory.factor_secrets.FactorSecrets"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
LOGIN_URL = "web:sign-in"
LOGIN_REDIRECT_URL = "web:home"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
TIME_ZONE = environment.text("ZHIZHI_TIME_ZONE", "Asia/Shanghai")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = MODE == "test"  # else each client of a test lists every file anew
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.*/web/build/part-[A-Z0-9]{8}\.js$"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
MAX_INTAKE_BYTES = 64 * 1024 * 1024

_SECURE = environment.flag("ZHIZHI_HTTPS")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
if _SECURE:  # browsers take these from this very host alone, over TLS, for every path
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    SECURE_HSTS_SECONDS, SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
SECURE_SSL_REDIRECT = False  # the reverse proxy's work
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _SECURE else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],  # a voice note is heard before it is sent
        "style-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

# GCJ-02 and BD-09 are offset on purpose; turning them back on import needs the deployer's word.
ALLOW_OFFSET_MAPS = environment.flag("ZHIZHI_ALLOW_OFFSET_MAPS")

# Where the carrier's gateway listens, and the secret that signs requests to it.
CARRIER_URL = environment.text("ZHIZHI_CARRIER_URL", "http://127.0.0.1:8010")
CARRIER_SECRET = environment.text("ZHIZHI_CARRIER_SECRET", "demo" if DEMO or MODE == "test" else "")

# What `zhizhi listen` listens to; empty means not at all.
MQTT_URL = environment.text("ZHIZHI_MQTT_URL")
MQTT = {
    "user": environment.text("ZHIZHI_MQTT_USER"),
    "password": environment.text("ZHIZHI_MQTT_PASSWORD"),
    "client": environment.text("ZHIZHI_MQTT_CLIENT", "zhizhi"),
    "prefix": environment.text("ZHIZHI_MQTT_PREFIX", "zhizhi/observations").strip("/"),
    "most": environment.number("ZHIZHI_MQTT_MOST", 64, lowest=1, highest=1000),
    "authority": environment.text("ZHIZHI_MQTT_CA"),
    "certificate": environment.text("ZHIZHI_MQTT_CERTIFICATE"),
    "key": environment.text("ZHIZHI_MQTT_KEY"),
}
AIS_UDP = environment.text("ZHIZHI_AIS_UDP")
AIS_TCP = environment.text("ZHIZHI_AIS_TCP")

# Hosts, addresses and networks that web requests may reach although they are not public.
WEBHOOK_ALLOWED = [one for one in environment.text("ZHIZHI_WEBHOOK_ALLOWED").split(",") if one]

# Where ClamAV's daemon listens, which then sees every photograph first; empty: nowhere.
CLAMD = environment.service("ZHIZHI_CLAMD")

# Who may read /metrics from elsewhere; without it only this machine may.
METRICS_TOKEN = environment.text("ZHIZHI_METRICS_TOKEN")

LOG_FORMAT = environment.text("ZHIZHI_LOG_FORMAT", "json" if MODE == "production" else "plain")
if LOG_FORMAT not in {"json", "plain"}:
    message = f"ZHIZHI_LOG_FORMAT must be json or plain, not {LOG_FORMAT!r}"
    raise environment.SettingInvalid(message)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "zhizhi.config.log_lines.SafeLines"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "loggers": {
        "weasyprint": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
        "fido2": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": environment.text("ZHIZHI_LOG_LEVEL", "INFO")},
}
# Its middleware would put a line of English in place of the sign-in page, which says it better.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]
PRODUCT_NAME = _("Zhizhi")
