"""The receiver under load and under strain: what was answered with 200 is in
the outbox, whatever happens; and nobody who dawdles keeps others out."""

import os
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
import time

import receiving
import support
from receiving import PATH, VALUE, Client, Load, body, connect

WEBHOOK_HEAD = (f"POST {PATH} HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: {VALUE}\r\n")


def request(text):
    return (f"{WEBHOOK_HEAD}Content-Length: {len(text)}\r\n\r\n"
            f"{text}").encode()


class Safety(receiving.Receiving):
    def check(self, load):
        """Every 200 is there; what is not there was not answered with 200."""
        there = self.event_ids()
        lost = [event_id for event_id in load.acknowledged
                if event_id not in there]
        self.assertEqual(lost, [], f"{len(lost)} of "
                         f"{len(load.acknowledged)} are lost")
        self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])
        # Each is a delivery, too.
        self.assertEqual(self.rows("SELECT count(*) FROM outbox")[0],
                         self.rows("SELECT count(*) FROM outbox_delivery")[0])

    def test_killed(self):
        """kill -9 in the middle of the load, again and again, while a relay
        in the same process sends what comes."""
        sandbox = self.start_sandbox("--latency", "2")
        for round_number in range(support.scaled(5)):
            receiver = self.start_receiver(url=sandbox.url)
            load = Load(receiver, prefix=f"round-{round_number}")
            load.wait_for(self.random.randrange(50, 600))
            receiver.kill()
            load.end()
            self.assertEqual(load.other, [])
            self.check(load)

    def test_ended(self):
        """SIGTERM: what was begun is answered, nothing is answered wrongly,
        and the end is orderly."""
        self.pause()
        receiver = self.start_receiver()
        load = Load(receiver)
        load.wait_for(300)
        self.assertEqual(receiver.stop(), 0)
        load.end()
        self.assertEqual(load.other, [])
        self.check(load)
        self.assertEqual(self.event_ids(), set(load.acknowledged))

    def test_the_same_from_many(self):
        """One event from many clients at once is one event."""
        self.pause()
        receiver = self.start_receiver()
        statuses = []

        def send_all():
            client = Client(receiver)
            for number in range(100):
                statuses.append(client.send(body(f"same-{number}")))
            client.close()
        threads = [threading.Thread(target=send_all) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(statuses), {200})
        self.assertEqual(len(self.event_ids()), 100)
        samples = self.metrics(receiver)
        self.assertEqual(
            samples['subrelay_receiver_events_total{outcome="accepted"}'], 100)
        self.assertEqual(
            samples['subrelay_receiver_events_total{outcome="duplicate"}'],
            700)

    def test_commits_are_shared(self):
        """What comes while the outbox is locked is committed together."""
        self.pause()
        receiver = self.start_receiver()
        other = sqlite3.connect(self.database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        clients = [connect(receiver) for _ in range(32)]
        for number, client in enumerate(clients):
            self.addCleanup(client.close)
            client.sendall(request(body(f"id-{number}")))
        other.execute("ROLLBACK")
        other.close()
        for client in clients:
            self.assertEqual(receiving.read_answers(client, 1)[0][0], 200)
        samples = self.metrics(receiver)
        self.assertEqual(samples["subrelay_receiver_commit_events_sum"], 32)
        self.assertLess(samples["subrelay_receiver_commit_events_count"], 16)


class Strain(receiving.Receiving):
    def setUp(self):
        super().setUp()
        self.pause()

    def cuts(self, receiver, reason):
        return self.metrics(receiver)[
            'subrelay_receiver_connections_cut_total{reason="%s"}' % reason]

    def connect(self, receiver):
        made = connect(receiver)
        self.addCleanup(made.close)
        return made

    def test_pipelining(self):
        receiver = self.start_receiver()
        client = self.connect(receiver)
        client.sendall(request(body("a")) +
                       b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" +
                       request("nonsense") + request(body("b")) +
                       request(body("a")))
        answers = receiving.read_answers(client, 5)
        self.assertEqual([status for status, _ in answers],
                         [200, 200, 400, 200, 200])
        self.assertIn(b"duplicate", answers[4][1])
        # … and the connection is still there.
        client.sendall(request(body("c")))
        self.assertEqual(receiving.read_answers(client, 1)[0][0], 200)
        self.assertEqual(self.event_ids(), {"a", "b", "c"})

    def test_requests_that_are_there_all_at_once(self):
        """As many as libmicrohttpd takes in at one look: 128."""
        receiver = self.start_receiver()
        clients = [self.connect(receiver) for _ in range(128)]
        for round_name in ("one by one", "at once"):
            if round_name == "at once":
                receiver.send(signal.SIGSTOP)
                os.waitpid(receiver.pid, os.WUNTRACED)
            for number, client in enumerate(clients):
                client.settimeout(20)
                client.sendall(request(body(f"{round_name} {number}")))
            receiver.send(signal.SIGCONT)
            for client in clients:
                self.assertEqual(receiving.read_answers(client, 1)[0][0], 200)
        self.assertEqual(len(self.event_ids()), 256)

    def test_a_thousand_idle_connections(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < 2500:
            self.skipTest(f"only {hard} descriptors here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2500), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                        (soft, hard))
        receiver = self.start_receiver()
        idle = [self.connect(receiver) for _ in range(1000)]
        for connection in idle[:500]:
            connection.sendall(WEBHOOK_HEAD[:30].encode())
        self.assertEqual(self.send(receiver, body("one")).status, 200)
        self.assertGreaterEqual(
            self.metrics(receiver)["subrelay_receiver_connections"], 1000)

    def test_a_head_that_does_not_end(self):
        """Cut after ten seconds, however lively it trickles."""
        receiver = self.start_receiver()
        silent, lively = self.connect(receiver), self.connect(receiver)
        started = time.monotonic()
        lively.sendall(WEBHOOK_HEAD.encode())
        with self.assertRaises(OSError):
            while time.monotonic() - started < support.PATIENCE_S:
                lively.sendall(b"X: x\r\n")
                time.sleep(0.1)
        self.assertGreater(time.monotonic() - started, 9)
        self.assertEqual(receiving.read_to_end(silent), b"")
        support.wait_until(lambda: self.cuts(receiver, "slow_head") == 2,
                           "both are counted")
        self.assertEqual(self.send(receiver, body("one")).status, 200)

    def limit_files(self, receiver, most):
        subprocess.run(["prlimit", "--pid", str(receiver.pid),
                        f"--nofile={most}:{most}"], check=True)

    def test_descriptors_run_out(self):
        """It goes on with the connections it has, gives idle ones up, says
        what is wrong, and takes new ones as soon as it can."""
        receiver = self.start_receiver()
        kept = Client(receiver)
        self.assertEqual(kept.send(body("before")), 200)
        # A few descriptors are left; the database may need one or two.
        self.limit_files(receiver, self.open_files(receiver) + 4)
        crowd = [self.connect(receiver) for _ in range(40)]
        support.wait_until(lambda: "cannot accept a connection" in
                           receiver.err(), "it says so")
        self.assertSays(receiver.err(), "too many open files")
        support.wait_until(lambda: self.try_to_send(receiver, "during"),
                           "a new connection gets its turn")
        for connection in crowd:
            connection.close()
        self.assertEqual(self.send(receiver, body("after")).status, 200)
        self.assertGreater(self.metrics(receiver)[
            "subrelay_receiver_accept_failures_total"], 0)
        self.assertTrue({"before", "during", "after"} <= self.event_ids())
        self.assertLess(receiver.err().count("cannot accept"), 10)

    def try_to_send(self, receiver, event_id):
        try:
            client = Client(receiver)
            return client.send(body(event_id)) == 200
        except OSError:
            return False
        finally:
            client.close()

    def test_few_descriptors_from_the_start(self):
        """As many connections as that allows; the longest idle one goes."""
        receiver = self.start_receiver(
            "--connections", "1", preexec=lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (64, 64)))
        crowd = [self.connect(receiver) for _ in range(200)]
        self.assertEqual(self.send(receiver, body("one")).status, 200)
        support.wait_until(lambda: self.cuts(receiver, "no_room") > 100,
                           "idle ones made room")
        self.assertLessEqual(
            self.metrics(receiver)["subrelay_receiver_connections"], 16)
        self.assertEqual(receiving.read_to_end(crowd[0]), b"")

    def test_a_reader_that_does_not_read(self):
        """Answers that nobody takes fill no memory, and stop nobody."""
        receiver = self.start_receiver()
        client = self.connect(receiver)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(1)
        asked = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 100
        with self.assertRaises(TimeoutError):
            for _ in range(1000):
                client.sendall(asked)
        self.assertEqual(self.send(receiver, body("one")).status, 200)
        self.assertLess(receiver.highest_memory_kib(), 1 << 20)


class Encrypted(receiving.Receiving):
    def make_certificate(self, name):
        """A certificate of its own for 127.0.0.1, and its key."""
        certificate, key = self.path(name + ".pem"), self.path(name + ".key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-keyout", key, "-out", certificate, "-days", "2", "-subj",
             "/CN=subrelay test", "-addext", "subjectAltName=IP:127.0.0.1"],
            check=True, capture_output=True)
        os.chmod(key, 0o600)
        return certificate, key

    def test_https(self):
        self.pause()
        certificate, key = self.make_certificate("one")
        receiver = self.start_receiver("--tls-cert", certificate,
                                       "--tls-key", key)
        self.assertEqual(receiver.scheme, "https")
        trust = ("--cacert", certificate)
        self.assertEqual(
            self.send(receiver, body("one"), *trust).status, 200)
        large = body("large", padding="x" * 900000)
        self.assertEqual(self.send(receiver, large, *trust).status, 200)
        self.assertEqual(
            self.send(receiver, "x" * 5000000, *trust).status, 413)
        self.assertEqual(self.curl(receiver, PATH, *trust,
                                   data=body("two")).status, 401)
        old = subprocess.run(
            ["curl", "-sS", "--noproxy", "*", *trust, "--tls-max", "1.1",
             receiver.url + "/healthz"], capture_output=True)
        self.assertNotEqual(old.returncode, 0)
        # What is no TLS keeps nobody out.
        with connect(receiver) as plain:
            plain.sendall(request(body("plain")))
            receiving.read_to_end(plain)
        self.assertEqual(
            self.send(receiver, body("three"), *trust).status, 200)
        self.assertEqual(self.event_ids(), {"one", "large", "three"})

    def test_a_key_that_does_not_fit(self):
        certificate, _ = self.make_certificate("one")
        _, other = self.make_certificate("two")
        self.start_wrongly(certificate, other, "certificate and key")
        os.chmod(other, 0o644)
        self.start_wrongly(certificate, other, "readable by others")
        self.start_wrongly(self.write("no", "no certificate"), self.path(
            "one.key"), "certificate and key")

    def start_wrongly(self, certificate, key, words):
        receiver = self.start_receiver("--tls-cert", certificate,
                                       "--tls-key", key, ready=False)
        self.assertEqual(receiver.wait(), 3)
        self.assertSays(receiver.err(), words)


class StandingBy(receiving.Receiving):
    def test_on_the_same_port(self):
        """The second one receives and relays as soon as the first is gone."""
        sandbox = self.start_sandbox()
        first = self.start_receiver(url=sandbox.url)
        second = self.start_receiver(
            "--standby", url=sandbox.url, listen=f"127.0.0.1:{first.port}",
            ready=False)
        second.wait_for(second.err, "another relay is running")
        second.wait_for(second.err, "in use")
        self.assertEqual(self.send(first, body("one")).status, 200)
        self.wait_until_settled()
        first.kill()
        self.wait_until_it_listens(second)
        second.wait_for(second.err, "relaying ")
        self.assertEqual(self.send(second, body("two", "user-2")).status, 200)
        self.wait_until_settled()
        self.assertEqual(len(sandbox.events()), 2)
        self.assertEqual(second.stop(), 0)

    def test_on_another_port(self):
        """It receives at once, for the one that relays."""
        sandbox = self.start_sandbox()
        first = self.start_receiver(url=sandbox.url)
        second = self.start_receiver("--standby", url=sandbox.url)
        self.assertEqual(self.send(second, body("one")).status, 200)
        self.wait_until_settled()
        self.assertEqual(len(sandbox.events()), 1)
        self.assertEqual(self.curl(second, "/readyz").status, 200)
        first.send(signal.SIGSTOP)
        self.assertEqual(self.send(second, body("two", "user-2")).status, 200)
        first.kill()
        second.wait_for(second.err, "relaying ")
        self.wait_until_settled()
        self.assertEqual(len(sandbox.events()), 2)

    def test_ended_while_standing_by(self):
        first = self.start_receiver()
        second = self.start_receiver("--standby")
        self.assertEqual(second.stop(), 0)
        self.assertEqual(self.send(first, body("one")).status, 200)

    def test_a_relay_that_cannot_go_on_ends_the_receiver(self):
        """The database was moved away: exit 3, and nobody listens."""
        receiver = self.start_receiver()
        os.rename(self.database, self.database + ".moved")
        self.assertEqual(receiver.wait(), 3)
        self.assertSays(receiver.err(), "moved or replaced")
        with self.assertRaises(OSError):
            connect(receiver)


if __name__ == "__main__":
    support.main()
