"""Servers that waste the time of our client: each kind of them holds it no longer than its limit, and many of them do not keep
letters from others. One system, all kinds side by side, short timeouts."""
import os
import re
import sys
import tempfile
import unittest

import postern
from remote import Remote

sys.path.insert(0, os.path.join(postern.SOURCE, 'tests', 'attacks'))
from remote_tarpit import Tarpit  # noqa: E402

LIMIT, RCPT, DELIVERY, LATE = 1, 2, 3, 2  # seconds: of each phase, of RCPT, of a delivery, and how late we may be
MANY = 100
SIX = [f'r{n}' for n in range(6)]


def timed_out(doing):
    return ('deferred', '4.4.2', rf'conversation with 127\.0\.0\.1\[127\.0\.0\.1\] timed out while {doing}')


BY_DELIVERY = timed_out(r'sending RCPT TO \(smtp_delivery_time_limit\)')
GREETING = timed_out('receiving the initial server greeting')
SENT = ('sent', '2.0.0', '250 2.0.0 Ok: taken')

# kind: seconds between what it sends, recipients, size, how long it may hold us, and what may become of recipients
KINDS = {
    'silent': (1, ['x'], 0, LIMIT, {GREETING}),
    'late': (0.2, ['x'], 0, LIMIT, {SENT}),
    'drip': (0.2, ['x'], 0, LIMIT, {GREETING}),
    'endless': (0.1, ['x'], 0, LIMIT, {GREETING}),
    'babble': (0.1, ['x'], 0, LIMIT, {timed_out('performing the EHLO handshake')}),
    'long-line': (0, ['x'], 0, LIMIT, {('deferred', '4.5.0', r'host \S+ does not speak SMTP while performing the EHLO handshake')}),
    'recipients': (0.7, SIX, 0, DELIVERY, {BY_DELIVERY}),
    'one-by-one': (0.7, SIX, 0, DELIVERY + RCPT, {BY_DELIVERY, SENT}),
    'tiny': (0.1, ['x'], 8 << 20, LIMIT, {timed_out('sending message body')}),
    'no-end': (1, ['x'], 0, LIMIT, {timed_out('sending end of data -- message may be sent more than once')}),
    'handshake': (0.1, ['x'], 0, LIMIT, {('deferred', '4.7.5', 'Cannot start TLS: handshake failure')}),
}


class Tarpits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pits = {}
        for kind, (pause, *_) in KINDS.items():
            cls.pits[kind] = cls.enterClassContext(Tarpit(kind, pause))
        cls.crowd = cls.enterClassContext(Tarpit('silent'))
        cls.good = cls.enterClassContext(Remote())
        places = [(f'{kind}.test', f'smtp:[127.0.0.1]:{pit.port}') for kind, pit in cls.pits.items()]
        places += [(f'crowd{n}.test', f'narrow:[127.0.1.{n}]:{cls.crowd.port}') for n in range(MANY)]
        places += [('good.test', f'narrow:[127.0.0.1]:{cls.good.port}')]
        with tempfile.NamedTemporaryFile('w', delete=False, suffix='.transport') as file:
            file.writelines(f'{domain} {place}\n' for domain, place in places)
        cls.addClassCleanup(os.unlink, file.name)
        os.chmod(file.name, 0o644)
        settings = {'relay_domains': ' '.join(domain for domain, _ in places), 'transport_maps': f'texthash:{file.name}',
                    'smtp_tls_security_level': 'may', 'smtp_delivery_time_limit': f'{DELIVERY}s', 'message_size_limit': '0'}
        for phase in ('connect', 'helo', 'mail', 'rcpt', 'data_init', 'data_xfer', 'data_done', 'starttls'):
            settings[f'smtp_{phase}_timeout'] = f'{RCPT if phase == "rcpt" else LIMIT}s'
        cls.sandbox = postern.Sandbox(settings=settings)
        cls.addClassCleanup(cls.sandbox.close)
        with open(cls.sandbox.path('master.cf'), encoding='utf-8') as file:
            if not re.search(r'^smtp\s+unix', file.read(), re.M):
                cls.sandbox.append('master.cf', 'smtp unix - - y - - smtp\n')
        cls.sandbox.append('master.cf', 'narrow unix - - y - 2 smtp -o smtp_helo_timeout=100s -o smtp_delivery_time_limit=200s\n')
        cls.sandbox.reload()
        cls.ids = {}
        with cls.sandbox.session() as session:
            for kind, (_, names, size, *_) in KINDS.items():
                session.begin(*(f'{name}@{kind}.test' for name in names))
                reply = session.content(postern.letter(kind, body=b'Hello, hello, hello.\r\n' * (size // 22 + 1)))
                cls.ids[kind] = re.search(r'queued as (\w+)', reply)[1]

    def judge(self, kind):
        _, names, _, limit, wanted = KINDS[kind]
        pattern = rf'{self.ids[kind]}: to=<.*dsn=([\d.]+), status=(\w+) \((.*)\)$'
        lines = self.sandbox.wait_log(pattern, len(names))
        for status in wanted:
            self.assertTrue(any(re.fullmatch(status[2], m[3]) for m in lines), (kind, status, lines))
        for m in lines:
            self.assertTrue(any(m[2] == status and m[1] == dsn and re.fullmatch(text, m[3]) for status, dsn, text in wanted), m[0])
        pit = self.pits[kind]
        held = postern.wait_for(lambda: pit.held, f'the end of the session with {kind}')
        self.assertLess(max(held), limit + LATE)

    def test_many_of_them_keep_no_letters_from_others(self):
        """A hundred servers that do not greet, two deliveries at a time, and a server that is known to be good."""
        self.sandbox.send(None, 'a@good.test')
        postern.wait_for(lambda: self.good.letters, 'the first letter')
        with self.sandbox.session() as session:
            for n in range(MANY):
                session.begin(f'x@crowd{n}.test')
                session.content(postern.letter(f'crowd{n}'))
            postern.wait_for(lambda: self.crowd.open >= 2, 'tarpits that hold us')
            for n in range(20):
                session.begin('a@good.test')
                session.content(postern.letter(f'good{n}'))
                postern.wait_for(lambda: len(self.good.letters) == n + 2, f'letter {n}', 5)
        self.assertGreaterEqual(self.crowd.open, 2)
        self.assertFalse(self.crowd.held)

    def test_the_system_is_whole(self):
        self.assertNotRegex(self.sandbox.log(), r'panic:|fatal:|killed by signal|bad command startup')


def case(kind):
    def test(self):
        self.judge(kind)
    return test


for each in KINDS:
    setattr(Tarpits, f'test_{each}'.replace('-', '_'), case(each))

if __name__ == '__main__':
    unittest.main()
