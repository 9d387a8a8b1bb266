"""What is wrong around the program: exit 3, with what and what to do."""

import os
import socket
import subprocess
import unittest

from harness import LIMIT_S, PROGRAM, Case, environment, wait_line, webhook

LOOKING = [("list",), ("status",), ("show", "1"), ("enqueue",),
           ("run", "--drain"), ("map", "-d", "outbox.db")]


class Environment(Case):
    def expect_everywhere(self, *texts, commands=None):
        for words in commands or LOOKING:
            with self.subTest(words=words):
                out, said = self.expect(3, *words,
                                        env={"INTERCOM_TOKEN": "any"})
                self.assertNotIn("enqueued", out)
                for text in texts:
                    self.assertIn(text, said)

    def test_no_database(self):
        self.expect_everywhere("outbox.db", "subrelay -d outbox.db init")
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_directory_is_no_database(self):
        os.mkdir(self.path("outbox.db"))
        self.expect_everywhere("outbox.db", commands=LOOKING + [("init",)])

    def test_a_text_is_no_database(self):
        self.write("outbox.db", "this is not a database, it is a text\n" * 99)
        self.expect_everywhere("outbox.db", commands=LOOKING + [("init",)])

    def test_a_database_without_an_outbox(self):
        self.sql("CREATE TABLE subscription (id)")
        self.expect_everywhere("outbox.db", "subrelay -d outbox.db init")

    def test_a_newer_outbox_is_refused_and_left_alone(self):
        self.expect(0, "init")
        self.sql("UPDATE outbox_schema SET version = 999")
        self.expect_everywhere("newer", commands=LOOKING + [("init",)])

    def test_a_folder_that_does_not_exist(self):
        _, said = self.expect(3, "-d", "no/such/folder/outbox.db", "init")
        self.assertIn("no/such/folder", said)

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_a_folder_that_may_not_be_written_to(self):
        os.mkdir(self.path("locked"), 0o555)
        _, said = self.expect(3, "-d", "locked/outbox.db", "init")
        self.assertIn("locked/outbox.db", said)

    def test_files_that_cannot_be_read_are_named_and_the_rest_go_in(self):
        self.expect(0, "init")
        os.mkdir(self.path("folder"))
        good = self.write("good.json", webhook("e1"))
        out, said = self.expect(3, "enqueue", "absent.json", "folder", good)
        self.assertEqual(out, "1 enqueued, 0 duplicate, 0 refused\n")
        self.assertIn("absent.json: No such file", said)
        self.assertIn("folder:", said)
        out, said = self.expect(3, "map", "--json", "absent.json", good)
        self.assertEqual(len(out.splitlines()), 1)
        self.assertIn("absent.json: No such file", said)

    def test_no_token(self):
        self.expect(0, "init")
        _, said = self.expect(3, "run", "--drain")
        for way in ("--token-file", "$INTERCOM_TOKEN", "intercom-token"):
            self.assertIn(way, said)

    def test_token_files_that_are_no_secret(self):
        self.expect(0, "init")
        for name, text, mode, reason in (
                ("empty", "", 0o600, "empty"),
                ("open", "secret-token\n", 0o644, "chmod 600"),
                ("lines", "secret-token\nx\n", 0o600, "control character")):
            os.chmod(self.write(name, text), mode)
            _, said = self.expect(3, "run", "--drain", "--token-file", name)
            self.assertIn(reason, said)
            self.assertNotIn("secret-token", said)
        _, said = self.expect(3, "run", "--drain", "--token-file", "absent")
        self.assertIn("absent: No such file", said)

    def test_plain_http_to_another_host_has_to_be_asked_for(self):
        self.expect(0, "init")
        _, said = self.expect(3, "run", "--drain", "--api-url",
                              "http://192.0.2.1", env={"INTERCOM_TOKEN": "any"})
        self.assertIn("--insecure-http", said)

    def test_a_url_without_a_host(self):
        self.expect(0, "init")
        for url in ("http://", "https://", "https:///v1", "intercom.io",
                    "ftp://127.0.0.1"):
            _, said = self.expect(3, "run", "--drain", "--api-url", url,
                                  env={"INTERCOM_TOKEN": "any"})
            self.assertRegex(said, "scheme|host|https")

    def test_loopback_is_never_proxied(self):
        self.expect(0, "init")
        self.expect(0, "enqueue", stdin=webhook("e1"))
        sandbox = self.sandbox()
        nobody = "http://127.0.0.1:9"
        self.expect(0, "run", "--drain", "--api-url", sandbox.url, env={
            "INTERCOM_TOKEN": "any", "http_proxy": nobody,
            "https_proxy": nobody, "HTTPS_PROXY": nobody,
            "ALL_PROXY": nobody, "all_proxy": nobody})
        shown, _ = self.expect(0, "list", "--json")
        self.assertIn('"delivered"', shown)

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            _, said = self.expect(3, "sandbox", "--listen",
                                  f"127.0.0.1:{port}")
            self.assertIn(str(port), said)
            self.assertIn("in use", said)

    def test_a_second_relay_is_told_who_has_the_file(self):
        self.expect(0, "init")
        sandbox = self.sandbox()
        words = [PROGRAM, "run", "--api-url", sandbox.url]
        env = environment(INTERCOM_TOKEN="any")
        first = subprocess.Popen(words, cwd=self.folder, env=env, text=True,
                                 stderr=subprocess.PIPE)
        try:
            wait_line(first, "relaying")
            _, said = self.expect(3, "run", "--api-url", sandbox.url,
                                  env={"INTERCOM_TOKEN": "any"})
            self.assertIn(str(first.pid), said)
        finally:
            first.terminate()
            first.communicate(timeout=LIMIT_S)
        self.assertEqual(first.returncode, 0)

    def test_output_that_cannot_be_written(self):
        self.expect(0, "init")
        self.expect(0, "enqueue", stdin=webhook("e1"))
        for words in (("list",), ("status",), ("show", "1"), ("--help",),
                      ("enqueue",), ("map",)):
            with self.subTest(words=words), open("/dev/full", "w",
                                                 encoding="ascii") as full:
                done = subprocess.run([PROGRAM, *words], stdout=full,
                                      input=webhook("e2").encode(),
                                      stderr=subprocess.PIPE, cwd=self.folder,
                                      env=environment(), timeout=LIMIT_S,
                                      check=False)
                self.assertEqual(done.returncode, 3)
                self.assertIn(b"No space left", done.stderr)

    def test_a_reader_that_went_away(self):
        self.expect(0, "init")
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([PROGRAM, "status"], stdout=writer,
                              stderr=subprocess.PIPE, cwd=self.folder,
                              env=environment(), timeout=LIMIT_S, check=False)
        os.close(writer)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"Broken pipe", done.stderr)

    def test_a_standard_descriptor_that_was_closed_is_no_file_of_ours(self):
        """What the caller closed cannot be read or written, even where a file
        that was opened since would have its number."""
        self.expect(0, "init")
        body = self.write("body.json", webhook("e1"))
        bad = self.write("bad.json", "nothing")
        for closed, words, code, said in (
                (0, ("enqueue",), 3, b"cannot read"),
                (0, ("map",), 3, b"cannot read"),
                (1, ("enqueue", body), 3, b"cannot write"),
                (1, ("map", body), 3, b"cannot write"),
                (2, ("enqueue", body, bad), 1, b""),
                (2, ("map", body, bad), 1, b"")):
            with self.subTest(closed=closed, words=words):
                done = subprocess.run(
                    ["sh", "-c", f'exec "$0" "$@" {closed}>&-', PROGRAM,
                     *words], input=b"", capture_output=True, cwd=self.folder,
                    env=environment(), timeout=LIMIT_S, check=False)
                self.assertEqual(done.returncode, code)
                self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main()
