"""A witness between the relay and the stand-in Intercom: at every call it
looks into the outbox, by SQL as anybody may, whether the attempt stands there
with the very bytes that have just come; then it passes the call on."""

import http.client
import http.server
import socketserver
import sqlite3
import threading
import urllib.parse


# A contact's body has the attributes within; an event's is as it stands.
_LOOK = """
WITH bytes AS (
    SELECT coalesce(a.{column}, (
        SELECT b.{column} FROM outbox_attempt b
        WHERE b.delivery_id = a.delivery_id AND b.number < a.number
            AND b.{column} IS NOT NULL
        ORDER BY b.number DESC LIMIT 1)) AS text
    FROM outbox_attempt_outcome a
    WHERE a.outcome IS NULL OR a.outcome = 'unknown')
SELECT count(*) FROM bytes
WHERE text > '' AND instr(?1, text) > 0
    AND (text = ?1 OR '{column}' = 'attributes')
"""


class Witness(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, url, database):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urllib.parse.urlsplit(url).netloc
        self.database = database
        self.events = 0  # calls of POST /events
        self.wrong = []
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.thread = threading.Thread(target=self.serve_forever,
                                       kwargs={"poll_interval": .05})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.thread.join()
        self.server_close()

    def handle_error(self, request, client_address):
        """A relay that was killed leaves broken connections: no matter."""

    def look(self, column, body):
        """Is there an attempt with these bytes whose end is not known? In
        column they stand, or (NULL there) in that of the attempt before."""
        connection = sqlite3.connect(self.database, timeout=20)
        try:
            found = connection.execute(_LOOK.format(column=column),
                                       (body,)).fetchone()[0]
        finally:
            connection.close()
        with self.lock:
            self.events += column == "event_body"
            if found == 0:
                self.wrong.append((column, body))


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.onward = http.client.HTTPConnection(self.server.behind)

    def finish(self):
        self.onward.close()
        super().finish()

    def log_message(self, *arguments):
        """Silent."""

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        text = body.decode("utf-8")
        if self.path == "/events":
            self.server.look("event_body", text)
        elif self.path.startswith("/contacts"):
            self.server.look("attributes", text)
        self.onward.request(self.command, self.path, body or None, {
            key: value for key, value in self.headers.items()
            if key.lower() in ("authorization", "content-type",
                               "intercom-version", "accept")})
        answer = self.onward.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ("content-length", "connection", "server",
                                   "date", "transfer-encoding"):
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = pass_on
