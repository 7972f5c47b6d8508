"""A letter from a client to the Maildir: not a byte is lost, added or changed."""
import os
import pwd
import threading
import unittest

import postern


def stored(content):
    """Content as it stands in the file: with the line ends of this system."""
    return content.replace(b'\r\n', b'\n')


class Delivery:
    """The same tests for both ways of running it."""
    rootless = False

    @classmethod
    def setUpClass(cls):
        cls.sandbox = postern.Sandbox(rootless=cls.rootless)

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()

    def setUp(self):
        for path in self.sandbox.mail():
            os.unlink(path)

    def arrives(self, body, options=''):
        content = postern.letter(subject=self.id().rsplit('.', 1)[-1], body=body)
        reply = self.sandbox.send(content, options=options)
        self.assertRegex(reply, r'^250 2\.0\.0 Ok: queued as [0-9A-F]+$')
        delivered, = self.sandbox.wait_mail()
        head, behind = delivered[:-len(stored(content))], delivered[-len(stored(content)):]
        self.assertTrue(behind == stored(content), 'the content differs')
        return head

    def test_a_letter_by_smtplib_arrives(self):
        with self.sandbox.smtp() as client:
            client.sendmail('ann@client.example', ['bob@sandbox.test', 'cid@sandbox.test'],
                            postern.letter(body='One.\r\n..two\r\n.\r\nthree\r\n'))
        for delivered in self.sandbox.wait_mail(2):
            self.assertTrue(delivered.endswith(b'\n\nOne.\n..two\n.\nthree\n'))

    def test_the_trace_says_from_whom_for_whom_and_by_what_way(self):
        head = self.arrives('Hello.\r\n').decode()
        self.assertRegex(head, r'\AReturn-Path: <ann@client\.example>\nX-Original-To: bob@sandbox\.test\n'
                               r'Delivered-To: bob@sandbox\.test\n'
                               r'Received: from client\.example \(unknown \[127\.0\.0\.1\]\)\n'
                               r'\tby mail\.sandbox\.test \(Postern\) with ESMTP id [0-9A-F]+\n'
                               r'\tfor <bob@sandbox\.test>; [A-Z][a-z]{2}, [ \d]\d [A-Z][a-z]{2} \d{4} '
                               r'\d\d:\d\d:\d\d [+-]\d{4} \([^)]+\)\n\Z')

    def test_lines_of_dots(self):
        self.arrives('.\r\n..\r\n...\r\n.a\r\n a.\r\n\r\n.\r\n')

    def test_a_content_that_begins_with_a_dot(self):
        content = b'.from: nobody\r\n'
        self.sandbox.send(content)
        delivered, = self.sandbox.wait_mail()
        self.assertIn(b'\n.from: nobody\n', delivered)

    def test_long_lines(self):
        self.arrives(b'\r\n'.join(b'%d' % (n % 10) * n for n in (997, 998, 999, 2047, 2048, 2049, 70000)) + b'\r\n')

    def test_every_byte_that_is_not_a_line_end(self):
        every = bytes(b for b in range(256) if b not in (10, 13))
        self.arrives(every * 20 + b'\r\n' + every + b'\r\n', ' BODY=8BITMIME')

    def test_nul_bytes(self):
        self.arrives(b'\0\r\n\0\0a\0\r\n')

    def test_an_empty_body(self):
        self.arrives(b'')

    def test_no_content_at_all(self):
        with self.sandbox.session() as session:
            session.begin()
            self.assertRegex(session.command('.'), '^250 ')
        delivered, = self.sandbox.wait_mail()
        for field in (b'From: ann@client.example\n', b'Date: ', b'Message-Id: <'):
            self.assertIn(b'\n' + field.lower(), delivered.lower())

    def test_a_mebibyte(self):
        self.arrives((bytes(range(32, 127)) + b'\r\n') * 11000)

    def test_content_around_the_limit_of_what_the_database_holds(self):
        for size in (65535, 65536, 65537):
            with self.subTest(size=size):
                self.setUp()
                fill = size - len(postern.letter(body=''))
                self.arrives((b'x' * 70 + b'\r\n') * (fill // 72) + b'y' * (fill % 72) + b'\r\n')

    def test_sessions_side_by_side_leave_each_others_memory_alone(self):
        replies = []

        def client():
            for _ in range(3):
                with self.sandbox.session() as session:
                    for _ in range(5):
                        session.begin()
                        replies.append(session.content(postern.letter()))
        clients = [threading.Thread(target=client) for _ in range(8)]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
        self.assertEqual((len(replies), [r for r in replies if not r.startswith('250')]), (120, []))
        self.sandbox.wait_mail(120)
        self.assertNotIn('killed by signal', self.sandbox.log())

    def test_the_file_is_the_owners_alone(self):
        self.arrives('Hello.\r\n')
        path, = self.sandbox.mail()
        status = os.stat(path)
        self.assertEqual(status.st_mode & 0o777, 0o600)
        self.assertEqual(status.st_uid, self.owner())

    def owner(self):
        return os.geteuid()


class AsWeAre(Delivery, unittest.TestCase):
    def owner(self):
        if not postern.IS_ROOT:
            return os.geteuid()
        names = [entry.pw_name for entry in pwd.getpwall()]
        return pwd.getpwnam('postern' if 'postern' in names else 'nobody').pw_uid

    @unittest.skipUnless(postern.IS_ROOT, 'only root has the whole jail')
    def test_services_that_meet_the_network_are_in_jail(self):
        self.arrives('Hello.\r\n')
        for program in ('smtpd', 'cleanup', 'qmgr'):
            with self.subTest(program=program):
                pid, = self.sandbox.processes(program)
                with open(f'/proc/{pid}/status', encoding='latin1') as file:
                    status = file.read()
                self.assertEqual(os.readlink(f'/proc/{pid}/root'), self.sandbox.facts['queue_directory'])
                self.assertRegex(status, rf'Uid:\s+{self.owner()}\s')
                self.assertRegex(status, r'NoNewPrivs:\s+1')
                self.assertRegex(status, r'CapEff:\s+0{16}')


@unittest.skipUnless(postern.IS_ROOT, 'without root the other class shows it already')
class WithoutRoot(Delivery, unittest.TestCase):
    rootless = True

    def owner(self):
        return 65534

    def test_nothing_runs_as_root(self):
        self.arrives('Hello.\r\n')
        for pid in [self.sandbox.pid, self.sandbox.master] + self.sandbox.processes():
            self.assertEqual(os.stat(f'/proc/{pid}').st_uid, 65534)


if __name__ == '__main__':
    unittest.main()
