"""The console over a long history: from a key to the painted screen."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

from figures import Figure, Group
from group_waiting import cpu_s
from histories import filled
from screen import Screen

ROWS = 1000000  # filters has it already
COLUMNS, LINES = 80, 24
LIMIT_S = 30
IDLE_S = 10
SETTLE_S = 2  # what a start and a jump leave to do is done

# A row of Deliveries: the cursor, the mark, the state, the id.
ROW = re.compile(r"^[> ][* ] ?(\w+) +(\d+) ", re.MULTILINE)


class Console:
    """subrelay tui in a terminal of its own."""

    def __init__(self, program, database):
        self.screen = Screen(COLUMNS, LINES)
        self.began = time.perf_counter()
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
            os.environ.pop("NO_COLOR", None)
            fcntl.ioctl(0, termios.TIOCSWINSZ,
                        struct.pack("HHHH", LINES, COLUMNS, 0, 0))
            os.execv(program, [program, "-d", database, "tui"])

    def read(self, seconds):
        """Take what is written within this time; False: nothing."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        self.screen.feed(os.read(self.terminal, 65536).decode(
            errors="replace"))
        return True

    def paint(self, is_painted, what):
        """Milliseconds from the key (or the start) until the screen is as it
        has to be."""
        deadline = time.monotonic() + LIMIT_S
        while not is_painted(self.screen.text()):
            if time.monotonic() > deadline:
                self.end()
                sys.exit(f"console: {what} is not painted:\n"
                         f"{self.screen.text()}")
            self.read(0.1)
        return (time.perf_counter() - self.began) * 1000

    def press(self, keys, is_painted, what):
        self.began = time.perf_counter()
        os.write(self.terminal, keys.encode())
        return self.paint(is_painted, what)

    def settle(self, seconds=SETTLE_S):
        """Let it do what is left to do, and read what it writes."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        try:
            while self.read(LIMIT_S):
                pass
        except OSError:
            pass  # the terminal's other end is closed
        os.close(self.terminal)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def ids(text):
    return [int(number) for _, number in ROW.findall(text)]


def is_full_page(text):
    """All lines between the columns' heading and the message."""
    return len(ids(text)) >= LINES - 6


def measure(stage):
    console = Console(stage.program, filled(stage, ROWS))
    figures = {"console-first": console.paint(
        lambda text: "Oldest pending" in text and "PENDING, BY AGE" in text
        and "? help" in text, "the overview")}
    figures["console-causes"] = console.paint(
        lambda text: "FAILED, BY CAUSE" in text and "\n>" in text,
        "what failed, by cause")
    console.settle()
    figures["console-list"] = console.press("2", is_full_page, "the list")
    console.settle()
    first = ids(console.screen.text())
    figures["console-page"] = console.press(
        "\033[6~", lambda text: is_full_page(text)
        and ids(text)[0] < first[-1], "the next page")
    console.settle()
    figures["console-end"] = console.press(
        "G", lambda text: 1 in ids(text), "the end")
    console.settle()
    console.press("/", lambda text: "Filter:" in text, "the question")
    for character in "state:failed code:404 age:>1d":
        os.write(console.terminal, character.encode())
    console.settle()
    figures["console-filter"] = console.press(
        "\r", lambda text: is_full_page(text) and all(
            state == "failed" for state, _ in ROW.findall(text)),
        "what the filter chooses")
    console.settle()
    before_s = cpu_s(console.pid)
    console.settle(IDLE_S)
    figures["console-idle"] = 100 * (cpu_s(console.pid) - before_s) / IDLE_S
    if console.end() != 0:
        sys.exit("console: it did not end well")
    return figures


GROUPS = [Group("console", [
    Figure("console-first", "console at 1,000,000: first paint (exec → "
           "overview)", ("<", 50), "ms", 1),
    Figure("console-page", "console at 1,000,000: page (key → next page)",
           ("<", 50), "ms", 1),
    Figure("console-filter", "console at 1,000,000: selective filter (Enter → "
           "first page by state, code and age)", ("<", 50), "ms", 1),
    Figure("console-list", "console at 1,000,000: key → first page of all",
           ("<", 50), "ms", 1),
    Figure("console-end", "console at 1,000,000: key → last page",
           ("<", 50), "ms", 1),
    Figure("console-causes", "console at 1,000,000: exec → what failed, by "
           "cause, as well", None, "ms", 1),
    Figure("console-idle", "console at 1,000,000: processor while nothing "
           "happens", ("<", 1), "%"),
], measure, lambda stage: filled(stage, ROWS), full=True)]
