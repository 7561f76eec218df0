"""Apache's mod_auth_openidc, as Debian has it, before a page that only one partner may read."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, os.path.dirname(__file__))

import requests

from walker import PATIENCE, Walker, facts

MODULES = Path("/usr/lib/apache2/modules")

CONFIGURATION = """
ServerRoot {place}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {place}/pid
ErrorLog {place}/error.log
DocumentRoot {place}/site
{user}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_openidc_module {modules}/mod_auth_openidc.so

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {client_secret}
OIDCRedirectURI {base}/protected/callback
OIDCCryptoPassphrase of-the-tests
OIDCScope "openid profile email"
OIDCPKCEMethod S256

<Location /protected>
  AuthType openid-connect
  Require claim email:{email}
</Location>
"""


def free_port():
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


class Apache(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.facts = facts()
        cls.base = f"http://127.0.0.1:{free_port()}"
        cls.place = Path(tempfile.mkdtemp(prefix="gatehouse-apache-"))
        cls.place.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.place)
        inside = cls.place / "site" / "protected"
        inside.mkdir(parents=True)
        (inside / "page.txt").write_text("inside")
        registered = cls.register()
        configuration = CONFIGURATION.format(
            place=cls.place,
            port=cls.base.rsplit(":", 1)[1],
            modules=MODULES,
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
            issuer=cls.facts["issuer"],
            client_id=registered["client_id"],
            client_secret=registered["client_secret"],
            base=cls.base,
            email=cls.facts["people"][0]["email"],
        )
        (cls.place / "apache.conf").write_text(configuration)
        program = shutil.which("apache2", path=f"{os.environ['PATH']}:/usr/sbin")
        cls.apache = subprocess.Popen([program, "-f", cls.place / "apache.conf", "-D", "FOREGROUND"])
        cls.addClassCleanup(cls.apache.wait)
        cls.addClassCleanup(cls.apache.terminate)
        cls.wait()

    @classmethod
    def register(cls):
        callback = f"{cls.base}/protected/callback"
        document = {
            "client_name": "Room Booking",
            "redirect_uris": [callback],
            "post_logout_redirect_uris": [f"{cls.base}/out"],
            "backchannel_logout_uri": f"{callback}?logout=backchannel",
        }
        answer = requests.post(f"{cls.facts['issuer']}/register", json=document, timeout=PATIENCE)
        answer.raise_for_status()
        return answer.json()

    @classmethod
    def wait(cls):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and cls.apache.poll() is None:
            try:
                return requests.get(cls.base, timeout=PATIENCE)
            except requests.ConnectionError:
                time.sleep(0.05)
        log = cls.place / "error.log"
        raise AssertionError(f"Apache does not answer: {log.read_text() if log.exists() else 'no log'}")

    def page(self, browser, path="/protected/page.txt"):
        return browser.get(f"{self.base}{path}", allow_redirects=False, timeout=PATIENCE)

    def log_in(self, browser, walker, person):
        begun = self.page(browser)
        self.assertEqual(begun.status_code, 302)
        back = walker.log_in(begun.headers["location"], person)
        return browser.get(back, allow_redirects=False, timeout=PATIENCE)

    def test_the_page_opens_for_whom_it_is_for_and_for_nobody_else(self):
        for person, status in zip(self.facts["people"], [200, 401]):
            browser = requests.Session()
            self.assertEqual(self.log_in(browser, Walker(), person).status_code, 302)
            self.assertEqual(self.page(browser).status_code, status, person["email"])

    def test_logging_out_there_ends_the_session_here(self):
        browser, walker = requests.Session(), Walker()
        self.log_in(browser, walker, self.facts["people"][0])
        self.assertEqual(self.page(browser).text, "inside")
        out = self.page(browser, f"/protected/callback?logout={quote(self.base + '/out', safe='')}")
        self.assertEqual(walker.leave_by(out.headers["location"]), f"{self.base}/out")
        self.assertEqual(self.page(browser).status_code, 302)
        silent = self.page(requests.Session()).headers["location"] + "&prompt=none"
        self.assertIn("error=login_required", walker.leave_by(silent))

    def test_it_hears_of_a_log_out_from_another_browser_window(self):
        browser, walker = requests.Session(), Walker()
        self.log_in(browser, walker, self.facts["people"][0])
        self.assertEqual(self.page(browser).text, "inside")
        walker.log_out()
        deadline = time.monotonic() + PATIENCE
        while self.page(browser).status_code != 302:
            self.assertLess(time.monotonic(), deadline, "the session goes on")
            time.sleep(0.1)


if __name__ == "__main__":
    unittest.main()
