"""What the tests of the program share: running it in a folder of its own.

The program is $SUBRELAY. Every test gets an empty folder and an environment
without anything of the caller's that subrelay reads.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import unittest
import urllib.request

PROGRAM = os.environ["SUBRELAY"]
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
WEBHOOKS = os.path.join(DATA, "webhooks")

# Far longer than anything takes, also under sanitizers on a busy machine.
LIMIT_S = 120

COMMANDS = ["init", "enqueue", "map", "run", "status", "list", "show", "why",
            "retry", "discard", "pause", "resume", "names", "operations",
            "undo", "cancel", "prune", "forget", "backup", "check", "tui",
            "sandbox", "demo", "help"]


def environment(**more):
    """The environment of a run: nothing of ours but what is given."""
    ours = ("SUBRELAY_DB", "INTERCOM_TOKEN", "CREDENTIALS_DIRECTORY",
            "NO_COLOR", "http_proxy", "https_proxy", "HTTP_PROXY",
            "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "TMPDIR")
    kept = {k: v for k, v in os.environ.items() if k not in ours}
    kept.update(LC_ALL="C.UTF-8", **more)
    return kept


def webhook(event_id, **fields):
    """A webhook body: a renewal, unless the fields say otherwise."""
    event = {
        "type": "RENEWAL",
        "id": event_id,
        "event_timestamp_ms": 1764000300137,
        "app_id": "test-app",
        "app_user_id": "test-user",
        "product_id": "monthly",
        "entitlement_ids": ["plus"],
        "period_type": "NORMAL",
        "purchased_at_ms": 1764000295000,
        "expiration_at_ms": 1766592295000,
        "environment": "PRODUCTION",
        "store": "APP_STORE",
        "is_trial_conversion": False,
    }
    event.update(fields)
    return json.dumps({"api_version": "1.0", "event": event})


def wait_line(process, text):
    """Read the process's log up to a line with the text."""
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"no line with '{text}'")


class Sandbox:
    """A running `subrelay sandbox`."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen(
            [PROGRAM, "sandbox", "--listen", "127.0.0.1:0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=folder, env=environment())
        first = self.process.stdout.readline()
        prefix = "listening on "
        if not first.startswith(prefix):
            self.process.wait(LIMIT_S)
            raise AssertionError(first + self.process.stderr.read())
        self.url = first[len(prefix):].strip()

    def get(self, what):
        """The JSON of /_sandbox/WHAT."""
        with urllib.request.urlopen(f"{self.url}/_sandbox/{what}",
                                    timeout=LIMIT_S) as answer:
            return json.load(answer)

    def post(self, what, body):
        request = urllib.request.Request(f"{self.url}/_sandbox/{what}",
                                         data=body.encode(), method="POST")
        with urllib.request.urlopen(request, timeout=LIMIT_S):
            pass

    def stop(self, how=signal.SIGTERM):
        """End it; returns its exit code and its last line."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        rest, _ = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, rest


class Case(unittest.TestCase):
    """A test in an empty folder, self.folder."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="subrelay-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        data = text if isinstance(text, bytes) else text.encode()
        with open(self.path(name), "wb") as file:
            file.write(data)
        return self.path(name)

    def sql(self, statement, path="outbox.db"):
        """Run and commit it on a connection of its own: its rows."""
        database = sqlite3.connect(self.path(path), timeout=LIMIT_S)
        try:
            with database:
                return database.execute(statement).fetchall()
        finally:
            database.close()

    def run_program(self, *words, stdin="", env=None):
        """Run it to its end: exit code, stdout, stderr."""
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run([PROGRAM, *words], input=data,
                              capture_output=True, cwd=self.folder,
                              env=environment(**(env or {})),
                              timeout=LIMIT_S, check=False)
        return (done.returncode, done.stdout.decode(errors="replace"),
                done.stderr.decode(errors="replace"))

    def expect(self, code, *words, **more):
        """Run it, check its exit code; returns stdout, stderr."""
        got, out, said = self.run_program(*words, **more)
        self.assertEqual(got, code, f"{words}\n{out}\n{said}")
        return out, said

    def rows(self, *words):
        """What `list --json` shows, oldest first."""
        out, _ = self.expect(0, "list", "--json", "--limit", "100000", *words)
        return [json.loads(line) for line in out.splitlines()][::-1]

    def files_with(self, words):
        """Which of these texts are in the bytes of which file. (Read by a
        process of its own: to close a file of a database that is open here
        would drop SQLite's locks.)"""
        found = []
        for word in words:
            done = subprocess.run(
                ["grep", "-lFae", word, *sorted(os.listdir(self.folder))],
                cwd=self.folder, capture_output=True, text=True,
                timeout=LIMIT_S, check=False)
            found += [(name, word) for name in done.stdout.splitlines()]
        return found

    def sandbox(self, *options):
        sandbox = Sandbox(self.folder, *options)
        self.addCleanup(sandbox.stop)
        return sandbox

    def drain(self, sandbox, *options, code=0):
        """Run the relay until nothing is left."""
        return self.expect(code, "run", "--drain", "--api-url", sandbox.url,
                           *options, env={"INTERCOM_TOKEN": "any"})
