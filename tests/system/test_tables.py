"""Lookup tables of a running system: what postmap has built is in force within two seconds, no session is dropped; servers
are asked from the jail; a table that cannot be read is a temporary failure until it can."""
import contextlib
import os
import re
import socketserver
import sqlite3
import subprocess
import tempfile
import threading
import time
import unittest

import postern

NOTICE = 3  # seconds: a look each second, and a new process


class Map(socketserver.StreamRequestHandler):
    """A socketmap server that knows one address, and is broken for another."""

    def handle(self):
        while True:
            head = b''
            while not head.endswith(b':'):
                byte = self.rfile.read(1)
                if not byte:
                    return
                head += byte
            name, key = self.rfile.read(int(head[:-1]) + 1)[:-1].decode().split(' ', 1)
            answer = 'NOTFOUND '
            if 'slow.example' in key:
                time.sleep(0.3)
            if (name, key) == ('people', 'ann@discard.test'):
                answer = 'OK x'
            if key.startswith('broken'):
                answer = 'TEMP not today'
            self.wfile.write(b'%d:%s,' % (len(answer), answer.encode()))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='postern-tables-')
        cls.at = cls.folder.name
        os.chmod(cls.at, 0o755)
        cls.server = Server(('127.0.0.1', 0), Map)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.build_table('mailboxes', 'bob@sandbox.test mail/\n')
        cls.write('ways', 'other.test discard:\n')
        with contextlib.closing(sqlite3.connect(f'{cls.at}/people.sqlite')) as people:
            people.executescript("CREATE TABLE people(address, value); INSERT INTO people VALUES ('sql@discard.test', 'x'); ")
        cls.write('people.cf', f"dbpath = {cls.at}/people.sqlite\nquery = SELECT value FROM people WHERE address = '%s'\n")
        port = cls.server.server_address[1]
        cls.sandbox = postern.Sandbox(settings={
            'virtual_mailbox_maps': f'hash:{cls.at}/mailboxes',
            'virtual_alias_maps': f'inline:{{x=y}} lmdb:{cls.at}/late',
            'smtpd_sender_restrictions': f'check_sender_access socketmap:inet:127.0.0.1:{port}:senders',
            'smtpd_lookup_time_limit': '1s',
            'relay_domains': 'discard.test, other.test, texthash:' + cls.at + '/ways',
            'relay_recipient_maps': f'inline:{{@other.test=x}} sqlite:{cls.at}/people.cf socketmap:inet:127.0.0.1:{port}:people',
            'transport_maps': f'inline:{{discard.test=discard:}} texthash:{cls.at}/ways'})

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()
        cls.server.shutdown()
        cls.server.server_close()
        cls.folder.cleanup()

    @classmethod
    def write(cls, name, text):
        with open(os.path.join(cls.at, name), 'w', encoding='ascii') as file:
            file.write(text)

    @classmethod
    def build_table(cls, name, text, kind='hash'):
        cls.write(name, text)
        subprocess.run([os.path.join(postern.BUILD, 'bin', 'postmap'), f'{kind}:{cls.at}/{name}'], check=True,
                       timeout=postern.LIMIT)

    def rcpt(self, address):
        with self.sandbox.session() as session:
            session.command('MAIL FROM:<ann@client.example>')
            return session.command(f'RCPT TO:<{address}>')

    def test_1_a_missing_table_is_a_temporary_failure_until_it_is_there(self):
        self.assertRegex(self.rcpt('bob@sandbox.test'), r'^451 4\.3\.0 <bob@sandbox\.test>: Temporary lookup failure')
        self.sandbox.wait_log(r'smtpd\[\d+\]: error: virtual_alias_maps: open database \S+/late\.lmdb: No such file')
        self.sandbox.wait_log(r'warning: lmdb:\S+/late lookup error for "sandbox\.test": '
                              r'lmdb:\S+/late is unavailable\. open database')
        self.build_table('late', 'late@sandbox.test bob@sandbox.test\n', 'lmdb')
        postern.wait_for(lambda: self.rcpt('bob@sandbox.test').startswith('250'), 'the table that is there now', NOTICE)

    def test_2_what_postmap_builds_is_in_force_and_sessions_go_on(self):
        self.assertRegex(self.rcpt('new@sandbox.test'), '^550 5.1.1 ')
        with self.sandbox.session() as before:
            before.begin('bob@sandbox.test')
            for round_ in range(2):
                name = f'new{round_}@sandbox.test'
                self.build_table('mailboxes', f'bob@sandbox.test mail/\n{name} mail/\n')
                postern.wait_for(lambda: self.rcpt(name).startswith('250'), f'{name} in the new table', NOTICE)
            self.sandbox.wait_log(r'smtpd\[\d+\]: table \S+/mailboxes\.db has changed -- restarting', 2)
            self.assertRegex(before.content(postern.letter()), '^250 ')
        self.assertRegex(self.rcpt('new0@sandbox.test'), '^550 5.1.1 ')
        self.sandbox.wait_mail()

    def test_3_two_edits_within_a_second_and_the_way_of_the_next_letter(self):
        self.assertRegex(self.sandbox.send(None, 'x@other.test'), '^250 ')
        self.sandbox.wait_log('to=<x@other.test>, relay=none, .*status=sent')
        self.write('ways', 'other.test nosuch:one\n')
        time.sleep(0.05)  # another time of the file, in the same second
        self.write('ways', 'other.test virtual:\n')
        end = time.monotonic() + NOTICE
        self.sandbox.wait_log(r'qmgr\[\d+\]: table \S+/ways has changed -- restarting', limit=NOTICE)
        self.assertLess(time.monotonic(), end)
        self.assertRegex(self.sandbox.send(None, 'y@other.test'), '^250 ')
        self.sandbox.wait_log(r'to=<y@other\.test>, relay=virtual, ')

    def test_4_a_database_and_a_server_are_asked_from_the_jail(self):
        self.assertRegex(self.rcpt('ann@discard.test'), '^250 ')
        self.assertRegex(self.rcpt('sql@discard.test'), '^250 ')
        self.assertRegex(self.rcpt('eve@discard.test'), '^550 5.1.1 .*relay recipient table')
        self.assertRegex(self.rcpt('broken@discard.test'), '^451 4.3.0 .*Temporary lookup failure')
        self.sandbox.wait_log(r'socketmap:inet:127\.0\.0\.1:\d+:people lookup error for "broken@discard\.test": '
                              'server: temporary error: not today')
        self.assertIsNone(re.search('panic|fatal', self.sandbox.log()), self.sandbox.log())

    def test_5_lookups_that_are_quick_enough_alone_have_one_limit_together(self):
        begun = time.monotonic()
        with self.sandbox.session() as session:
            session.command('MAIL FROM:<ann@a.b.c.d.slow.example>')
            self.assertRegex(session.command('RCPT TO:<bob@sandbox.test>'), r'^451 4\.3\.0 .*Temporary lookup failure')
            self.assertLess(time.monotonic() - begun, 1.5)
            self.assertRegex(session.command('RSET'), '^250 ')
            session.command('MAIL FROM:<ann@client.example>')
            self.assertRegex(session.command('RCPT TO:<bob@sandbox.test>'), '^250 ')
        self.sandbox.wait_log(r'smtpd\[\d+\]: warning: lookups for RCPT from \S+ exceed smtpd_lookup_time_limit$')


if __name__ == '__main__':
    unittest.main()
