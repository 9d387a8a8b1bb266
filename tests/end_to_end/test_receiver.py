"""The receiver from outside: each of its answers, over real sockets."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time

import mounts
import receiving
import support
from receiving import PATH, VALUE, body

MIB = 1 << 20


class Answers(receiving.Receiving):
    def test_webhooks(self):
        """Committed and delivered; a repeat and an unknown type are fine."""
        sandbox = self.start_sandbox()
        receiver = self.start_receiver(url=sandbox.url)
        answer = self.send(receiver, body("one"))
        self.assertEqual((answer.status, answer.json()),
                         (200, {"status": "accepted"}))
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertIn("one", self.event_ids())
        answer = self.send(receiver, body("one"))
        self.assertEqual((answer.status, answer.json()),
                         (200, {"status": "duplicate"}))
        answer = self.send(receiver, body("two", type="SOMETHING_NEW"))
        self.assertEqual(answer.status, 200)
        answer = self.send(receiver, body("three", type="TEST"))
        self.assertEqual(answer.status, 200)
        self.wait_until_settled()
        self.assertEqual(self.delivery("one")[0], "delivered")
        self.assertEqual(self.delivery("two")[0], "skipped")
        self.assertEqual(self.delivery("three")[0], "skipped")
        self.assertEqual(len(sandbox.events()), 1)
        # As it came, byte for byte.
        self.assertEqual(self.rows(
            "SELECT payload FROM outbox WHERE event_id = 'one'")[0][0],
            body("one"))

    def test_what_is_refused(self):
        receiver = self.start_receiver()
        rows = [
            ("", "not JSON"),
            ("nonsense", "not JSON"),
            (b"{}\0", "not JSON"),
            ("[]", "not a JSON object"),
            ("{}", "event is missing"),
            ('{"event":{}}', "event.id is missing"),
            ('{"event":{"id":7,"type":"TEST"}}', "event.id is not a string"),
            ('{"event":{"id":"x"}}', "event.type is missing"),
        ]
        for text, why in rows:
            with self.subTest(text):
                answer = self.send(receiver, text)
                self.assertEqual(answer.status, 400)
                self.assertEqual(answer.json()["error"], "refused")
                self.assertIn(why, answer.json()["message"])
                self.assertIn(why, receiver.err())
        self.assertEqual(self.event_ids(), set())
        # One that is refused takes nothing good with it.
        self.assertEqual(self.send(receiver, body("good")).status, 200)

    def test_sizes(self):
        receiver = self.start_receiver()
        most = body("most", padding="")
        most = body("most", padding="x" * (MIB - len(most)))
        self.assertEqual(len(most), MIB)
        self.assertEqual(self.send(receiver, most).status, 200)
        for size in (MIB + 1, 4 * MIB, 9 * MIB):
            for more in ([], ["-H", "Expect:"]):
                answer = self.send(receiver, "x" * size, *more)
                self.assertEqual(answer.status, 413, size)
                self.assertEqual(answer.json()["error"], "too_large")
                self.assertEqual(answer.headers["connection"], "close")
        chunked = ("-H", "Transfer-Encoding: chunked")
        self.assertEqual(
            self.send(receiver, body("chunked"), *chunked).status, 200)
        self.assertEqual(self.send(receiver, "x" * (3 * MIB), *chunked).status,
                         413)
        self.assertIn("413 too_large", receiver.err())
        self.assertEqual(self.event_ids(), {"most", "chunked"})

    def test_an_endless_body_is_cut(self):
        receiver = self.start_receiver()
        with receiving.connect(receiver) as client:
            client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\n"
                           f"Authorization: {VALUE}\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n".encode())
            piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
            with self.assertRaises(OSError):
                for _ in range(1000):
                    client.sendall(piece)
        self.assertEqual(self.metrics(receiver)[
            'subrelay_receiver_connections_cut_total'
            '{reason="endless_body"}'], 1)

    def test_paths_and_methods(self):
        receiver = self.start_receiver()
        for path, method, status in [
                ("/", "GET", 404), ("/webhooks", "POST", 404),
                (PATH + "/", "POST", 404), (PATH + "?x=1", "POST", 400),
                (PATH, "GET", 405), (PATH, "PUT", 405), (PATH, "DELETE", 405),
                (PATH, "NONSENSE", 405), ("/metrics", "POST", 405),
                ("/healthz", "GET", 200), ("/readyz", "DELETE", 405)]:
            with self.subTest(f"{method} {path}"):
                answer = self.curl(receiver, path, "-X", method, "-H",
                                   f"Authorization: {VALUE}")
                self.assertEqual(answer.status, status)
                self.assertTrue(answer.json())
                if status == 405:
                    self.assertEqual(answer.headers["allow"],
                                     "POST" if path == PATH else "GET, HEAD")
        self.assertSays(receiver.err(), "404 not_found to 127.0.0.1",
                        "405 wrong_method to 127.0.0.1")


class Credentials(receiving.Receiving):
    def assert_unauthorized(self, receiver, answer, why):
        self.assertEqual(answer.status, 401)
        self.assertEqual(answer.json(), {"error": "unauthorized",
                                         "message": "not authorized"})
        self.assertNotIn("www-authenticate", answer.headers)
        self.assertIn(f"401 unauthorized to 127.0.0.1: {why}", receiver.err())
        self.assertNotIn("dashboard", receiver.err())

    def test_the_value(self):
        receiver = self.start_receiver()
        post = lambda *more: self.curl(receiver, PATH, *more, data=body("one"))
        self.assert_unauthorized(receiver, post(), "no Authorization header")
        for value in (VALUE[:-1], VALUE + "x", VALUE.lower(), "x"):
            self.assert_unauthorized(
                receiver, post("-H", f"Authorization: {value}"),
                "a wrong Authorization value")
        self.assertEqual(self.event_ids(), set())
        self.assertEqual(
            post("-H", f"Authorization: {VALUE}").status, 200)

    def test_a_long_value(self):
        """As long as the dashboard takes."""
        value = "v" * 5000
        path = self.write("long", value)
        receiver = self.start_receiver("--webhook-auth-file", path)
        answer = self.curl(receiver, PATH, "-H", f"Authorization: {value}",
                           data=body("one"))
        self.assertEqual(answer.status, 200)

    def sign(self, text, **more):
        seconds = more.pop("seconds", int(time.time()))
        return receiving.openssl_signature(text, seconds, **more)

    def signed(self, receiver, text, signature, *more):
        return self.curl(receiver, PATH, "-H",
                         f"X-RevenueCat-Webhook-Signature: {signature}", *more,
                         data=text)

    def test_the_signature(self):
        receiver = self.start_receiver("--webhook-secret-file",
                                       self.secret_file, with_auth=False)
        text = body("one", note="gr\u00fc\u00dfe")
        self.assert_unauthorized(
            receiver, self.curl(receiver, PATH, data=text),
            "no signature header")
        self.assert_unauthorized(
            receiver, self.signed(receiver, text, self.sign(text, secret="x")),
            "a wrong signature")
        self.assert_unauthorized(
            receiver, self.signed(receiver, text + " ", self.sign(text)),
            "a wrong signature")
        self.assert_unauthorized(
            receiver, self.signed(receiver, text, "t=1,v1=00"),
            "a signature header that is not")
        for off, why in ((-400, "s old"), (400, "s in the future")):
            answer = self.signed(receiver, text, self.sign(
                text, seconds=int(time.time()) + off))
            self.assert_unauthorized(receiver, answer, "a signature that is ")
            self.assertIn(why, receiver.err())
        self.assertEqual(self.event_ids(), set())
        self.assertEqual(
            self.signed(receiver, text, self.sign(text)).status, 200)
        large = body("large", padding="x" * 900000)
        self.assertEqual(
            self.signed(receiver, large, self.sign(large)).status, 200)

    def test_both(self):
        receiver = self.start_receiver("--webhook-secret-file",
                                       self.secret_file)
        text = body("one")
        value = ("-H", f"Authorization: {VALUE}")
        self.assert_unauthorized(receiver, self.send(receiver, text),
                                 "no signature header")
        self.assert_unauthorized(
            receiver, self.signed(receiver, text, self.sign(text)),
            "no Authorization header")
        self.assertEqual(
            self.signed(receiver, text, self.sign(text), *value).status, 200)

    def test_nobody_is_asked(self):
        receiver = self.start_receiver("--no-webhook-auth", with_auth=False)
        self.assertEqual(
            self.curl(receiver, PATH, data=body("one")).status, 200)


class Usage(receiving.Receiving):
    def run_wrongly(self, *arguments, code=2):
        return self.cli("run", "--api-url", receiving.CLOSED_PORT_URL,
                        *arguments, code=code, env=support.environment(
                            INTERCOM_TOKEN=support.TOKEN)).err

    def test_options_that_do_not_go_together(self):
        auth = ("--webhook-auth-file", self.auth_file)
        here = ("--listen", "127.0.0.1:0")
        for arguments, words in [
                (here, ["--listen needs", "--webhook-auth-file"]),
                (auth, ["need --listen"]),
                (["--no-webhook-auth"], ["need --listen"]),
                ([*here, *auth, "--no-webhook-auth"], ["contradicts"]),
                (["--listen", "0.0.0.0:0", "--no-webhook-auth"],
                 ["loopback"]),
                (["--listen", "[::]:0", "--no-webhook-auth"], ["loopback"]),
                ([*here, *auth, "--drain"], ["choose one"]),
                ([*here, *auth, "--tls-cert", "x"], ["need each other"]),
                (["--listen", "localhost:1", *auth], ["--listen:",
                                                      "numeric address"])]:
            with self.subTest(arguments):
                self.assertSays(self.run_wrongly(*arguments), *words)

    def test_files_that_cannot_be_used(self):
        open_file = self.write("open", "value", mode=0o644)
        empty = self.write("empty", "")
        two_lines = self.write("two-lines", "a\nb\n")
        for path, words in [(open_file, ["readable by others", "chmod 600"]),
                            (empty, ["is empty"]),
                            (two_lines, ["control character"]),
                            (self.path("none"), ["none"])]:
            for option in ("--webhook-auth-file", "--webhook-secret-file"):
                with self.subTest(f"{option} {path}"):
                    self.assertSays(self.run_wrongly(
                        "--listen", "127.0.0.1:0", option, path, code=3),
                        *words)

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            self.assertSays(self.run_wrongly(
                "--listen", f"127.0.0.1:{port}", "--webhook-auth-file",
                self.auth_file, code=3), "cannot listen", str(port), "in use")
        # The relay that had begun has ended in good order.
        self.assertEqual(self.rows(
            "SELECT stopped_ms IS NOT NULL FROM outbox_relay")[0][0], 1)


class Watching(receiving.Receiving):
    def test_ready(self):
        receiver = self.start_receiver()
        self.assertEqual(self.curl(receiver, "/healthz").json(),
                         {"status": "ok"})
        self.assertEqual(self.curl(receiver, "/readyz").status, 200)

    def test_locked(self):
        """Alive, not ready; webhooks are told to come again, and do."""
        receiver = self.start_receiver()
        self.pause()
        other = sqlite3.connect(self.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answer = self.send(receiver, body("one"))
        self.assertEqual(answer.status, 503)
        self.assertEqual(answer.json()["error"], "busy")
        self.assertTrue(int(answer.headers["retry-after"]) > 0)
        self.assertNotIn("app.db", answer.text)
        self.assertIn("503 busy", receiver.err())
        self.assertEqual(self.curl(receiver, "/healthz").status, 200)
        answer = self.curl(receiver, "/readyz")
        self.assertEqual(answer.status, 503)
        self.assertIn("locked", answer.json()["message"])
        other.execute("ROLLBACK")
        self.assertEqual(self.send(receiver, body("one")).status, 200)
        self.assertEqual(self.curl(receiver, "/readyz").status, 200)
        samples = self.metrics(receiver)
        self.assertEqual(samples["subrelay_receiver_commit_failures_total"], 1)

    def test_full(self):
        reason = mounts.available()
        if reason:
            self.skipTest(reason)
        disk = self.path("disk")
        os.mkdir(disk)
        mounts.small(disk, 30 * MIB)
        self.addCleanup(mounts.unmount, disk)
        self.database = os.path.join(disk, "app.db")
        self.init()
        self.pause()
        receiver = self.start_receiver()
        filler = os.path.join(disk, "filler")
        self.fill(filler)

        def is_refused():
            answer = self.send(receiver, body(os.urandom(8).hex(),
                                              padding="x" * 500000))
            if answer.status == 200:
                return False
            self.assertEqual(answer.status, 503)
            self.assertEqual(answer.json()["error"], "full")
            # What was given up left some room: soon it is ready for less.
            answer = self.curl(receiver, "/readyz")
            return answer.status == 503 and "no room" in answer.text
        support.wait_until(is_refused, "there is no room")
        self.assertIn("503 full", receiver.err())
        os.unlink(filler)
        self.assertEqual(self.send(receiver, body("after")).status, 200)
        self.assertEqual(self.curl(receiver, "/readyz").status, 200)
        self.assertIn("after", self.event_ids())

    def fill(self, path):
        with open(path, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass

    def test_metrics(self):
        sandbox = self.start_sandbox("--faults", "reject=rc_expiration_event")
        receiver = self.start_receiver(url=sandbox.url)
        for number in range(3):
            self.send(receiver, body(f"good-{number}", f"user-{number}"))
        self.send(receiver, body("good-1", "user-1"))
        self.send(receiver, body("unknown", type="SOMETHING_NEW"))
        self.send(receiver, body("bad", type="EXPIRATION"))
        self.send(receiver, "nonsense")
        self.curl(receiver, PATH, data=body("x"))
        self.wait_until_settled()
        samples = self.metrics(receiver)
        requests = ('subrelay_receiver_requests_total{path="webhook",'
                    'status="%s",result="%s"}')
        expected = {
            requests % (200, "accepted"): 5,
            requests % (200, "duplicate"): 1,
            requests % (400, "refused"): 1,
            requests % (401, "unauthorized"): 1,
            'subrelay_receiver_events_total{outcome="accepted"}': 5,
            'subrelay_receiver_events_total{outcome="duplicate"}': 1,
            'subrelay_receiver_events_total{outcome="refused"}': 1,
            "subrelay_receiver_commit_events_sum": 7,
            'subrelay_deliveries{state="pending"}': 0,
            'subrelay_deliveries{state="delivered"}': 3,
            'subrelay_deliveries{state="failed"}': 1,
            'subrelay_deliveries{state="skipped"}': 1,
            'subrelay_relay_attempts_total{outcome="delivered"}': 3,
            'subrelay_relay_attempts_total{outcome="failed"}': 1,
            'subrelay_relay_settled_total{state="delivered"}': 3,
            'subrelay_relay_settled_total{state="skipped"}': 1,
            'subrelay_relay_calls_total{result="422"}': 1,
            'subrelay_relay_calls_total{result="202"}': 3,
            "subrelay_relay_delivery_latency_seconds_count": 3,
            "subrelay_oldest_pending_age_seconds": 0,
            "subrelay_delivered_total": 3,
            "subrelay_relay_running": 1,
            "subrelay_outbox_readable": 1,
            "subrelay_destination_held": 0,
            "subrelay_destination_paused": 0,
            "subrelay_destination_breaker_open": 0,
        }
        self.assertEqual({name: samples.get(name) for name in expected},
                         expected)
        self.assertGreater(samples["subrelay_relay_call_duration_seconds_"
                                   "count"], 3)
        support.wait_until(
            lambda: self.metrics(receiver).get("subrelay_quota_left", 0) > 0,
            "the quota is recorded")
        self.pause()
        self.send(receiver, body("waits"))
        samples = self.metrics(receiver)
        self.assertEqual(samples["subrelay_destination_paused"], 1)
        self.assertEqual(samples['subrelay_deliveries{state="pending"}'], 1)
        support.wait_until(
            lambda: self.metrics(receiver)[
                "subrelay_oldest_pending_age_seconds"] > 0.5, "it ages")

    def test_metrics_by_the_conventions(self):
        """promtool has nothing to say, where it is there."""
        promtool = os.environ.get("PROMTOOL") or shutil.which("promtool")
        if promtool is None:
            self.skipTest("no promtool here")
        sandbox = self.start_sandbox("--faults", "401:1.0")
        receiver = self.start_receiver(url=sandbox.url)
        self.send(receiver, body("one"))
        support.wait_until(lambda: "held" in receiver.err(), "it is held")
        support.wait_until(
            lambda: any(name.startswith("subrelay_destination_held{")
                        for name in self.metrics(receiver)), "metrics say so")
        text = self.curl(receiver, "/metrics").text
        done = subprocess.run([promtool, "check", "metrics"],
                              input=text.encode(), capture_output=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr),
                         (0, b""))


if __name__ == "__main__":
    support.main()
