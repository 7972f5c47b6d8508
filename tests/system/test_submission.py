"""Mail of programs on this host: sendmail in all its ways, postdrop, pickup."""
import contextlib
import glob
import grp
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import postern

HELLO = 'Subject: hello\n\nHello.\n'


def content_of(letter):
    """What a letter says behind the trace that we put in front of it."""
    return re.split(rb'\nReceived: by [^\n]*\n\t[^\n]*\n', letter, maxsplit=1)[1]


class Submission(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = postern.Sandbox(settings={'message_size_limit': '20000000'})

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()

    def setUp(self):
        postern.wait_for(lambda: not self.left() and self.sandbox.queue_is_empty(), 'the end of what was before')
        for path in self.sandbox.mail():
            os.unlink(path)

    def command(self, name, *words, text=HELLO, sandbox=None, **options):
        sandbox = sandbox or self.sandbox
        environment = dict(os.environ, MAIL_CONFIG=sandbox.facts['config_directory'], **options.pop('environment', {}))
        return subprocess.run([os.path.join(sandbox.build, 'bin', name), *words],
                              input=text.encode() if isinstance(text, str) else text, capture_output=True,
                              env=environment, timeout=60, check=False, **options)

    def sendmail(self, *words, status=0, **options):
        done = self.command('sendmail', *words, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    @contextlib.contextmanager
    def setting(self, line):
        """One more line of main.cf, for commands that are started now."""
        with open(self.sandbox.path('main.cf'), encoding='utf-8') as file:
            before = file.read()
        self.sandbox.append('main.cf', f'\n{line}\n')
        try:
            yield
        finally:
            with open(self.sandbox.path('main.cf'), 'w', encoding='utf-8') as file:
                file.write(before)

    def left(self, folder='maildrop'):
        return os.listdir(os.path.join(self.sandbox.directory, 'queue', folder))

    def test_ways_to_name_the_recipients(self):
        cases = [(['ann@sandbox.test'], HELLO, {'ann'}),
                 (['Ann <ann@sandbox.test>', 'bob@sandbox.test,cid@sandbox.test'], HELLO, {'ann', 'bob', 'cid'}),
                 (['-t'], 'To: Ann <ann@sandbox.test>, friends: bob@sandbox.test;\nCc: (x) cid\n\n\n', {'ann', 'bob', 'cid'}),
                 (['-t', 'eve'], 'Bcc: ann,\n bob\n\nTo: dan\n', {'ann', 'bob', 'eve'}),
                 (['-t'], 'To: ann\nResent-To: bob\nResent-Cc: cid\n\n\n', {'bob', 'cid'}),
                 (['-oi', '--', 'dash@sandbox.test'], HELLO, {'dash'})]
        for words, text, expected in cases:
            with self.subTest(words=words, text=text):
                self.setUp()
                self.sendmail(*words, text=text)
                letters = self.sandbox.wait_mail(len(expected))
                found = {re.search(rb'^Delivered-To: (.*)@sandbox\.test$', one, re.M)[1].decode() for one in letters}
                self.assertEqual(found, expected)
                self.assertFalse([one for one in letters if b'\nBcc:' in one])

    def test_what_a_letter_looks_like_that_lacks_fields(self):
        self.sendmail('-F', 'Ann "x" B', '-f', 'ann@sandbox.test', 'bob')
        letter, = self.sandbox.wait_mail()
        self.assertIn(b'Return-Path: <ann@sandbox.test>\n', letter)
        self.assertRegex(letter, rb'\nReceived: by mail\.sandbox\.test \(Postern, from userid \d+\)')
        self.assertIn(b'\nFrom: "Ann \\"x\\" B" <ann@sandbox.test>\n', letter)
        self.assertRegex(letter, rb'\nMessage-Id: <[^>]+>\n')
        self.sandbox.wait_log(rf'pickup\[\d+\]: [0-9A-F]+: uid={os.getuid()} from=<ann@sandbox\.test>$')

    def test_a_sender_from_the_environment(self):
        self.sendmail('bob', environment={'NAME': 'Zoe Z'})
        letter, = self.sandbox.wait_mail()
        self.assertRegex(letter, rb'\nFrom: Zoe Z <root@sandbox\.test>\n')

    def test_a_from_field_stays(self):
        self.sendmail('-F', 'Other', '-r', '', 'bob', text='From: x@y.test\n\n')
        letter, = self.sandbox.wait_mail()
        self.assertIn(b'Return-Path: <>\n', letter)
        self.assertEqual(re.findall(rb'^From: .*$', letter, re.M), [b'From: x@y.test'])

    def test_where_content_ends_and_how_lines_do(self):
        head = 'Subject: s\nFrom: a@b.test\nDate: d\nMessage-Id: <1@b.test>\n\n'
        cases = [([], 'one\n.\ntwo\n', 'one\n'), (['-i'], 'one\n.\ntwo\n', 'one\n.\ntwo\n'),
                 (['-oi'], '.\n..\n', '.\n..\n'), ([], 'a\r\nb\rc\r\n.\r\n', 'a\nb c\n'), ([], 'no end', 'no end\n'),
                 ([], '..\n', '..\n'), ([], '', '')]
        for words, body, expected in cases:
            with self.subTest(words=words, body=body):
                self.setUp()
                self.sendmail(*words, 'bob', text='From mbox line\n>From another\n' + head + body)
                letter, = self.sandbox.wait_mail()
                self.assertEqual(content_of(letter), (head + expected).encode())

    def test_a_large_letter_arrives_as_it_is(self):
        body = b''.join(b'%08d of a long letter \xff\x00 end\n' % number for number in range(200_000))
        self.sendmail('-i', 'bob', text=HELLO.encode() + body)
        letter, = self.sandbox.wait_mail()
        self.assertTrue(letter.endswith(b'\n\nHello.\n' + body))

    def test_smtp_on_standard_input(self):
        done = self.sendmail('-bs', text='RCPT TO:<x@y.test>\r\nEHLO me\r\nMAIL FROM:<a@b.test> BODY=8BITMIME ENVID=q+2B\r\n'
                             'RCPT TO:<bob@sandbox.test> NOTIFY=NEVER\r\nDATA\r\n' + HELLO.replace('\n', '\r\n') +
                             '..dots\r\n.\r\nMAIL FROM:<>\r\nDATA\r\nRSET\r\nFOO\r\nQUIT\r\n')
        codes = [line[:3] for line in done.stdout.decode().splitlines() if line[3:4] == ' ']
        self.assertEqual(codes, ['220', '503', '250', '250', '250', '354', '250', '250', '554', '250', '500', '221'])
        letter, = self.sandbox.wait_mail()
        self.assertIn(b'\n\nHello.\n.dots\n', letter)
        self.assertIn(b'Return-Path: <a@b.test>\n', letter)

    def test_smtp_that_breaks_off_sends_nothing(self):
        self.sendmail('-bs', text='EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<bob@sandbox.test>\r\nDATA\r\nhalf')
        self.sendmail('cid')
        letter, = self.sandbox.wait_mail()
        self.assertIn(b'Delivered-To: cid@sandbox.test', letter)
        self.assertEqual(self.left(), [])

    def test_programs_that_speak_smtp(self):
        port = str(self.sandbox.port)
        subprocess.run(['msmtp', '--host=127.0.0.1', '--port=' + port, '--from=ann@client.example', 'msmtp@sandbox.test'],
                       input=HELLO.encode(), check=True, timeout=60)
        subprocess.run(['swaks', '--server', '127.0.0.1:' + port, '--to', 'swaks@sandbox.test', '--from',
                        'ann@client.example', '--helo', 'client.example', '--silent', '3'], check=True, timeout=60)
        with self.sandbox.smtp() as client:
            client.sendmail('ann@client.example', ['smtplib@sandbox.test'], HELLO)
        letters = self.sandbox.wait_mail(3)
        found = sorted(re.search(rb'^Delivered-To: (.*)@', one, re.M)[1].decode() for one in letters)
        self.assertEqual(found, ['msmtp', 'smtplib', 'swaks'])

    def test_what_is_refused_and_how(self):
        cases = [([], HELLO, 64, r'root\(0\): Recipient addresses must be specified on the command line or via the -t option'),
                 (['-t'], HELLO, 64, r'root\(0\): No recipient addresses found in message header'),
                 (['-Z', 'bob'], HELLO, 64, "invalid option -- 'Z'"),
                 (['-f'], HELLO, 64, "option requires an argument -- 'f'"),
                 (['-bx', 'bob'], HELLO, 64, 'unsupported: -bx'),
                 (['-B', 'x', 'bob'], HELLO, 64, '-B option needs 8BITMIME or 7BIT'),
                 (['-t', '-bv', 'bob'], HELLO, 64, '-t option cannot be used with -bv'),
                 (['-C', '/nowhere', 'bob'], HELLO, 78, 'open /nowhere/main.cf: No such file or directory'),
                 (['bob'], HELLO + 20 * 'x' * 1_100_000, 69, r'root\(0\): message file too big')]
        for words, text, status, error in cases:
            with self.subTest(words=words):
                done = self.sendmail(*words, text=text, status=status)
                self.assertRegex(done.stderr.decode(), 'sendmail: fatal: ' + error)
        self.assertEqual(self.left(), [])

    def test_what_is_said_and_goes_on(self):
        cases = [(['-N', 'bogus'], 'bad -N option value -- ignored'), (['-N', 'never,delay'], 'bad -N option'),
                 (['-R', 'x'], 'bad -R option value -- ignored'), (['-f', 'a b'], '-f option specified malformed sender: a b')]
        for words, warning in cases:
            with self.subTest(words=words):
                done = self.sendmail(*words, 'bob')
                self.assertIn('sendmail: warning: ' + warning, done.stderr.decode())
        done = self.sendmail('-bv', 'bob')
        self.assertEqual(done.stdout, b'Mail Delivery Status Report will be mailed to <root>.\n')

    def test_a_file_that_is_no_letter_is_put_aside_and_others_go_on(self):
        folder = os.path.join(self.sandbox.directory, 'queue', 'maildrop')
        before = len(self.left('corrupt'))
        for name, text in (('m1', 'rubbish'), ('m2', 'postern-maildrop 1 0000000009 0000000000000000000001\nuid=0\nx'),
                           ('m3', ''), ('strange', 'x'), ('qZZ', 'x')):
            with open(os.path.join(folder, name), 'w', encoding='ascii') as file:
                file.write(text)
        os.symlink('/etc/passwd', os.path.join(folder, 'm4'))
        os.mkfifo(os.path.join(folder, 'm5'))
        self.sendmail('bob')
        self.sandbox.wait_mail()
        postern.wait_for(lambda: not self.left(), 'an empty maildrop')
        self.assertEqual(len(self.left('corrupt')) - before, 7)
        self.assertEqual(len(re.findall('pickup.*warning: .*moved to corrupt/m1$', self.sandbox.log(), re.M)), 1)

    def test_a_user_without_rights_submits_by_the_group(self):
        if not postern.IS_ROOT:
            self.skipTest('needs root')
        if 'postdrop' not in (group.gr_name for group in grp.getgrall()):
            self.skipTest('needs the group postdrop')
        group = grp.getgrnam('postdrop').gr_gid
        bin_directory = tempfile.mkdtemp()
        try:
            os.chmod(bin_directory, 0o755)
            for name in ('sendmail', 'postdrop'):
                shutil.copy(os.path.join(postern.BUILD, 'bin', name), bin_directory)
            environment = dict(os.environ, MAIL_CONFIG=self.sandbox.facts['config_directory'])
            os.chmod(self.sandbox.directory, 0o755)

            def submit(gid):
                return subprocess.run([bin_directory + '/sendmail', 'bob'], input=HELLO.encode(), capture_output=True,
                                      env=environment, timeout=60, check=False, extra_groups=[], user=65534, group=gid)
            with self.setting(f'command_directory = {bin_directory}'):
                # Without the bit nobody may write there.
                self.assertEqual(submit(65534).returncode, 75)
                os.chown(bin_directory + '/postdrop', 0, group)
                os.chmod(bin_directory + '/postdrop', 0o2755)
                # With it a caller may not bring a configuration of his own.
                refused = submit(65534)
                self.assertEqual(refused.returncode, 77)
                self.assertIn(b'alternate_config_directories', refused.stderr)
                os.chmod(bin_directory + '/postdrop', 0o755)
                done = submit(group)
                self.assertEqual(done.returncode, 0, done.stderr)
            self.sandbox.wait_log(r'uid=65534 from=<nobody>')
            self.assertEqual(len(self.sandbox.wait_mail()), 1)
        finally:
            shutil.rmtree(bin_directory)

    def test_users_and_senders_that_are_not_allowed(self):
        cases = [('authorized_submit_users = !root, static:anyone', [], 77),
                 ('authorized_submit_users = root', [], 0),
                 ('local_login_sender_maps = inline:{ {root = root @good.test <>} }', [], 0),
                 ('local_login_sender_maps = inline:{ {root = root @good.test <>} }', ['-f', 'x@Good.test'], 0),
                 ('local_login_sender_maps = inline:{ {root = root @good.test <>} }', ['-f', '<>'], 0),
                 ('local_login_sender_maps = inline:{ {root = root @good.test} }', ['-f', 'x@bad.test'], 77)]
        for setting, words, status in cases:
            with self.subTest(setting=setting, words=words), self.setting(setting):
                done = self.sendmail(*words, 'bob', status=status)
                if status == 77:
                    self.assertRegex(done.stderr, rb'postdrop: fatal: User root(\(0\))? is not allowed')

    def test_a_submission_that_breaks_off_or_is_interrupted_leaves_nothing(self):
        whole = b'postern-submission 1 20\nrecipient=bob\nuid=7\n5\nHell\n0\n'
        for cut in (5, 24, 30, 44, 47, 51):
            self.assertEqual(self.command('postdrop', text=whole[:cut]).returncode, 75)
        for bad in (b'rubbish\n', whole + b'x', whole.replace(b'uid=7', b'uid=x'), whole.replace(b'20', b'99999999999')):
            self.assertIn(self.command('postdrop', text=bad).returncode, (65, 69))
        environment = dict(os.environ, MAIL_CONFIG=self.sandbox.facts['config_directory'])
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with subprocess.Popen([os.path.join(postern.BUILD, 'bin', 'postdrop')], stdin=subprocess.PIPE,
                                  env=environment) as process:
                process.stdin.write(whole[:-3])
                process.stdin.flush()
                postern.wait_for(self.left, 'a file in maildrop')
                process.send_signal(number)
                self.assertEqual(process.wait(postern.LIMIT), 75)
        self.assertEqual(self.left(), [])
        self.assertEqual(self.command('postdrop', text=whole).returncode, 0)
        self.sandbox.wait_mail()

    def test_pickup_cleanup_and_qmgr_may_die_at_any_time(self):
        count = 120
        processes = [subprocess.Popen([os.path.join(postern.BUILD, 'bin', 'sendmail'), 'bob'], stdin=subprocess.PIPE,
                                      env=dict(os.environ, MAIL_CONFIG=self.sandbox.facts['config_directory']))
                     for _ in range(4)]
        for process in processes:
            process.stdin.write(b'Subject: at last\n\n')
        sent = 0
        while sent < count:
            for victim in ('pickup', 'cleanup', 'qmgr'):
                body = 'y' * (90_000 if sent % 10 == 0 else 10)
                self.sendmail('bob', text=f'Subject: number {sent}\n\n{body}\n')
                sent += 1
                for pid in self.sandbox.processes(victim):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
        for process in processes:
            process.stdin.close()
            self.assertEqual(process.wait(postern.LIMIT), 0)

        # A mailbox may have seen a letter again whose result was lost with qmgr; but each was taken once.
        def taken():
            return {(re.search(rb'^Subject: (.*)$', one, re.M)[1], re.search(rb' id ([0-9A-F]+)$', one, re.M)[1])
                    for one in self.sandbox.wait_mail(0)}

        def poke():
            self.command('postdrop', text='')  # nothing is sent, but time passes
            self.sandbox.run('status')
            return len(taken()) >= count + 4 and not self.left()
        postern.wait_for(poke, 'all letters', 120)
        postern.wait_for(self.sandbox.queue_is_empty, 'an empty queue', 60)
        self.assertEqual(sorted(subject for subject, _ in taken()),
                         sorted([b'number %d' % n for n in range(count)] + 4 * [b'at last']))


class Settings(unittest.TestCase):
    """The same programs where pickup has settings of its own."""

    @classmethod
    def setUpClass(cls):
        cls.sandbox = postern.Sandbox(settings={
            'content_filter': 'discard:filtered', 'receive_override_options': 'no_address_mappings, no_header_body_checks',
            'virtual_alias_maps': 'inline:{ { ann@sandbox.test = bob@sandbox.test } }',
            'header_checks': 'regexp:{ { /^Subject: hello/ REJECT } }'})

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()

    def test_pickup_hands_on_its_filter_and_what_is_left_out(self):
        done = subprocess.run([os.path.join(self.sandbox.build, 'bin', 'sendmail'), 'ann'], input=HELLO.encode(), timeout=60,
                              env=dict(os.environ, MAIL_CONFIG=self.sandbox.facts['config_directory']), check=False)
        self.assertEqual(done.returncode, 0)
        self.sandbox.wait_log(r'to=<ann@sandbox\.test>, orig_to=<ann>, relay=none, .*status=sent \(filtered\)')


class Down(unittest.TestCase):
    def test_mail_is_taken_while_the_system_is_down(self):
        with tempfile.TemporaryDirectory() as directory:
            os.chmod(directory, 0o755)
            with postern.Sandbox(directory=directory):
                pass
            environment = dict(os.environ, MAIL_CONFIG=os.path.join(directory, 'etc'))
            sendmail = os.path.join(postern.BUILD, 'bin', 'sendmail')
            for number in range(5):
                done = subprocess.run([sendmail, 'bob'], input=f'Subject: {number}\n\n'.encode(), env=environment,
                                      capture_output=True, timeout=60, check=True)
                self.assertRegex(done.stderr, rb'postdrop: warning: (unable to look up|connect to) public/pickup')
            self.assertEqual(len(glob.glob(directory + '/queue/maildrop/m*')), 5)
            with postern.Sandbox(directory=directory) as sandbox:
                letters = sandbox.wait_mail(5)
                self.assertEqual(sorted(re.search(rb'^Subject: (.*)$', one, re.M)[1] for one in letters),
                                 [b'%d' % number for number in range(5)])
                postern.wait_for(lambda: not os.listdir(directory + '/queue/maildrop'), 'an empty maildrop')
            os.rename(directory + '/queue', directory + '/gone')
            done = subprocess.run([sendmail, 'bob'], input=HELLO.encode(), env=environment, capture_output=True,
                                  timeout=60, check=False)
            self.assertEqual(done.returncode, 75)
            self.assertRegex(done.stderr, rb'postdrop: fatal: chdir .*: No such file or directory\n'
                                          rb'sendmail: fatal: root\(0\): queue file write error')

    def test_it_works_without_root(self):
        with postern.Sandbox(rootless=True) as sandbox:
            done = subprocess.run([os.path.join(sandbox.build, 'bin', 'sendmail'), 'bob'], input=HELLO.encode(),
                                  env=dict(os.environ, MAIL_CONFIG=sandbox.facts['config_directory']),
                                  preexec_fn=postern.become_nobody if postern.IS_ROOT else None, capture_output=True,
                                  timeout=60, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(len(sandbox.wait_mail()), 1)


if __name__ == '__main__':
    unittest.main()
