"""What the end-to-end tests stand on: the real binary in real processes.

Everything a test starts is ended by its pid, whatever happens; everything it
writes is in a temporary folder of its own. Nothing sleeps in the hope that
something has happened: wait_until() polls for a stated condition, with a
deadline.

Environment: SUBRELAY is the binary (needed), SUBRELAY_TEST_SCALE multiplies
the sizes (1), SUBRELAY_TEST_SEED repeats a run (it is told on failure).
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

SCALE = float(os.environ.get("SUBRELAY_TEST_SCALE") or "1")
SEED = int(os.environ.get("SUBRELAY_TEST_SEED")
           or random.SystemRandom().randrange(1 << 31))
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
TOKEN = "a-token-for-the-sandbox"

# How long anything may take that has no limit of its own. Only a broken
# program comes near it.
PATIENCE_S = 90


def scaled(count):
    """count, made larger or smaller by the scale; never less than 1."""
    return max(1, int(count * SCALE))


def binary():
    path = os.environ.get("SUBRELAY")
    if not path:
        sys.exit("set SUBRELAY to the binary to be tested")
    return path


def environment(**more):
    """An environment that knows nothing of the one around it."""
    kept = {key: value for key, value in os.environ.items()
            if key in ("PATH", "HOME", "TMPDIR", "LLVM_PROFILE_FILE")
            or key.endswith("SAN_OPTIONS")}
    kept["LC_ALL"] = "C.UTF-8"
    kept.update({key: value for key, value in more.items()
                 if value is not None})
    return kept


def wait_until(condition, what, seconds=PATIENCE_S, step_s=0.02):
    """Poll until condition() is true and return what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(step_s)


class Answer:
    """How a command ended."""

    def __init__(self, arguments, code, out, err):
        self.arguments = arguments
        self.code = code
        self.out = out
        self.err = err

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __str__(self):
        return (f"subrelay {' '.join(self.arguments)}\n  exit {self.code}\n"
                f"  stdout: {self.out[:2000]!r}\n"
                f"  stderr: {self.err[-4000:]}")


class Daemon:
    """A process that runs until it is told to end; its output in files."""

    def __init__(self, name, arguments, folder, env=None, preexec=None,
                 program=None):
        self.name = name
        self.out_path = os.path.join(folder, name + ".out")
        self.err_path = os.path.join(folder, name + ".err")
        with open(self.out_path, "wb") as out, \
                open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [program or binary(), *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                cwd=folder, env=env or environment(), preexec_fn=preexec)
        self.pid = self.process.pid

    def out(self):
        with open(self.out_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def err(self):
        with open(self.err_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def is_running(self):
        return self.process.poll() is None

    def wait_for(self, read, words, seconds=PATIENCE_S):
        """Wait for words in read(); an end of the process ends the wait."""
        def look():
            running = self.is_running()
            if words in read():
                return True
            if not running:
                raise AssertionError(f"{self.name} ended with "
                                     f"{self.process.returncode} before it "
                                     f"said {words!r}:\n{self.err()[-4000:]}")
            return False
        wait_until(look, f"{self.name} says {words!r}", seconds)

    def wait(self, seconds=PATIENCE_S):
        """Wait for the end; the exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} has not ended within {seconds} "
                                 f"s:\n{self.err()[-4000:]}") from None

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=PATIENCE_S):
        """End it in good order; the exit code."""
        self.send(number)
        return self.wait(seconds)

    def kill(self):
        """kill -9, and wait until it is gone."""
        if self.is_running():
            self.process.kill()
        self.process.wait()

    def highest_memory_kib(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
        return 0


class Sandbox(Daemon):
    """The stand-in Intercom."""

    READY = "listening on "

    def __init__(self, name, folder, *arguments):
        listen = [] if "--listen" in arguments else ["--listen", "127.0.0.1:0"]
        super().__init__(name, ["sandbox", *listen, *arguments], folder)

    def wait_until_ready(self):
        self.wait_for(self.out, "\n")
        first = self.out().splitlines()[0]
        if not first.startswith(self.READY):
            raise AssertionError(f"the sandbox says {first!r}")
        self.url = first[len(self.READY):].strip()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)

    def change(self, path, value=""):
        """POST a new value to one of its /_sandbox pages."""
        request = urllib.request.Request(
            f"{self.url}/_sandbox/{path}", value.encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60):
                pass
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read()!r}") from None

    def events(self):
        return self.get("/_sandbox/events")

    def contacts(self):
        """By external id."""
        return {contact["external_id"]: contact
                for contact in self.get("/_sandbox/contacts")}

    def stats(self):
        return self.get("/_sandbox/stats")

    def calls(self):
        """How many calls it was sent for deliveries: without the relay's own
        (the probe, the attributes) and without the sandbox's pages."""
        own = ("GET /me", "GET /data_attributes", "POST /data_attributes")
        return sum(count for route, counts in self.stats()["calls"].items()
                   if route not in own for count in counts.values())

    def change_contact(self, user, action, value=""):
        self.change(f"contacts/{urllib.parse.quote(user, safe='')}/{action}",
                    value)


class EndToEnd(unittest.TestCase):
    """A test with a folder, an outbox in it, and processes to end."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="subrelay-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.database = os.path.join(self.folder, "app.db")
        self.random = random.Random(f"{SEED} {self.id()}")
        self.daemons = []
        self.evidence = ""

    def doCleanups(self):
        for daemon in self.daemons:
            daemon.kill()
            tail = "\n".join(daemon.err().splitlines()[-25:])
            self.evidence += f"--- {daemon.name}, its last lines\n{tail}\n"
        return super().doCleanups()

    # --- processes

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def cli(self, *arguments, code=0, stdin="", env=None, seconds=PATIENCE_S,
            database=None, preexec=None, program=None):
        """Run a command on the outbox; it must end with this code."""
        arguments = ["-d", database or self.database, *arguments]
        done = subprocess.run(
            [program or binary(), *arguments], input=stdin.encode(),
            timeout=seconds,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder,
            env=env or environment(), preexec_fn=preexec)
        answer = Answer(arguments, done.returncode,
                        done.stdout.decode("utf-8", "replace"),
                        done.stderr.decode("utf-8", "replace"))
        if code is not None:
            self.assertEqual(answer.code, code, str(answer))
        return answer

    def watch(self, daemon):
        self.daemons.append(daemon)
        return daemon

    def start_sandbox(self, *arguments):
        name = f"sandbox-{len(self.daemons)}"
        sandbox = self.watch(Sandbox(name, self.folder, *arguments))
        sandbox.wait_until_ready()
        return sandbox

    def run_arguments(self, url, *arguments):
        return ["-d", self.database, "run", "--api-url", url, *arguments]

    def start_relay(self, url, *arguments, env=None, ready=True):
        env = env or environment(INTERCOM_TOKEN=TOKEN)
        name = f"relay-{len(self.daemons)}"
        relay = self.watch(Daemon(name, self.run_arguments(url, *arguments),
                                  self.folder, env))
        if ready:
            relay.wait_for(relay.err, "relaying ")
        return relay

    def drain(self, url, *arguments, code=0, env=None, seconds=PATIENCE_S):
        return self.cli("run", "--api-url", url, "--drain", *arguments,
                        code=code, seconds=seconds,
                        env=env or environment(INTERCOM_TOKEN=TOKEN))

    # --- the outbox

    def init(self):
        return self.cli("init")

    def enqueue(self, *webhooks):
        """Through the command; all must be new."""
        answer = self.cli("enqueue", stdin="".join(
            json.dumps(webhook) + "\n" for webhook in webhooks))
        self.assertIn(f"{len(webhooks)} enqueued", answer.out + answer.err)
        return answer

    def rows(self, sql, *values, database=None):
        """Look with SQL, as anybody may."""
        connection = sqlite3.connect(database or self.database, timeout=20)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def counts(self):
        """Deliveries by state."""
        return dict(self.rows(
            "SELECT state, count(*) FROM outbox_delivery GROUP BY state"))

    def open_deliveries(self):
        counts = self.counts()
        return counts.get("pending", 0) + counts.get("sending", 0)

    def wait_until_settled(self, seconds=PATIENCE_S):
        wait_until(lambda: self.open_deliveries() == 0,
                   "nothing is pending or being sent", seconds, 0.1)

    def delivery(self, event_id):
        """State and reason of one event."""
        found = self.rows(
            "SELECT state, reason FROM outbox_delivery WHERE id = "
            "(SELECT id FROM outbox WHERE event_id = ?)", event_id)
        self.assertEqual(len(found), 1, event_id)
        return found[0]

    # --- reading what was said

    def assertSays(self, text, *words):
        """Each of the words is in the text, whatever the case."""
        for word in words:
            self.assertIn(word.lower(), text.lower())


class _Result(unittest.TextTestResult):
    """Tells the seed and the processes' last words of what failed."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.failed_tests = set()

    def addError(self, test, err):
        self.failed_tests.add(test)
        super().addError(test, err)

    def addFailure(self, test, err):
        self.failed_tests.add(test)
        super().addFailure(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.failed_tests.add(test)
        super().addSubTest(test, subtest, err)

    def stopTest(self, test):
        super().stopTest(test)
        if test in self.failed_tests:
            self.stream.writeln(f"\nto repeat: SUBRELAY_TEST_SEED={SEED}")
            self.stream.writeln(getattr(test, "evidence", ""))


def main():
    """Run the tests of the file that calls this."""
    binary()
    unittest.main(testRunner=unittest.TextTestRunner(
        verbosity=2, resultclass=_Result))
