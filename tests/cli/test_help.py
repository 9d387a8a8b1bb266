"""Every command explains itself, within 80 columns."""

import unittest

from harness import COMMANDS, Case


class Help(Case):
    def check_page(self, page):
        for line in page.splitlines():
            self.assertLessEqual(len(line), 80, line)
            self.assertEqual(line, line.rstrip())
        self.assertTrue(page.endswith("\n"))

    def test_the_overview_has_every_command_with_a_summary(self):
        page, said = self.expect(0, "--help")
        self.check_page(page)
        self.assertEqual(said, "")
        for command in COMMANDS:
            self.assertRegex(page, rf"(?m)^  {command} +\w+")
        self.assertEqual(page, self.expect(0, "help")[0])
        self.assertEqual(page, self.expect(0, "-h")[0])

    def test_every_command_has_a_page_with_usage_options_and_exit_codes(self):
        for command in COMMANDS:
            page, said = self.expect(0, command, "--help")
            self.check_page(page)
            self.assertEqual(said, "")
            self.assertRegex(page, rf"^Usage: subrelay .*\b{command}\b")
            self.assertIn("\nOptions:\n", page)
            self.assertIn("-h, --help", page)
            self.assertIn("\nExamples:\n", page)
            self.assertIn("\nExit: 0 done;", page)
            self.assertEqual(page, self.expect(0, "help", command)[0])
            self.assertEqual(page, self.expect(0, command, "-h")[0])

    def test_help_asks_for_nothing_else(self):
        self.expect(0, "show", "--help")
        self.expect(0, "-d", "no/such/file", "status", "--help")

    def test_the_version_is_one_line(self):
        out, said = self.expect(0, "--version")
        self.assertRegex(out, r"^subrelay \d+\.\d+\.\d+\n$")
        self.assertEqual(said, "")

    def test_commands_without_a_database_do_not_offer_one(self):
        for command in COMMANDS:
            page, _ = self.expect(0, command, "--help")
            takes = command not in ("sandbox", "demo", "help")
            self.assertEqual("--database FILE" in page, takes, command)
            self.assertEqual("[-d FILE]" in page, takes, command)


if __name__ == "__main__":
    unittest.main()
