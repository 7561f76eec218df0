"""Authlib from PyPI, unmodified, told nothing but where the provider is and its client's id, secret and address."""

import os
import sys
import unittest
from urllib.parse import parse_qs, urlsplit

# The demonstration is on http, on this machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

sys.path.insert(0, os.path.dirname(__file__))

from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OAuthError, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session

from walker import Walker, facts


class Client(OAuth2Mixin, OpenIDMixin, BaseApp):
    """Authlib's OpenID Connect client as its integrations for web frameworks put it together, without a framework."""

    client_cls = OAuth2Session


class Authlib(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.facts = facts()
        cls.registered = next(c for c in cls.facts["clients"] if c["client_id"] == "sample-library")
        cls.redirect_uri = cls.registered["redirect_uris"][0]

    def client(self, secret=None):
        return Client(
            framework=None,
            client_id=self.registered["client_id"],
            client_secret=secret or self.registered["client_secret"],
            server_metadata_url=f"{self.facts['issuer']}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_basic",
            },
        )

    def redeem(self, client, request, answer):
        answer = {name: values[0] for name, values in parse_qs(urlsplit(answer).query).items()}
        self.assertEqual(answer["state"], request["state"])
        self.assertEqual(answer["iss"], self.facts["issuer"])
        return client.fetch_access_token(
            code=answer["code"], redirect_uri=self.redirect_uri, code_verifier=request["code_verifier"]
        )

    def test_a_partner_logs_in_and_the_code_is_good_for_one_exchange(self):
        person = self.facts["people"][0]
        client = self.client()
        request = client.create_authorization_url(self.redirect_uri)
        answer = Walker().log_in(request["url"], person)
        token = self.redeem(client, request, answer)
        claims = client.parse_id_token(token, nonce=request["nonce"])
        self.assertEqual(claims["iss"], self.facts["issuer"])
        self.assertEqual(claims["aud"], self.registered["client_id"])
        info = client.userinfo(token=token)
        self.assertEqual(info["sub"], claims["sub"])
        self.assertEqual((info["name"], info["email"]), (person["name"], person["email"]))

        with self.assertRaises(OAuthError) as spent:
            self.redeem(client, request, answer)
        self.assertEqual(spent.exception.error, "invalid_grant")

    def test_a_wrong_secret_is_refused(self):
        client = self.client(secret="not the right one")
        request = client.create_authorization_url(self.redirect_uri)
        answer = Walker().log_in(request["url"], self.facts["people"][1])
        with self.assertRaises(OAuthError) as refused:
            self.redeem(client, request, answer)
        self.assertEqual(refused.exception.error, "invalid_client")

    def test_cancelling_is_told_as_access_denied(self):
        client = self.client()
        request = client.create_authorization_url(self.redirect_uri)
        answer = parse_qs(urlsplit(Walker().cancel(request["url"])).query)
        self.assertEqual(answer["error"], ["access_denied"])
        self.assertEqual(answer["state"], [request["state"]])


if __name__ == "__main__":
    unittest.main()
