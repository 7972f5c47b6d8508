"""The log has the lines that administrators and their tools look for, in that shape."""
import re
import unittest

import postern

PREFIX = r'^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d mail\.sandbox\.test postfix/%s\[\d+\]: '
ID = r'(?P<id>[0-9A-F]{6,})'
DELAYS = r'delay=[\d.]+, delays=[\d.]+/[\d.]+/[\d.]+/[\d.]+'


class Log(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = postern.Sandbox()
        cls.sandbox.send(postern.letter(subject='first'))
        cls.sandbox.wait_mail()
        postern.wait_for(cls.sandbox.queue_is_empty, 'an empty queue')

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()

    def one(self, program, pattern):
        match, = self.sandbox.wait_log(PREFIX % program + pattern + '$')
        return match

    def test_the_life_of_a_message(self):
        ids = {
            self.one('smtpd', ID + r': client=unknown\[127\.0\.0\.1\]')['id'],
            self.one('cleanup', ID + r': message-id=<first@client\.example>')['id'],
            self.one('qmgr', ID + r': from=<ann@client\.example>, size=\d+, nrcpt=1 \(queue active\)')['id'],
            self.one('virtual', ID + r': to=<bob@sandbox\.test>, relay=virtual, ' + DELAYS +
                     r', dsn=2\.0\.0, status=sent \(delivered to maildir\)')['id'],
            self.one('qmgr', ID + r': removed')['id'],
        }
        self.assertEqual(len(ids), 1, 'one message has one queue id')

    def test_the_parts_come_in_order(self):
        log = self.sandbox.log()
        places = [re.search(pattern, log).start() for pattern in
                  (r'connect from', r'client=', r'message-id=<first', r'queue active', r'status=sent', r': removed')]
        self.assertEqual(places, sorted(places))

    def test_connect_and_disconnect(self):
        self.one('smtpd', r'connect from unknown\[127\.0\.0\.1\]')
        self.one('smtpd', r'disconnect from unknown\[127\.0\.0\.1\] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5')

    def test_the_reply_names_the_queue_id_of_the_log(self):
        with postern.Sandbox() as sandbox:
            name = sandbox.send().rsplit(' ', 1)[-1]
            sandbox.wait_log(rf'qmgr\[\d+\]: {name}: removed')

    def test_master_says_when_it_starts(self):
        self.one('master', r'daemon started -- version \S+, configuration ' + re.escape(self.sandbox.directory) + '/etc')

    def test_a_refused_relay(self):
        with postern.Sandbox() as sandbox:
            with sandbox.session(helo='relay.example') as session:
                session.command('MAIL FROM:<a@client.example>')
                session.command('RCPT TO:<b@elsewhere.example>')
            sandbox.wait_log(PREFIX % 'smtpd' +
                             r'NOQUEUE: reject: RCPT from unknown\[127\.0\.0\.1\]: 554 5\.7\.1 <b@elsewhere\.example>: '
                             r'Relay access denied; from=<a@client\.example> to=<b@elsewhere\.example> proto=ESMTP '
                             r'helo=<relay\.example>$')
            sandbox.wait_log(PREFIX % 'smtpd' + r'lost connection after RCPT from unknown\[127\.0\.0\.1\]$')
            sandbox.wait_log(PREFIX % 'smtpd' +
                             r'disconnect from unknown\[127\.0\.0\.1\] ehlo=1 mail=1 rcpt=0/1 commands=2/3$')

    def test_long_queue_ids(self):
        with postern.Sandbox(settings={'enable_long_queue_ids': 'yes'}) as sandbox:
            name = sandbox.send().rsplit(' ', 1)[-1]
            self.assertRegex(name, r'^[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]+$')
            for program in ('smtpd', 'cleanup', 'qmgr', 'virtual'):
                sandbox.wait_log(PREFIX % program + name + ': ')

    def test_what_a_client_says_cannot_forge_a_line(self):
        with postern.Sandbox() as sandbox:
            with sandbox.session(helo=None) as session:
                session.send(b'EHLO a\rb\x1b[31m\x00c\r\n')
                session.reply()
                session.command('MAIL FROM:<a@client.example>')
                session.command('RCPT TO:<b@elsewhere.example>')
            sandbox.wait_log('disconnect from')
            self.assertNotRegex(sandbox.log(), r'[\x00-\x09\x0b-\x1f\x7f]')


class Verbose(unittest.TestCase):
    def test_a_process_with_v_tells_what_it_does_and_for_how_long(self):
        with postern.Sandbox() as sandbox:
            sandbox.edit('master.cf', ' smtpd\n', ' smtpd -v\n')
            sandbox.edit('master.cf', ' qmgr\n', ' qmgr -v\n')
            sandbox.reload()
            sandbox.send(postern.letter(subject='first'))
            sandbox.wait_mail()
            smtpd, qmgr = PREFIX % 'smtpd', PREFIX % 'qmgr'
            sandbox.wait_log(smtpd + r'service 127\.0\.0\.1:\d+ of type inet, generation 2, rights: user \d+, ')
            sandbox.wait_log(smtpd + r'connection from \[127\.0\.0\.1\]:\d+, 1 in hand$')
            sandbox.wait_log(smtpd + r'asked public/cleanup: submit answered after \d+ ms$')
            sandbox.wait_log(smtpd + r'connection from \[127\.0\.0\.1\]:\d+ ended after \d+ ms$')
            sandbox.wait_log(qmgr + r'connection from user \d+, \d in hand$')
            sandbox.wait_log(qmgr + r'was asked enqueue by user \d+$')
            sandbox.wait_log(qmgr + r'asked private/virtual: deliver answered after \d+ ms$')
            self.assertNotRegex(sandbox.log(), r'postfix/cleanup\[\d+\]: (was )?asked ')
            sandbox.append('main.cf', 'smtpd_banner = $myhostname ESMTP again\n')
            sandbox.reload()
            sandbox.wait_log(smtpd + r'leaving: reload; 0 sessions in hand$')


if __name__ == '__main__':
    unittest.main()
