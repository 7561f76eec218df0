"""A partner without a browser: walks through the pages of the provider by their forms, with a jar of cookies."""

import os
import re
import time
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

ORIGIN = os.environ["GATEHOUSE_DEMO"]

PATIENCE = 15
"""How long a letter may take, in seconds."""


def facts():
    return requests.get(f"{ORIGIN}/dev/demo.json", timeout=PATIENCE).json()


class Walker:
    def __init__(self):
        self._session = requests.Session()

    def log_in(self, request, person):
        """Logs in, from an authorization request to the address that the client is to be told."""
        sent = len(_codes(person))
        first = self._open("GET", request)
        second = self._submit(first, email=person["email"], password=person["password"])
        welcome = self._submit(second, code=_next_code(person, sent))
        return self._leave(welcome, "Return to Home")

    def cancel(self, request):
        """Cancels instead."""
        return self._leave(self._open("GET", request), "Cancel")

    def _submit(self, page, **fields):
        return self._open("POST", urljoin(page.url, page.action), data=page.hidden | fields)

    def _leave(self, page, text):
        """Follows a link out of the provider, to the first address that is not its own."""
        page = self._open("GET", urljoin(page.url, page.links[text]))
        # A service that registered itself has to ask first.
        return (self._submit(page, answer="share") if page.asks else page).url

    def log_out(self):
        """Logs out by the provider's own page."""
        self._submit(self._open("GET", f"{ORIGIN}/logout"))

    def leave_by(self, address):
        """Opens an address of the provider that leads out of it again."""
        return self._open("GET", address).url

    def _open(self, method, url, data=None):
        """Opens a page of the provider, or stops at the address of somebody else."""
        if not url.startswith(ORIGIN + "/"):
            return Page(url, "")
        answer = self._session.request(method, url, data=data, allow_redirects=False, timeout=PATIENCE)
        if answer.is_redirect:
            return self._open("GET", urljoin(url, answer.headers["location"]))
        answer.raise_for_status()
        return Page(url, answer.text)


class Page(HTMLParser):
    """What can be pressed on a page: its first form with its hidden fields, and its links by their text."""

    def __init__(self, url, html):
        super().__init__()
        self.url = url
        self.action = None
        self.hidden = {}
        self.links = {}
        self.asks = False
        self._link = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.action = self.action or attributes["action"]
        elif tag == "input" and attributes["type"] == "hidden":
            self.hidden[attributes["name"]] = attributes["value"]
        elif tag == "button":
            self.asks = self.asks or attributes.get("value") == "share"
        elif tag == "a":
            self._link = attributes["href"]

    def handle_data(self, data):
        if self._link:
            self.links[data] = self._link

    def handle_endtag(self, tag):
        if tag == "a":
            self._link = None


def _codes(person):
    """The codes that were sent to a person, newest first."""
    letters = requests.get(f"{ORIGIN}/dev/mailbox.json", timeout=PATIENCE).json()
    return [
        re.search(r"^ {4}(\d{4} \d{4})$", letter["text"], re.MULTILINE)[1]
        for letter in letters
        if person["email"] in letter["to"] and "your login code" in letter["subject"]
    ]


def _next_code(person, sent):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        codes = _codes(person)
        if len(codes) > sent:
            return codes[0]
        time.sleep(0.05)
    raise AssertionError(f"no code was sent to {person['email']} in {PATIENCE} seconds")
