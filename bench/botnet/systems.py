"""Servers with a screening port, as the comparison of screening runs them: their DNS is a list of the simulator."""
import collections
import contextlib
import os
import re
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import BUILD, Server, Trouble, free_port, wait_until  # noqa: E402

BOTNET = BUILD + "/bench/bench_botnet"
SCREEN = "postscreen"  # of both: the name that master.cf has
# The second octets of callers' addresses, as in kinds.h.
KINDS = {10: "eager", 11: "tempted", 12: "web", 13: "pipeliner", 14: "trickler", 15: "leaves_early", 16: "leaves_late",
         17: "listed", 18: "bare_newline", 19: "babbler", 200: "postfix", 201: "gmail", 202: "outlook"}
LEGITIMATE = ("postfix", "gmail", "outlook")


@contextlib.contextmanager
def name_server():
    """A DNS list at an address of its own; gives the name of a resolv.conf that leads there."""
    address = f"127.53.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
    path = f"/tmp/bench-botnet-{os.getpid()}.resolv"
    with open(path, "w") as file:
        file.write(f"nameserver {address}\n")
    os.chmod(path, 0o644)
    with subprocess.Popen([BOTNET, "dns", address, "53"]) as process:
        try:
            yield path
        finally:
            process.terminate()
            os.unlink(path)


def cpu_of(pid):
    """CPU seconds of a living process, exactly."""
    total = 0
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
    return total / 1e9


def name_of(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/comm") as file:
        return file.read().strip()
    return ""


class Screened(Server):
    def __init__(self, name, resolv, more):
        super().__init__(name, PORT_SCREEN="0", MORE=more)
        self.port += 1
        self.environment["PORT_SCREEN"] = str(self.port)  # what greets() asks
        self.resolv = resolv

    def verb(self, verb, check=True, limit=900):
        if verb != "start":
            return super().verb(verb, check, limit)
        command = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$1" start', self.resolv,
                   self.script]

        def prepare():
            self.enter_group()
            most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=limit, preexec_fn=prepare)
        if done.returncode:
            raise Trouble(f"{self.name} start: {(done.stderr or done.stdout).strip()[-1000:]}")
        return done.stdout

    def greets(self):
        """Makes the screening process start, too."""
        return super().greets() and bool(self.screens())

    def screens(self):
        return [pid for pid in self.processes() if name_of(pid) == SCREEN]

    def cpu_by_program(self):
        found = collections.Counter()
        for pid in self.processes():
            found[name_of(pid)] += cpu_of(pid)
        return found

    def screen_memory(self):
        """(resident, proportional) KiB of the screening processes."""
        total = [0, 0]
        for pid in self.screens():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as file:
                text = file.read()
            for i, word in enumerate(("Rss", "Pss")):
                total[i] += int(re.search(rf"^{word}: +(\d+)", text, re.M).group(1))
        return total

    def descriptors(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.screens())

    def came_through(self):
        """Connections that smtpd saw, by kind, as the log says."""
        with open(self.dir + "/mail.log", errors="replace") as file:
            octets = re.findall(r"postfix/smtpd\[\d+\]: connect from \S+\[127\.(\d+)\.", file.read())
        return dict(collections.Counter(KINDS.get(int(octet), "other") for octet in octets))

    def panics(self):
        """Lines of the log that should not be there."""
        with open(self.dir + "/mail.log", errors="replace") as file:
            return [line.strip() for line in file if re.search(r": (panic|fatal|error): ", line)]


def call(verb, server, **options):
    """Starts the simulator against a server."""
    words = [f"{name}={value}" for name, value in options.items()]
    return subprocess.Popen([BOTNET, verb, f"port={server.port}", *words], stdout=subprocess.PIPE, text=True)


def settle(server, limit=10):
    """Waits until the screening processes are at rest."""
    last = [-1.0]

    def rests():
        now = sum(cpu_of(pid) for pid in server.screens())
        rested, last[0] = now - last[0] < 0.001, now
        return rested

    wait_until(rests, limit, pause=0.2)
    return time.monotonic()
