"""What the tests of the receiver share: `run --listen` in a real process, and
clients of it."""

import http.client
import json
import os
import re
import socket
import subprocess
import threading

import support

PATH = "/webhooks/revenuecat"
VALUE = "Bearer a-value-typed-in-the-dashboard"
SECRET = "whsec_of_the_tests"
CLOSED_PORT_URL = "http://127.0.0.1:9"


def body(event_id, user="user-1", **fields):
    """A webhook as RevenueCat sends it: a renewal."""
    event = {"type": "RENEWAL", "id": event_id, "app_user_id": user,
             "event_timestamp_ms": 1764000300137, "app_id": "app1",
             "product_id": "monthly", "entitlement_ids": ["plus"],
             "period_type": "NORMAL", "purchased_at_ms": 1764000295000,
             "expiration_at_ms": 1766592295000, "environment": "PRODUCTION",
             "store": "APP_STORE", "is_trial_conversion": False}
    event.update(fields)
    return json.dumps({"api_version": "1.0", "event": event})


def openssl_signature(text, seconds, secret=SECRET):
    """The header as RevenueCat computes it, by another program than ours."""
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", secret],
        input=f"{seconds}.".encode() + text.encode(), capture_output=True,
        check=True)
    return f"t={seconds},v1={done.stdout.decode().split()[-1]}"


class Curled:
    """What curl got."""

    def __init__(self, text):
        head, _, self.text = text.rpartition("\r\n\r\n")
        head = head.rpartition("\r\n\r\n")[2]  # behind a 100 Continue
        lines = head.split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()

    def json(self):
        return json.loads(self.text)


class Receiving(support.EndToEnd):
    """A test with an outbox and processes that receive into it."""

    def setUp(self):
        super().setUp()
        self.init()
        self.auth_file = self.write("auth", VALUE + "\n")
        self.secret_file = self.write("secret", SECRET + "\n")
        self.addCleanup(self.check_sanitizers)

    def check_sanitizers(self):
        """A process that is killed does not exit with what they found."""
        for daemon in self.daemons:
            self.assertNotIn("Sanitizer", daemon.err())

    def start_receiver(self, *arguments, url=CLOSED_PORT_URL, listen=None,
                       with_auth=True, preexec=None, ready=True):
        """A relay that receives; its base address is .url."""
        name = f"receiver-{len(self.daemons)}"
        auth = ["--webhook-auth-file", self.auth_file] if with_auth else []
        process = self.watch(support.Daemon(
            name, self.run_arguments(
                url, "--listen", listen or "127.0.0.1:0", *auth, *arguments),
            self.folder, support.environment(INTERCOM_TOKEN=support.TOKEN),
            preexec=preexec))
        if ready:
            self.wait_until_it_listens(process)
        return process

    def wait_until_it_listens(self, process):
        process.wait_for(process.err, "receiver: listening on ")
        found = re.search(r"listening on (https?)://(\S+):(\d+)/",
                          process.err())
        process.scheme, process.host = found.group(1), found.group(2)
        process.port = int(found.group(3))
        process.url = f"{process.scheme}://{process.host}:{process.port}"

    def pause(self):
        """Nothing is sent; what is received stays pending."""
        self.cli("pause", "test")

    def curl(self, process, path=PATH, *arguments, data=None):
        more = [] if data is None else ["--data-binary", "@-"]
        done = subprocess.run(
            ["curl", "-sS", "-i", "--max-time", str(support.PATIENCE_S),
             "--noproxy", "*", *more, *arguments, process.url + path],
            input=None if data is None else
            (data if isinstance(data, bytes) else data.encode()),
            capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return Curled(done.stdout.decode())

    def send(self, process, text, *arguments):
        """POST a webhook with the right Authorization value."""
        return self.curl(process, PATH, "-H", f"Authorization: {VALUE}",
                         *arguments, data=text)

    def metrics(self, process):
        """Every sample: "name{labels}" to its value."""
        text = self.curl(process, "/metrics").text
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                for line in text.splitlines() if not line.startswith("#")}

    def event_ids(self):
        return {row[0] for row in self.rows("SELECT event_id FROM outbox")}

    def open_files(self, process):
        return len(os.listdir(f"/proc/{process.pid}/fd"))


class Client:
    """One connection, kept; any error is for the caller."""

    def __init__(self, process, value=VALUE):
        self.connection = http.client.HTTPConnection(
            process.host, process.port, timeout=support.PATIENCE_S)
        self.headers = {"Content-Type": "application/json"}
        if value is not None:
            self.headers["Authorization"] = value

    def send(self, text):
        """The status."""
        self.connection.request("POST", PATH, text, self.headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def close(self):
        self.connection.close()


class Load:
    """Many clients at once, each sending webhooks that nobody else sends,
    until told to stop or until the process is gone; what was answered with
    200 is remembered."""

    def __init__(self, process, clients=16, prefix="load"):
        self.process = process
        self.prefix = prefix
        self.acknowledged = []
        self.other = []  # other statuses
        self.is_over = False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=(number,))
                        for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        count = 0
        client = None
        while not self.is_over:
            count += 1
            event_id = f"{self.prefix}-{number}-{count}"
            try:
                client = client or Client(self.process)
                status = client.send(body(event_id, f"user-{count % 50}"))
            except (OSError, http.client.HTTPException):
                # The process is gone, or going: this one was not answered.
                if client is not None:
                    client.close()
                client = None
                if not self.process.is_running():
                    break
                continue
            with self.lock:
                if status == 200:
                    self.acknowledged.append(event_id)
                else:
                    self.other.append(status)
        if client is not None:
            client.close()

    def wait_for(self, count):
        support.wait_until(lambda: len(self.acknowledged) >= count,
                           f"{count} webhooks are acknowledged")

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()


def connect(process):
    """A socket of its own, for what no library would say."""
    made = socket.create_connection((process.host, process.port),
                                    timeout=support.PATIENCE_S)
    return made


def read_to_end(connection):
    """All that comes until the other end closes, however it does."""
    got = b""
    try:
        while True:
            piece = connection.recv(65536)
            if not piece:
                return got
            got += piece
    except ConnectionResetError:
        return got


def read_answers(connection, count):
    """So many answers with Content-Length, as (status, body)."""
    file = connection.makefile("rb")
    answers = []
    for _ in range(count):
        status = int(file.readline().split()[1])
        length = 0
        while (line := file.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answers.append((status, file.read(length)))
    return answers
