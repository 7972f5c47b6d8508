"""Mail to other hosts, with real ones at the other end: Debian's Postfix takes our letters and sends them back, and Dovecot
takes them by LMTP."""
import os
import re
import unittest

import peers
import postern
from ports import free_port

DELIVERY = r'to=<{}>, relay=\S+, (?:conn_use=\d+, )?delay=[\d.]+, delays=[\d./]+, dsn={}, status={} '


@unittest.skipUnless(postern.IS_ROOT, 'these peers want to start as root')
class WithPostfix(unittest.TestCase):
    """box -> Postfix (via.test) -> box (sandbox.test)."""

    @classmethod
    def setUpClass(cls):
        root = peers.postfix_root()
        if root is None:
            raise unittest.SkipTest('Postfix is not there, and cannot be downloaded')
        port = free_port()  # of the way to it, before it is there
        cls.box = postern.Sandbox(settings={
            'relay_domains': 'via.test, refused.test, nowhere.test', 'smtp_connection_cache_time_limit': '1s',
            'transport_maps': f'inline:{{ via.test=smtp:[127.0.0.1]:{port}, refused.test=relay:[127.0.0.1]:{port}, '
                              f'nowhere.test=smtp:[127.0.0.1]:1 }}'})
        cls.addClassCleanup(cls.box.close)
        cls.postfix = peers.Postfix(root, port, {
            'relay_domains': 'via.test', 'relayhost': f'[127.0.0.1]:{cls.box.port}',
            'virtual_alias_maps': 'inline:{ {bob@via.test=bob@sandbox.test} }', 'transport_maps': 'inline:{ {via.test=discard:} }',
            'relay_recipient_maps': 'static:yes', 'smtpd_recipient_restrictions': 'reject_unauth_destination',
            'smtpd_relay_restrictions': '', 'mynetworks': '192.0.2.0/24', 'smtp_host_lookup': 'native'})
        cls.addClassCleanup(cls.postfix.close)

    def test_letters_go_there_and_come_back_whole(self):
        bodies = {'dots': '.\r\n..\r\n.x\r\nend\r\n', 'empty': '', 'long': 'y' * 2500 + '\r\n', 'large': 'z' * 70 + '\r\n'}
        bodies['large'] *= 4000
        for subject, body in bodies.items():
            reply = self.box.send(postern.letter(subject, body, to='bob@via.test'), 'bob@via.test')
            self.assertTrue(reply.startswith('250'), reply)
        self.box.wait_log(DELIVERY.format('bob@via.test', '2.0.0', 'sent') + r'\(250 2.0.0 Ok: queued as \w+\)', len(bodies))
        letters = self.box.wait_mail(len(bodies))
        for subject, body in bodies.items():
            with self.subTest(letter=subject):
                found, = [one for one in letters if f'\nSubject: {subject}\n'.encode() in one]
                text = found.split(b'\n\n', 1)[1].decode()
                if subject == 'long':  # broken at 998, by us and by Postfix
                    self.assertEqual(text.replace('\n ', ''), body.replace('\r\n', '\n'))
                else:
                    self.assertEqual(text, body.replace('\r\n', '\n'))

    def test_many_recipients_share_a_transaction(self):
        names = [f'user{n}@via.test' for n in range(40)]
        self.box.send(postern.letter('many', to='list@via.test'), *names)
        self.box.wait_log(DELIVERY.format(r'user\d+@via.test', '2.0.0', 'sent'), len(names))
        queued = set(re.findall(r'to=<user\d+@via.test>.*queued as (\w+)\)', self.box.log()))
        self.assertEqual(len(queued), 1)

    def test_what_postfix_refuses_is_reported_in_its_words(self):
        self.box.send(postern.letter('refused', to='bob@refused.test'), 'bob@refused.test')
        line, = self.box.wait_log(r'to=<bob@refused.test>.*')
        self.assertRegex(line[0], r'relay=127\.0\.0\.1\[127\.0\.0\.1\]:\d+, .*dsn=5\.7\.1, status=bounced \(host '
                         r'127\.0\.0\.1\[127\.0\.0\.1\] said: 554 5\.7\.1 <bob@refused\.test>: Relay access denied '
                         r'\(in reply to RCPT TO command\)\)')

    def test_a_host_that_is_not_there_defers(self):
        self.box.send(postern.letter('nowhere', to='bob@nowhere.test'), 'bob@nowhere.test')
        line, = self.box.wait_log(r'to=<bob@nowhere.test>.*')
        self.assertRegex(line[0], r'relay=none, .*dsn=4\.4\.1, status=deferred \(connect to 127\.0\.0\.1\[127\.0\.0\.1\]:1: '
                         r'Connection refused\)')


@unittest.skipUnless(postern.IS_ROOT and os.path.exists('/usr/sbin/dovecot'), 'Dovecot is not there, or cannot be started')
class WithDovecot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.box = postern.Sandbox(settings={
            'relay_domains': 'unix.test, inet.test',
            'transport_maps': f'inline:{{ unix.test=lmtp:unix:private/dovecot-lmtp, inet.test=lmtp:inet:127.0.0.1:{port} }}'})
        cls.addClassCleanup(cls.box.close)
        socket = os.path.join(cls.box.facts['queue_directory'], 'private', 'dovecot-lmtp')
        cls.dovecot = peers.Dovecot(socket, port, ['ann@unix.test', 'bob@unix.test', 'eve@inet.test'])
        cls.addClassCleanup(cls.dovecot.close)

    def test_each_recipient_has_its_reply(self):
        self.box.send(postern.letter('three', '.dot\r\n', to='ann@unix.test'), 'ann@unix.test', 'nobody@unix.test', 'bob@unix.test')
        for user in ('ann', 'bob'):
            line, = self.box.wait_log(rf'postfix/lmtp\[\d+\]: \w+: to=<{user}@unix.test>.*')
            self.assertRegex(line[0], r'relay=mail\.sandbox\.test\[private/dovecot-lmtp\], delay=.*dsn=2\.0\.0, status=sent '
                             r'\(250 2\.0\.0 <\S+> \S+ Saved\)')
            letter, = self.dovecot.letters(f'{user}@unix.test')
            self.assertTrue(letter.endswith(b'\n.dot\n'), letter)
        line, = self.box.wait_log(r'to=<nobody@unix.test>.*')
        self.assertRegex(line[0], r"dsn=5\.1\.1, status=bounced \(host mail\.sandbox\.test\[private/dovecot-lmtp\] said: 550 "
                         r"5\.1\.1 <nobody@unix\.test> User doesn't exist: nobody@unix\.test \(in reply to RCPT TO command\)\)")

    def test_lmtp_over_tcp(self):
        self.box.send(postern.letter('tcp', to='eve@inet.test'), 'eve@inet.test')
        line, = self.box.wait_log(r'to=<eve@inet.test>.*')
        self.assertRegex(line[0], r'relay=127\.0\.0\.1\[127\.0\.0\.1\]:\d+, .*dsn=2\.0\.0, status=sent')
        self.assertEqual(len(self.dovecot.letters('eve@inet.test')), 1)


if __name__ == '__main__':
    unittest.main()
