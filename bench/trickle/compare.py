#!/usr/bin/env python3
"""Thousands of tricklers against Postern and Debian's Postfix: bench/trickle/compare.py. See README.md.

A good client sends mail before, while, and after they are there; what it got through, and how long it waited for its
greeting, is compared. Then: the memory of each trickler, and whether each is gone when its time is over. As root."""
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from harness import (BUILD, Server, build, carry_out, comparison, keep_figures, need_root, send,  # noqa: E402
                     wait_until)

TRICKLE = BUILD + "/bench/bench_trickle"
PLAIN, HANDSHAKE, RECORDS, FLIGHT = 1 | 2 | 4 | 8 | 32, 16, 64, 128  # bits of bench_trickle's kinds
ALL = PLAIN | HANDSHAKE | RECORDS | FLIGHT
TLS = """
smtpd_tls_security_level = may
smtpd_tls_chain_files = {certificate}
"""
SHORT = """
smtpd_timeout = {limit}s
smtpd_starttls_timeout = {limit}s
smtpd_first_command_time_limit = {limit}s
smtpd_load_limits =
"""
FIRST_NUMBER = [1]


def make_certificate():
    path = f"/tmp/bench-trickle-{os.getpid()}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
                    "-keyout", path, "-out", path + ".crt", "-subj", "/CN=mx.bench.test"], check=True, capture_output=True)
    with open(path, "a") as both, open(path + ".crt") as certificate:
        both.write(certificate.read())
    os.unlink(path + ".crt")
    return path


@contextlib.contextmanager
def tricklers(server, count, **options):
    """As long as the block lasts; gives a dictionary with `trickling`, and at the end with the whole report."""
    words = [f"{name}={value}" for name, value in options.items()]
    with subprocess.Popen([TRICKLE, f"port={server.port}", f"count={count}", *words], stdout=subprocess.PIPE, text=True) as process:
        found = json.loads(process.stdout.readline())
        try:
            yield found
        finally:
            with contextlib.suppress(OSError):
                with open(f"/proc/{process.pid}/stat") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                found["cpu"] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            process.send_signal(signal.SIGTERM)
            found.update(json.loads(process.stdout.read()))


def good_client(server, messages, sessions, seconds):
    """Messages a second, each in a connection of its own; how many of those that were tried got through; greeting times."""
    seen = send(server, messages=messages, sessions=sessions, seconds=seconds, patience=10, first=FIRST_NUMBER[0])
    FIRST_NUMBER[0] += messages
    return {"rate": seen["accepted"] / seen["seconds"], "accepted": seen["accepted"], "tried": seen["tried"],
            "greeting_ms": seen["greeting_ms"], "complaints": seen["complaints"]}


def good_clients(server, chosen):
    """One at a time, and twenty; the medians of some turns, and the worst greeting."""
    result = {}
    for name, sessions, messages in (("one", 1, chosen.messages // 3), ("twenty", 20, chosen.messages)):
        turns = [good_client(server, messages, sessions, chosen.seconds) for _ in range(chosen.turns)]
        greetings = list(zip(*(turn["greeting_ms"] for turn in turns)))
        result[name] = {"rate": statistics.median(turn["rate"] for turn in turns),
                        "accepted": sum(turn["accepted"] for turn in turns), "tried": sum(turn["tried"] for turn in turns),
                        "greeting_ms": [statistics.median(greetings[0]), statistics.median(greetings[1]), max(greetings[2])],
                        "complaints": sorted({turn["complaints"] for turn in turns} - {""})}
    return result


@contextlib.contextmanager
def running(name, procs, more):
    server = Server(name, PROCS=str(procs), MORE=more)
    try:
        server.verb("build")
        server.start()
        yield server
    finally:
        server.remove()


def under_load(server, chosen, count):
    """The good client before, with, and after."""
    send(server, messages=200, sessions=20, first=10**8, seconds=10)  # warm
    before = good_clients(server, chosen)
    cpu, begun = server.cpu(), time.monotonic()
    with tricklers(server, count, kinds=ALL, again=1, rate=chosen.rate) as found:
        during = good_clients(server, chosen)
        found["server_cpu"] = (server.cpu() - cpu) / (time.monotonic() - begun)
    wait_until(lambda: server.queued() == 0, 30)
    after = good_clients(server, chosen)
    return {"count": count, "before": before, "with": during, "after": after, "tricklers": found}


def memory(server, chosen, kinds):
    """PSS of all processes that each trickler adds, in KiB."""
    before = server.memory()
    with tricklers(server, chosen.count, kinds=kinds, rate=chosen.rate) as found:
        time.sleep(2)
        added = server.memory() - before
    return {"trickling": found["trickling"], "kib_each": added / max(found["trickling"], 1)}


def lateness(server, chosen):
    """All are there until they are sent away."""
    limit = chosen.limit
    with tricklers(server, chosen.count, kinds=ALL, rate=chosen.rate, request_s=limit, first_s=limit, handshake_s=limit) as found:
        time.sleep(limit + 10)
    return found


def measure(chosen, certificate):
    tls = TLS.format(certificate=certificate)
    results = {}
    for name in chosen.servers:
        result = results[name] = {}
        procs = chosen.procs if name == "postern" else 100  # Postfix's default
        for count in (chosen.count,) if name == "postern" else (chosen.count, 500):
            with running(name, procs, tls) as server:
                result[f"load {count}"] = under_load(server, chosen, count)
                report_load(name, result[f"load {count}"])
        if name != "postern":
            continue
        for title, kinds in (("plain", PLAIN), ("TLS", RECORDS), ("handshake", HANDSHAKE), ("flight", FLIGHT)):
            with running(name, procs, tls + "smtpd_load_limits =\n") as server:
                result["memory " + title] = found = memory(server, chosen, kinds)
                print(f"{name}: {found['kib_each']:.1f} KiB each, {title}, of {found['trickling']} tricklers", flush=True)
        with running(name, procs, tls + SHORT.format(limit=chosen.limit)) as server:
            result["late"] = lateness(server, chosen)
            report_lateness(name, result["late"], chosen)
    return results


def report_load(name, found):
    load = found["tricklers"]
    print(f"{name}: {found['count']} tricklers called, {load['trickling']} trickled ({load['most']} at most), "
          f"{load['server_cpu']:.2f} CPU of the server, {load['cpu'] / load['seconds']:.2f} of theirs")
    for kind in ("one", "twenty"):
        before, during, after = (found[when][kind] for when in ("before", "with", "after"))
        base = statistics.mean((before["rate"], after["rate"])) or 1
        print(f"  good client, {kind:6}: {before['rate']:7.1f} msg/s before, {during['rate']:7.1f} with, {after['rate']:7.1f} after: "
              f"{100 * during['rate'] / base:5.1f} %; {during['accepted']} of {during['tried']} through; greeting ms "
              + "/".join(f"{x:.1f}" for x in before["greeting_ms"]) + " before, "
              + "/".join(f"{x:.1f}" for x in during["greeting_ms"]) + " with (p50/p99/max)", flush=True)
        for line in during["complaints"]:
            print("    " + line.replace("\n", "; ")[:300])


def report_lateness(name, found, chosen):
    print(f"{name}: limits of {chosen.limit} s, {found['most']} trickled, {found['late']} were held for more than 2 s beyond")
    for phase, seen in found["kinds"].items():
        held = seen["held_s"]
        print(f"  {phase:10} {seen['calls']:6} calls, {seen['told']:6} told, {seen['closed']:6} closed, {seen['refused']:5} refused, "
              f"{seen['stay']:5} stay, {seen['late']:5} late; held {held['p50']:.1f}/{held['p99']:.1f}/{held['max']:.1f} s", flush=True)


def arguments():
    parser = comparison(__doc__)
    parser.add_argument("--count", type=int, default=10000, help="tricklers (10000)")
    parser.add_argument("--procs", type=int, default=2, help="processes of Postern's smtpd (2)")
    parser.add_argument("--messages", type=int, default=600, help="of the good client, a turn (600)")
    parser.add_argument("--turns", type=int, default=3, help="of the good client (3)")
    parser.add_argument("--seconds", type=int, default=20, help="of a turn, at most (20)")
    parser.add_argument("--rate", type=int, default=1000, help="calls of tricklers a second (1000)")
    parser.add_argument("--limit", type=int, default=20, help="seconds of the limits for the part about punctuality (20)")
    return parser.parse_args()


def main():
    chosen = arguments()
    need_root()
    certificate = make_certificate()
    try:
        results = measure(chosen, certificate)
    finally:
        os.unlink(certificate)
    keep_figures(chosen, results)


if __name__ == "__main__":
    if not os.path.exists(TRICKLE):
        build("bench_trickle", "bench_load")
    carry_out(main)
