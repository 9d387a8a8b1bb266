"""The console in a real terminal: from a cause to a retry that is undone."""

import unittest

from outboxes import DELIVERED, FAILED, OutboxCase
from terminal import PROGRAM


class Flows(OutboxCase):
    def test_start_look_quit(self):
        console = self.console()
        console.wait("[1 Overview]", "FAILED, BY CAUSE",
                     "422 parameter_invalid", "no relay")
        self.assertNotEqual(console.look_of("subrelay"), set())
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)

    def test_every_screen_and_back(self):
        console = self.console()
        for key, tab in (("2", "[2 Deliveries]"), ("3", "[3 Names]"),
                         ("4", "[4 Operations]"), ("1", "[1 Overview]"),
                         ("Tab", "[2 Deliveries]"), ("BTab", "[1 Overview]")):
            console.keys(key)
            console.wait(tab)
        console.keys("?")
        console.wait("next cause", "Everywhere")
        console.keys("q")
        console.wait("FAILED, BY CAUSE")
        console.keys("x")
        console.wait("no action on x; ? for help")
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)

    def filter_to_failed(self, console):
        console.keys("2")
        console.wait("[2 Deliveries]", f"{FAILED + DELIVERED} match")
        console.keys("/")
        console.wait("Filter:")
        console.type("state:failed")
        console.keys("Enter")
        console.wait("Filter: state:failed", f"{FAILED} match of")

    def rename(self, console, name):
        """From a failed delivery on: edit, preview, save."""
        console.keys("Enter")
        console.wait("Why", "archived", "Next step", "POST /events")
        console.keys("E")
        console.wait("edit: Renewal", "New name", "rc_renewal_event",
                     f"{FAILED} failed take it")
        console.keys("C-u")
        console.type(name)
        console.wait_for(f'After +{{"event_name":"{name}"')
        console.wait("Careful", "rc_renewal_event stop matching")
        console.keys("Enter")
        console.wait(f"Sent as {name} from now on", "Version 2, by")

    def retry_all(self, console):
        """Back from the names: mark all that match, plan, type the number."""
        console.keys("2")
        console.wait("Filter: state:failed", f"{FAILED} match of")
        console.keys("a")
        console.wait(f"{FAILED} marked")
        console.keys("R")
        console.wait(f"{FAILED} will be sent again", "Sample")
        console.wait_for("Type .*12")
        console.type(str(FAILED))
        console.keys("Enter")

    def test_from_cause_to_bytes_to_rename_to_retry(self):
        console = self.console()
        self.filter_to_failed(console)
        self.rename(console, "Subscription Renewed")
        self.relay()
        self.retry_all(console)
        console.wait(f"Retried {FAILED} deliveries")
        console.keys("4")
        console.wait("[4 Operations]", f"{FAILED}/{FAILED}",
                     f"{FAILED} delivered")
        console.keys("Enter")
        console.wait("Operation 2, retry", "IS NOW")
        console.wait_for(r"failed +done +delivered")
        console.keys("Enter")
        console.wait("Subscription Renewed", "DELIVERED after 2 attempts",
                     "operation 2")
        console.keys("q", "q", "q")
        self.assertEqual(console.wait_end(), 0)
        self.assertEqual(self.states(), {"delivered": FAILED + DELIVERED})
        names = {event["event_name"]
                 for event in self.intercom.get("events")}
        self.assertIn("Subscription Renewed", names)

    def test_a_retry_is_watched_cancelled_and_undone(self):
        """Without a relay nothing is sent: all of it can be taken back."""
        console = self.console()
        self.filter_to_failed(console)
        self.retry_all(console)
        console.wait("0 match")
        self.assertEqual(self.states()["pending"], FAILED)
        console.keys("4")
        console.wait("retry   done", f"{FAILED} wait")
        console.keys("C")
        console.wait("not running")
        console.keys("U")
        console.wait("retry   undone", f"{FAILED} taken back")
        console.keys("2")
        console.wait(f"{FAILED} match of")
        self.assertEqual(self.states()["failed"], FAILED)
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)

    def test_a_wrong_number_starts_nothing(self):
        console = self.console()
        self.filter_to_failed(console)
        console.keys("a", "R")
        console.wait("will be sent again")
        console.type("11")
        console.keys("Enter")
        console.wait("will be sent again", "11")
        console.keys("Escape")
        console.wait_gone("will be sent again")
        self.assertEqual(self.states()["failed"], FAILED)
        out, _ = self.expect(0, "operations")
        self.assertNotIn("retry", out)

    def test_the_cursor_follows_its_delivery(self):
        """New ones arrive: the reader's line stays."""
        console = self.console()
        console.keys("2")
        console.wait(f"{FAILED + DELIVERED} match")
        third = console.wait_for(r"^   \w+ +15 ").group().split()
        console.keys("j", "j")
        console.wait_for(r"^>  \w+ +15 ")
        self.expect(0, "enqueue", stdin='{"event":{"id":"new","type":"TEST"}}')
        console.wait(f"{FAILED + DELIVERED + 1} match")
        again = console.wait_for(r"^>.*$").group().split()
        self.assertEqual(third[:2], again[1:3])

    def test_read_only_changes_nothing(self):
        console = self.console("--read-only")
        self.filter_to_failed(console)
        for key in "RDEUP":
            console.keys(key)
            console.wait(f"{key} changes something: not with --read-only.")
            console.keys("j")
            console.wait_gone("changes something")
        console.keys("3")
        console.wait("rc_renewal_event")
        console.keys("Enter")
        console.wait("cannot be edited with --read-only")
        self.assertNotIn("E edit", console.text())
        console.keys("q")
        self.assertEqual(console.wait_end(), 0)

    def test_a_name_of_another_event_is_refused_in_words(self):
        console = self.console()
        console.keys("3")
        console.wait("[3 Names]", "rc_renewal_event")
        console.keys("E")
        console.wait("edit: Initial purchase")
        console.keys("C-u")
        console.type("RC_Renewal_event")
        console.wait("Refused", "renewal has that name already")
        console.keys("Enter")
        console.wait("Refused", "edit: Initial purchase")
        console.keys("Escape")
        console.wait_gone("edit:")
        console.wait("Version 1: the defaults")

    def test_off_on_and_the_version_before(self):
        console = self.console()
        console.keys("3")
        console.wait("[3 Names]", "rc_renewal_event")
        console.keys("j", "j", "j", "j", "O")
        console.wait("Renewal is off", "off  (rc_renewal_event)",
                     "9 of 120 names used")
        console.keys("U")
        console.wait("10 of 120 names used", "Version 3, by")
        console.keys("U")
        console.wait("there is none before it")

    def test_operations_are_filtered(self):
        self.expect(0, "names", "set", "renewal", "One")
        self.expect(0, "pause", "for the test")
        console = self.console()
        console.keys("4")
        console.wait("default -> One", "for the test")
        console.keys("/")
        console.type("test")
        console.keys("Enter")
        console.wait("Filter: test", "for the test")
        console.wait_gone("default -> One")
        console.keys("/", "C-u")
        console.type("nothing of the kind")
        console.keys("Enter")
        console.wait("No operation contains that. Esc clears the filter.")
        console.keys("Escape")
        console.wait("default -> One", "for the test")

    def test_the_program_in_another_folder(self):
        """-d before the command, as everywhere."""
        terminal = self.terminal(PROGRAM, "-d", "outbox.db", "tui")
        terminal.wait("FAILED, BY CAUSE")


if __name__ == "__main__":
    unittest.main()
