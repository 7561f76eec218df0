"""schemathesis from PyPI, unmodified, told the description of the administration interface and a token."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(__file__))

import requests

from walker import facts

FACTS = facts()
TOOL = next(client for client in FACTS["clients"] if client["client_id"] == "sample-tool")
API = f"{FACTS['issuer']}/admin/api/v1"

# What it holds against every answer. Two checks of its own taste are left out: that whatever fits the description is
# accepted, which no cursor, version or name of something else can say of itself, and that a missing If-Match is
# answered by another status than the one that RFC 6585 has for it.
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "ignored_auth",
    "unsupported_method",
    "use_after_free",
]


class Interface(unittest.TestCase):
    def test_a_tool_that_knows_only_the_description_finds_nothing(self):
        answer = requests.post(
            f"{FACTS['issuer']}/token",
            data={"grant_type": "client_credentials"},
            auth=(TOOL["client_id"], TOOL["client_secret"]),
            timeout=15,
        )
        token = answer.json()["access_token"]
        command = [
            os.path.join(os.path.dirname(os.path.abspath(sys.executable)), "schemathesis"),
            "run",
            f"{API}/openapi.json",
            "--url",
            FACTS["issuer"],
            "--header",
            f"Authorization: Bearer {token}",
            "--checks",
            ",".join(CHECKS),
            "--phases",
            "examples,coverage,fuzzing",
            "--max-examples",
            "15",
            "--seed",
            "1",
            "--generation-database",
            "none",
        ]
        # It keeps notes of what it found where it runs.
        with tempfile.TemporaryDirectory() as notes:
            done = subprocess.run(command, cwd=notes, capture_output=True, text=True, timeout=240)
        self.assertEqual(done.returncode, 0, done.stdout[-8000:] + done.stderr[-2000:])
        self.assertNotIn("Errored", done.stdout)

    def test_nothing_is_said_to_whoever_has_no_token(self):
        for path in ["people", "services", "events", "sessions", "keys", "status"]:
            self.assertEqual(requests.get(f"{API}/{path}", timeout=15).status_code, 401, path)


if __name__ == "__main__":
    unittest.main()
