"""Private instances of mail servers, the load on them, and what it costs; and what the scripts here have in common."""
import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("POSTERN_BUILD", os.path.join(os.path.dirname(HERE), "build", "release"))
TICK = os.sysconf("SC_CLK_TCK")


class Trouble(Exception):
    """Something that the person who measures has to know: one line."""


def carry_out(main):
    """Runs the main() of a script; trouble is said in one line."""
    try:
        main()
    except Trouble as trouble:
        sys.exit(f"bench/{os.path.relpath(os.path.realpath(sys.argv[0]), HERE)}: {trouble}")
    except KeyboardInterrupt:
        sys.exit(1)


def comparison(text):
    """The parser of a script that compares servers, with what each of these can be told. They run as root."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=lambda names: names.split(","), default=["postern", "postfix"], metavar="S1,S2",
                        help="these servers (postern,postfix)")
    parser.add_argument("--json", metavar="FILE", help="keep every figure")
    return parser


def need_root():
    if os.geteuid() != 0:
        raise Trouble("run this as root: Postfix needs it, and both are measured with the same rights")


def keep_figures(chosen, results):
    """Writes them to the file of --json, if there is to be one."""
    if chosen.json:
        with open(chosen.json, "w") as file:
            json.dump(results, file, indent=1)


def build(*targets):
    subprocess.run(["cmake", "--build", BUILD, "--target", *targets], check=True)


def free_port():
    """A port of 127.0.0.1 below the range that outgoing connections are given."""
    for port in range(20000 + os.getpid() % 5000, 32000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise Trouble("no free port")


def wait_until(condition, limit, pause=0.01):
    """True as soon as the condition holds, False when `limit` seconds have passed."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def process(pid):
    """(parent, CPU seconds of the process and of the children it has waited for), or None when it has ended."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    if fields[0] in "ZX":
        return None
    return int(fields[1]), sum(int(x) for x in fields[11:15]) / TICK


def tree(root):
    """The living processes below `root`, itself included: {pid: CPU seconds}."""
    table = {int(x): process(x) for x in os.listdir("/proc") if x.isdigit()}
    found, todo = {}, [root]
    while todo:
        pid = todo.pop()
        if table.get(pid):
            found[pid] = table[pid][1]
            todo += [child for child, known in table.items() if known and known[0] == pid]
    return found


def make_group(name):
    """A control group (version 2) that counts CPU exactly; None where we may not make one."""
    with open("/proc/mounts") as mounts, open("/proc/self/cgroup") as own:
        places = [line.split()[1] for line in mounts if line.split()[2] == "cgroup2"]
        inside = [line.strip()[3:] for line in own if line.startswith("0::")]
    for place in places:
        path = f"{place}{(inside or ['/'])[0].rstrip('/')}/{name}"
        with contextlib.suppress(OSError):
            os.mkdir(path)
            return path
    return None


class Server:
    """A server of servers/NAME in a directory of its own."""

    def __init__(self, name, **settings):
        self.name, self.port = name, free_port()
        self.script = os.path.join(HERE, "servers", name)
        self.dir = tempfile.mkdtemp(prefix=f"bench-{name}-")
        os.chmod(self.dir, 0o755)
        self.environment = {**os.environ, "DIR": self.dir, "PORT": str(self.port), **settings}
        self.group = make_group(os.path.basename(self.dir))

    def enter_group(self):
        if self.group:
            with open(self.group + "/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))

    def verb(self, verb, check=True, limit=900):
        done = subprocess.run([self.script, verb], env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit,
                              preexec_fn=self.enter_group if verb == "start" else None)
        if check and done.returncode:
            raise Trouble(f"{self.name} {verb}: {(done.stderr or done.stdout).strip()[-1000:]}")
        return done.stdout

    def start(self, fresh=True):
        if fresh:
            shutil.rmtree(self.dir)
            os.mkdir(self.dir, 0o755)
            self.verb("configure")
        self.verb("start", limit=60)
        if not wait_until(self.greets, 20):
            raise Trouble(f"{self.name} does not answer; see {self.dir}/mail.log")

    def stop(self):
        with contextlib.suppress(Exception):
            self.verb("stop", check=False, limit=30)
        if self.master():
            for pid in self.processes():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)

    def remove(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
        if self.group:
            with contextlib.suppress(OSError):
                os.rmdir(self.group)

    def greets(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as client:
            return client.recv(500).startswith(b"220") and client.send(b"QUIT\r\n")
        return False

    def master(self):
        """The process id of a running master, or 0."""
        try:
            with open(self.dir + "/queue/pid/master.pid") as file:
                pid = int(file.read())
        except (OSError, ValueError):
            return 0
        return pid if process(pid) else 0

    def processes(self):
        return tree(self.master()) if self.master() else {}

    def cpu(self):
        """CPU seconds so far. Without a control group: as sampled by the kernel's clock tick, which misses short
        spells, and with children that have ended through their parent."""
        if self.group:
            with open(self.group + "/cpu.stat") as file:
                return int(file.readline().split()[1]) / 1e6
        return sum(self.processes().values())

    def memory(self):
        """KiB of all processes, pages that are shared divided by who shares them (PSS)."""
        total = 0
        for pid in self.processes():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/smaps_rollup") as file:
                total += int(re.search(r"^Pss: +(\d+)", file.read(), re.M).group(1))
        return total

    def queued(self):
        return int(self.verb("queue").strip() or 0)

    def delivered(self):
        return int(self.verb("delivered", check=False).strip() or 0)

    def mailbox(self):
        return self.dir + "/mail/box/new"

    def arrived(self):
        """How many files are in the Maildir."""
        try:
            return len(os.listdir(self.mailbox()))
        except FileNotFoundError:
            return 0


def send(server, **options):
    """Runs bench_load; what it saw, as a dictionary."""
    command = [BUILD + "/bench/bench_load", f"port={server.port}", *(f"{k}={v}" for k, v in options.items())]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)
    if not done.stdout:
        raise Trouble(f"bench_load failed: {done.stderr.strip()}")
    return {**json.loads(done.stdout), "complaints": done.stderr.strip()}


@contextlib.contextmanager
def holding(server, sessions):
    """Holds idle sessions; gives how many there are."""
    command = [BUILD + "/bench/bench_load", f"port={server.port}", f"idle={sessions}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            yield json.loads(holder.stdout.readline())["held"]
        finally:
            holder.terminate()


def count_syncs(server, work):
    """Syncs of file data that the server asks for while `work` runs, or None without strace."""
    if not shutil.which("strace"):
        return None
    out = server.dir + "/syncs"
    command = ["strace", "-c", "-f", "-q", "-e", "trace=fsync,fdatasync,sync_file_range,msync,syncfs", "-o", out]
    for pid in server.processes():
        command += ["-p", str(pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    time.sleep(1)
    try:
        work()
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
    with open(out) as file:
        rows = [line.split() for line in file]
    return sum(int(row[3]) for row in rows if len(row) >= 5 and row[3].isdigit() and row[-1] != "total")
