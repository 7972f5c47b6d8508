#!/usr/bin/env python3
"""Hundreds of remote tarpits against the queue and client of Postern and Debian's Postfix: bench/trickle/tarpits.py.

A letter to each tarpit, every one of them a destination of its own; then letters to other destinations, whose way out is
compared with what it was before. As root."""
import os
import resource
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests", "attacks"))
from harness import Server, carry_out, comparison, keep_figures, need_root, send, wait_until  # noqa: E402
from remote_tarpit import KINDS, Tarpit  # noqa: E402

MORE = """
transport_maps = texthash:{path}
default_destination_concurrency_limit = 20
"""
GOOD_HOSTS, WARM = 10, 50


def write_routes(tarpit, good, chosen):
    path = f"/tmp/bench-tarpits-{os.getpid()}.routes"
    with open(path, "w") as file:
        for i in range(1, chosen.tarpits + 1):
            file.write(f"t{i}.test smtp:[127.30.{i // 250}.{1 + i % 250}]:{tarpit.port}\n")
        for i in range(1, max(chosen.letters, WARM) + 1):
            file.write(f"g{i}.test smtp:[127.31.0.{1 + i % GOOD_HOSTS}]:{good.port}\n")
    os.chmod(path, 0o644)
    return path


def good_letters(server, good, count, limit):
    """Sends them; seconds until the first and the last is delivered, and how many are when the limit is over."""
    taken, begun = good.taken, time.monotonic()
    send(server, messages=count, sessions=20, first=1, keep=1, to="user@g%.test", patience=30, seconds=limit)
    accepted = time.monotonic() - begun
    first = time.monotonic() - begun if wait_until(lambda: good.taken > taken, limit) else None
    all_there = wait_until(lambda: good.taken - taken >= count, max(limit - accepted, 1))
    return {"delivered": good.taken - taken, "of": count, "accepted_s": accepted, "first_s": first,
            "all_s": time.monotonic() - begun if all_there else None}


def fill(server, tarpit, count):
    """A letter to each; how many hold a session of ours."""
    send(server, messages=count, sessions=20, first=1, keep=1, to="user@t%.test", patience=30)
    seen = [0, time.monotonic()]

    def is_settled():
        if tarpit.open > seen[0]:
            seen[:] = tarpit.open, time.monotonic()
        return tarpit.open >= count or time.monotonic() > seen[1] + 5

    wait_until(is_settled, 120)
    return tarpit.open


def measure(name, chosen):
    with Tarpit(chosen.kind, chosen.pause) as tarpit, Tarpit("good") as good:
        path = write_routes(tarpit, good, chosen)
        server = Server(name, MORE=MORE.format(path=path))
        try:
            server.verb("build")
            server.start()
            good_letters(server, good, WARM, 60)  # warm
            result = {"before": good_letters(server, good, chosen.letters, 60), "memory_before": server.memory()}
            result["held"] = fill(server, tarpit, chosen.tarpits)
            result["memory_with"] = server.memory()
            result["with"] = good_letters(server, good, chosen.letters, chosen.seconds)
            result["held_then"] = tarpit.open
            return result
        finally:
            server.remove()
            os.unlink(path)


def report(name, found):
    def text(when):
        one = found[when]
        return (f"{one['delivered']} of {one['of']} delivered, " +
                (f"the last after {one['all_s']:.2f} s" if one["all_s"] else "no more in time"))
    each = (found["memory_with"] - found["memory_before"]) / max(found["held"], 1)
    print(f"{name}: {found['held']} tarpits hold a session ({found['held_then']} in the end), {each:.1f} KiB each; letters to others: "
          f"{text('before')} before; {text('with')} with them", flush=True)


def arguments():
    parser = comparison(__doc__)
    parser.add_argument("--tarpits", type=int, default=500)
    parser.add_argument("--kind", default="drip", choices=sorted(KINDS), help="see tests/attacks/remote_tarpit.py (drip)")
    parser.add_argument("--pause", type=float, default=1, help="seconds between two bytes of a tarpit (1)")
    parser.add_argument("--letters", type=int, default=200, help="to other destinations (200)")
    parser.add_argument("--seconds", type=int, default=60, help="in which these should be delivered (60)")
    return parser.parse_args()


def main():
    chosen = arguments()
    need_root()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    results = {}
    for name in chosen.servers:
        results[name] = measure(name, chosen)
        report(name, results[name])
    keep_figures(chosen, results)


if __name__ == "__main__":
    carry_out(main)
