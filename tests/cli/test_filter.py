"""Filters on the command line: what list, retry and discard take."""

import json
import unittest

from harness import Case, webhook


class Filter(Case):
    def setUp(self):
        super().setUp()
        self.expect(0, "init")
        self.expect(0, "enqueue", stdin="\n".join([
            webhook("e1", app_user_id="Ana B"),
            webhook("e2", app_user_id="ben", type="PRODUCT_CHANGE"),
            webhook("e3", app_user_id="cleo", environment="SANDBOX"),
            webhook("e4", app_user_id="ben", type="CANCELLATION",
                    cancel_reason="UNSUBSCRIBE"),
            webhook("e5", app_user_id="dan", type="UNCANCELLATION"),
        ]))
        sandbox = self.sandbox("--faults", "reject=rc_product_change_event")
        self.drain(sandbox, code=1)

    def ids(self, *words):
        out, _ = self.expect(0, "list", "--json", *words)
        return [json.loads(line)["id"] for line in out.splitlines()]

    def test_words_choose(self):
        for words, ids in (
                ((), [5, 4, 3, 2, 1]),
                (("state:delivered",), [5, 4, 1]),
                (("user:ben",), [4, 2]),
                (('user:"Ana B"',), [1]),
                (("user:ben", "state:failed"), [2]),
                (("user:ben state:failed",), [2]),
                (("code:422",), [2]),
                (("code:2xx", "event:none"), [5]),
                (("reason:sandbox_event",), [3]),
                (("event:rc_renewal_event",), [3, 1]),
                (("age:<1h", "id:2..4"), [4, 3, 2]),
                (("age:>1h",), []),
                (("Archived",), [2]),
                (('"event name archived"',), [2])):
            with self.subTest(words=words):
                self.assertEqual(self.ids(*words), ids)

    def test_a_count_is_a_number(self):
        for words, count in (((), 5), (("state:delivered",), 3),
                             (("user:ben", "code:422"), 1), (("nowhere",), 0)):
            self.assertEqual(self.expect(0, "list", "--count", *words),
                             (f"{count}\n", ""))

    def test_help_has_the_words(self):
        for command in ("list", "retry", "discard"):
            page, _ = self.expect(0, command, "--help")
            for word in ("state:", "event:", "user:", "code:", "reason:",
                         "age:", "id:", "TEXT"):
                self.assertIn(f"\n  {word}", page)

    def test_a_plan_takes_what_list_shows(self):
        page, _ = self.expect(0, "retry", "code:422", "user:ben", "--dry-run")
        self.assertIn("1 will be sent again", page)
        page, _ = self.expect(0, "discard", "user:ben", "--dry-run")
        self.assertIn("1 will be discarded", page)
        self.assertIn("1 left alone: delivered already", page)

    def test_nothing_that_matches_is_said(self):
        _, said = self.expect(1, "retry", "user:nobody")
        self.assertIn("Nothing matches: nothing to retry", said)


if __name__ == "__main__":
    unittest.main()
