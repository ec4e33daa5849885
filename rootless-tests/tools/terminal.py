#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""terminal.py SCENARIO RUNTIME ROOT BUNDLE ID [COMMAND...]

Gives a runtime a terminal and plays the person in front of it: of `run`, or, with COMMAND, of `exec`
in a container that is there. Prints "NAME: VALUE" lines, which the test file compares; a scenario that
does not get what it waits for says so and ends with 1. Only modules of Debian's python3-minimal.
"""
import array
import errno
import fcntl
import hashlib
import os
import re
import select
import signal
import socket
import struct
import sys
import time

TCGETS, TIOCSWINSZ, TIOCGWINSZ, TIOCSCTTY, TIOCGPTN = 0x5401, 0x5414, 0x5413, 0x540E, 0x80045430
TIMEOUT = 60
MEBIBYTE = 1 << 20


def say(name, value):
    print("%s: %s" % (name, value), flush=True)


class Failure(Exception):
    pass


class Terminal:
    """A pseudo-terminal with a command on its other side, which is its session's leader."""

    def __init__(self, argv, stdout=None, size=(24, 80)):
        self.master, self.slave = os.openpty()
        self.resize(*size)
        self.seen = b""
        self.before = self.settings()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(stdout if stdout is not None and fd == 1 else self.slave, fd)
            os.closerange(3, 256)
            os.execv(argv[0], argv)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def settings(self):
        return bytes(fcntl.ioctl(self.slave, TCGETS, b"\0" * 60))

    def local_flags(self):
        return struct.unpack_from("IIII", self.settings())[3]

    def is_nonblocking(self):
        return bool(fcntl.fcntl(self.slave, fcntl.F_GETFL) & os.O_NONBLOCK)

    def read(self, deadline):
        """More of the output; b"" at its end."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Failure("timed out; it said: %r" % self.seen[-2000:])
            if select.select([self.master], [], [], min(left, 0.5))[0]:
                try:
                    data = os.read(self.master, 65536)
                except OSError as e:
                    if e.errno != errno.EIO:
                        raise
                    data = b""
                self.seen += data
                return data
            # the slave is open here, too: there is no end of file
            if self.has_ended():
                return b""

    def expect(self, pattern):
        """Waits for the pattern and forgets what came until then."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            if not self.read(deadline):
                raise Failure("it ended without %r; it said: %r" % (pattern, self.seen[-2000:]))

    def send(self, data):
        while data:
            data = data[os.write(self.master, data):]

    def has_ended(self):
        info = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        return info is not None

    def read_to_end(self):
        deadline = time.monotonic() + TIMEOUT
        while self.read(deadline):
            pass
        return self.seen

    def wait(self):
        return status_of(os.waitpid(self.pid, 0)[1])


def status_of(status):
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def pid_file():
    return os.path.join(os.path.dirname(root), "exec.pid")


def run_argv(*more):
    if command:
        return [runtime, "--root", root, "exec", "--tty", "--pid-file", pid_file(), *more, name, *command]
    return [runtime, "--root", root, "run", *more, "--bundle", bundle, name]


def call(*words):
    """A command of the runtime: its status."""
    return os.waitstatus_to_exitcode(os.spawnv(os.P_WAIT, runtime, [runtime, "--root", root, *words]) << 8)


def ticks(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def job_control():
    t = Terminal(run_argv())
    t.expect(rb"[#$] ")
    say("raw meanwhile", "yes" if not t.local_flags() & 0o13 else "no")  # ISIG, ICANON, ECHO
    t.send(b"echo $((40+2))-sum\n")
    t.expect(rb"42-sum\r\n")
    t.send(b"tty\n")
    say("tty", t.expect(rb"(/dev/\S+)\r\n").group(1).decode())
    t.send(b"sleep 1000\n")
    t.expect(rb"sleep 1000\r\n")
    # until the shell has given the terminal to it, ^C would be the shell's
    say("the job is there", wait_for_job(t))
    t.send(b"\x03")
    t.expect(rb"[#$] ")
    t.send(b"echo status-$?\n")
    say("after ^C", t.expect(rb"status-(\d+)\r\n").group(1).decode())
    t.send(b"sleep 1000\n")
    t.expect(rb"sleep 1000\r\n")
    wait_for_job(t)
    t.send(b"\x1a")
    say("after ^Z", t.expect(rb"(Stopped)").group(1).decode())
    t.expect(rb"[#$] ")
    t.send(b"jobs\n")
    t.expect(rb"Stopped.*sleep")
    t.expect(rb"[#$] ")
    t.send(b"fg\n")
    t.expect(rb"sleep 1000\r\n")
    wait_for_job(t)
    t.send(b"\x03")
    t.expect(rb"[#$] ")
    t.send(b"exit 7\n")
    t.read_to_end()
    say("exit", t.wait())
    say("settings restored", "yes" if t.settings() == t.before else "no")
    say("blocking again", "yes" if not t.is_nonblocking() else "no")


def container_pid():
    """The host's number of the container's shell: what only `state` or the PID file knows."""
    if command:
        with open(pid_file()) as f:
            return int(f.read())
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(write_fd, 1)
        os.execv(runtime, [runtime, "--root", root, "state", name])
    os.close(write_fd)
    text = b""
    while True:
        data = os.read(read_fd, 65536)
        if not data:
            break
        text += data
    os.close(read_fd)
    os.waitpid(pid, 0)
    return int(re.search(rb'"pid": *(\d+)', text).group(1))


def is_sleep(pid):
    try:
        with open("/proc/%d/comm" % pid) as f:
            return f.read() == "sleep\n"
    except OSError:
        return False


def wait_for_job(t):
    """
    Until the terminal's foreground process group is not the shell's own, and the job has begun: the
    shell's child catches a ^C that comes before execve.
    """
    pid = container_pid()
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        if int(fields[5]) not in (-1, int(fields[2])) and is_sleep(int(fields[5])):  # tpgid, pgrp
            return "yes"
        time.sleep(0.01)
    return "no"


def window_size():
    t = Terminal(run_argv(), size=(33, 101))
    t.expect(rb"ready\r\n")
    first = t.expect(rb"size (\d+ \d+)\r\n").group(1)
    say("at first", first.decode())
    t.resize(44, 123)
    # getting the first one was a change, too, and may be told of late
    now = first
    while now == first:
        now = t.expect(rb"size (\d+ \d+)\r\n").group(1)
    say("after a change", now.decode())
    t.send(b"\n")
    t.read_to_end()
    say("exit", t.wait())


def bulk_out():
    """A reader that does not come until all has ended."""
    t = Terminal(run_argv())
    t.expect(rb"BEGIN")
    time.sleep(0.3)
    data = t.read_to_end()
    say("exit", t.wait())
    say("bytes", len(data))
    say("sum", hashlib.sha256(data).hexdigest())


def bulk_in():
    t = Terminal(run_argv())
    t.expect(rb"BEGIN")
    data = bytes(range(256)) * (MEBIBYTE // 256)
    say("sent", hashlib.sha256(data).hexdigest())
    os.set_blocking(t.master, False)
    deadline = time.monotonic() + TIMEOUT
    while data:
        readable, writable, _ = select.select([t.master], [t.master], [], deadline - time.monotonic())
        if readable:
            t.read(deadline)
        if writable:
            data = data[os.write(t.master, data[:4096]):]
    os.set_blocking(t.master, True)
    say("received", t.expect(rb"([0-9a-f]{64})").group(1).decode())
    t.read_to_end()
    say("exit", t.wait())


def both_ways():
    """1 MiB there and back through cat, at the same time."""
    t = Terminal(run_argv())
    t.expect(rb"BEGIN")
    data = hashlib.sha512(b"seed").digest() * (MEBIBYTE // 64)
    want = hashlib.sha256(data).hexdigest()
    os.set_blocking(t.master, False)
    deadline = time.monotonic() + TIMEOUT
    sent = 0
    while sent < len(data) or len(t.seen) < len(data):
        if time.monotonic() > deadline:
            raise Failure("sent %d, back %d" % (sent, len(t.seen)))
        writers = [t.master] if sent < len(data) else []
        readable, writable, _ = select.select([t.master], writers, [], 1)
        if readable:
            t.read(deadline)
        if writable:
            sent += os.write(t.master, data[sent:sent + 4096])
    say("sent", want)
    say("back", hashlib.sha256(t.seen).hexdigest())
    call("kill", name, "KILL")
    t.read_to_end()
    say("exit", t.wait())


def idle():
    t = Terminal(run_argv())
    t.expect(rb"ready\r\n")
    before = ticks(t.pid)
    time.sleep(2)
    say("idle ticks", "few" if ticks(t.pid) - before < 20 else ticks(t.pid) - before)
    call("kill", name, "KILL")
    t.read_to_end()
    say("exit", t.wait())
    say("settings restored", "yes" if t.settings() == t.before else "no")


def hang_up():
    """The terminal goes away; the container does not, and the runtime neither spins nor leaves it."""
    t = Terminal(run_argv())
    t.expect(rb"ready\r\n")
    os.close(t.slave)
    os.close(t.master)
    time.sleep(0.2)
    before = ticks(t.pid)
    time.sleep(2)
    say("ticks", "few" if ticks(t.pid) - before < 20 else ticks(t.pid) - before)
    say("still there", "no" if t.has_ended() else "yes")
    call("kill", name, "KILL")
    say("exit", t.wait())


def broken_pipe():
    """Standard output is a pipe, and nobody reads it."""
    read_fd, write_fd = os.pipe()
    t = Terminal(run_argv(), stdout=write_fd)
    os.close(write_fd)
    seen = b""
    while b"ready" not in seen:
        seen += os.read(read_fd, 4096)
    os.close(read_fd)
    t.send(b"go\n")
    say("exit", t.wait())
    say("settings restored", "yes" if t.settings() == t.before else "no")


def console_socket():
    path = os.path.join(os.path.dirname(root), "console.sock")
    if os.path.exists(path):
        os.unlink(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(4)
    output, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        # no terminal at all, as below conmon
        os.setsid()
        os.dup2(os.open("/dev/null", os.O_RDWR), 0)
        for fd in (1, 2):
            os.dup2(theirs, fd)
        if command:
            os.execv(runtime, run_argv("--detach", "--console-socket", path))
        os.execv(runtime, [runtime, "--root", root, "create", "--console-socket", path, "--bundle", bundle, name])
    server.settimeout(TIMEOUT)
    connection, _ = server.accept()
    connection.settimeout(TIMEOUT)
    data, ancillary, flags, _ = connection.recvmsg(4096, socket.CMSG_SPACE(16 * 4))
    fds = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(content[:len(content) - len(content) % 4])
    say("exec" if command else "create", status_of(os.waitpid(pid, 0)[1]))
    os.close(theirs)
    # containerd's shim waits for it before it calls start
    ends = select.select([output], [], [], TIMEOUT)[0] and not os.read(output, 100)
    say("its output ends", "yes" if ends else "no")
    say("descriptors", len(fds))
    say("payload", data.decode())
    say("then the end", "yes" if connection.recv(100) == b"" else "no")
    say("the socket file stays the caller's", "yes" if os.path.exists(path) else "no")
    server.setblocking(False)
    try:
        server.accept()
        say("one connection", "no")
    except OSError:
        say("one connection", "yes")
    fcntl.ioctl(fds[0], TIOCGPTN, b"\0" * 4)  # fails for anything but a master
    say("a master", "yes")
    size = struct.unpack("HHHH", fcntl.ioctl(fds[0], TIOCGWINSZ, b"\0" * 8))
    say("size", "%d %d" % size[:2])
    if not command:
        say("start", call("start", name))
    t = Terminal.__new__(Terminal)
    t.master, t.seen, t.pid = fds[0], b"", 0
    t.has_ended = lambda: False
    t.expect(rb"ready\r\n")
    t.send(b"hello\n")
    say("echo", t.expect(rb"(hello)\r\n").group(1).decode())
    say("answer", t.expect(rb"got (\S+)\r\n").group(1).decode())
    # all slaves closed: EIO is the end
    deadline = time.monotonic() + TIMEOUT
    while t.read(deadline):
        pass
    say("end", "yes")


def stats_terminal(*more):
    t = Terminal([runtime, "--root", root, "stats", *more], size=(20, 120))
    t.expect(rb"\x1b\[\?1049h")
    t.expect(re.escape(name.encode()[:8]))
    return t


def say_restored(t):
    say("settings restored", "yes" if t.settings() == t.before else "no")
    say("the other screen is left", "yes" if b"\x1b[?1049l" in t.seen else "no")


def stats_keys():
    """The live table: painted each second, in a window that becomes narrow."""
    t = stats_terminal()
    say("keys unseen meanwhile", "yes" if not t.local_flags() & 0o12 else "no")  # ICANON, ECHO
    t.expect(rb"\x1b\[H")
    say("painted again", "yes" if t.expect(rb"\x1b\[H") else "no")
    t.resize(20, 60)
    # the page that was on its way is of the old size
    t.expect(rb"\x1b\[J")
    t.expect(rb"\x1b\[J")
    page = t.expect(rb"\x1b\[H([^\x1b]*(?:\x1b\[K[^\x1b]*)*)\x1b\[J").group(1)
    widest = max(len(line) for line in page.replace(b"\x1b[K", b"").split(b"\r\n"))
    say("widest line at 60 columns", "less than 60" if 40 < widest < 60 else widest)
    t.send(b"q")
    t.read_to_end()
    say("exit by q", t.wait())
    say_restored(t)


def stats_interrupted():
    t = stats_terminal()
    t.send(b"\x03")
    t.read_to_end()
    say("exit by ^C", t.wait())
    say_restored(t)
    say("the cursor is back", "yes" if b"\x1b[?25h" in t.seen else "no")


def stats_stopped():
    """A job of a shell, which ^Z gives the terminal back to."""
    t = Terminal(["/bin/bash", "--norc", "--noediting", "-i"], size=(20, 120))
    before = t.settings()
    t.send(b"'%s' --root '%s' stats\n" % (runtime.encode(), root.encode()))
    t.expect(rb"\x1b\[\?1049h")
    t.expect(re.escape(name.encode()[:8]))
    t.send(b"\x1a")
    t.expect(rb"\x1b\[\?1049l")
    say("after ^Z", t.expect(rb"(Stopped)").group(1).decode())
    say("the shell's settings", "yes" if t.settings() == before else "no")
    t.send(b"fg\n")
    t.expect(rb"\x1b\[\?1049h")
    t.expect(re.escape(name.encode()[:8]))
    t.send(b"q")
    t.expect(rb"\x1b\[\?1049l")
    t.send(b"echo status-$?\n")
    say("painted again and left by q", t.expect(rb"status-(\d+)").group(1).decode())
    t.send(b"exit\n")
    t.read_to_end()
    t.wait()


def stats_named():
    """Nobody who was asked for is left."""
    t = stats_terminal(name)
    call("kill", name, "KILL")
    t.read_to_end()
    say("ends with the container", t.wait())
    say_restored(t)


def report():
    """What the program finds out of its terminal by itself."""
    t = Terminal(run_argv())
    for line in t.read_to_end().decode().splitlines():
        print(line.rstrip("\r"), flush=True)
    say("exit", t.wait())


def main():
    try:
        globals()[scenario]()
    except Failure as e:
        say("FAILED", e)
        sys.exit(1)


scenario, runtime, root, bundle, name = sys.argv[1:6]
command = sys.argv[6:]
signal.signal(signal.SIGHUP, signal.SIG_IGN)
main()
