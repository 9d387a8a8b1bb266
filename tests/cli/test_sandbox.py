"""The sandbox and many connections at once."""

import os
import resource
import signal
import socket
import unittest

from harness import Case

# libmicrohttpd takes in 128 events in one look.
AT_ONE_LOOK = 128

# Far less than anybody's timeout; far more than so many answers take.
ANSWERED_S = 20

REQUEST = (b"GET /me HTTP/1.1\r\nHost: sandbox\r\n"
           b"Authorization: Bearer any\r\n\r\n")


class Connections(Case):
    def connect(self, sandbox, count):
        host, port = sandbox.url.removeprefix("http://").split(":")
        made = []
        for _ in range(count):
            made.append(socket.create_connection((host, int(port)),
                                                 ANSWERED_S))
            self.addCleanup(made[-1].close)
        return made

    def read_answers(self, connections):
        for connection in connections:
            got = b""
            while not got.endswith(b"}"):
                some = connection.recv(65536)
                self.assertTrue(some, got)
                got += some
            self.assertTrue(got.startswith(b"HTTP/1.1 200 "), got)

    def halt(self, sandbox):
        sandbox.process.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(sandbox.process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))

    def test_requests_that_are_there_all_at_once_are_answered(self):
        """As many as it takes in at one look, too: it must not look again
        for more, and stand still for want of them."""
        for count in (AT_ONE_LOOK - 1, AT_ONE_LOOK, AT_ONE_LOOK + 1,
                      2 * AT_ONE_LOOK):
            with self.subTest(count=count):
                sandbox = self.sandbox()
                connections = self.connect(sandbox, count)
                for connection in connections:
                    connection.sendall(REQUEST)
                self.read_answers(connections)
                self.halt(sandbox)
                for connection in connections:
                    connection.sendall(REQUEST)
                sandbox.process.send_signal(signal.SIGCONT)
                self.read_answers(connections)

    def test_who_waited_for_a_descriptor_is_answered_when_one_is_free(self):
        """And not only when something else happens."""
        sandbox = self.sandbox()
        first = self.connect(sandbox, 1)
        first[0].sendall(REQUEST)
        self.read_answers(first)
        process = sandbox.process.pid
        taken = {int(name) for name in os.listdir(f"/proc/{process}/fd")}
        free = min(set(range(len(taken) + 1)) - taken)
        _, hard = resource.prlimit(process, resource.RLIMIT_NOFILE)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (free, hard))
        late = self.connect(sandbox, 1)
        late[0].sendall(REQUEST)
        late[0].settimeout(0.5)
        with self.assertRaises(TimeoutError):
            late[0].recv(1)
        first[0].close()
        late[0].settimeout(ANSWERED_S)
        self.read_answers(late)


if __name__ == "__main__":
    unittest.main()
