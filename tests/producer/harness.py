"""What the tests of the producer's contract stand on: a database with the
schema as it is installed, Python's SQLite and its shell, no subrelay.

Each is run as FILE OUTBOX.SQL; run one rule by naming it behind the file."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import unittest

SCHEMA = ""  # the text of outbox.sql


def main():
    global SCHEMA
    with open(sys.argv.pop(1), encoding="utf-8") as file:
        SCHEMA = file.read()
    unittest.main()


def webhook(event_id="e1", kind="RENEWAL", **fields):
    event = {"id": event_id, "type": kind, "app_user_id": "anna"}
    event.update(fields)
    return json.dumps({"api_version": "1.0", "event": event})


INSERTS = ["INSERT", "INSERT OR ABORT", "INSERT OR FAIL",
           "INSERT OR ROLLBACK", "INSERT OR IGNORE", "INSERT OR REPLACE",
           "REPLACE"]
TAILS = ["", "ON CONFLICT DO NOTHING", "ON CONFLICT (event_id) DO NOTHING",
         "ON CONFLICT (event_id) DO UPDATE SET payload = excluded.payload",
         "ON CONFLICT (id) DO UPDATE SET payload = '{}'"]
FORMS = [(verb, "") for verb in INSERTS] + [("INSERT", t) for t in TAILS[1:]]
SWITCHES = [f"PRAGMA recursive_triggers = {r}; PRAGMA foreign_keys = {f}"
            for r in (0, 1) for f in (0, 1)]


class Contract(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.directory.name, "app.db")
        self.shell(SCHEMA)
        self.db = self.connect()

    def tearDown(self):
        self.db.close()
        self.directory.cleanup()

    def connect(self):
        # Autocommit: BEGIN is the tests' own.
        return sqlite3.connect(self.path, isolation_level=None)

    def shell(self, sql, path=None):
        done = subprocess.run(
            ["sqlite3", "-batch", "-bail", path or self.path],
            input=sql, capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 0)
        return done.stdout

    def one(self, sql, *values):
        return self.db.execute(sql, values).fetchone()[0]

    def put(self, payload, verb="INSERT", tail=""):
        return self.db.execute(
            f"{verb} INTO outbox (payload) VALUES (?) {tail}", (payload,))

    def rows(self, table="outbox"):
        return self.one(f"SELECT count(*) FROM {table}")

    def assert_refused(self, words, run):
        with self.assertRaises(sqlite3.Error) as caught:
            run()
        self.assertEqual(str(caught.exception), "outbox: " + words)
