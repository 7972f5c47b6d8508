"""What a client may say, and what it is refused, over real sockets."""
import multiprocessing
import os
import resource
import time
import unittest

import postern


class Smtp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = postern.Sandbox(settings={'message_size_limit': 100000})

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()

    def setUp(self):
        for path in self.sandbox.mail():
            os.unlink(path)

    def nothing_is_left(self):
        """No mail, no row in the queue, no spool file."""
        postern.wait_for(self.sandbox.queue_is_empty, 'an empty queue')
        self.assertEqual(self.sandbox.mail(), [])
        spool = os.path.join(self.sandbox.facts['queue_directory'], 'spool')
        postern.wait_for(lambda: not os.listdir(spool), 'an empty spool directory')

    def test_greeting_and_extensions(self):
        with self.sandbox.session() as session:
            self.assertEqual(session.greeting, '220 mail.sandbox.test ESMTP Postern')
            words = [line[4:] for line in session.ehlo.split('\n')]
            self.assertEqual(words[0], 'mail.sandbox.test')
            for word in ('PIPELINING', 'SIZE 100000', '8BITMIME', 'ENHANCEDSTATUSCODES', 'CHUNKING'):
                self.assertIn(word, words)

    def test_pipelined_commands_are_answered_in_order(self):
        with self.sandbox.session() as session:
            session.send(b'MAIL FROM:<a@client.example>\r\nRCPT TO:<bob@sandbox.test>\r\n'
                         b'RCPT TO:<bob@elsewhere.example>\r\nDATA\r\n')
            replies = [session.reply()[:3] for _ in range(4)]
            self.assertEqual(replies, ['250', '250', '554', '354'])
            session.send(postern.letter() + b'.\r\nMAIL FROM:<a@client.example>\r\nRSET\r\nQUIT\r\n')
            replies = [session.reply()[:3] for _ in range(4)]
            self.assertEqual(replies, ['250', '250', '250', '221'])
        self.sandbox.wait_mail(1)

    def test_commands_byte_by_byte(self):
        with self.sandbox.session() as session:
            for byte in b'NOOP\r\n':
                session.send(bytes([byte]))
            self.assertRegex(session.reply(), '^250 ')

    def test_a_message_in_chunks_is_delivered_byte_for_byte(self):
        letter = postern.letter(body=b''.join(b'.line %d\r\n' % number for number in range(8000)))
        with self.sandbox.session() as session:
            session.command('MAIL FROM:<ann@client.example>')
            session.command('RCPT TO:<bob@sandbox.test>')
            pieces = [letter[at:at + 33333] for at in range(0, len(letter), 33333)]
            session.send(b''.join(b'BDAT %d%s\r\n%s' % (len(piece), b' LAST' if piece is pieces[-1] else b'', piece)
                                  for piece in pieces) + b'NOOP\r\n')
            self.assertEqual([session.reply() for _ in pieces[:-1]], [f'250 2.0.0 Ok: {len(p)} bytes' for p in pieces[:-1]])
            self.assertRegex(session.reply(), rf'^250 2\.0\.0 Ok: {len(letter)} bytes queued as ')
            self.assertRegex(session.reply(), '^250 ')
        delivered, = self.sandbox.wait_mail()
        self.assertTrue(delivered.endswith(letter.replace(b'\r\n', b'\n')[-80000:]))
        self.sandbox.wait_log(rf'disconnect from .* bdat={len(pieces)} noop=1 quit=1 ')

    def test_a_size_that_is_announced_and_too_large_is_refused_at_mail(self):
        with self.sandbox.session() as session:
            reply = session.command('MAIL FROM:<a@client.example> SIZE=100001')
            self.assertRegex(reply, r'^552 5\.3\.4 ')
        self.nothing_is_left()

    def test_content_that_is_too_large_is_refused_and_leaves_nothing(self):
        with self.sandbox.session() as session:
            session.begin()
            reply = session.content(postern.letter(body=b'x' * 70 + b'\r\n') + b'y' * 78 * 1500 + b'\r\n')
            self.assertRegex(reply, r'^552 5\.3\.4 ')
            self.assertRegex(session.command('NOOP'), '^250 ')
        self.nothing_is_left()

    def test_a_client_that_leaves_in_its_content_leaves_nothing(self):
        for size in (1000, 90000):
            with self.subTest(size=size), self.sandbox.session() as session:
                session.begin()
                session.send(postern.letter(body=b'x' * size))
        self.sandbox.wait_log(r'smtpd\[\d+\]: (?:[0-9A-F]+: )?lost connection after DATA', 2)
        self.nothing_is_left()

    def test_relaying_is_refused(self):
        with self.sandbox.session() as session:
            session.command('MAIL FROM:<a@client.example>')
            reply = session.command('RCPT TO:<bob@elsewhere.example>')
            self.assertEqual(reply, '554 5.7.1 <bob@elsewhere.example>: Relay access denied')
            self.assertRegex(session.command('DATA'), '^5')

    def test_unknown_users_are_refused(self):
        settings = {'virtual_mailbox_maps': 'inline:{ { bob@sandbox.test = mail/ } }'}
        with postern.Sandbox(settings=settings) as sandbox, sandbox.session() as session:
            session.command('MAIL FROM:<a@client.example>')
            self.assertRegex(session.command('RCPT TO:<bob@sandbox.test>'), '^250 ')
            self.assertEqual(session.command('RCPT TO:<nobody@sandbox.test>'),
                             '550 5.1.1 <nobody@sandbox.test>: Recipient address rejected: '
                             'User unknown in virtual mailbox table')

    def test_content_ends_at_crlf_dot_crlf_only(self):
        """None of these is an end for anybody who would see another message behind it (RFC 5321 4.1.1.4)."""
        for end in (b'\n.\n', b'\n.\r\n', b'\r\n.\n', b'\r.\r', b'\r\n.\r', b'\r.\r\n'):
            with self.subTest(end=end):
                self.setUp()
                smuggled = b'text' + end + b'MAIL FROM:<evil@client.example>\r\n'
                settings = {'smtpd_forbid_bare_newline_exclusions': ''}
                with postern.Sandbox(settings=settings) as sandbox, sandbox.session() as session:
                    session.begin()
                    session.send(postern.letter(body=smuggled) + b'.\r\n')
                    reply = session.reply()
                    self.assertRegex(reply, '^250 ')
                    self.assertRegex(session.command('NOOP'), '^250 ')
                    delivered, = sandbox.wait_mail()
                    self.assertIn(b'MAIL FROM:<evil@client.example>', delivered)

    def test_discarded_mail_is_accepted_and_gone(self):
        self.assertRegex(self.sandbox.send(None, 'any@discard.test'), '^250 ')
        self.sandbox.wait_log(r'postfix/discard\[\d+\]: [0-9A-F]+: to=<any@discard\.test>, .*status=sent')
        self.nothing_is_left()

    def test_many_sessions_at_once(self):
        sessions = [self.sandbox.session() for _ in range(40)]
        for session in sessions:
            session.begin()
        for session in sessions:
            session.send(postern.letter() + b'.\r\n')
        for session in sessions:
            self.assertRegex(session.reply(), '^250 ')
            session.close()
        self.sandbox.wait_mail(40)


class FullHouse(unittest.TestCase):
    """One process, all of whose sessions are in use."""

    def test_a_new_client_gets_the_place_of_one_that_delivered_nothing(self):
        settings = {'default_process_limit': 1, 'process_session_limit': 8, 'smtpd_load_limits': '50:90',
                    'smtpd_timeout': '20s'}
        with postern.Sandbox(settings=settings) as sandbox, sandbox.session() as good:
            good.begin()
            self.assertRegex(good.content(postern.letter()), '^250 ')
            idle = [sandbox.session() for _ in range(7)]
            began = time.monotonic()
            # Nobody gives way who has not kept us waiting for a second.
            with sandbox.session(helo=None) as one_more:
                self.assertRegex(one_more.greeting, '^220 ')
            self.assertGreater(time.monotonic() - began, 0.5)
            for session in idle[1:]:
                self.assertRegex(session.command('NOOP'), '^250 ')
            self.assertEqual(idle[0].reply(), '421 4.3.2 mail.sandbox.test Error: server busy, try again later')
            self.assertRegex(good.command('NOOP'), '^250 ')
            sandbox.wait_log(r'session given up after EHLO from .*: all 8 sessions are in use, '
                             r'and it has not delivered mail$')
            sandbox.wait_log(r'warning: service "\S+" has 4 of 8 sessions of a process in use: '
                             r'time limits are 90 percent of normal$')
            for session in idle:
                session.close()
            self.assertEqual(sandbox.value(f'127.0.0.1:{sandbox.port}/inet/shed'), 1)

    @staticmethod
    def few_descriptors():
        resource.setrlimit(resource.RLIMIT_NOFILE, (400, 400))
        with postern.Sandbox() as sandbox, sandbox.session() as session:
            assert session.greeting.startswith('220 '), session.greeting
            sandbox.wait_log(r'warning: service \S+: process_session_limit is 10000, but the limit of 400 open files '
                             r'per process leaves room for 270$')

    def test_sessions_fit_into_the_limit_of_open_files(self):
        process = multiprocessing.get_context('fork').Process(target=self.few_descriptors)
        process.start()
        process.join(60)
        self.assertEqual(process.exitcode, 0)


if __name__ == '__main__':
    unittest.main()
