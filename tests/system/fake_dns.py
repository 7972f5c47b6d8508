"""A DNS server for tests, over UDP, in a thread. It knows what its tables say, and says NXDOMAIN (with an SOA record) of
everything else.

    dns = FakeDns()                                    # 127.0.0.1, on a free port: dns.server is "127.0.0.1:PORT"
    dns.enlist('zen.test', '127.0.0.2', '127.0.0.4')   # the DNS list zen.test lists 127.0.0.2 as 127.0.0.4
    dns.enlist('zen.test', '2001:db8::1', ['127.0.0.2', '127.0.0.10'], ttl=5)
    dns.domain('slow.test', delay=3)                   # all names of slow.test: also silent, code (2 is SERVFAIL), secure,
                                                       #   minimum (ttl of "no"; None: no SOA record)
    dns.table['a.test', A] = [('a.test', A, v4('192.0.2.1'))]
    dns.asked('zen.test')                              # questions so far for addresses of names of zen.test
    dns.close()

A program that knows no other way than /etc/resolv.conf is started with the words of behind(); the server then listens at
port 53: FakeDns('127.0.0.53', 53). By itself:  fake_dns.py ADDRESS PORT DOMAIN:CLIENT:ANSWER ..."""
import collections
import heapq
import ipaddress
import itertools
import select
import socket
import struct
import sys
import tempfile
import threading
import time

A, CNAME, SOA, MX, AAAA, TLSA = 1, 5, 6, 15, 28, 52
NOERROR, SERVFAIL, NXDOMAIN, REFUSED = 0, 2, 3, 5


def wire_name(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.') if label) + b'\0'


def mx(preference, host):
    return struct.pack('>H', preference) + wire_name(host)


def v4(address):
    return socket.inet_aton(address)


def list_name(domain, client):
    """The name that stands for a client in a DNS list: 2.0.0.127.zen.test."""
    return ipaddress.ip_address(client).reverse_pointer.rsplit('.', 2)[0] + '.' + domain


def behind(address, command):
    """The words that run a command with a resolv.conf of its own, which names this server alone. Needs root."""
    with tempfile.NamedTemporaryFile('w', suffix='.resolv.conf', delete=False) as file:
        file.write(f'nameserver {address}\n')
    # Readable for the users that the command becomes; the mount keeps it, and the name goes at once.
    script = 'set -e; chmod 644 "$1"; mount --bind "$1" /etc/resolv.conf; rm "$1"; shift; exec "$@"'
    return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'behind', file.name, *command]


class Domain:
    """How questions below a domain are answered."""

    def __init__(self):
        self.delay, self.silent, self.code, self.secure, self.minimum = 0, False, NOERROR, False, 60


class FakeDns:
    def __init__(self, host='127.0.0.1', port=0):
        self.table = {}     # (name, type): [(owner, type, data), ...]; a fourth part is the ttl
        self.domains = {'': Domain()}
        self.names = collections.Counter()  # of questions, by (name, type)
        self.late, self.order = [], itertools.count()  # replies that wait, by time
        self.socket = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((host, port))
        self.host, self.port = self.socket.getsockname()[:2]
        self.server = f'[{self.host}]:{self.port}' if ':' in host else f'{self.host}:{self.port}'
        self.ending, self.wake = socket.socketpair()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- what it knows

    def enlist(self, domain, client, answers='127.0.0.2', ttl=60):
        name = list_name(domain, client)
        answers = [answers] if isinstance(answers, str) else answers
        self.table[name, A] = [(name, A, v4(answer), ttl) for answer in answers]

    def delist(self, domain, client):
        self.table.pop((list_name(domain, client), A), None)

    def domain(self, name, **how):
        known = self.domains.setdefault(name, Domain())
        for key, value in how.items():
            assert hasattr(known, key), key
            setattr(known, key, value)

    def asked(self, domain, kind=A):
        """How many questions of a type came for a name and for names below it."""
        return sum(n for (name, of), n in list(self.names.items())
                   if of == kind and (name == domain or name.endswith('.' + domain)))

    # -- what it says

    def domain_of(self, name):
        while name and name not in self.domains:
            name = name.partition('.')[2]
        return name, self.domains[name]

    def reply(self, packet):
        """The reply to a question, and after what time; None for silence."""
        at, labels = 12, []
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode('latin1').lower())
            at += 1 + packet[at]
        name, kind = '.'.join(labels), struct.unpack('>H', packet[at + 1:at + 3])[0]
        self.names[name, kind] += 1
        zone, domain = self.domain_of(name)
        if domain.silent:
            return None
        known = self.table.get((name, kind))
        exists = known is not None or any((name, other) in self.table for other in (A, CNAME, MX, AAAA, TLSA))
        code = domain.code or (NOERROR if exists or name in self.domains else NXDOMAIN)
        records = [self.record(*one) for one in known or ()] if not domain.code else []
        soa = []
        if not records and not domain.code and domain.minimum is not None:
            numbers = struct.pack('>IIIII', 1, 3600, 600, 86400, domain.minimum)
            data = wire_name('ns.test') + wire_name('root.test') + numbers
            soa = [self.record(zone or (labels or ['test'])[-1], SOA, data, max(domain.minimum, 1) * 2)]
        flags = 0x8180 | code | (0x20 if domain.secure else 0)
        head = packet[:2] + struct.pack('>HHHHH', flags, 1, len(records), len(soa), 0)
        return head + packet[12:at + 5] + b''.join(records + soa), domain.delay

    @staticmethod
    def record(owner, kind, data, ttl=60):
        return wire_name(owner) + struct.pack('>HHIH', kind, 1, ttl, len(data)) + data

    # -- how it runs

    def run(self):
        while True:
            pause = max(0, self.late[0][0] - time.monotonic()) if self.late else None
            ready = select.select([self.socket, self.ending], [], [], pause)[0]
            while self.late and self.late[0][0] <= time.monotonic():
                self.send(*heapq.heappop(self.late)[2:])
            if self.ending in ready:
                return
            if ready:
                self.take()

    def take(self):
        """Everything that has come."""
        for _ in range(1000):
            try:
                packet, client = self.socket.recvfrom(4096, socket.MSG_DONTWAIT)
                answer = self.reply(packet)
            except BlockingIOError:
                return
            except (OSError, IndexError, struct.error):
                continue
            if answer is None:
                continue
            if answer[1]:
                heapq.heappush(self.late, (time.monotonic() + answer[1], next(self.order), answer[0], client))
            else:
                self.send(answer[0], client)

    def send(self, packet, client):
        try:
            self.socket.sendto(packet, client)
        except OSError:
            pass  # who asked is gone

    def close(self):
        self.wake.close()
        self.thread.join()
        self.socket.close()
        self.ending.close()


def main(address, port, *entries):
    with FakeDns(address, int(port)) as dns:
        for entry in entries:
            domain, _, rest = entry.partition(':')
            client, _, answer = rest.rpartition(':')
            dns.enlist(domain, client, answer)
        print(dns.server, flush=True)
        dns.thread.join()


if __name__ == '__main__':
    main(*sys.argv[1:])
