"""mozilla-django-oidc from PyPI, unmodified, in a site of a few lines, told what the discovery document says."""

import os
import sys
import unittest
from urllib.parse import urlsplit

sys.path.insert(0, os.path.dirname(__file__))

import django
import requests
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from walker import Walker, facts

FACTS = facts()
SERVICE = next(client for client in FACTS["clients"] if client["client_id"] == "sample-library")
ADDRESS = urlsplit(SERVICE["redirect_uris"][0])
PROVIDER = requests.get(f"{FACTS['issuer']}/.well-known/openid-configuration", timeout=15).json()

settings.configure(
    SECRET_KEY="of the tests",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=[ADDRESS.hostname],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "mozilla_django_oidc",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    LOGIN_REDIRECT_URL="/",
    LOGOUT_REDIRECT_URL="/",
    OIDC_RP_CLIENT_ID=SERVICE["client_id"],
    OIDC_RP_CLIENT_SECRET=SERVICE["client_secret"],
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_RP_SCOPES="openid profile email",
    OIDC_USE_PKCE=True,
    OIDC_TOKEN_USE_BASIC_AUTH=True,
    OIDC_AUTHENTICATION_CALLBACK_URL="callback",
    OIDC_OP_AUTHORIZATION_ENDPOINT=PROVIDER["authorization_endpoint"],
    OIDC_OP_TOKEN_ENDPOINT=PROVIDER["token_endpoint"],
    OIDC_OP_USER_ENDPOINT=PROVIDER["userinfo_endpoint"],
    OIDC_OP_JWKS_ENDPOINT=PROVIDER["jwks_uri"],
)
django.setup()

from django.contrib.auth import get_user_model
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView

urlpatterns = [
    path("", lambda request: HttpResponse(getattr(request.user, "email", "") or "nobody")),
    path(ADDRESS.path.lstrip("/"), OIDCAuthenticationCallbackView.as_view(), name="callback"),
    path("oidc/", include("mozilla_django_oidc.urls")),
]


class Django(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        call_command("migrate", verbosity=0)

    def setUp(self):
        self.browser = Client(HTTP_HOST=ADDRESS.netloc)

    def come_back(self, answer):
        back = urlsplit(answer)
        return self.browser.get(f"{back.path}?{back.query}")

    def who(self):
        return self.browser.get("/").content.decode()

    def test_a_partner_logs_in_is_known_by_email_and_logs_out(self):
        person = FACTS["people"][0]
        self.assertEqual(self.who(), "nobody")
        begun = self.browser.get("/oidc/authenticate/")
        done = self.come_back(Walker().log_in(begun["location"], person))
        self.assertEqual((done.status_code, done["location"]), (302, "/"))
        self.assertEqual(self.who(), person["email"])
        self.assertEqual(get_user_model().objects.filter(email=person["email"]).count(), 1)
        self.browser.post("/oidc/logout/")
        self.assertEqual(self.who(), "nobody")

    def test_an_answer_to_somebody_elses_question_logs_nobody_in(self):
        begun = Client(HTTP_HOST=ADDRESS.netloc).get("/oidc/authenticate/")
        answer = Walker().log_in(begun["location"], FACTS["people"][1])
        self.browser.get("/oidc/authenticate/")
        self.assertGreaterEqual(self.come_back(answer).status_code, 400)
        self.assertEqual(self.who(), "nobody")


if __name__ == "__main__":
    unittest.main()
