"""What `init` says of the file, and that it is so."""

import os
import stat
import unittest

from harness import Case


class Init(Case):
    def journal_mode(self):
        return self.sql("PRAGMA journal_mode")[0][0]

    def make_application(self):
        self.sql("CREATE TABLE subscription (id INTEGER PRIMARY KEY)")

    def test_a_new_file_is_in_wal_mode_and_its_owners_only(self):
        _, said = self.expect(0, "init")
        self.assertIn("Created outbox.db", said)
        self.assertEqual(self.journal_mode(), "wal")
        mode = stat.S_IMODE(os.stat(self.path("outbox.db")).st_mode)
        self.assertEqual(mode, 0o600)

    def test_an_existing_file_keeps_its_journal_mode(self):
        self.make_application()
        _, said = self.expect(0, "init")
        self.assertIn("journal mode (delete), auto_vacuum and permissions are "
                      "left as they were", said)
        self.assertIn("subrelay -d outbox.db init --wal", said)
        self.assertEqual(self.journal_mode(), "delete")

    def test_with_wal_it_is_set_and_not_said_to_be_left(self):
        self.make_application()
        for _ in range(2):
            _, said = self.expect(0, "init", "--wal")
            self.assertIn("journal mode is WAL", said)
            self.assertNotIn("journal mode (", said)
            self.assertEqual(self.journal_mode(), "wal")


if __name__ == "__main__":
    unittest.main()
