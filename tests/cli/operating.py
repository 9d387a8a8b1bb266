"""The steps of docs/operating.md: an outage and a refused name, seen,
explained and mended from the command line.

scripts/transcript runs them to write that page; test_operating.py runs them to
check what each comes to. Each step is one function: its text stands in the
page above what it ran.
"""

import getpass
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time

from harness import LIMIT_S, PROGRAM, Sandbox, environment, webhook

EVENTS = 400
REFUSED = 60  # of them have the name that the workspace refuses
DOWN_S = 4    # Intercom is away for so long after the first call
NAME = "rc_product_change_event"
NEW_NAME = "Plan changed"

STEPS = []


def step(function):
    STEPS.append(function)
    return function


def events():
    """400 webhooks of 200 users: renewals, and 60 changes of plan."""
    first_ms = 1764000000000
    for i in range(EVENTS):
        is_change = i % 6 == 5 and i // 6 < REFUSED
        yield webhook(
            f"event-{i + 1:03}",
            type="PRODUCT_CHANGE" if is_change else "RENEWAL",
            app_user_id=f"user-{1001 + i * 7 % 200}",
            event_timestamp_ms=first_ms + i * 61000,
            purchased_at_ms=first_ms + i * 61000 - 5000)


class Story:
    """A folder, what runs in it, and what was seen so far."""

    def __init__(self, folder):
        self.folder = folder
        self.seen = []   # (what it is, text) of the step under way
        self.sandbox = None
        self.relay = None

    # --- running and telling ------------------------------------------------

    def run(self, line, code=0, typed=None):
        """Run a line of the shell, whose only program is subrelay."""
        words = shlex.split(line)
        if words[0] != "subrelay":
            raise AssertionError(line)
        done = subprocess.run([PROGRAM, *words[1:]], cwd=self.folder,
                              input=typed, text=True, capture_output=True,
                              env=environment(INTERCOM_TOKEN="any"),
                              timeout=LIMIT_S, check=False)
        self.tell("$ " + line, (done.stdout + done.stderr).rstrip("\n"))
        self.check(done.returncode == code,
                   f"{line}: exit {done.returncode}\n{done.stderr}")
        return done.stdout + done.stderr

    def tell(self, command, output=""):
        self.seen.append((command, output))

    def check(self, is_so, text):
        if not is_so:
            raise AssertionError(text)

    def expect(self, output, *texts):
        for text in texts:
            self.check(re.search(text, output),
                       f"'{text}' is not in:\n{output}")

    # --- looking, without telling -------------------------------------------

    def ask(self, *words):
        """What a command says in JSON, a list of objects."""
        done = subprocess.run([PROGRAM, *words, "--json"], cwd=self.folder,
                              text=True, capture_output=True,
                              env=environment(), timeout=LIMIT_S, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait(self, what):
        """Wait until what() of the status is true."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            status = self.ask("status")[0]
            if what(status):
                return status
            self.check(time.monotonic() < deadline, f"still {status}")
            self.check(self.relay.poll() is None, "the relay has ended")
            time.sleep(0.05)

    def wait_for_all(self):
        return self.wait(lambda s: s["pending"] == 0 and s["sending"] == 0)

    def failed(self):
        return self.ask("list", "state:failed", "--limit", "1000")

    def end(self):
        if self.relay is not None:
            if self.relay.poll() is None:
                self.relay.send_signal(signal.SIGTERM)
            self.relay.communicate(timeout=LIMIT_S)
        if self.sandbox is not None:
            self.sandbox.stop()


# --- the steps ---------------------------------------------------------------

@step
def an_outbox_with_400_events(story):
    """An outbox with 400 events

    400 webhooks of 200 users: renewals, and 60 changes of plan. The outbox is
    a file here; in production it is your application's own database.
    """
    with open(os.path.join(story.folder, "webhooks.ndjson"), "w",
              encoding="utf-8") as file:
        file.write("\n".join(events()) + "\n")
    story.run("subrelay init")
    out = story.run("subrelay enqueue webhooks.ndjson")
    story.expect(out, "400 enqueued, 0 duplicate, 0 refused")


@step
def a_relay_and_an_intercom_with_two_troubles(story):
    """A relay, and an Intercom with two troubles

    The sandbox stands in for Intercom. It is down for four seconds from the
    first call on, and one of our event names is archived in its workspace.
    """
    faults = f"down={DOWN_S},reject={NAME}"
    story.sandbox = Sandbox(story.folder, "--faults", faults)
    story.tell("$ subrelay sandbox --listen 127.0.0.1:8080 "
               f"--faults {faults} &")
    with open(os.path.join(story.folder, "relay.log"), "w",
              encoding="utf-8") as log:
        story.relay = subprocess.Popen(
            [PROGRAM, "run", "--api-url", story.sandbox.url],
            cwd=story.folder, env=environment(INTERCOM_TOKEN="any"),
            stderr=log, stdin=subprocess.DEVNULL)
    story.tell("$ subrelay run --api-url http://127.0.0.1:8080 2>relay.log &")


@step
def while_it_is_down(story):
    """While it is down

    Nothing gets through, so one delivery at a time tries and the others wait.
    An outage fails nothing.
    """
    story.wait(lambda s: s["destination"]["breaker_since_ms"] is not None)
    out = story.run("subrelay status")
    story.expect(out, "NOTHING GETS THROUGH", r"\b0 failed", r"\b0 delivered")
    story.expect(story.run("subrelay why 1"), "^1 is (pending|sending)")


@step
def when_it_is_back(story):
    """When it is back

    The relay has gone on by itself, each user's events in order. What is left
    is one cause, with the next step.
    """
    status = story.wait_for_all()
    story.check(status["delivered"] == EVENTS - REFUSED, status)
    story.check(status["failed"] == REFUSED, status)
    out = story.run("subrelay status")
    story.expect(out, f"{EVENTS - REFUSED} delivered", f"{REFUSED} failed",
                 "FAILED, BY CAUSE", "event name archived", "name_archived")
    out = story.run("subrelay list state:failed --limit 3")
    story.check(len(out.splitlines()) == 4, out)


@step
def why_one_failed(story):
    """Why one failed

    A sentence from the very state that the relay itself uses, and what to do.
    `show` has every attempt, with the bytes that were sent and the answer.
    """
    failed = story.failed()[0]["id"]
    out = story.run(f"subrelay why {failed}")
    story.expect(out, str(failed), "archived", "retry")
    out = story.run(f"subrelay show {failed}")
    story.expect(out, "POST /events", "422", NAME)


@step
def another_name_looked_at_first(story):
    """Another name, looked at first

    Archived names do not come back by themselves, so the event gets another.
    `--dry-run` shows a real event before and after, and whom it touches.
    """
    line = f"subrelay names set product_change '{NEW_NAME}'"
    out = story.run(line + " --dry-run")
    story.expect(out, NAME, NEW_NAME, f"{REFUSED} failed")
    story.check(story.ask("operations") == [], "a dry run was recorded")
    out = story.run(line)
    story.expect(out, "undo")


@step
def the_plan_of_a_retry(story):
    """The plan of a retry

    A retry of many is a plan first: how many match, what it costs. Nothing is
    changed yet.
    """
    line = "subrelay retry state:failed event:product_change"
    out = story.run(line + " --dry-run")
    story.expect(out, f"{REFUSED} match", f"{REFUSED} will be sent again")
    story.check(len(story.failed()) == REFUSED, "a dry run changed something")
    story.expect(story.run(line, code=2), "--yes")


@step
def the_retry_and_how_far_it_is(story):
    """The retry, and how far it is

    On a terminal it asks for the number; elsewhere `--yes` starts it. The
    operation is done when all are back in line; the relay then sends them,
    fresh events first.
    """
    out = story.run(
        "subrelay retry state:failed event:product_change --yes")
    story.expect(out, f"{REFUSED} wait to be sent", "undo")
    story.run("subrelay operations")
    status = story.wait_for_all()
    story.check(status["delivered"] == EVENTS, status)
    story.check(status["failed"] == 0, status)
    out = story.run("subrelay status")
    story.expect(out, f"{EVENTS} delivered", r"\b0 failed")


@step
def what_became_of_it(story):
    """What became of it

    A delivery keeps its history: the attempts as they were, then the
    operation's, with the new name.
    """
    changes = story.ask("list", "event:product_change", "--limit", "1000")
    story.check(len(changes) == REFUSED, changes)
    story.check({row["attempts"] >= 2 for row in changes} == {True}, changes)
    first = min(row["id"] for row in changes)
    story.expect(story.run(f"subrelay why {first}"), "is delivered")
    story.expect(story.run(f"subrelay show {first}"), "automatic: failed",
                 r"operation \d+: delivered", NAME, NEW_NAME)
    arrived = story.sandbox.get("events")
    renamed = [row for row in arrived if row["event_name"] == NEW_NAME]
    story.check(len(renamed) == REFUSED, len(renamed))
    story.check(len(arrived) == EVENTS, len(arrived))


@step
def what_operators_did_and_taking_it_back(story):
    """What operators did, and taking it back

    Everything is one row: who, when, about what. The rename is taken back
    here; then the retry, of which all has been sent: that stays sent, and exit 1 says
    that not all could be taken back.
    """
    out = story.run("subrelay operations")
    story.expect(out, "retry", "rename", f"{REFUSED}/{REFUSED}")
    rename = [row for row in story.ask("operations")
              if row["action"] == "rename"][0]
    story.run(f"subrelay undo {rename['id']}")
    out = story.run("subrelay names")
    story.expect(out, NAME)
    story.check(NEW_NAME not in out, out)
    out = story.run("subrelay operations")
    story.expect(out, "undone", "undo")
    out = story.run("subrelay undo", code=1)
    story.expect(out, f"{REFUSED} left as they are")
    story.check(story.ask("status")[0]["delivered"] == EVENTS,
                "what was sent did not stay sent")


@step
def is_all_well(story):
    """Is all well?

    `check` looks at the file, the outbox, the token and the way to Intercom.
    """
    url = story.sandbox.url
    story.run(f"subrelay check --api-url {url}")


# --- the page ----------------------------------------------------------------

HEAD = """# An outage and a refused name

How an operator sees, explains and mends what went wrong, without leaving the
shell. Every command here was run, and everything below it is what it printed:

    scripts/transcript

runs the steps again and writes this page; a test runs the same steps
(`tests/cli/operating.py`) and checks what each comes to.
"""


def title_of(function):
    return function.__doc__.split("\n", 1)[0]


def prose_of(function):
    return re.sub(r"(?m)^ +", "", function.__doc__.split("\n", 1)[1].strip())


def shown(text, story):
    """What differs between machines, as on any."""
    if story.sandbox is not None:
        text = text.replace(story.sandbox.url, "http://127.0.0.1:8080")
    user = getpass.getuser()
    text = re.sub(rf"\b{re.escape(user)}( +)",
                  lambda match: "ana".ljust(len(match.group(0)) - 1) + " ",
                  text)
    text = re.sub(rf"\b{re.escape(user)}\b", "ana", text)
    return "\n".join(line.rstrip() for line in text.split("\n"))


def write_step(function, story, out):
    out.write(f"\n## {title_of(function)}\n\n{prose_of(function)}\n\n```\n")
    parts = []
    for command, output in story.seen:
        parts.append(shown(command, story) + "\n" +
                     (shown(output, story) + "\n" if output else ""))
    out.write("\n".join(parts) + "```\n")
    story.seen.clear()


def write_page(folder, out):
    """Run all steps in the empty folder and write the page."""
    story = Story(folder)
    out.write(HEAD)
    try:
        for function in STEPS:
            print(title_of(function), file=sys.stderr)
            function(story)
            write_step(function, story, out)
    finally:
        story.end()
