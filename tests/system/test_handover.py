"""A client that screen hands over in mid-session cannot tell: each dialogue of a table is spoken to smtpd itself and to
screen, and both answer the same, byte for byte; what is delivered is the same too."""
import concurrent.futures
import os
import re
import signal
import socket
import ssl
import time
import unittest

import certificates
import peers
import postern
from ports import free_port

BANNER = b'220-mail.sandbox.test ESMTP Postern\r\n'
# What a dialogue is spoken to: smtpd, screen, and both again where PIPELINING is not offered because that is tested.
SERVICES = '''
127.0.0.1:{screen} inet n - y - 1 postscreen -o postscreen_bare_newline_enable=yes
127.0.0.1:{turns} inet n - y - 1 postscreen -o postscreen_pipelining_enable=yes -o postscreen_pipelining_action=ignore
  -o smtpd_service_name=smtpd
127.0.0.1:{strict} inet n - y - 1 postscreen -o postscreen_pipelining_enable=yes -o postscreen_bare_newline_enable=yes
  -o postscreen_bare_newline_action=enforce -o postscreen_non_smtp_command_enable=yes -o postscreen_pipelining_action=drop
127.0.0.1:{plain_turns} inet n - y - - smtpd -o smtpd_discard_ehlo_keywords=pipelining
127.0.0.1:{late} inet n - y - 1 postscreen -o postscreen_bare_newline_enable=yes -o smtpd_service_name=late
127.0.0.1:{plain_tls} inet n - y - - smtpd {tls}
127.0.0.1:{tls_screen} inet n - y - 1 postscreen -o postscreen_bare_newline_enable=yes -o smtpd_service_name=secret {tls}
secret pass - - y - - smtpd {tls}
smtpd pass - - y - - smtpd
late pass - - y - - smtpd -o smtpd_delay_reject=no
  -o smtpd_sender_restrictions=check_sender_access,inline:{{bad@client.example=REJECT}}
'''
TLS = '-o smtpd_tls_security_level=may -o smtpd_tls_chain_files='
SETTINGS = {'postscreen_access_list': '', 'postscreen_greet_wait': '1s', 'postscreen_non_smtp_command_action': 'drop',
            'smtpd_error_sleep_time': '0', 'smtpd_hard_error_limit': '6', 'smtpd_soft_error_limit': '4',
            'smtpd_junk_command_limit': '3', 'message_size_limit': '100000', 'smtpd_noop_commands': 'XNOP',
            'smtpd_client_connection_count_limit': '0', 'postscreen_pre_queue_limit': '1000',
            'postscreen_post_queue_limit': '1000'}

HELO, EHLO = 'HELO client.example', 'EHLO client.example'
MAIL, RCPT = 'MAIL FROM:<ann@client.example>', 'RCPT TO:<bob@sandbox.test>'
LETTER = 'Subject: {name}\r\nFrom: ann@client.example\r\nMessage-Id: <{name}@client.example>\r\n\r\nHello.\r\n..dot\r\n.\r\n'
LATIN1 = LETTER.replace('Hello.', 'Gr\xfc\xdfe.')
LONG = 'NOOP ' + 'x' * 3000

# Each step is sent as it is (a line gets its CR LF), then its reply is awaited; (text, replies) is for other numbers of
# them. The dialogue ends when the last step is answered: the client then has no more to say.
DIALOGUES = {
    'message': [EHLO, MAIL, RCPT, 'DATA', LETTER, 'QUIT'],
    'helo': [HELO, MAIL, RCPT, 'DATA', LETTER, 'QUIT'],
    'without_helo': [MAIL, RCPT, 'DATA', LETTER, 'QUIT'],
    'two_messages': [EHLO, MAIL, RCPT, 'DATA', LETTER, MAIL, RCPT, 'DATA', LETTER, 'QUIT'],
    'eight_bit': [EHLO, MAIL + ' BODY=8BITMIME SIZE=500', RCPT, 'DATA', LATIN1, 'QUIT'],
    'options': [EHLO, MAIL + ' SIZE=12 RET=HDRS ENVID=a', RCPT + ' NOTIFY=NEVER', 'DATA', LETTER, 'QUIT'],
    'null_sender': [EHLO, 'MAIL FROM:<>', RCPT, 'DATA', LETTER, 'QUIT'],
    'several_recipients': [EHLO, MAIL, RCPT, 'RCPT TO:<postmaster>', 'RCPT TO:<x@elsewhere.example>', 'DATA', LETTER,
                           'QUIT'],
    'hidden_end': [EHLO, MAIL, RCPT, 'DATA', (LETTER.replace('Hello.\r\n', 'x\n.\nMAIL FROM:<a@b>\n'), 1), 'QUIT'],
    'rset': [EHLO, MAIL, 'RSET', 'MAIL FROM:<joe@client.example>', RCPT, 'DATA', LETTER, 'QUIT'],
    'rset_before_rcpt': [EHLO, MAIL, 'RSET', RCPT, 'DATA', 'QUIT'],
    'second_ehlo': [EHLO, MAIL, 'EHLO other.example', RCPT, MAIL, RCPT, 'DATA', LETTER, 'QUIT'],
    'helo_after_ehlo': [EHLO, 'HELO other.example', MAIL, RCPT, 'DATA', LETTER, 'QUIT'],
    'nested_mail': [EHLO, MAIL, 'MAIL FROM:<joe@client.example>', RCPT, 'DATA', LETTER, 'QUIT'],
    'refused_mail': [EHLO, MAIL + ' SIZE=200000', 'MAIL FROM:<a', MAIL, RCPT, 'DATA', LETTER, 'QUIT'],
    'mail_syntax': [EHLO, 'MAIL', 'MAIL FROM', 'MAIL FROM: a b', 'mail from: <ann@client.example> ', RCPT, 'QUIT'],
    'mail_options': [EHLO, MAIL + ' FOO=1', MAIL + ' SIZE=x', MAIL + ' SMTPUTF8', MAIL + ' BODY=9BIT', 'QUIT'],
    'rcpt_syntax': [EHLO, MAIL, 'RCPT', 'RCPT TO:<', 'RCPT TO:<>', RCPT, 'QUIT'],
    'order': [EHLO, RCPT, 'DATA', MAIL, 'DATA', 'QUIT'],
    'helo_syntax': ['HELO', 'EHLO', 'helo  spaced out', 'EHLO [127.0.0.1]', 'QUIT'],
    'unknown': [EHLO, 'FOO', 'HELP', 'EXPN x', 'XCLIENT A=B', '', ' ', 'QUIT'],
    'lower_case': [EHLO.lower(), MAIL.lower(), RCPT.lower(), 'data', LETTER, 'quit'],
    'noop': ['NOOP', EHLO, 'NOOP x', 'XNOP', 'RSET x', 'RSET', 'QUIT x'],
    'junk': [EHLO] + ['NOOP', 'RSET'] * 8 + [MAIL, RCPT, 'QUIT'],
    'junk_and_mail': [EHLO] + ['NOOP'] * 5 + [MAIL, RCPT, 'FOO', 'FOO', 'FOO', 'FOO'],
    'errors': [EHLO] + ['FOO'] * 5 + [('FOO', 2)],
    'errors_across': [EHLO, 'FOO', 'BAR', 'FOO', MAIL, RCPT, 'FOO', 'BAR', ('FOO', 2)],
    'too_long': [EHLO, LONG, MAIL, LONG, RCPT, LONG, 'QUIT'],
    'vrfy': [EHLO, 'VRFY', 'VRFY bob', 'VRFY <bob@sandbox.test>', 'VRFY a b', 'QUIT'],
    'etrn': [EHLO, 'ETRN', 'ETRN sandbox.test', MAIL, 'ETRN sandbox.test', 'QUIT'],
    'starttls': [EHLO, 'STARTTLS x', 'STARTTLS', MAIL, RCPT, 'QUIT'],
    'auth': [EHLO, 'AUTH', 'AUTH PLAIN AAAA', MAIL, RCPT, 'QUIT'],
    'chunks': [EHLO, MAIL, RCPT, 'BDAT 16\r\nSubject: x\r\n\r\na\r', 'BDAT 6 LAST\r\n\nQUIT\r', 'QUIT'],
    'chunk_syntax': [EHLO, MAIL, RCPT, 'BDAT'],
    'chunks_too_early': [EHLO, 'BDAT 4\r\nQU\r\n', 'BDAT 0', 'BDAT 0 LAST', MAIL, 'BDAT 4 LAST\r\nQU\r\n', MAIL, RCPT, 'QUIT'],
    'chunks_without_helo': [MAIL, RCPT, 'BDAT 4 LAST\r\nQU\r\n', 'QUIT'],
    'chunks_at_once': [('\r\n'.join([EHLO, MAIL, RCPT, 'BDAT 1', 'aBDAT 1 LAST', 'bQUIT', '']), 6)],
    'not_utf8': [EHLO, 'NOOP \xff', 'EHLO \xff', 'MAIL FROM:<\xff@client.example>', MAIL, RCPT, 'QUIT'],
    'utf8': [EHLO, 'NOOP \xc3\xa4', 'MAIL FROM:<\xc3\xa4@client.example>', MAIL, RCPT, 'QUIT'],
    'controls': [EHLO, 'NOOP \t\x01\x7f', 'M\0AIL', 'EHLO a\rb', MAIL, RCPT, 'QUIT'],
    'web': [EHLO, 'GET / HTTP/1.1'],
    'web_at_once': [('GET / HTTP/1.1\r\nHost: x\r\n\r\n', 1)],
    'header': [EHLO, MAIL, 'Subject: x'],
    'bare_lf': [('EHLO client.example\n', 1), (MAIL + '\n', 1), (RCPT + '\n', 1), ('DATA\n', 1),
                ('Subject: x\nMessage-Id: <x@y>\n\nHello\n\r\n.\r\n', 1), ('QUIT\n', 1)],
    'bare_lf_later': [EHLO, MAIL, (RCPT + '\n', 1), 'QUIT'],
    'pipelined': [EHLO, ('\r\n'.join([MAIL, RCPT, 'RCPT TO:<postmaster>', 'DATA', '']), 4), LETTER, 'QUIT'],
    'pipelined_refusal': [EHLO, ('\r\n'.join([MAIL, 'RCPT TO:<x@elsewhere.example>', 'DATA', 'RSET', 'QUIT', '']), 5)],
    'pipelined_two': [EHLO, ('\r\n'.join([MAIL, RCPT, 'DATA', '']), 3), (LETTER + '\r\n'.join([MAIL, RCPT, 'DATA', '']), 4),
                      (LETTER + 'QUIT\r\n', 2)],
    'all_at_once': [('\r\n'.join([EHLO, MAIL, RCPT, 'DATA', LETTER + 'QUIT', '']), 6)],
    'all_at_once_helo': [('\r\n'.join([HELO, MAIL, RCPT, 'DATA', LETTER + 'QUIT', '']), 6)],
    'errors_at_once': [('\r\n'.join([EHLO, 'FOO', MAIL, 'BAR', MAIL, RCPT, 'QUIT', '']), 7)],
    'nothing': [],
}
for _at, _name in enumerate(['quit', 'quit_after_ehlo', 'quit_after_mail', 'quit_after_rcpt', 'quit_after_message']):
    DIALOGUES[_name] = [[], [EHLO], [EHLO, MAIL], [EHLO, MAIL, RCPT], [EHLO, MAIL, RCPT, 'DATA', LETTER]][_at] + ['QUIT']
    DIALOGUES[_name.replace('quit', 'leave')] = DIALOGUES[_name][:-1]
CHUNKS = [text.encode() for text in (EHLO + '\r\n', MAIL + '\r\n', RCPT + '\r\n', 'BDAT 14\r\nSubject: x\r\n\r\n',
                                     'BDAT 7 LAST\r\n.\r\nQUIT', 'QUIT\r\n')]
WHOLE = '\r\n'.join([EHLO, MAIL, RCPT, 'DATA', 'Subject: split\r\n\r\nHello.\r\n.', 'QUIT', '']).encode()


class Talk:
    """A connection from an address of its own, and all that comes on it."""

    def __init__(self, port, source):
        self.socket = socket.create_connection(('127.0.0.1', port), postern.LIMIT, (source, 0))
        self.heard = b''

    def await_replies(self, count):
        """Until there are that many replies in all, or the server has closed the connection."""
        while len(re.findall(rb'^\d{3}(?: .*)?\r\n', self.heard, re.M)) < count:
            try:
                more = self.socket.recv(65536)
            except OSError:  # reset, or TLS that was cut off
                return False
            if not more:
                return False
            self.heard += more
        return True

    def encrypt(self):
        """False when the server does not."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            self.socket = context.wrap_socket(self.socket)
        except OSError:
            return False
        return True

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def finish(self):
        try:
            if not isinstance(self.socket, ssl.SSLSocket):  # which would go on without TLS
                self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.await_replies(10**6)
        self.socket.close()
        return self.heard.removeprefix(BANNER)


def arguments_of(pid):
    try:
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            return file.read().replace(b'\0', b' ').decode()
    except OSError:
        return ''


def play(port, source, steps, name):
    talk = Talk(port, source)
    due = 1
    talk.await_replies(due)
    for step in steps:
        text, replies = step if isinstance(step, tuple) else (step, 1)
        if text == 'TLS':
            if not talk.encrypt():
                break
            continue
        text = text.replace('{name}', name)
        due += replies
        talk.send((text if text.endswith('\n') else text + '\r\n').encode('latin1'))
        if not talk.await_replies(due):
            break
    return talk.finish()


def play_split(port, source, at):
    """The whole dialogue in two pieces: the second one when the first is answered, as far as it can be."""
    talk = Talk(port, source)
    talk.await_replies(1)
    talk.send(WHOLE[:at])
    before_content = WHOLE.index(b'Subject')
    lines = WHOLE[:min(at, before_content)].count(b'\n')
    content = at >= WHOLE.index(b'QUIT')
    talk.await_replies(1 + lines + (1 if content else 0) + (1 if at == len(WHOLE) else 0))
    talk.send(WHOLE[at:])
    return talk.finish()


def play_split_chunks(port, source, at):
    talk = Talk(port, source)
    whole, ends = b''.join(CHUNKS), 0
    talk.await_replies(1)
    talk.send(whole[:at])
    answered = 0
    for piece in CHUNKS:
        ends += len(piece)
        answered += ends <= at
    talk.await_replies(1 + answered)
    talk.send(whole[at:])
    return talk.finish()


def alike(text):
    """Without what differs from one message to the next."""
    return re.sub(rb'queued as \S+', b'queued as ID', text)


def letter_of(data):
    """A delivered letter without ids and dates."""
    data = re.sub(rb'(?m)^Delivered-To: .*\n', b'', data)
    data = re.sub(rb'( id )\S+', rb'\1ID', data)
    return re.sub(rb'\w{3}, [ \d]\d \w{3} \d{4} \d\d:\d\d:\d\d [^\n]*', b'DATE', data)


class HandOver(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = postern.Sandbox(settings=SETTINGS)
        cls.made = certificates.Certificates()
        chain = cls.made.make('server', ['mail.sandbox.test'])
        names = ('screen', 'turns', 'strict', 'plain_turns', 'late', 'plain_tls', 'tls_screen')
        cls.ports = {name: free_port() for name in names}
        cls.sandbox.append('master.cf', SERVICES.format(**cls.ports, tls=TLS + chain))
        cls.sandbox.reload()
        cls.ports['plain'] = cls.sandbox.port
        cls.next_source = iter(f'127.1.{a}.{b}' for a in range(1, 250) for b in range(1, 250))
        for port in cls.ports.values():
            postern.wait_for(lambda port=port: peers.is_listening(port), f'port {port}')

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()
        cls.made.close()

    def both(self, one, other, plays):
        """Each of `plays`, {name: (function, *arguments)}, against two services; those that differ."""
        with concurrent.futures.ThreadPoolExecutor(100) as pool:
            runs = {}
            for name, (function, *arguments) in plays.items():
                source = next(self.next_source)
                runs[name] = [pool.submit(function, self.ports[port], source, *arguments) for port in (one, other)]
            results = {name: [alike(run.result()) for run in pair] for name, pair in runs.items()}
        return results

    def compare(self, one, other, plays):
        for name, (expected, answered) in self.both(one, other, plays).items():
            with self.subTest(dialogue=name):
                self.assertEqual(answered.decode('latin1'), expected.decode('latin1'))
                self.assertRegex(expected, b'^220 ')

    def test_dialogues_are_answered_as_smtpd_answers_them(self):
        self.compare('plain', 'screen', {name: (play, steps, name) for name, steps in DIALOGUES.items()})
        self.assertNotRegex(self.sandbox.log(), r'(?m)(warning: service|refused that user|cannot be repeated)')

    def test_where_pipelining_is_tested_nothing_else_differs(self):
        steps = {name: steps for name, steps in DIALOGUES.items()
                 if 'at_once' not in name and 'pipelined' not in name}
        self.compare('plain_turns', 'turns', {name: (play, said, name) for name, said in steps.items()})

    def test_a_session_goes_on_in_tls(self):
        plays = {
            'message': [EHLO, 'STARTTLS', 'TLS', EHLO, MAIL, RCPT, 'DATA', LETTER, 'QUIT'],
            'without_helo': ['STARTTLS', 'TLS', MAIL, RCPT, 'QUIT'],
            'transaction_is_forgotten': [EHLO, MAIL, 'STARTTLS', 'TLS', RCPT, 'STARTTLS', EHLO, 'QUIT'],
            'syntax': [EHLO, 'STARTTLS x', 'FOO', 'STARTTLS', 'TLS', 'FOO', 'QUIT'],
            'plain': [EHLO, MAIL, RCPT, 'QUIT'],
            'injected': [EHLO, ('STARTTLS\r\nNOOP\r\nMAIL FROM:<a@b>\r\n', 1), EHLO],
        }
        self.compare('plain_tls', 'tls_screen', {name: (play, steps, name) for name, steps in plays.items()})
        source = next(self.next_source)
        self.assertIn(b'250-STARTTLS', play(self.ports['tls_screen'], source, [EHLO, 'QUIT'], 'x'))
        self.sandbox.wait_log(r'smtpd\[\d+\]: Anonymous TLS|smtpd\[\d+\]: disconnect from .* ehlo=2 starttls=1 mail=1')

    def test_a_dialogue_may_break_off_anywhere(self):
        plays = {f'split at {at}': (play_split, at) for at in range(0, len(WHOLE) + 1)}
        plays |= {f'chunks split at {at}': (play_split_chunks, at) for at in range(0, len(b''.join(CHUNKS)) + 1)}
        self.compare('plain', 'screen', plays)

    def test_what_is_delivered_is_the_same(self):
        name = 'delivered'
        plays = {f'{name}{at}': (play, DIALOGUES[of], f'{name}{at}')
                 for at, of in enumerate(['message', 'eight_bit', 'hidden_end', 'pipelined', 'all_at_once', 'rset', 'helo'])}
        self.compare('plain', 'screen', plays)

        def letters():
            found = {}
            for path in self.sandbox.mail():
                with open(path, 'rb') as file:
                    data = file.read()
                subject = re.search(rb'(?m)^Subject: (delivered\d)$', data)
                if subject:
                    found.setdefault(subject[1], []).append(letter_of(data))
            return found if sum(map(len, found.values())) >= 2 * len(plays) + 2 else None  # one has two recipients
        for subject, data in postern.wait_for(letters, 'all letters').items():
            with self.subTest(subject=subject):
                half = sorted(data)
                self.assertEqual(half[::2], half[1::2])

    def test_the_counts_of_the_whole_session_are_in_the_log(self):
        source = next(self.next_source)
        play(self.ports['screen'], source, [EHLO, 'FOO', MAIL, 'RSET', MAIL, RCPT, 'QUIT'], 'counts')
        self.sandbox.wait_log(rf'smtpd\[\d+\]: disconnect from \S*\[{source}\] ehlo=1 mail=2 rcpt=1 rset=1 quit=1 '
                              r'unknown=0/1 commands=6/7$')

    def test_a_client_that_passed_is_not_tested_again(self):
        source = next(self.next_source)
        play(self.ports['screen'], source, DIALOGUES['message'], 'passed')
        self.sandbox.wait_log(rf'postscreen\[\d+\]: PASS NEW \[{source}\]:\d+$')
        begun = time.monotonic()
        play(self.ports['screen'], source, DIALOGUES['message'], 'passed')
        self.assertLess(time.monotonic() - begun, 0.9)
        self.sandbox.wait_log(rf'postscreen\[\d+\]: PASS OLD \[{source}\]:\d+$')

    def test_offences_behind_the_hand_over_are_screens_to_log(self):
        """smtpd acts on them, and the client has no pass."""
        begin = [EHLO, MAIL, RCPT]
        cases = {
            'COMMAND PIPELINING from {} after RCPT: DATA': [EHLO, MAIL, (RCPT + '\r\nDATA\r\n', 1)],
            'NON-SMTP COMMAND from {} after RCPT: Subject: x': begin + ['Subject: x'],
            'BARE NEWLINE from {} after RSET': begin + [('RSET\n', 1), MAIL, RCPT],
        }
        with concurrent.futures.ThreadPoolExecutor() as pool:
            sources = [next(self.next_source) for _ in cases]
            ends = list(pool.map(lambda source, steps: play(self.ports['strict'], source, steps, 'x'), sources,
                                 cases.values()))
        endings = [b'521 5.5.1 Protocol error\r\n', b'521 5.7.0 Error: I can break rules, too. Goodbye.\r\n',
                   b'550 5.5.1 Protocol error\r\n']
        for line, source, said, ending in zip(cases, sources, ends, endings):
            with self.subTest(line=line):
                self.assertTrue(said.endswith(ending), said)
                self.sandbox.wait_log(r'postscreen\[\d+\]: ' + line.format(rf'\[{source}\]:\d+'))
                self.assertNotRegex(self.sandbox.log(), rf'PASS NEW \[{source}\]')

    def test_what_smtpd_would_have_refused_before_is_refused_at_rcpt(self):
        source = next(self.next_source)
        bad = 'MAIL FROM:<bad@client.example>'
        replies = play(self.ports['late'], source, [EHLO, bad, RCPT, 'RSET', MAIL, RCPT, 'QUIT'], 'late')
        self.assertRegex(replies, rb'(?s)\r\n250 2.1.0 Ok\r\n554 5.7.1 <bad@client.example>: Sender address rejected: '
                         rb'Access denied\r\n250 2.0.0 Ok\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n221 2.0.0 Bye\r\n$')

    def test_a_server_that_stands_still_or_dies_loses_no_client(self):
        """The client waits until its session is taken, or another server takes it."""
        def servers():
            return [pid for pid in self.sandbox.processes('smtpd')
                    if '-n late ' in arguments_of(pid)]
        talk = Talk(self.ports['late'], next(self.next_source))
        for due, line in enumerate([EHLO, MAIL, RCPT], 2):
            talk.await_replies(due - 1)
            talk.send(line.encode() + b'\r\n')
        self.assertTrue(talk.await_replies(4))
        for end in (signal.SIGCONT, signal.SIGKILL):
            with self.subTest(end=end):
                stopped = postern.wait_for(servers, 'a server')
                for pid in stopped:
                    os.kill(pid, signal.SIGSTOP)
                waiting = Talk(self.ports['late'], next(self.next_source))
                for due, line in enumerate([EHLO, MAIL], 2):
                    waiting.await_replies(due - 1)
                    waiting.send(line.encode() + b'\r\n')
                waiting.await_replies(3)
                waiting.send(RCPT.encode() + b'\r\nQUIT\r\n')
                for pid in stopped:
                    os.kill(pid, end)
                self.assertRegex(waiting.finish(), b'\r\n250 2.1.5 Ok\r\n221 2.0.0 Bye\r\n$')
        talk.finish()

    def test_sessions_go_on_when_screen_ends_or_reloads(self):
        for end in ('kill', 'reload'):
            with self.subTest(end=end):
                talk = Talk(self.ports['screen'], next(self.next_source))
                talk.await_replies(1)
                for due, line in enumerate([EHLO, MAIL, RCPT], 2):
                    talk.send(line.encode() + b'\r\n')
                    self.assertTrue(talk.await_replies(due))
                if end == 'kill':
                    for pid in self.sandbox.processes('screen'):
                        os.kill(pid, signal.SIGKILL)
                else:
                    self.sandbox.reload()
                talk.send(b'DATA\r\n')
                self.assertTrue(talk.await_replies(5))
                talk.send(LETTER.replace('{name}', end).encode() + b'QUIT\r\n')
                self.assertRegex(talk.finish(), rb'250 2.0.0 Ok: queued as \w+\r\n221 2.0.0 Bye\r\n$')


if __name__ == '__main__':
    unittest.main()
