"""The console and the terminal: what it needs, what it leaves behind."""

import os
import re
import signal
import time
import unittest

from outboxes import DELIVERED, FAILED, OutboxCase
from terminal import LIMIT_S, LOOK_S, PROGRAM

# A crash is for our own handler, not for a sanitizer's.
SHELL = {"PS1": "ready> ", "SUBRELAY": PROGRAM,
         "ASAN_OPTIONS": "handle_segv=0:handle_abort=0",
         "TSAN_OPTIONS": "handle_segv=0:handle_abort=0"}


def child_of(pid):
    """The one child of a process, once it is there."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/task/{pid}/children",
                  encoding="ascii") as file:
            children = file.read().split()
        if children:
            return int(children[0])
        time.sleep(LOOK_S)
    raise AssertionError("the shell has started nothing")


class Restored(OutboxCase):
    """A shell's terminal is as it was, whatever ended the console."""

    def start(self):
        self.shell = self.terminal("sh", "-i", env=SHELL)
        self.shell.wait("ready>")
        self.shell.type("stty -g >before\n")
        self.shell.type('clear; "$SUBRELAY" tui; echo "ended $?"\n')
        self.shell.wait("FAILED, BY CAUSE")
        self.assertEqual(self.shell.ask("alternate_on"), "1")
        return child_of(self.shell.process())

    def check(self, ended):
        self.shell.wait_for(rf"^{ended}\nready>")
        self.shell.type("stty -g >after; echo looked\n")
        self.shell.wait_for(r"^(ready> )?looked")
        with open(self.path("before"), encoding="ascii") as before, \
                open(self.path("after"), encoding="ascii") as after:
            self.assertEqual(before.read(), after.read(), self.shell.show())
        for what, value in (("alternate_on", "0"), ("cursor_flag", "1"),
                            ("mouse_any_flag", "0"), ("keypad_flag", "0"),
                            ("keypad_cursor_flag", "0")):
            self.assertEqual(self.shell.ask(what), value, what)
        self.assertEqual(self.shell.look_of("looked"), set())

    def test_after_quit(self):
        self.start()
        self.shell.keys("q")
        self.check("ended 0")

    def test_after_signals_that_ask_it_to_end(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            os.kill(self.start(), number)
            self.check("ended 0")
            self.shell.close()

    def test_after_a_crash(self):
        for number in (signal.SIGSEGV, signal.SIGABRT):
            os.kill(self.start(), number)
            self.check(f"ended {128 + number}")
            self.shell.close()

    def test_while_a_question_is_open(self):
        pid = self.start()
        self.shell.keys("2", "/")
        self.shell.wait("Filter:")
        self.shell.type("state:")
        self.shell.wait("Filter: state:")
        os.kill(pid, signal.SIGTERM)
        self.check("ended 0")

    def test_suspended_and_back(self):
        self.start()
        self.shell.keys("2")
        self.shell.wait("[2 Deliveries]")
        self.shell.keys("C-z")
        self.shell.wait("ready>")
        self.assertEqual(self.shell.ask("alternate_on"), "0")
        self.assertEqual(self.shell.ask("cursor_flag"), "1")
        self.shell.resize(100, 30)
        self.shell.type('fg; echo "back $?"\n')
        self.shell.wait("[2 Deliveries]", f"{FAILED + DELIVERED} match")
        self.shell.wait_until(
            lambda text: "? help" in text.split("\n")[29], "footer in line 30")
        self.shell.keys("q")
        self.check("back 0")

    def test_ctrl_c_cancels_a_question_then_quits(self):
        self.start()
        self.shell.keys("2", "/")
        self.shell.wait("Filter:", "Esc cancel")
        self.shell.keys("C-c")
        self.shell.wait_gone("Esc cancel")
        self.shell.keys("C-c")
        self.check("ended 0")


class Sizes(OutboxCase):
    def test_it_follows_the_size(self):
        console = self.console()
        for columns, lines in ((200, 60), (40, 10), (300, 100), (80, 24)):
            console.resize(columns, lines)
            console.wait_until(
                lambda text, lines=lines: "? help" in
                (text.split("\n") + [""] * lines)[lines - 1],
                f"footer in line {lines}")
            console.wait_for(r"\Asubrelay")
            for screen in ("[2", "[3", "[4", "[1"):
                console.keys(screen[1])
                console.wait(screen)

    def test_too_small_says_so_and_grows_again(self):
        console = self.console()
        console.resize(39, 12)
        console.wait("39x12 is too small", "needs 40x10")
        for columns, lines in ((10, 3), (2, 2), (1, 1)):
            console.resize(columns, lines)
            console.keys("j", "2", "3", "/", "Escape", "1")
        console.resize(80, 24)
        console.wait("FAILED, BY CAUSE", "? help")
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)


class Needs(OutboxCase):
    """What it cannot work with is said before the screen opens."""

    def refuse(self, *words, says, code=3, term="xterm"):
        terminal = self.terminal(
            "sh", "-c", f'export TERM={term}; exec "$@" 2>said', "sh", PROGRAM,
            "tui", *words)
        self.assertEqual(terminal.wait_end(), code)
        with open(self.path("said"), encoding="utf-8") as file:
            said = file.read()
        for text in says:
            self.assertIn(text, said)
        self.assertEqual(terminal.ask("alternate_on"), "0")

    def test_an_unknown_terminal(self):
        self.refuse(term="no-such-terminal", says=["no-such-terminal"])

    def test_a_dumb_terminal(self):
        self.refuse(term="dumb", says=["dumb"])

    def test_no_terminal(self):
        _, said = self.expect(3, "tui")
        self.assertIn("terminal", said)

    def test_a_missing_file(self):
        os.unlink(self.path("outbox.db"))
        self.refuse(says=["outbox.db", "init"])

    def test_an_empty_outbox_says_what_to_do_next(self):
        os.unlink(self.path("outbox.db"))
        self.expect(0, "init")
        console = self.console()
        console.wait_for("(?i)enqueue|empty|nothing")
        console.keys("2")
        console.wait("[2 Deliveries]")
        console.wait_for("(?i)enqueue|empty|nothing|no deliver")


class Kinds(OutboxCase):
    """Terminals and locales of all kinds."""

    def looks(self, console):
        """All styles on the screen."""
        return set().union(*(
            console.look_of(word)
            for word in ("subrelay", "[2 Deliveries]", "failed", "match")))

    def failed(self, **more):
        console = self.console(**more)
        console.keys("2")
        console.wait("[2 Deliveries]", "failed")
        return console

    def test_colour_by_roles(self):
        looks = self.looks(self.failed())
        self.assertTrue(any(word.startswith("#") for word in looks), looks)

    def test_no_color(self):
        looks = self.looks(self.failed(env={"NO_COLOR": "1"}))
        self.assertFalse(any(word.startswith("#") for word in looks), looks)
        self.assertIn("bold", looks)
        self.assertIn("reverse", looks)

    def test_vt100(self):
        console = self.failed(term="vt100")
        looks = self.looks(console)
        self.assertFalse(any(word.startswith("#") for word in looks), looks)
        console.wait_for("^>")
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)

    def test_a_locale_that_is_not_installed(self):
        self.enqueue('{"event":{"id":"wide","type":"TEST",'
                     '"app_user_id":"\\u65e5\\u672c-\\u00fc"}}')
        for name in ("LC_ALL", "LANG"):
            console = self.failed(env={"LC_ALL": None, "LANG": None,
                                       name: "xx_YY.UTF-8"})
            console.wait("日本-ü")
            console.keys("q")
            self.assertEqual(console.wait_end(), 0)

    def test_hostile_text_fills_its_own_cells_alone(self):
        hostile = ("\\u001b[2J\\u001b]0;gone\\u0007\\u202e\\n\\r\\t"
                   "\\u0301\\u200b" + "x" * 60)
        self.enqueue('{"event":{"id":"hostile","type":"A' + hostile +
                     '","app_user_id":"' + hostile + '"}}')
        console = self.console()
        console.keys("2")
        console.wait("[2 Deliveries]", f"{FAILED + DELIVERED + 1} match")
        lines = console.screen()
        self.assertIn("[2 Deliveries]", lines[0])
        self.assertIn("STATE", lines[2])
        self.assertRegex(lines[3], r"^>  pending +18 ")
        self.assertIn("delivered", lines[4])
        console.keys("Enter")
        console.wait("Event")
        self.assertIn("[2 Deliveries]", console.screen()[0])
        self.assertNotIn("gone", console.ask("pane_title"))


def cursor_in(line):
    """A condition: the cursor's row is in this line, from 1 on."""
    return lambda text: text.split("\n")[line - 1].startswith(">")


class Mouse(OutboxCase):
    def test_clicks_and_wheel(self):
        console = self.console()
        title = console.screen()[0]
        console.click_until(
            title.index("2 Deliveries") + 2, 1, lambda text:
            "[2 Deliveries]" in text and "17 match" in text, "deliveries")
        console.click_until(10, 8, cursor_in(8), "cursor in line 8")
        row = console.screen()[7]
        console.click_until(10, 8, lambda text: "Why" in text, "delivery")
        number = re.search(r"^> +\w+ +(\d+)", row).group(1)
        self.assertTrue(console.screen()[1].startswith(f" {number} "))
        console.keys("q")
        console.wait_until(cursor_in(8), "cursor in line 8")
        console.wheel(True)
        console.wait_until(cursor_in(11), "cursor three lines down")
        console.wheel(False)
        console.wait_until(cursor_in(8), "cursor three lines up")
        console.click_until(
            title.index("3 Names") + 2, 1, lambda text:
            "[3 Names]" in text and "rc_renewal_event" in text, "names")
        console.click_until(10, 9, cursor_in(9), "cursor in line 9")
        console.click_until(10, 9, lambda text: "edit:" in text, "edit")


if __name__ == "__main__":
    unittest.main()
