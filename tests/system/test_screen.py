"""Everything that clients of screen may do: each case of the table (screen_cases/) is played; what clients hear and what is
logged about them must be what the table says. Then what other programs read in the log.

POSTERN_SCREEN_TABLE names the systems that play it: o is ours, p is Debian's Postfix, from which the table is; po both."""
import os
import re
import shutil
import subprocess
import tempfile
import threading
import unittest

import fake_dns
import peers
import postern
import screen_play
import screen_systems
from certificates import Certificates

GROUPS = screen_play.read_table(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'screen_cases'))
OFFENCES = re.compile('(PREGREET [0-9]+|HANGUP) after |COMMAND (TIME|COUNT|LENGTH) LIMIT')

# Of no single client.
LINES = [r'addr 127\.20\.\d+\.\d+ listed by domain one\.test as 127\.0\.0\.2\n',
         r'warning: dnsblog reply timeout 1s for silent\.test',
         r'warning: dnsblog_query: lookup error for DNS query [0-9.]+\.fail\.test: ',
         r'entering STRESS mode with 9 connections', r'leaving STRESS mode with 7 connections',
         r'warning: haproxy read: time limit exceeded', r'warning: haproxy read: EOF',
         r'warning: haproxy read: .*PROXY TCP4 nonsense', r'warning: .*private/absent']
LOGWATCH = '/usr/share/logwatch/scripts/services/postfix'


def cases():
    """(group, name, steps, the addresses of its own)"""
    number = 0
    for service, group in GROUPS.items():
        for name, steps in group.cases.items():
            number += 4
            block = [f'127.20.{number // 256}.{number % 256 + n}' for n in range(4)]
            yield service, name, steps, block if service != 'six' else ['::1']


def domains(dns):
    """DNS lists that are not as they should be."""
    dns.domain('slow.test', delay=7)
    dns.domain('fail.test', code=fake_dns.SERVFAIL)
    dns.domain('silent.test', silent=True)
    dns.domain('short.test', minimum=1)


def write_tables(directory):
    """The tables that settings name as TABLES/…"""
    access = ''.join(f'{block[0]} {name}\n' for _, name, _, block in cases() if name in ('permit', 'reject', 'dunno'))
    tables = {'access': access, 'rbl': 'one.test public.example\n', 'keywords': '127.0.0.0/8 dsn, etrn\n',
              'commands': '/^X(HELO.*)/ $1\n/bad@/ NOOP\n',
              'footers': '/^550 5.5.1/ See https://mail.test/?ip=$$client_address\n'}
    for name, text in tables.items():
        path = os.path.join(directory, name)
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
        os.chmod(path, 0o644)


class Table(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tables = tempfile.mkdtemp(prefix='postern-screen-')
        os.chmod(cls.tables, 0o755)
        cls.addClassCleanup(shutil.rmtree, cls.tables)
        write_tables(cls.tables)
        made = Certificates()
        shutil.copy(made.make('mail', ['mail.test']), cls.tables + '/mail.pem')
        made.close()
        port = 53 if postern.IS_ROOT else 0  # Postfix asks no other
        cls.dns = fake_dns.FakeDns(f'127.53.{os.getpid() // 256 % 256}.{os.getpid() % 256}', port)
        cls.addClassCleanup(cls.dns.close)
        domains(cls.dns)
        which = os.environ.get('POSTERN_SCREEN_TABLE', 'o')
        can_mount = subprocess.run(['unshare', '--mount', 'true'], check=False, capture_output=True).returncode == 0
        root = peers.postfix_root() if 'p' in which and postern.IS_ROOT and can_mount else None
        cls.systems, cls.players = {}, {}
        if root is not None:
            cls.begin(screen_systems.Debian(root, GROUPS, cls.tables, cls.dns))
        if 'o' in which:
            cls.begin(screen_systems.Ours(GROUPS, cls.tables, cls.dns))
        sides = [threading.Thread(target=screen_play.play, args=(players,)) for players in cls.players.values()]
        for side in sides:
            side.start()
        for side in sides:
            side.join()
        for players in cls.players.values():
            screen_play.wait_logs(players)

    @classmethod
    def begin(cls, system):
        cls.addClassCleanup(system.close)
        system.stick('stuck')
        cls.systems[system.letter] = system
        cls.players[system.letter] = players = [screen_play.Player(system, *one) for one in cases() if one[0] in system.ports]
        for one in players:
            for entry in one.listed():
                cls.dns.enlist(*entry)

    def players_of(self, letter):
        if letter not in self.players:
            self.skipTest('this system is not there')
        return self.players[letter]

    def check(self, letter):
        for one in self.players_of(letter):
            with self.subTest(case=one.name):
                self.assertIsNone(one.problem, f'log: {one.logged()}')
                self.assertEqual(one.logged(), one.expected)

    def test_debian(self):
        self.check('p')

    def test_ours(self):
        self.check('o')

    def test_lists_and_proxies_that_fail_are_in_the_log(self):
        for letter in self.players:
            log = '\n'.join(self.systems[letter].log.read())
            for line in LINES:
                with self.subTest(system=letter, line=line):
                    self.assertRegex(log, line)

    def found_by_fail2ban(self, letter, mode):
        done = subprocess.run(['fail2ban-regex', '-o', 'ip', self.systems[letter].log.path, f'postfix[mode={mode}]'],
                              capture_output=True, text=True, timeout=postern.LIMIT, check=False)
        return set(done.stdout.split()), done.stderr

    def offenders(self, letter, pattern):
        """Whom the log of screen should name: a service with a name of its own for the log is not read by fail2ban."""
        found = set()
        for one in self.players_of(letter):
            if 'syslog_name' not in GROUPS[one.service].settings:
                for line in one.expected:
                    for number, address in enumerate(one.known):
                        if re.search(pattern, line) and re.search(f'@{number or ""}(?![0-9])', line):
                            found.add(address)
        return found

    def served(self, letter, pattern):
        """The lines that a server wrote about clients that it was given, and these clients."""
        lines = [line for line in self.systems[letter].log.read() if re.search(rf'postfix/smtpd\[[0-9]+\]: {pattern}', line)]
        return lines, set(re.findall(r' from \w+\[([^]]*)\]', '\n'.join(lines)))

    @unittest.skipUnless(shutil.which('fail2ban-regex'), 'fail2ban is not there')
    def test_fail2ban_finds_exactly_the_offenders(self):
        for letter in self.players:
            for mode, pattern, of_server, least in (('ddos', OFFENCES, 'lost connection after ', 40),
                                                    ('normal', 'reject: RCPT .* Service unavailable', 'NOQUEUE: reject: ', 8)):
                with self.subTest(system=letter, mode=mode):
                    expected = self.offenders(letter, pattern)
                    found, errors = self.found_by_fail2ban(letter, mode)
                    self.assertGreaterEqual(len(expected), least)
                    self.assertEqual(found - expected - self.served(letter, of_server)[1], set(), errors)
                    self.assertEqual(expected - found, set(), errors)

    @unittest.skipUnless(shutil.which('pflogsumm'), 'pflogsumm is not there')
    def test_pflogsumm_counts_what_was_refused(self):
        for letter in self.players:
            with self.subTest(system=letter):
                refused = sum('reject: ' in line for one in self.players_of(letter) for line in one.expected)
                refused += len(self.served(letter, 'NOQUEUE: reject: ')[0])
                done = subprocess.run(['pflogsumm', self.systems[letter].log.path], capture_output=True, text=True,
                                      timeout=postern.LIMIT, check=True)
                self.assertRegex(done.stdout, rf'(?m)^ +{refused}   rejected ')

    @unittest.skipUnless(os.path.exists(LOGWATCH), 'logwatch is not there')
    def test_logwatch_counts_what_happened(self):
        for letter in self.players:
            with open(self.systems[letter].log.path, 'rb') as log:
                said = subprocess.run(['perl', '-I/usr/share/logwatch/lib', LOGWATCH, '--detail', '10'], stdin=log,
                                      capture_output=True, timeout=postern.LIMIT, check=True).stdout.decode('latin1')
            lines = [line for one in self.players_of(letter) if 'syslog_name' not in GROUPS[one.service].settings
                     for line in one.expected]
            for words in ('connect', 'disconnect', 'pass new', 'pass old', 'pregreet', 'dnsbl', 'hangup', 'command pipelining',
                          'non-smtp command', 'bare newline', 'command length limit', 'command time limit',
                          'command count limit', 'whitelisted', 'blacklisted', 'whitelist veto'):
                with self.subTest(system=letter, words=words):
                    count = sum(line.upper().startswith(words.upper() + ' ') for line in lines)
                    self.assertRegex(said, rf'(?m)^ +{count}      {words}$')


if __name__ == '__main__':
    unittest.main()
