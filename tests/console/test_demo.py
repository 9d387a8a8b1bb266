"""The demo on a terminal: its guide leads through all of it, and nothing is
left behind, whatever ends it."""

import os
import signal
import unittest

from terminal import PROGRAM, ConsoleCase


class Demo(ConsoleCase):
    def demo(self, *words, **more):
        """The demo with its temporary files in a folder of its own."""
        os.makedirs(self.path("temporary"), exist_ok=True)
        return self.terminal(PROGRAM, "demo", *words,
                             env={"TMPDIR": self.path("temporary")}, **more)

    def files(self):
        return os.listdir(self.path("temporary"))

    def test_the_guide_leads_through_it(self):
        demo = self.demo()
        demo.wait("[1 Overview]", "1 A quota paces", "event name archived")
        self.assertEqual(len(self.files()), 1)
        demo.keys("2")
        demo.wait("[2 Deliveries]", "2 Press /")
        demo.keys("/")
        demo.type("state:failed reason:name_archived")
        demo.keys("Enter")
        demo.wait("3 j and k move", "failed")
        demo.wait_for(r" ([2-9]|\d\d) match of")
        demo.wait_for("^>.*product change")
        demo.keys("Enter")
        demo.wait("4 Somebody archived", "Next step")
        demo.keys("E")
        demo.wait("5 Ctrl-U clears", "edit: Product change")
        demo.keys("Escape")
        demo.wait("3 j and k move")
        demo.keys("E")
        demo.wait("edit: Product change")
        demo.keys("C-u")
        demo.type("Plan Changed")
        demo.wait('After', '{"event_name":"Plan Changed"')
        demo.keys("Enter")
        demo.wait("6 Now those that failed", "Version 2")
        demo.keys("2")
        demo.wait("[2 Deliveries]", "failed")
        demo.keys("a")
        demo.wait("marked")
        demo.keys("R")
        demo.wait("7 This is the plan")
        number = demo.wait_for(r"Type (\d+) to").group(1)
        demo.type(number)
        demo.keys("Enter")
        demo.wait("8 They go out")
        demo.keys("4")
        demo.wait("9 U takes back", "[4 Operations]")
        demo.wait_for(rf"{number}/{number}")
        demo.keys("1")
        demo.wait("10 Intercom is down", "[1 Overview]")
        demo.wait("NOTHING GETS THROUGH")
        demo.wait("11 It went on by itself")
        demo.keys("q")
        self.assertEqual(demo.wait_end(), 0)
        self.assertEqual(self.files(), [])

    def test_signals_leave_nothing_behind(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            demo = self.demo()
            demo.wait("[1 Overview]", "A quota paces")
            os.kill(demo.process(), number)
            self.assertEqual(demo.wait_end(), 0)
            self.assertEqual(self.files(), [])
            demo.close()

    def test_ctrl_c_leaves_nothing_behind(self):
        demo = self.demo()
        demo.wait("[1 Overview]", "A quota paces")
        demo.keys("C-c")
        self.assertEqual(demo.wait_end(), 0)
        self.assertEqual(self.files(), [])

    def test_a_summary_on_request(self):
        demo = self.demo("--summary", columns=120, lines=60)
        self.assertEqual(demo.wait_end(), 0)
        demo.wait("All went as planned.")
        self.assertEqual(demo.ask("alternate_on"), "0")
        self.assertEqual(self.files(), [])

    def test_a_terminal_that_will_not_do_is_told(self):
        os.mkdir(self.path("temporary"))
        demo = self.terminal(
            "sh", "-c", 'export TERM=dumb; exec "$@" 2>said', "sh", PROGRAM,
            "demo", env={"TMPDIR": self.path("temporary")})
        self.assertEqual(demo.wait_end(), 3)
        with open(self.path("said"), encoding="utf-8") as said:
            self.assertIn("dumb", said.read())
        self.assertEqual(self.files(), [])


if __name__ == "__main__":
    unittest.main()
