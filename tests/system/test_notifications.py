"""Delivery status notifications: who gets one, what it says, and that each comes once."""
import email
import email.policy
import os
import re
import signal
import socket
import unittest

import postern

SETTINGS = {
    'virtual_mailbox_domains': 'sandbox.test, fails.test', 'relay_domains': '', 'transport_maps': '',
    'virtual_mailbox_maps': 'inline:{ { @sandbox.test = mail/ } }', 'smtpd_reject_unlisted_recipient': 'no',
    'notify_classes': 'bounce, 2bounce, delay', 'bounce_notice_recipient': 'bounces@sandbox.test',
    '2bounce_notice_recipient': 'doubles@sandbox.test', 'delay_notice_recipient': 'delays@sandbox.test',
    'delay_warning_time': '4h', 'minimal_backoff_time': '1s', 'maximal_backoff_time': '1s', 'queue_run_delay': '1s',
}


def ask(path, name, fields, body=b''):
    """One question to a service, as frame.md describes it: the fields of the answer."""
    def escaped(value):
        return str(value).replace('\\', '\\\\').replace('\n', '\\n').replace('\t', '\\t')
    lines = ''.join(f'{key}=' + ('\t'.join(map(escaped, value)) if isinstance(value, (list, tuple)) else escaped(value)) +
                    '\n' for key, value in fields).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(postern.LIMIT)
        connection.connect(path)
        connection.sendall(b'postern-ipc 1\n' + f'{name} 1 {len(lines)} {len(body)} 0\n'.encode() + lines + b'\n' + body)
        with connection.makefile('rb') as stream:
            head = stream.readline().split()
            answer = stream.read(int(head[2])).decode()
    return dict(line.split('=', 1) for line in answer.splitlines())


def parsed(letter):
    return email.message_from_bytes(letter, policy=email.policy.default)


class Notifications(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = postern.Sandbox(settings=SETTINGS)
        cls.number = 1000

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()

    def setUp(self):
        postern.wait_for(self.sandbox.queue_is_empty, 'the end of what was before')
        for path in self.sandbox.mail():
            os.unlink(path)

    def notify(self, kind, recipients, content=b'From: ann@sandbox.test\nSubject: hi\n\nHello.\n', **fields):
        """What qmgr asks; the numbers of recipients are 0, since they are no rows of the queue."""
        values = {'queue_id': 4096, 'sender': 'ann@sandbox.test', 'envid': '', 'ret': '', 'arrived': 1795000000000000,
                  'expires': 0, 'size': len(content), 'smtputf8': 'no', 'purpose': 0, **fields}
        standard = {'number': 0, 'address': '', 'original': '', 'notify': '', 'orcpt': '', 'status': 2, 'arrival': 0,
                    'dsn': '', 'reason': '', 'remote_mta': '', 'diagnostic': ''}
        rows = [('recipient', list({**standard, **one}.values())) for one in recipients]
        answer = ask(os.path.join(self.sandbox.directory, 'queue/private/bounce'), 'notify',
                     [('kind', kind), *values.items(), *rows], content)
        self.assertEqual(answer['code'], '250', answer)

    def letters(self, count):
        """The letters, by whom they were delivered to."""
        found = {}
        for raw in self.sandbox.wait_mail(count):
            letter = parsed(raw)
            found.setdefault(letter['Delivered-To'], []).append(letter)
        postern.wait_for(self.sandbox.queue_is_empty, 'an empty queue')
        self.assertEqual(len(self.sandbox.mail()), count)
        return found

    def report(self, letter, returned='message/rfc822'):
        """The three parts: text, fields, what is returned. The letter is a report by all rules."""
        self.assertEqual(letter.get_content_type(), 'multipart/report')
        self.assertFalse(letter.defects)
        text, fields, original = letter.iter_parts()
        self.assertEqual(text.get_content_type(), 'text/plain')
        self.assertEqual(fields.get_content_type(), 'message/' + letter.get_param('report-type'))
        self.assertEqual(original.get_content_type(), returned)
        return text.get_content(), fields, original

    def test_a_failure_from_end_to_end(self):
        with self.sandbox.smtp() as client:
            client.sendmail('ann@sandbox.test', ['one@fails.test', 'good@sandbox.test', 'two@fails.test'],
                            b'Subject: hi\r\n\r\n8-bit \xc3\xb6\r\n', ['ENVID=id+2B1', 'BODY=8BITMIME'],
                            ['NOTIFY=FAILURE', 'ORCPT=rfc822;o+2Brig@client.test'])
        found = self.letters(3)
        text, fields, original = self.report(found['ann@sandbox.test'][0])
        self.assertIn('<one@fails.test>: unknown user', text)
        message, one, two = fields.iter_parts() if not fields.is_multipart() else fields.get_payload()
        self.assertEqual(message.keys(), ['Original-Envelope-Id', 'Reporting-MTA', 'Arrival-Date', 'X-Postfix-Queue-ID',
                                          'X-Postfix-Sender'])
        self.assertEqual(message['Original-Envelope-Id'], 'id+1')
        self.assertEqual(message['Reporting-MTA'], 'dns; mail.sandbox.test')
        self.assertEqual(message['X-Postfix-Sender'], 'rfc822; ann@sandbox.test')
        for part, address in ((one, 'one@fails.test'), (two, 'two@fails.test')):
            self.assertEqual(part.keys(), ['Original-Recipient', 'Final-Recipient', 'Action', 'Status', 'Diagnostic-Code'])
            self.assertEqual(part['Original-Recipient'], 'rfc822;o+rig@client.test')
            self.assertEqual(part['Final-Recipient'], 'rfc822; ' + address)
            self.assertEqual((part['Action'], part['Status']), ('failed', '5.1.1'))
        returned, = original.iter_parts() if hasattr(original, 'iter_parts') and original.is_multipart() else [original]
        self.assertIn('8-bit', returned.as_string())
        letter = found['ann@sandbox.test'][0]
        self.assertEqual((letter['Return-Path'], letter['To'], letter['Auto-Submitted']),
                         ('<>', 'ann@sandbox.test', 'auto-replied'))
        self.assertEqual(letter['From'], 'Mail Delivery Service <MAILER-DAEMON@sandbox.test>')
        copy = found['bounces@sandbox.test'][0]
        self.assertEqual(copy['Return-Path'], '<double-bounce@sandbox.test>')
        self.report(copy, 'text/rfc822-headers')
        self.sandbox.wait_log(r'bounce\[\d+\]: [0-9A-F]+: sender non-delivery notification: [0-9A-F]+$')
        self.sandbox.wait_log(r'bounce\[\d+\]: [0-9A-F]+: postmaster non-delivery notification: [0-9A-F]+$')

    def test_nobody_hears_of_what_nobody_wants_to_hear(self):
        with self.sandbox.smtp() as client:
            client.sendmail('ann@sandbox.test', ['one@fails.test'], 'Subject: x\n\n', [], ['NOTIFY=NEVER'])
            client.sendmail('ann@sandbox.test', ['two@fails.test'], 'Subject: x\n\n', [], ['NOTIFY=SUCCESS,DELAY'])
        self.letters(0)

    def test_ret_and_size_decide_what_is_returned(self):
        long = 'Subject: x\n\n' + 15_000 * 'BODY' + '\n'
        for options, content, returned in ((['RET=HDRS'], 'Subject: x\n\nBODY\n', 'text/rfc822-headers'),
                                           (['RET=FULL'], 'Subject: x\n\nBODY\n', 'message/rfc822'),
                                           ([], long, 'text/rfc822-headers'), (['RET=FULL'], long + long, 'text/rfc822-headers')):
            with self.subTest(options=options, size=len(content)):
                self.setUp()
                with self.sandbox.smtp() as client:
                    client.sendmail('ann@sandbox.test', ['one@fails.test'], content, options)
                _, _, original = self.report(self.letters(2)['ann@sandbox.test'][0], returned)
                self.assertEqual('BODY' in original.as_string().split('\n\n', 1)[1], returned == 'message/rfc822')

    def test_a_bounce_of_a_bounce_goes_to_the_postmaster_and_ends_there(self):
        self.sandbox.send(None, 'one@fails.test', sender='two@fails.test')
        found = self.letters(2)
        self.assertEqual(sorted(found), ['bounces@sandbox.test', 'doubles@sandbox.test'])
        double = found['doubles@sandbox.test'][0]
        self.assertEqual(double['Return-Path'], '<double-bounce@sandbox.test>')
        text, fields, _ = self.report(double)
        self.assertIn('<two@fails.test>', text)
        self.assertNotIn('X-Postfix-Sender', fields.get_payload()[0])
        self.setUp()
        self.sandbox.send(None, 'three@fails.test', sender='')
        self.assertEqual(list(self.letters(1)), ['doubles@sandbox.test'])
        self.setUp()
        self.sandbox.send(None, 'four@fails.test', sender='double-bounce@sandbox.test')
        self.letters(0)
        self.sandbox.wait_log(r'bounce\[\d+\]: warning: [0-9A-F]+: undeliverable postmaster notification discarded$')

    def test_a_delay(self):
        self.notify(2, [{'address': 'a@b.test', 'dsn': '4.4.1', 'reason': 'connect to b.test: timed out', 'status': 1},
                        {'address': 'c@b.test', 'notify': 'FAILURE', 'dsn': '4.4.1', 'reason': 'x', 'status': 1}],
                    expires=1795432000000000)
        found = self.letters(2)
        letter = found['ann@sandbox.test'][0]
        text, fields, _ = self.report(letter, 'text/rfc822-headers')
        self.assertIn('For 4 hour(s) or more', text)
        _, one = fields.get_payload()
        self.assertEqual((one['Action'], one['Status']), ('delayed', '4.4.1'))
        self.assertRegex(one['Will-Retry-Until'], r'^Mon, 23 Nov 2026 ')
        self.assertEqual(len(found['delays@sandbox.test']), 1)
        self.sandbox.wait_log(r'1000: sender delay notification: [0-9A-F]+$')
        self.setUp()
        self.notify(2, [{'address': 'a@b.test', 'dsn': '4.4.1'}], sender='', expires=1)
        self.assertEqual(list(self.letters(1)), ['delays@sandbox.test'])

    def test_successes_of_each_kind_and_reports(self):
        recipients = [{'address': f'a{arrival}@b.test', 'notify': 'SUCCESS', 'status': 0, 'arrival': arrival,
                       'dsn': '2.0.0', 'reason': 'done', 'remote_mta': 'mx.b.test', 'diagnostic': 'smtp; 250 Ok'}
                      for arrival in range(4)]
        self.notify(1, recipients + [{'address': 'never@b.test', 'status': 0}], ret='FULL')
        letter, = self.letters(1)['ann@sandbox.test']
        _, fields, _ = self.report(letter, 'text/rfc822-headers')
        self.assertEqual([part['Action'] for part in fields.get_payload()[1:]], ['delivered', 'relayed', 'expanded'])
        self.assertEqual(fields.get_payload()[1]['Remote-MTA'], 'dns; mx.b.test')
        self.sandbox.wait_log(r'1000: sender delivery status notification: [0-9A-F]+$')
        for purpose, actions in ((1, ['deliverable', 'undeliverable', 'undeliverable']), (2, ['delivered', 'delayed', 'failed'])):
            self.setUp()
            self.notify(1, [{'address': 'x@b.test', 'status': s, 'dsn': f'{2 * s + 2 - s // 2}.0.0'} for s in range(3)],
                        purpose=purpose)
            letter, = self.letters(1)['ann@sandbox.test']
            _, fields, _ = self.report(letter, 'text/rfc822-headers')
            self.assertEqual([part['Action'] for part in fields.get_payload()[1:]], actions)

    def test_international_mail(self):
        self.notify(0, [{'address': 'b\u00f6b@b.test', 'dsn': '5.1.1', 'reason': 'nobody'}], smtputf8='yes',
                    content='Subject: gr\u00fc\u00dfe\n\nx\n'.encode())
        raw = [one for one in self.sandbox.wait_mail(2) if b'Delivered-To: ann@' in one][0]
        self.assertIn(b'report-type=global-delivery-status', raw)
        self.assertIn(b'Content-Type: message/global-delivery-status\n', raw)
        self.assertIn('Final-Recipient: utf-8; b\u00f6b@b.test\n'.encode(), raw)
        self.assertIn(b'Content-Type: message/global\n', raw)

    def test_who_is_killed_at_any_time_tells_of_each_failure_once(self):
        count = 60
        for number in range(count):
            self.sandbox.send(postern.letter(subject=f'n{number}'), f'r{number}@fails.test', sender='ann@sandbox.test')
            for victim in ('bounce', 'cleanup', 'qmgr', 'virtual')[number % 4:][:2]:
                for pid in self.sandbox.processes(victim):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass

        def told():
            return {re.search(rb'^<(r\d+)@fails', one, re.M)[1] for one in self.notifications()}
        postern.wait_for(lambda: len(told()) == count, f'{count} notifications', 150)
        postern.wait_for(self.sandbox.queue_is_empty, 'an empty queue')
        # A mailbox may have seen one again whose result was lost with qmgr; but each was written once.
        written = {}
        for one in self.notifications():
            written.setdefault(re.search(rb'^<(r\d+)@fails', one, re.M)[1], set()).add(
                re.search(rb' id ([0-9A-F]+)$', one, re.M)[1])
        self.assertEqual({r: ids for r, ids in written.items() if len(ids) > 1}, {})

    def notifications(self):
        letters = []
        for path in self.sandbox.mail():
            with open(path, 'rb') as file:
                letters.append(file.read())
        return [one for one in letters if b'\nDelivered-To: ann@' in one]


if __name__ == '__main__':
    unittest.main()
