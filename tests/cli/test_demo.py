"""demo: all at work, checked by itself, and nothing left behind."""

import os
import unittest

from harness import Case


class Demo(Case):
    def test_it_goes_as_planned_and_cleans_up(self):
        out, said = self.expect(0, "demo", env={"TMPDIR": self.folder})
        self.assertEqual(said, "")
        self.assertTrue(out.endswith("All went as planned.\n"), out)
        self.assertIn("22 enqueued, 1 duplicate, 1 refused", out)
        self.assertIn("16 delivered, 3 failed, 3 skipped", out)
        self.assertNotIn("\033", out)
        self.assertEqual(os.listdir(self.folder), [])

    def test_it_needs_a_folder_to_work_in(self):
        _, said = self.expect(3, "demo",
                              env={"TMPDIR": self.path("absent")})
        self.assertIn("absent", said)


if __name__ == "__main__":
    unittest.main()
