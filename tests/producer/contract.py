#!/usr/bin/env python3
"""The producer's contract, from outside: any program with SQLite, no subrelay.

usage: contract.py OUTBOX.SQL, the schema as it is installed. Every test is a
rule of the contract; run one by naming it behind the file."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import unittest

SCHEMA = ""  # the text of outbox.sql


def webhook(event_id="e1", kind="RENEWAL", **fields):
    event = {"id": event_id, "type": kind, "app_user_id": "anna"}
    event.update(fields)
    return json.dumps({"api_version": "1.0", "event": event})


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


INSERTS = ["INSERT", "INSERT OR ABORT", "INSERT OR FAIL",
           "INSERT OR ROLLBACK", "INSERT OR IGNORE", "INSERT OR REPLACE",
           "REPLACE"]
TAILS = ["", "ON CONFLICT DO NOTHING", "ON CONFLICT (event_id) DO NOTHING",
         "ON CONFLICT (event_id) DO UPDATE SET payload = excluded.payload",
         "ON CONFLICT (id) DO UPDATE SET payload = '{}'"]
FORMS = [(verb, "") for verb in INSERTS] + [("INSERT", t) for t in TAILS[1:]]
SWITCHES = [f"PRAGMA recursive_triggers = {r}; PRAGMA foreign_keys = {f}"
            for r in (0, 1) for f in (0, 1)]

NUL = "\\u0000"
REFUSED = [
    (None, "payload is NULL"),
    (b'{"event":{"id":"a","type":"b"}}', "payload is not text"),
    (17, "payload is not a JSON object"),
    (1.5, "payload is not a JSON object"),
    ("", "payload is not JSON"),
    ("{", "payload is not JSON"),
    ("{'event':1}", "payload is not JSON"),
    ("[" * 3000 + "]" * 3000, "payload is not JSON"),
    ("[]", "payload is not a JSON object"),
    ('"text"', "payload is not a JSON object"),
    ("null", "payload is not a JSON object"),
    ('[{"event":{"id":"a","type":"b"}}]', "payload is not a JSON object"),
    ("{}", "event is missing"),
    ('{"event":null}', "event is not an object"),
    ('{"event":[]}', "event is not an object"),
    ('{"event":"x"}', "event is not an object"),
    ('{"event":{}}', "event.id is missing"),
    ('{"event":{"type":"T"}}', "event.id is missing"),
    ('{"event":{"id":null,"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":7,"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":{"a":1},"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":["a"],"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":true,"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":1e3,"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":"","type":"T"}}', "event.id is empty"),
    ('{"event":{"id":"a"}}', "event.type is missing"),
    ('{"event":{"id":"a","type":null}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":true}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":0.5}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":{"b":"c"}}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":["b"]}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":[]}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":""}}', "event.type is empty"),
] + [
    ('{"event":{"id":"a","type":"T","%s":"x%sy"}}' % (field, NUL),
     "\\u0000 in a string that is used")
    for field in ("app_user_id", "product_id", "store", "environment",
                  "period_type", "app_id", "cancel_reason",
                  "expiration_reason")
] + [
    ('{"event":{"id":"a%s","type":"T"}}' % NUL,
     "\\u0000 in a string that is used"),
    ('{"event":{"id":"%s","type":"T"}}' % NUL,
     "\\u0000 in a string that is used"),
    ('{"event":{"id":"a","type":"T%s"}}' % NUL,
     "\\u0000 in a string that is used"),
    ('{"event":{"id":"a","type":"T","app_user_id":"\\\\\\%s"}}' % NUL[1:],
     "\\u0000 in a string that is used"),
    ('{"event":{"id":"a","type":"T","entitlement_ids":["%s"]}}' % NUL,
     "\\u0000 in a string that is used"),
]


class Refusals(Contract):
    def test_every_bad_payload_is_refused_under_every_form_of_insert(self):
        for payload, words in REFUSED:
            for verb, tail in FORMS:
                with self.subTest(payload=payload, verb=verb, tail=tail):
                    self.assert_refused(
                        words, lambda: self.put(payload, verb, tail))
        self.assertEqual(self.rows(), 0)
        self.assertEqual(self.rows("outbox_delivery"), 0)

    def test_the_limit_is_1_mib_in_bytes_not_in_characters(self):
        def of_size(size, filler):
            frame = webhook("big", pad="")
            room = size - len(frame)
            return frame.replace('"pad": ""',
                                 '"pad": "' + filler * (room // 2) +
                                 "x" * (room % 2) + '"')
        full = of_size(1 << 20, "é")
        self.assertEqual(len(full.encode()), 1 << 20)
        self.assert_refused("payload is over 1 MiB",
                            lambda: self.put(full.replace("é", "éx", 1)))
        self.put(full)
        self.assertEqual(self.rows(), 1)

    def test_a_backslash_before_u0000_is_only_text(self):
        self.put('{"event":{"id":"a","type":"T","app_user_id":"x\\\\u0000"}}')
        self.assertEqual(self.one("SELECT lane FROM outbox_delivery"),
                         "x\\u0000")

    def test_unused_fields_may_hold_u0000(self):
        self.put('{"event":{"id":"a","type":"T","other":"\\u0000"}}')
        self.put('{"event":{"id":"b","type":"T","entitlement_ids":["x","'
                 '\\u0000"],"app_user_id":"u"},"\\u0000":1}')
        self.assertEqual(self.rows(), 2)
        self.assertEqual(self.one(
            "SELECT lane FROM outbox_delivery WHERE id = 2"), "u")

    def test_a_string_that_looks_like_json_is_a_string(self):
        for text in ("[1]", "{}", "[", '{"a":1}', "7", "true", "null"):
            self.put(webhook(text, text, app_user_id=text))
            self.put(webhook(text, "RENEWAL"))
            self.assertEqual(
                self.db.execute(
                    "SELECT event_id, lane FROM outbox JOIN outbox_delivery"
                    " USING (id) ORDER BY id DESC LIMIT 1").fetchone(),
                (text, text))

    def test_an_explicit_id_is_refused(self):
        words = "id is given by the outbox: leave it out"
        for switches in SWITCHES:
            self.db.executescript(switches)
            for number in (-(1 << 63), -2, -1, 0, 1, 2, 1 << 40,
                           (1 << 63) - 1):
                for verb, tail in FORMS:
                    with self.subTest(id=number, verb=verb, tail=tail):
                        self.assert_refused(words, lambda: self.db.execute(
                            f"{verb} INTO outbox (id, payload) VALUES (?, ?)"
                            f" {tail}", (number, webhook("x"))))
        self.assertEqual(self.rows(), 0)
        self.db.execute("INSERT INTO outbox (id, payload) VALUES (NULL, ?)",
                        (webhook("null is as good as nothing"),))
        self.assertEqual(self.rows(), 1)

    def test_an_id_that_is_no_number_is_refused(self):
        with self.assertRaises(sqlite3.Error):
            self.db.execute("INSERT INTO outbox (id, payload) VALUES (?, ?)",
                            ("abc", webhook()))

    def test_an_event_is_never_changed(self):
        self.put(webhook())
        for policy in ("", "OR IGNORE", "OR REPLACE", "OR FAIL",
                       "OR ROLLBACK"):
            for change in ("payload = '{}'", "id = 9", "payload = payload"):
                self.assert_refused(
                    "an event is never changed", lambda: self.db.execute(
                        f"UPDATE {policy} outbox SET {change}"))

    def test_an_event_is_deleted_only_with_a_tombstone(self):
        words = "an event is deleted by subrelay prune only"
        self.put(webhook("a"))
        self.put(webhook("b"))
        for switches in SWITCHES:
            self.db.executescript(switches)
            self.assert_refused(
                words, lambda: self.db.execute("DELETE FROM outbox"))
        self.db.execute("INSERT INTO outbox_tombstone VALUES ('a', 0)")
        self.db.execute("DELETE FROM outbox WHERE event_id = 'a'")
        self.assert_refused(
            words, lambda: self.db.execute("DELETE FROM outbox"))
        self.assertEqual(self.rows(), 1)

    def test_a_refusal_leaves_the_transaction_usable(self):
        self.db.execute("CREATE TABLE subscription (id INTEGER)")
        for verb, tail in FORMS:
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("INSERT INTO subscription VALUES (1)")
            self.put(webhook("good " + verb + tail))
            self.assert_refused("event is missing",
                                lambda: self.put("{}", verb, tail))
            self.assertTrue(self.db.in_transaction)
            self.db.execute("INSERT INTO subscription VALUES (2)")
            self.db.execute("COMMIT")
        self.assertEqual(self.rows(), len(FORMS))
        self.assertEqual(self.rows("subscription"), 2 * len(FORMS))

    def test_one_bad_row_refuses_its_whole_statement(self):
        rows = [webhook("a"), webhook("b"), "{}", webhook("c")]
        self.db.execute("CREATE TABLE todo (payload TEXT)")
        self.db.executemany("INSERT INTO todo VALUES (?)",
                            [(row,) for row in rows])
        for verb in INSERTS:
            self.assert_refused("event is missing", lambda: self.db.execute(
                f"{verb} INTO outbox (payload) SELECT payload FROM todo"))
            self.assertEqual(self.rows(), 0)
            self.assertEqual(self.rows("outbox_delivery"), 0)
            self.assertEqual(self.one(
                "SELECT count FROM outbox_count WHERE name = 'pending'"), 0)


class Repeats(Contract):
    def state(self):
        return [self.db.execute("SELECT * FROM " + table).fetchall()
                for table in ("outbox", "outbox_delivery", "outbox_count",
                              "outbox_backlog")]

    def test_a_known_event_is_a_no_op_under_every_form_of_insert(self):
        for switches in SWITCHES:
            self.db.executescript(switches)
            self.put(webhook("known"))
            before = self.state()
            for verb, tail in FORMS:
                with self.subTest(switches=switches, verb=verb, tail=tail):
                    done = self.put(webhook("known", "EXPIRATION"), verb, tail)
                    self.assertEqual(done.rowcount, 0)
                    self.assertEqual(self.state(), before)

    def test_a_pruned_event_stays_known(self):
        self.put(webhook("old"))
        self.db.execute("INSERT INTO outbox_tombstone VALUES ('old', 0)")
        self.db.execute("DELETE FROM outbox_delivery")
        self.db.execute("DELETE FROM outbox")
        for verb, tail in FORMS:
            self.put(webhook("old"), verb, tail)
            self.assertEqual(self.rows(), 0)
            self.assertEqual(self.rows("outbox_delivery"), 0)

    def test_repeats_within_one_statement_are_passed_over(self):
        for verb in INSERTS:
            self.db.execute(
                f"{verb} INTO outbox (payload) VALUES (?), (?), (?), (?)",
                (webhook("1" + verb), webhook("2" + verb),
                 webhook("1" + verb), webhook("3" + verb)))
        self.assertEqual(self.rows(), 3 * len(INSERTS))
        self.assertEqual(self.rows("outbox_delivery"), 3 * len(INSERTS))
        self.assertEqual(self.one(
            "SELECT count FROM outbox_count WHERE name = 'pending'"),
            3 * len(INSERTS))

    def test_ids_rise_in_the_order_of_insertion(self):
        names = [str((i * 7919) % 23) for i in range(60)]
        for name in names:
            self.put(webhook(name))
        self.assertEqual(
            [row[0] for row in self.db.execute(
                "SELECT event_id FROM outbox ORDER BY id")],
            list(dict.fromkeys(names)))


class Deliveries(Contract):
    def delivery(self, **fields):
        event = {"id": "e", "type": "RENEWAL"}
        event.update(fields)
        self.db.execute("BEGIN")
        self.put(json.dumps({"event": event}))
        row = self.db.execute(
            "SELECT lane, kind, state, due_ms FROM outbox_delivery").fetchone()
        self.db.execute("ROLLBACK")
        return row

    def test_kinds(self):
        rows = [
            ({"type": "INITIAL_PURCHASE"}, "initial_purchase"),
            ({"type": "INITIAL_PURCHASE", "period_type": "TRIAL"},
             "trial_started"),
            ({"type": "INITIAL_PURCHASE", "period_type": "NORMAL"},
             "initial_purchase"),
            ({"type": "RENEWAL", "is_trial_conversion": True},
             "trial_converted"),
            ({"type": "RENEWAL", "is_trial_conversion": False}, "renewal"),
            ({"type": "RENEWAL", "is_trial_conversion": 1}, "renewal"),
            ({"type": "RENEWAL", "is_trial_conversion": "true"}, "renewal"),
            ({"type": "INITIAL_PURCHASE", "period_type": ["TRIAL"]},
             "initial_purchase"),
            ({"type": "RENEWAL", "is_trial_conversion": True,
              "period_type": "TRIAL"}, "trial_converted"),
            ({"type": "CANCELLATION", "period_type": "TRIAL"},
             "trial_cancelled"),
            ({"type": "CANCELLATION", "period_type": None}, "cancellation"),
            ({"type": "NON_RENEWING_PURCHASE"}, "non_subscription_purchase"),
            ({"type": "EXPIRATION"}, "expiration"),
            ({"type": "BILLING_ISSUE"}, "billing_issue"),
            ({"type": "PRODUCT_CHANGE"}, "product_change"),
            ({"type": "UNCANCELLATION"}, None),
            ({"type": "TEST"}, None),
            ({"type": "renewal"}, None),
        ]
        for fields, kind in rows:
            with self.subTest(fields=fields):
                self.assertEqual(self.delivery(**fields)[1], kind)

    def test_lanes(self):
        alone = "/1"
        rows = [
            ("anna", "anna"), ("$RCAnonymousID:0f", "$RCAnonymousID:0f"),
            ("a b\n", "a b\n"), ("x" * 100, "x" * 100),
            ("é" * 100, "é" * 100), ("x" * 101, alone), ("", alone),
            ("a/b", alone), ("/1", alone), (None, alone), (17, alone),
            (["a"], alone), ({"a": 1}, alone), (True, alone), ([], alone),
            ("[a]", "[a]"), ("{8A6B0C1D-2E3F}", "{8A6B0C1D-2E3F}"),
        ]
        for user, lane in rows:
            with self.subTest(user=user):
                self.assertEqual(self.delivery(app_user_id=user)[0], lane)
        self.assertEqual(self.delivery()[0], alone)

    def test_only_the_head_of_a_lane_is_due(self):
        for number, user in enumerate(("a", "b", "a", None, None, "/4")):
            self.put(webhook(str(number), app_user_id=user))
        self.assertEqual(
            [row[0] for row in self.db.execute(
                "SELECT due_ms FROM outbox_delivery ORDER BY id")],
            [0, 0, None, 0, 0, 0])

    def test_a_settled_lane_is_free_again(self):
        self.put(webhook("1"))
        self.db.execute("UPDATE outbox_delivery SET state = 'delivered',"
                        " due_ms = NULL, settled_ms = 1")
        self.put(webhook("2"))
        self.assertEqual(self.one(
            "SELECT due_ms FROM outbox_delivery WHERE id = 2"), 0)

    def test_arrival_is_now_in_milliseconds(self):
        before = self.one("SELECT strftime('%s', 'now') * 1000")
        self.put(webhook())
        arrived = self.one("SELECT arrived_ms FROM outbox_delivery")
        self.assertGreaterEqual(arrived, before)
        self.assertLess(arrived, before + 60000)

    def test_counters_follow_under_every_form_of_insert(self):
        for number, (verb, tail) in enumerate(FORMS):
            self.put(webhook(str(number)), verb, tail)
            self.assertEqual(self.one(
                "SELECT count FROM outbox_count WHERE name = 'pending'"),
                number + 1)
            self.assertEqual(self.one(
                "SELECT sum(count) FROM outbox_backlog"), number + 1)
            self.assertEqual(self.rows("outbox_delivery"), number + 1)


class Programs(Contract):
    def test_an_insert_reads_no_table_from_end_to_end(self):
        opcodes = [row[1] for row in self.db.execute(
            "EXPLAIN INSERT INTO outbox (payload) VALUES ('{}')")]
        self.assertEqual(opcodes.count("Program"), 2)  # both triggers
        # AUTOINCREMENT looks for its line among those of all tables.
        self.assertEqual(opcodes.count("Rewind"), 1)
        for opcode in ("OpenEphemeral", "OpenAutoindex", "SorterOpen"):
            self.assertNotIn(opcode, opcodes)


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
                   "INSERT INTO subscription VALUES (1);" + SCHEMA, path)
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
        self.shell("PRAGMA encoding = 'UTF-16';" + SCHEMA, path)
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
        subprocess.run(["sqlite3", "-batch", self.path], input=SCHEMA,
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
        whole = SCHEMA.rindex("COMMIT;")
        for percent in (5, 30, 60, 90, 100):
            self.shell(SCHEMA[:whole * percent // 100])
            self.assertEqual(self.objects(), [], percent)

    def test_failing_half_way_leaves_nothing_even_where_the_shell_goes_on(
            self):
        for table in ("outbox", "outbox_attempt", "outbox_minute"):
            self.shell(f"CREATE TABLE {table} (mine)")
            before = self.objects()
            for options in ([], ["-bail"]):
                done = self.shell(SCHEMA, *options)
                self.assertNotEqual(done.stderr, "")
                self.assertEqual(self.objects(), before, table)
            self.shell(f"DROP TABLE {table}")

    def test_again_says_that_it_is_there_and_changes_nothing(self):
        self.assertEqual(self.shell(SCHEMA).stderr, "")
        event = webhook("e1").replace("'", "''")
        self.shell(f"INSERT INTO outbox (payload) VALUES ('{event}')")
        before = self.shell(".dump").stdout
        self.assertIn("e1", before)
        for options in ([], ["-bail"]):
            done = self.shell(SCHEMA, *options)
            self.assertIn("table outbox_schema already exists", done.stderr)
            self.assertEqual(self.shell(".dump").stdout, before)


if __name__ == "__main__":
    SCHEMA_PATH = sys.argv.pop(1)
    with open(SCHEMA_PATH, encoding="utf-8") as file:
        SCHEMA = file.read()
    unittest.main()
