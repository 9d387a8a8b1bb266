"""The console and relays: its own, another one, none; and a file that another
program holds."""

import os
import sqlite3
import unittest

from outboxes import OutboxCase, webhook
from terminal import PROGRAM


class Relays(OutboxCase):
    TOKEN = {"INTERCOM_TOKEN": "any"}

    def relaying(self, intercom):
        """A shell in which the console runs with a relay of its own."""
        shell = self.shell(env=self.TOKEN)
        shell.type(f'clear; "$SUBRELAY" tui --run --api-url {intercom.url}')
        shell.keys("Enter")
        shell.wait("[1 Overview]", "pid ")
        return shell

    def test_its_own_relay_sends_while_it_is_shown(self):
        intercom = self.sandbox()
        shell = self.relaying(intercom)
        self.enqueue(webhook("fresh", app_user_id="fresh-user"))
        shell.keys("2", "/")
        shell.type("user:fresh-user")
        shell.keys("Enter")
        shell.wait("1 match of", "delivered")
        shell.keys("q")
        shell.wait("The relay has ended: 1 delivered, 0 failed", "ready>")
        self.assertEqual(len(intercom.get("events")), 1)

    def test_what_it_logs_comes_when_the_screen_is_gone(self):
        intercom = self.sandbox("--faults", "401:1")
        self.enqueue(webhook("fresh"))
        shell = self.relaying(intercom)
        shell.wait("Intercom HELD since")
        self.assertNotIn("warning:", shell.text())
        shell.keys("q")
        shell.wait("warning: Intercom", "The relay has ended", "ready>")

    def test_beside_another_relay_it_says_so_and_looks(self):
        relay = self.relay()
        console = self.console("--run", "--api-url", self.intercom.url,
                               env=self.TOKEN)
        console.wait("Not relaying here:", f"pid {relay.pid}")
        self.enqueue(webhook("fresh", app_user_id="fresh-user"))
        console.keys("2", "/")
        console.type("user:fresh-user")
        console.keys("Enter")
        console.wait("failed", "422 event name archi")
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)
        self.assertIsNone(relay.poll())

    def test_a_relay_comes_and_goes_beside_it(self):
        console = self.console()
        console.wait("no relay", "not running: subrelay run")
        relay = self.relay()
        console.wait(f"pid {relay.pid}")
        self.end(relay)
        console.wait("no relay")
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)

    def refuse(self, *words, says, code=3, env=None):
        """It ends before a screen was shown."""
        terminal = self.terminal("sh", "-c", 'exec "$@" 2>said', "sh", PROGRAM,
                                 "tui", *words, env=env)
        self.assertEqual(terminal.wait_end(), code)
        with open(self.path("said"), encoding="utf-8") as file:
            self.assertIn(says, file.read())
        self.assertEqual(terminal.ask("alternate_on"), "0")

    def test_without_a_token_it_does_not_begin(self):
        self.refuse("--run", says="token")

    def test_options_of_the_relay_need_it(self):
        self.refuse("--connections", "4", says="need --run", code=2)
        self.refuse("--run", "--region", "eu", "--api-url", "http://127.0.0.1",
                    says="two destinations", code=2)

    def test_a_locked_file_is_told_before_the_screen(self):
        other = sqlite3.connect(self.path("outbox.db"), isolation_level=None)
        self.addCleanup(other.close)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        self.refuse(says="locked")

    def test_a_file_that_others_write_is_waited_for(self):
        console = self.console()
        other = sqlite3.connect(self.path("outbox.db"), isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        console.keys("P")
        console.wait("Reason")
        console.type("trying")
        console.keys("Enter")
        console.wait("The file is busy; trying again. Esc gives up.")
        other.execute("ROLLBACK")
        console.wait("Sending PAUSED by", "trying")
        other.execute("BEGIN IMMEDIATE")
        console.keys("P")
        console.wait("The file is busy; trying again. Esc gives up.")
        console.keys("Escape")
        console.wait("Given up: the file was busy.")
        other.execute("ROLLBACK")
        console.wait("Sending PAUSED by")
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)

    def test_a_file_that_is_gone_is_told(self):
        console = self.console()
        os.rename(self.path("outbox.db"), self.path("elsewhere.db"))
        console.wait("moved or replaced")
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)


class Idle(OutboxCase):
    """It costs next to nothing while nothing happens."""

    LOOKS = 40

    def ticks(self, process):
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def test_a_second_costs_little(self):
        console = self.console()
        console.wait("FAILED, BY CAUSE")
        process = console.process()
        before = self.ticks(process)
        age = console.wait_for(r"archived \(.* (\d+)s ")
        console.wait_until(lambda shown: age.group(0) not in shown, "time")
        start = self.ticks(process)
        console.wait_until(
            lambda shown, first=int(age.group(1)):
            f" {first + 5}s " in shown or f" {first + 6}s " in shown,
            "five seconds")
        spent = self.ticks(process) - start
        hertz = os.sysconf("SC_CLK_TCK")
        # Under 1 % in a release; the sanitizers make it some times as much.
        self.assertLess(spent / hertz / 5, 0.15, (before, start, spent))
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)


if __name__ == "__main__":
    unittest.main()
