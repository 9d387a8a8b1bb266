#!/usr/bin/env python3
"""The outbox in an application's own database: how it is installed there, and
how it lives with the host's transactions, settings and tools.

usage: hosts.py OUTBOX.SQL, as harness.py says"""

import os
import sqlite3
import subprocess
import tempfile
import unittest

import harness
from harness import Contract, webhook


class Hosts(Contract):
    def test_the_event_is_lost_with_the_rest_of_the_transaction(self):
        self.db.execute("CREATE TABLE subscription (status TEXT)")
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("INSERT INTO subscription VALUES ('active')")
        self.put(webhook())
        self.db.execute("ROLLBACK")
        self.assertEqual(self.rows(), 0)
        self.assertEqual(self.rows("outbox_delivery"), 0)
        self.put(webhook())
        self.assertEqual(self.rows("outbox_delivery"), 1)

    def test_savepoints(self):
        self.db.execute("BEGIN")
        self.put(webhook("kept"))
        self.db.execute("SAVEPOINT inner")
        self.put(webhook("dropped"))
        self.db.execute("ROLLBACK TO inner")
        self.put(webhook("kept, too"))
        self.db.execute("RELEASE inner")
        self.db.execute("COMMIT")
        self.assertEqual(
            [row[0] for row in self.db.execute(
                "SELECT event_id FROM outbox ORDER BY id")],
            ["kept", "kept, too"])
        self.assertEqual(self.rows("outbox_delivery"), 2)

    def test_the_applications_database_stays_its_own(self):
        path = os.path.join(self.directory.name, "theirs.db")
        self.shell("PRAGMA user_version = 41; PRAGMA application_id = 7;"
                   "CREATE TABLE subscription (id INTEGER PRIMARY KEY);"
                   "INSERT INTO subscription VALUES (1);" + harness.SCHEMA,
                   path)
        with sqlite3.connect(path) as theirs:
            self.assertEqual(
                theirs.execute("PRAGMA user_version").fetchone(), (41,))
            self.assertEqual(
                theirs.execute("PRAGMA journal_mode").fetchone(), ("delete",))
            self.assertEqual(
                theirs.execute("SELECT version FROM outbox_schema").fetchall(),
                [(1,)])
            foreign = theirs.execute(
                "SELECT name FROM sqlite_master WHERE name NOT GLOB 'outbox*'"
                " AND name NOT GLOB 'sqlite_*'").fetchall()
            self.assertEqual(foreign, [("subscription",)])

    def test_every_table_survives_vacuum_with_its_row_numbers(self):
        for number in range(50):
            self.put(webhook(str(number), app_user_id="u%d" % (number % 5)))
        before = list(self.db.iterdump())
        self.db.execute("VACUUM")
        self.assertEqual(list(self.db.iterdump()), before)
        hidden = self.one(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name"
            " GLOB 'outbox*' AND sql NOT LIKE '%INTEGER PRIMARY KEY%' AND sql"
            " NOT LIKE '%WITHOUT ROWID%'")
        self.assertEqual(hidden, 0)

    def test_a_dump_restores_all_of_it(self):
        for number in range(7):
            self.put(webhook(str(number)))
        self.db.execute("INSERT INTO outbox_tombstone VALUES ('gone', 1)")
        copy = os.path.join(self.directory.name, "copy.db")
        self.shell(self.shell(".dump\n"), copy)
        self.assertEqual(self.shell(".dump\n", copy), self.shell(".dump\n"))
        self.db.close()
        self.path = copy
        self.db = self.connect()
        self.put(webhook("6"))
        self.put(webhook("gone"))
        self.put(webhook("new"))
        self.assertEqual(self.rows(), 8)
        self.assertEqual(self.one("SELECT max(id) FROM outbox_delivery"), 8)

    def test_stricter_settings_than_the_usual_are_fine(self):
        self.db.execute("PRAGMA cell_size_check = ON")
        self.db.execute("PRAGMA foreign_keys = ON")
        self.put(webhook())
        self.assertEqual(self.rows("outbox_delivery"), 1)
        self.shell(".dbconfig defensive on\n.dbconfig dqs_ddl off\n"
                   ".dbconfig dqs_dml off\n"
                   "INSERT INTO outbox (payload) VALUES ('%s');"
                   % webhook("2"))
        self.assertEqual(self.rows("outbox_delivery"), 2)

    def test_without_trusted_schema_nothing_is_lost_in_silence(self):
        self.db.execute("PRAGMA trusted_schema = OFF")
        with self.assertRaises(sqlite3.Error):
            self.put(webhook())

    def test_a_database_in_utf16_works(self):
        path = os.path.join(self.directory.name, "utf16.db")
        self.shell("PRAGMA encoding = 'UTF-16';" + harness.SCHEMA, path)
        self.db.close()
        self.path = path
        self.db = self.connect()
        self.put(webhook("ü", app_user_id="änne"))
        self.put(webhook("ü"))
        self.assertEqual(
            self.db.execute("SELECT lane, kind FROM outbox_delivery")
            .fetchall(), [("änne", "renewal")])

    def test_loading_the_schema_twice_changes_nothing(self):
        self.put(webhook())
        before = list(self.db.iterdump())
        subprocess.run(["sqlite3", "-batch", self.path], input=harness.SCHEMA,
                       capture_output=True, text=True, check=False)
        self.assertEqual(list(self.db.iterdump()), before)

    def test_two_producers_take_turns(self):
        other = self.connect()
        other.execute("PRAGMA busy_timeout = 0")
        self.db.execute("BEGIN IMMEDIATE")
        self.put(webhook("1"))
        with self.assertRaises(sqlite3.OperationalError):
            other.execute("BEGIN IMMEDIATE")
        self.db.execute("COMMIT")
        other.execute("INSERT INTO outbox (payload) VALUES (?)",
                      (webhook("1"),))
        other.execute("INSERT INTO outbox (payload) VALUES (?)",
                      (webhook("2"),))
        other.close()
        self.assertEqual(self.rows(), 2)


class Install(unittest.TestCase):
    """outbox.sql is one transaction: all of it, or nothing."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.path = os.path.join(self.directory.name, "app.db")

    def shell(self, sql, *options):
        return subprocess.run(["sqlite3", "-batch", *options, self.path],
                              input=sql, capture_output=True, text=True,
                              check=False)

    def objects(self):
        db = sqlite3.connect(self.path)
        rows = db.execute("SELECT name, sql FROM sqlite_master "
                          "ORDER BY name").fetchall()
        db.close()
        return rows

    def test_cut_off_anywhere_leaves_nothing(self):
        whole = harness.SCHEMA.rindex("COMMIT;")
        for percent in (5, 30, 60, 90, 100):
            self.shell(harness.SCHEMA[:whole * percent // 100])
            self.assertEqual(self.objects(), [], percent)

    def test_failing_half_way_leaves_nothing_even_where_the_shell_goes_on(
            self):
        for table in ("outbox", "outbox_attempt", "outbox_minute"):
            self.shell(f"CREATE TABLE {table} (mine)")
            before = self.objects()
            for options in ([], ["-bail"]):
                done = self.shell(harness.SCHEMA, *options)
                self.assertNotEqual(done.stderr, "")
                self.assertEqual(self.objects(), before, table)
            self.shell(f"DROP TABLE {table}")

    def test_again_says_that_it_is_there_and_changes_nothing(self):
        self.assertEqual(self.shell(harness.SCHEMA).stderr, "")
        event = webhook("e1").replace("'", "''")
        self.shell(f"INSERT INTO outbox (payload) VALUES ('{event}')")
        before = self.shell(".dump").stdout
        self.assertIn("e1", before)
        for options in ([], ["-bail"]):
            done = self.shell(harness.SCHEMA, *options)
            self.assertIn("table outbox_schema already exists", done.stderr)
            self.assertEqual(self.shell(".dump").stdout, before)


if __name__ == "__main__":
    harness.main()
