"""Addresses and content on their way in: what a running system makes of them."""
import re
import unittest

import postern

SETTINGS = {
    'recipient_delimiter': '+',
    'virtual_alias_maps': 'inline:{ { list@sandbox.test = ann@sandbox.test, bob@sandbox.test },'
                          ' info@sandbox.test=ann@sandbox.test, a@loop.test=b@loop.test, b@loop.test=a@loop.test }',
    'virtual_alias_domains': 'loop.test',
    'canonical_maps': 'inline:{ old@sandbox.test=new@sandbox.test }',
    'relocated_maps': 'inline:{ gone@sandbox.test=there@far.test }',
    'sender_bcc_maps': 'inline:{ watched@client.example=keeper@sandbox.test }',
    'header_checks': 'inline:{ {Subject: reject = REJECT no such subjects},'
                     ' {Subject: hold = HOLD for a look}, {Subject: forget = DISCARD}, {X-Secret: 1 = IGNORE},'
                     ' {Subject: away = REDIRECT trap@sandbox.test} }',
    'body_checks': 'inline:{ {evil line = REJECT 5.6.0 evil}, {plain line = REPLACE changed line} }',
    'body_checks_size_limit': '0',
    'message_strip_characters': '\\0',
}


class Rewriting(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = postern.Sandbox(settings=SETTINGS)
        cls.addClassCleanup(cls.sandbox.close)
        cls.count = 0

    def deliver(self, subject, *to, body='Hello.\r\n', fields='', copies=1, **options):
        """Sends a letter; what was delivered of it, by Delivered-To."""
        data = postern.letter(subject=subject, body=body)
        reply = self.sandbox.send(fields.encode() + data, *to, **options)
        self.assertRegex(reply, '^250 ')
        queue_id = reply.split()[-1]
        self.sandbox.wait_log(rf'{queue_id}: to=.* status=sent', copies)
        self.sandbox.wait_log(rf'{queue_id}: removed')
        letters = [letter for letter in self.sandbox.wait_mail() if b'id ' + queue_id.encode() in letter]
        self.assertEqual(len(letters), copies)
        return {re.search(rb'^Delivered-To: (.*)$', letter, re.M)[1].decode(): letter for letter in letters}

    def refuse(self, subject, body='Hello.\r\n', to='bob@sandbox.test'):
        with self.sandbox.session() as session:
            session.begin(to)
            return session.content(postern.letter(subject=subject, body=body))

    def test_aliases_and_canonical_forms_decide_where_mail_goes(self):
        letters = self.deliver('alias', 'list@sandbox.test', 'info+x@sandbox.test', 'OLD@sandbox.test', copies=4)
        self.assertEqual(set(letters), {'ann@sandbox.test', 'bob@sandbox.test', 'ann+x@sandbox.test',
                                        'new@sandbox.test'})
        self.assertIn(b'X-Original-To: info+x@sandbox.test\n', letters['ann+x@sandbox.test'])
        self.sandbox.wait_log(r'to=<new@sandbox\.test>, orig_to=<OLD@sandbox\.test>, relay=virtual')

    def test_a_sender_that_is_watched_has_a_copy_made(self):
        letters = self.deliver('copy', sender='watched@client.example', copies=2)
        self.assertEqual(set(letters), {'bob@sandbox.test', 'keeper@sandbox.test'})

    def test_header_addresses_of_our_clients_are_completed_and_rewritten(self):
        fields = 'Cc: joe, Old <old@sandbox.test>\r\n'
        letter = self.deliver('header', fields=fields)['bob@sandbox.test']
        self.assertIn(b'\nCc: joe@sandbox.test, Old <new@sandbox.test>\n', letter)

    def test_who_moved_or_loops_is_refused(self):
        with self.sandbox.session() as session:
            session.command('MAIL FROM:<ann@client.example>')
            self.assertEqual(session.command('RCPT TO:<gone@sandbox.test>'),
                             '550 5.1.6 <gone@sandbox.test>: Recipient address rejected: '
                             'User has moved to there@far.test')
            self.assertEqual(session.command('RCPT TO:<c@loop.test>'),
                             '550 5.1.1 <c@loop.test>: Recipient address rejected: '
                             'User unknown in virtual alias table')
        self.assertEqual(self.refuse('loop', to='a@loop.test'), '451 4.6.0 Alias expansion error')
        self.sandbox.wait_log(r'cleanup\[\d+\]: warning: \w+: unreasonable virtual_alias_maps map nesting for '
                              r'a@loop\.test -- message not accepted, try again later$')

    def test_checks_reject_hold_forget_redirect_and_change(self):
        self.assertEqual(self.refuse('reject'), '550 5.7.1 no such subjects')
        self.sandbox.wait_log(r'cleanup\[\d+\]: \w+: reject: header Subject: reject from unknown\[127\.0\.0\.1\]; '
                              r'from=<ann@client\.example> to=<bob@sandbox\.test> proto=ESMTP helo=<client\.example>: '
                              r'5\.7\.1 no such subjects$')
        self.assertRegex(self.refuse('hold'), '^250 2.0.0 Ok: queued as ')
        self.sandbox.wait_log(r'hold: header Subject: hold from .*: for a look$')
        forgotten = self.refuse('forget').split()[-1]
        self.sandbox.wait_log(rf'{forgotten}: discard: header Subject: forget from ')
        self.assertIn('trap@sandbox.test', self.deliver('away', 'ann@sandbox.test', 'bob@sandbox.test'))
        letter = self.deliver('change', fields='X-Secret: 1\r\n', body='plain line\r\nnul\0l\r\n')['bob@sandbox.test']
        self.assertNotIn(b'X-Secret', letter)
        self.assertTrue(letter.endswith(b'\n\nchanged line\nnull\n'), letter[-80:])
        self.assertNotIn(f'{forgotten}: from=', self.sandbox.log())

    def test_a_large_message_is_checked_to_its_end(self):
        filler = 'nothing to see here\r\n' * 20000
        self.assertEqual(self.refuse('large', body=filler + 'evil line\r\n'), '550 5.6.0 evil')
        letter = self.deliver('changed', body=f'plain line\r\n{filler}plain line\r\n')['bob@sandbox.test']
        expected = 'changed line\n' + filler.replace('\r\n', '\n') + 'changed line\n'
        self.assertTrue(letter.endswith(b'\n\n' + expected.encode()), letter[:400])

    def test_a_service_may_leave_steps_out(self):
        options = '-o receive_override_options=no_address_mappings,no_header_body_checks,no_unknown_recipient_checks'
        with postern.Sandbox(settings=SETTINGS) as sandbox:
            sandbox.edit('master.cf', ' smtpd\n', f' smtpd {options}\n')
            sandbox.reload()
            reply = sandbox.send(postern.letter(subject='reject'), 'list@sandbox.test')
            self.assertRegex(reply, '^250 ')
            sandbox.wait_log(r'to=<list@sandbox\.test>, relay=virtual.* status=sent')
            with sandbox.session() as session:
                session.command('MAIL FROM:<ann@client.example>')
                self.assertEqual(session.command('RCPT TO:<gone@sandbox.test>'), '250 2.1.5 Ok')


if __name__ == '__main__':
    unittest.main()
