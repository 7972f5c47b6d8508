#!/usr/bin/env python3
"""A botnet and a few legitimate senders against Postern's screen and Debian's postscreen: bench/botnet/compare.py.

Both have the same main.cf and see the same callers, in turns. What is measured is the CPU time of the screening process
(and of its helpers) for each connection, who came through to smtpd, and what became of legitimate mail. With --hold N,
N connections wait for their greeting at the same time, and the memory of the screening process is measured. As root."""
import json
import os
import statistics
import sys

from systems import BOTNET, LEGITIMATE, SCREEN, Screened, call, name_server, settle, wait_until
from harness import build, carry_out, comparison, keep_figures, need_root

SETTINGS = """
postscreen_greet_wait = {wait}s
postscreen_greet_action = {action}
postscreen_dnsbl_sites = {sites}
postscreen_dnsbl_threshold = 2
postscreen_dnsbl_action = {action}
postscreen_pipelining_enable = {deep}
postscreen_pipelining_action = {action}
postscreen_non_smtp_command_enable = {deep}
postscreen_non_smtp_command_action = drop
postscreen_bare_newline_enable = {deep}
postscreen_bare_newline_action = {action}
postscreen_command_time_limit = 10s
"""
HELPERS = {"postern": (), "postfix": ("dnsblog",)}


def run_once(server, chosen):
    """One round of one server: what the simulator saw and what it cost."""
    server.start()
    settle(server)
    before, all_before = server.cpu_by_program(), server.cpu()
    with call("run", server, bots=chosen.bots, rate=chosen.rate, seed=chosen.seed, greet_ms=chosen.wait * 1000,
              percent=chosen.percent, attempts=chosen.attempts) as simulator:
        seen = json.loads(simulator.communicate(timeout=900)[0])
    settle(server)
    after = server.cpu_by_program()
    spent = {name: after[name] - before[name] for name in after if after[name] > before[name]}
    screen = spent.get(SCREEN, 0)
    helpers = sum(spent.get(name, 0) for name in HELPERS[server.name])
    count = seen["connections"]
    seen["memory_kib"] = server.screen_memory()
    seen["cpu"] = {"screen": screen, "with_helpers": screen + helpers, "all": server.cpu() - all_before, **spent}
    seen["ms_a_decision"] = {"screen": screen / count * 1e3, "with_helpers": (screen + helpers) / count * 1e3,
                             "all": seen["cpu"]["all"] / count * 1e3}
    wait_until(lambda: server.queued() == 0, 30)
    server.stop()
    seen["smtpd_saw"] = server.came_through()
    seen["panics"] = server.panics()
    return seen


def hold_once(server, chosen):
    """Connections that wait for their greeting: memory before and with them, and how punctual the greetings are."""
    server.start()
    settle(server)
    before = server.screen_memory()
    with call("hold", server, hold=chosen.hold, rate=chosen.rate, seed=chosen.seed, greet_ms=chosen.wait * 1000,
              bots=100, percent=100, attempts=2, patience=chosen.wait + 30) as simulator:
        held = json.loads(simulator.stdout.readline())
        all_there = wait_until(lambda: server.descriptors() >= held["held"], 10)  # some are still in the kernel's queue
        with_them, taken = server.screen_memory(), server.descriptors()
        seen = json.loads(simulator.communicate(timeout=900)[0])
    count = max(held["held"], 1)
    server.stop()
    return {**held, "all_there": all_there, "taken": taken, "before_kib": before, "with_them_kib": with_them,
            "rss_bytes_each": (with_them[0] - before[0]) * 1024 / count,
            "pss_bytes_each": (with_them[1] - before[1]) * 1024 / count, **seen, "panics": server.panics()}


def median(results, *path):
    values = []
    for result in results:
        for step in path:
            result = result[step]
        values.append(result)
    return statistics.median(values)


def legitimate(results, what):
    return sum(result["kinds"][kind][what] for result in results for kind in LEGITIMATE)


def report_run(results):
    print(f"{'':34} {'Postern':>10} {'Postfix':>10} {'ratio':>7}")

    def row(title, get, form="{:10.3f}", ratio=False):
        values = {name: get(found) for name, found in results.items()}
        text = f"{title:34} " + " ".join(form.format(values[x]) if x in values else f"{'-':>10}" for x in HELPERS)
        if ratio and len(values) == 2 and values["postern"]:
            text += f" {values['postfix'] / values['postern']:7.2f}"
        print(text)

    row("connections", lambda x: median(x, "connections"), "{:10.0f}")
    row("CPU ms a decision, screen", lambda x: median(x, "ms_a_decision", "screen"), ratio=True)
    row("  with its helpers", lambda x: median(x, "ms_a_decision", "with_helpers"), ratio=True)
    row("  all processes", lambda x: median(x, "ms_a_decision", "all"), ratio=True)
    row("decisions a CPU second", lambda x: 1e3 / max(median(x, "ms_a_decision", "with_helpers"), 1e-9), "{:10.0f}")
    row("memory of screen, KiB", lambda x: median(x, "memory_kib", 0), "{:10.0f}")
    row("legitimate messages", lambda x: legitimate(x, "messages"), "{:10.0f}")
    row("  delivered", lambda x: legitimate(x, "delivered"), "{:10.0f}")
    row("  in the first connection", lambda x: legitimate(x, "in_first_connection"), "{:10.0f}")
    row("  refused for good", lambda x: legitimate(x, "refused"), "{:10.0f}")
    row("  attempts a message", lambda x: legitimate(x, "attempts") / max(legitimate(x, "messages"), 1), "{:10.2f}")
    row("bots that smtpd saw", lambda x: sum(n for one in x for kind, n in one["smtpd_saw"].items()
                                             if kind not in LEGITIMATE + ("other",)), "{:10.0f}")
    row("bots whose mail was accepted", lambda x: sum(kind["outcomes"].get("accepted", 0) for one in x
                                                      for name, kind in one["kinds"].items() if name not in LEGITIMATE),
        "{:10.0f}")
    for name, found in results.items():
        print(f"\n{name}: outcomes of the first round")
        for kind, seen in found[0]["kinds"].items():
            through = found[0]["smtpd_saw"].get(kind, 0)
            print(f"  {kind:13} {seen['connections']:6} {seen['outcomes']} smtpd saw {through}")
        for line in found[0]["panics"][:5]:
            print("  " + line)


def report_hold(results):
    for name, found in results.items():
        one = found[0]
        print(f"{name}: {one['held']} held ({one['taken']} descriptors), {median(found, 'rss_bytes_each'):.0f} bytes each (PSS "
              f"{median(found, 'pss_bytes_each'):.0f}); greeting late by {one['greeting_late_ms']} ms, answer to RCPT after "
              f"{one['rcpt_reply_ms']} ms; holders {one['holders']}; legitimate: {legitimate(found, 'delivered')} of "
              f"{legitimate(found, 'messages')} delivered, {legitimate(found, 'in_first_connection')} at once, "
              f"{legitimate(found, 'refused')} refused")
        for line in one["panics"][:5]:
            print("  " + line)


def arguments():
    parser = comparison(__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="turns of each server (1)")
    parser.add_argument("--bots", type=int, default=20000)
    parser.add_argument("--percent", type=int, default=1, help="legitimate senders of a hundred bots (1)")
    parser.add_argument("--rate", type=int, default=800, help="new connections a second (800)")
    parser.add_argument("--attempts", type=int, default=8, help="of a sender, then it gives up (8)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wait", type=int, help="seconds of the greeting wait (6; 30 with --hold)")
    parser.add_argument("--action", default="enforce", choices=("enforce", "drop"))
    parser.add_argument("--deep", default="yes", choices=("yes", "no"), help="tests of commands (yes)")
    parser.add_argument("--sites", default="zen.test*2, half.test*1, clean.test*2", help="DNS lists; none: ''")
    parser.add_argument("--more", default="", help="further lines of main.cf")
    parser.add_argument("--hold", type=int, default=0, metavar="N", help="hold N connections in the greeting wait")
    parser.add_argument("--keep", action="store_true", help="leave the servers' directories")
    chosen = parser.parse_args()
    chosen.wait = chosen.wait or (30 if chosen.hold else 6)
    return chosen


def main():
    chosen = arguments()
    need_root()
    more = SETTINGS.format(**vars(chosen)) + chosen.more.replace("\\n", "\n")
    results, servers = {}, []
    with name_server() as resolv:
        try:
            for name in chosen.servers:
                servers.append(Screened(name, resolv, more))
                servers[-1].verb("build")
            for turn in range(chosen.rounds):
                for server in servers:
                    print(f"round {turn + 1}: {server.name}", file=sys.stderr, flush=True)
                    once = (hold_once if chosen.hold else run_once)(server, chosen)
                    results.setdefault(server.name, []).append(once)
        finally:
            for server in servers:
                server.stop() if chosen.keep else server.remove()
    (report_hold if chosen.hold else report_run)(results)
    keep_figures(chosen, results)


if __name__ == "__main__":
    if not os.path.exists(BOTNET):
        build("bench_botnet")
    carry_out(main)
