"""Everything that clients of screen may do: each case of the table (screen_cases/) is played against ours and, where it can be
had, against Debian's postscreen; what they hear and what is logged about them must be what the table says."""
import os
import tempfile
import unittest

import fake_dns
import peers
import postern
import screen_play
import screen_systems

GROUPS = screen_play.read_table(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'screen_cases'))


def cases():
    """(group, name, steps, four addresses of its own)"""
    number = 0
    for service, group in GROUPS.items():
        for name, steps in group.cases.items():
            number += 4
            block = [f'127.20.{number // 256}.{number % 256 + n}' for n in range(4)]
            yield service, name, steps, block if service != 'six' else ['::1']


def domains(dns):
    """DNS lists that are not as they should be."""
    dns.domain('slow.test', delay=4)
    dns.domain('fail.test', code=fake_dns.SERVFAIL)
    dns.domain('silent.test', silent=True)
    dns.domain('short.test', minimum=1)


def write_tables(directory, specs):
    """The tables that settings name as TABLES/..."""
    words = {'permit': 'permit', 'reject': 'reject', 'dunno': 'dunno'}
    access = ''.join(f'{block[0]} {words[name]}\n' for _, name, _, block in specs if name in words)
    tables = {'access': access, 'all': '0.0.0.0/0 permit\n', 'rbl': 'one.test public.example\n', 'keywords': '127.0.0.0/8 dsn, etrn\n',
              'commands': '/^X(HELO.*)/ $1\n/bad@/ NOOP\n',
              'footers': '/^550 5.5.1/ See https://mail.test/?ip=$$client_address\n'}
    for name, text in tables.items():
        path = os.path.join(directory, name)
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
        os.chmod(path, 0o644)


class Table(unittest.TestCase):
    def setUp(self):
        self.tables = tempfile.mkdtemp(prefix='postern-screen-')
        os.chmod(self.tables, 0o755)
        self.addCleanup(postern.shutil.rmtree, self.tables)
        self.dns = fake_dns.FakeDns(f'127.53.{os.getpid() // 256 % 256}.{os.getpid() % 256}', 53)
        self.addCleanup(self.dns.close)
        domains(self.dns)

    def check(self, make):
        specs = list(cases())
        write_tables(self.tables, specs)
        system = make(GROUPS, self.tables, self.dns)
        self.addCleanup(system.close)
        system.stick('stuck')
        players = [screen_play.Player(system, *one) for one in specs]
        for one in players:
            for entry in one.listed():
                self.dns.enlist(*entry)
        screen_play.play(players)
        screen_play.wait_logs(players)
        for one in players:
            with self.subTest(case=one.name):
                self.assertIsNone(one.problem, f'log: {one.logged()}')
                self.assertEqual(one.logged(), one.expected)

    def test_debian(self):
        root = peers.postfix_root()
        if root is None:
            self.skipTest('Postfix is not there, and cannot be downloaded')
        self.check(lambda *what: screen_systems.Debian(root, *what))

    def test_ours(self):
        self.check(screen_systems.Ours)


if __name__ == '__main__':
    unittest.main()
