"""What changes around a relay, and whose file it works in. (What is wrong at
the start, and how that is told, is tested with the command line.)"""

import json
import os
import shutil
import socket
import sqlite3
import stat
import unittest

import load
import support
import webhooks


class Application(support.EndToEnd):
    """The outbox in a database that is somebody else's."""

    def setUp(self):
        super().setUp()
        connection = sqlite3.connect(self.database)
        connection.executescript(
            "PRAGMA user_version = 41; CREATE TABLE application (id);"
            "INSERT INTO application VALUES (1);")
        connection.close()
        os.chmod(self.database, 0o640)
        self.init()

    def test_init_adds_to_it_and_changes_nothing_else(self):
        self.assertEqual(self.rows("PRAGMA user_version"), [(41,)])
        self.assertEqual(self.rows("PRAGMA journal_mode"), [("delete",)])
        self.assertEqual(self.rows("SELECT * FROM application"), [(1,)])
        self.assertEqual(stat.S_IMODE(os.stat(self.database).st_mode), 0o640)
        names = [row[0] for row in self.rows(
            "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")]
        self.assertEqual([name for name in names
                          if name != "outbox" and not
                          name.startswith("outbox_")], ["application"])

    def test_delivery_with_a_rollback_journal(self):
        """It need not be WAL."""
        sandbox = self.start_sandbox()
        made = load.make(self, 200, 20)
        relay = self.start_relay(sandbox.url)
        producers = load.Producers(self, made)
        producers.start()
        producers.join()
        self.wait_until_settled()
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.rows("PRAGMA journal_mode"), [("delete",)])
        load.check_all(self, sandbox, made)


class Moved(support.EndToEnd):
    """The relay's file is no longer where it was: it says so and ends."""

    def setUp(self):
        super().setUp()
        self.init()
        self.sandbox = self.start_sandbox()
        self.relay = self.start_relay(self.sandbox.url)
        self.made = [webhooks.Factory(self.random).renewal("user-1")]

    def test_away(self):
        os.mkdir(self.path("elsewhere"))
        for ending in ("", "-wal", "-shm"):
            shutil.move(self.database + ending, self.path("elsewhere"))
        self.assertEqual(self.relay.wait(40), 3)
        self.assertSays(self.relay.err(), "app.db", "moved")
        self.database = self.path("elsewhere/app.db")
        self.enqueue(*self.made)
        self.drain(self.sandbox.url)
        load.check_all(self, self.sandbox, self.made)

    def test_and_another_put_in_its_place(self):
        ours, self.database = self.database, self.path("new.db")
        self.init()
        os.rename(self.database, ours)
        self.database = ours
        self.assertEqual(self.relay.wait(40), 3)
        self.assertSays(self.relay.err(), "app.db", "replaced")


class Around(support.EndToEnd):
    def setUp(self):
        super().setUp()
        self.init()

    def test_the_token_from_a_file_the_environment_and_a_credential(self):
        path = self.write("intercom-token", "right\n")
        sandbox = self.start_sandbox("--token-file", path)
        factory = webhooks.Factory(self.random)
        ways = ((("--token-file", path), {}),
                ((), {"INTERCOM_TOKEN": "right"}),
                ((), {"CREDENTIALS_DIRECTORY": self.folder}))
        for number, (arguments, variables) in enumerate(ways):
            with self.subTest(arguments or variables):
                self.enqueue(factory.renewal(f"user-{number}"))
                self.drain(sandbox.url, *arguments,
                           env=support.environment(**variables))
        self.assertEqual(sandbox.stats()["events"], 3)

    def test_a_file_without_anything_is_no_outbox(self):
        self.database = self.write("empty.db", "")
        answer = self.drain("http://127.0.0.1:9", code=3)
        self.assertSays(answer.err, "empty.db", "init")

    def test_a_file_with_a_second_name_is_refused(self):
        """Each name would have a WAL and a lock of its own: two relays."""
        second = self.path("second.db")
        os.link(self.database, second)
        for name in (self.database, second):
            with self.subTest(name):
                self.database = name
                answer = self.drain("http://127.0.0.1:9", code=3)
                self.assertSays(answer.err, "2 names (hard links)")
        os.unlink(second)
        self.database = self.path("app.db")
        self.drain("http://127.0.0.1:9")

    def test_a_drain_ends_in_an_outage(self):
        """What is due stays due and waits for a relay that gets through."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        factory = webhooks.Factory(self.random)
        made = [factory.renewal(f"user-{number}") for number in range(20)]
        self.enqueue(*made)
        answer = self.drain(f"http://127.0.0.1:{port}", "--drain-wait", "1s",
                            code=1)
        self.assertSays(answer.err, "0 failed, 20 left", "nothing gets through")
        page = self.cli("status").out
        self.assertSays(page, "NOTHING GETS THROUGH", "20 pending wait")
        sandbox = self.start_sandbox("--listen", f"127.0.0.1:{port}")
        self.drain(sandbox.url)
        load.check_all(self, sandbox, made)
        self.assertNotIn("NOTHING", self.cli("status").out)

    def test_nobody_listens(self):
        """It waits, and delivers when somebody does; no try is lost."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        made = [webhooks.Factory(self.random).renewal("user-1")]
        self.enqueue(*made)
        relay = self.start_relay(f"http://127.0.0.1:{port}")
        support.wait_until(
            lambda: self.rows("SELECT 1 FROM outbox_attempt "
                              "WHERE outcome = 'retry'"), "a retry")
        sandbox = self.start_sandbox("--listen", f"127.0.0.1:{port}")
        self.wait_until_settled()
        self.assertEqual(relay.stop(), 0)
        load.check_all(self, sandbox, made)
        self.assertEqual(self.rows("SELECT tries FROM outbox_delivery"),
                         [(0,)])


class NoPermission(support.EndToEnd):
    @unittest.skipIf(os.getuid() == 0, "root may read and write everything")
    def test_a_file_that_may_not_be_written(self):
        self.init()
        os.chmod(self.database, 0o400)
        answer = self.cli("enqueue", code=3, stdin="{}")
        self.assertSays(answer.err, "app.db", "permission")

    def test_as_somebody_else(self):
        """As root: a folder and a file of root's, and a process that is
        somebody else."""
        if os.getuid() != 0:
            self.skipTest("only root can be somebody else")
        self.init()
        os.chmod(self.folder, 0o755)
        # Where the build is may be closed to others: a home, for one.
        program = shutil.copy(support.binary(), self.path("program"))
        somebody = {"code": 3, "program": program,
                    "preexec": lambda: os.setuid(65534)}
        answer = self.cli("status", **somebody)
        self.assertSays(answer.err, "app.db", "permission")
        os.chmod(self.database, 0o644)
        answer = self.cli("enqueue", **somebody, stdin=json.dumps(
            webhooks.Factory(self.random).renewal("u")))
        self.assertSays(answer.err, "app.db")


if __name__ == "__main__":
    support.main()
