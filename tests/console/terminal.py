"""A terminal for tests: a tmux server of its own, of a fixed size.

What runs in it sees a real terminal; the test sends keys, waits for what is to
be seen, and looks at the screen. Nothing here sleeps in hope: every wait has a
condition and a deadline, and fails with the screen as it was.
"""

import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "cli"))

# pylint: disable=wrong-import-position
import picture  # noqa: E402
from harness import LIMIT_S, PROGRAM, Case, environment  # noqa: E402

# How often a screen is looked at while waiting.
LOOK_S = 0.02
# How long a person waits before clicking again; and for a program to end.
PATIENCE_S = 5

CONFIGURATION = """\
set -g status off
set -g remain-on-exit on
set -g default-terminal "{term}"
set -g default-size {columns}x{lines}
set -g history-limit 2000
set -g mouse off
set -s escape-time 0
set -s exit-empty off
"""


class Terminal:
    """A running tmux with one window. Close it. env: what is set in it, or
    (None) not set."""

    def __init__(self, folder, columns=80, lines=24, term="tmux-256color",
                 env=None):
        self.folder = folder
        self.socket = os.path.join(folder, "tmux")
        configuration = os.path.join(folder, "tmux.conf")
        with open(configuration, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(term=term, columns=columns,
                                            lines=lines))
        self.environment = environment()
        for name in ("TMUX", "TMUX_PANE", "ENV", "COLORTERM", "COLORFGBG",
                     "COLUMNS", "LINES", "ESCDELAY"):
            self.environment.pop(name, None)
        for name, value in (env or {}).items():
            self.environment.pop(name, None)
            if value is not None:
                self.environment[name] = value
        self.command = ["tmux", "-u", "-S", self.socket, "-f", configuration]

    def tmux(self, *words):
        """Run a tmux command; returns what it prints."""
        done = subprocess.run([*self.command, *words], capture_output=True,
                              cwd=self.folder, env=self.environment,
                              timeout=LIMIT_S, check=False)
        if done.returncode != 0:
            raise AssertionError(f"tmux {words}: "
                                 f"{done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="replace")

    def start(self, *words):
        """Run a program in it."""
        self.tmux("new-session", "-d", "-c", self.folder, "--", *words)

    def close(self):
        """End tmux and, before the folder goes, what ran in it: a console that
        is hung up on still closes its outbox."""
        subprocess.run([*self.command, "kill-server"], capture_output=True,
                       env=self.environment, timeout=LIMIT_S, check=False)
        deadline = time.monotonic() + PATIENCE_S
        while self.runs_on() and time.monotonic() < deadline:
            time.sleep(LOOK_S)

    def runs_on(self):
        """True while a process is in the folder that we did not start."""
        folder = os.path.realpath(self.folder)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8",
                          errors="replace") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
                if (parent != os.getpid() and
                        os.readlink(f"/proc/{pid}/cwd") == folder):
                    return True
            except OSError:
                pass  # ended meanwhile
        return False

    # --- looking ---------------------------------------------------------

    def screen(self):
        """The lines of the screen, without spaces at their ends."""
        return self.tmux("capture-pane", "-p").split("\n")[:-1]

    def screen_with_attributes(self):
        """The lines with the escape sequences of their attributes, spaces at
        their ends included."""
        return self.tmux("capture-pane", "-p", "-e", "-N").split("\n")[:-1]

    def text(self):
        return "\n".join(self.screen())

    def ask(self, what):
        """A figure or word of tmux's about the window, like 'cursor_x'."""
        return self.tmux("display-message", "-p",
                         "#{" + what + "}").rstrip("\n")

    def look_of(self, text):
        """The style in force where this text begins on the screen: a set of
        words and colours ({'bold', 'reverse', '#ef5350'})."""
        style = picture.Style()
        for line in self.screen_with_attributes():
            runs = picture.read_runs(line, style)
            at = "".join(run[2] for run in runs).find(text)
            for _, _, piece, look in runs if at >= 0 else []:
                if at < len(piece):
                    return picture.words_of(look)
                at -= len(piece)
        raise AssertionError(f"'{text}' is not on the screen:\n{self.show()}")

    def show(self):
        """The screen in a frame, for messages."""
        lines = self.screen()
        rule = "+" + "-" * max((len(line) for line in lines), default=0)
        return "\n".join([rule, *("|" + line for line in lines), rule])

    # --- waiting ---------------------------------------------------------

    def wait_until(self, condition, what, limit_s=LIMIT_S):
        """Look until condition(screen text) is true; returns the text."""
        deadline = time.monotonic() + limit_s
        while True:
            text = self.text()
            if condition(text):
                return text
            if time.monotonic() > deadline:
                raise AssertionError(f"no {what} on the screen:\n"
                                     f"{self.show()}")
            time.sleep(LOOK_S)

    def wait(self, *texts, limit_s=LIMIT_S):
        """Wait until all these texts are on the screen at once."""
        return self.wait_until(
            lambda shown: all(text in shown for text in texts),
            " and ".join(f"'{text}'" for text in texts), limit_s)

    def wait_for(self, pattern, limit_s=LIMIT_S):
        """Wait until a regular expression is found; returns its match."""
        found = []

        def look(shown):
            found[:] = [re.search(pattern, shown, re.MULTILINE)]
            return found[0] is not None
        self.wait_until(look, f"'{pattern}'", limit_s)
        return found[0]

    def wait_gone(self, text, limit_s=LIMIT_S):
        return self.wait_until(lambda shown: text not in shown,
                               f"end of '{text}'", limit_s)

    def wait_end(self):
        """Wait until the program has ended: its exit code, or minus the
        signal that ended it."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            dead, code, number, server = self.tmux(
                "display-message", "-p", "#{pane_dead}/#{pane_dead_status}/"
                "#{pane_dead_signal}/#{pid}").strip().split("/")
            if number not in ("", "0"):
                return -int(number)
            if code != "":
                return int(code)
            if dead == "1":
                # This tmux can miss that its child has ended: let it look.
                os.kill(int(server), signal.SIGCHLD)
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end:\n{self.show()}")
            time.sleep(LOOK_S)

    # --- acting ----------------------------------------------------------

    def keys(self, *keys):
        """Press keys by tmux's names: 'Enter', 'C-z', 'j', 'PageDown'."""
        self.tmux("send-keys", "--", *keys)

    def type(self, text):
        """Type a text as it is."""
        self.tmux("send-keys", "-l", "--", text)

    def bytes(self, data):
        """Send raw bytes, as a mouse would."""
        self.tmux("send-keys", "-H", *(f"{byte:02x}" for byte in data))

    def mouse(self, button, column, line):
        """A report in the form of the terminals that tmux is; places are
        counted from 1 on."""
        self.bytes(b"\033[M" + bytes((32 + button, 32 + column, 32 + line)))

    def click(self, column, line):
        """Press and let go the left button."""
        self.mouse(0, column, line)
        self.mouse(3, column, line)

    def click_until(self, column, line, is_done, what):
        """Click as a person would: again, if nothing comes of it."""
        deadline = time.monotonic() + LIMIT_S
        while True:
            self.click(column, line)
            try:
                return self.wait_until(is_done, what, PATIENCE_S)
            except AssertionError:
                if time.monotonic() > deadline:
                    raise

    def wheel(self, down, column=10, line=10):
        self.mouse(65 if down else 64, column, line)

    def resize(self, columns, lines):
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def process(self):
        """The pid of the program in it."""
        return int(self.ask("pane_pid"))


class ConsoleCase(Case):
    """A test with an empty folder and terminals that are closed."""

    def terminal(self, *words, columns=80, lines=24, term="tmux-256color",
                 env=None):
        """Run a program in a terminal of its own; subrelay's words alone
        for subrelay itself."""
        folder = os.path.join(self.folder, f"terminal{self.count_terminal()}")
        os.mkdir(folder)
        terminal = Terminal(folder, columns, lines, term, env)
        terminal.folder = self.folder
        self.addCleanup(terminal.close)
        terminal.start(*words)
        return terminal

    def console(self, *words, **more):
        """The console of this folder's outbox, on its first screen."""
        terminal = self.terminal(PROGRAM, "tui", *words, **more)
        terminal.wait("subrelay", "1 Overview")
        return terminal

    def shell(self, **more):
        """A shell with job control, at its prompt."""
        env = {"PS1": "ready> ", "SUBRELAY": PROGRAM, **more.pop("env", {})}
        terminal = self.terminal("sh", "-i", env=env, **more)
        terminal.wait("ready>")
        return terminal

    def count_terminal(self):
        self.terminals = getattr(self, "terminals", 0) + 1
        return self.terminals
