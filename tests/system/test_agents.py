"""The delivery agents in a running system: aliases, .forward files, commands and files, pipe, error and retry."""
import os
import pwd
import re
import stat
import unittest

import postern

USER = 'games'

ALIASES = '''
to-user       {user}
to-file       {files}/archive
to-maildir    {files}/dir/
to-command    "|cat > {files}/command; grep -E '^(NoNewPrivs|Seccomp|CapEff|Uid):' /proc/self/status > {files}/status; ls -l /proc/self/fd > {files}/fds"
fails         "|echo no room for you; exit 67"
later         "|exit 75"
world         bob@sandbox.test, cid@sandbox.test
mixed         world, {user}, "|exit 0"
team          bob@sandbox.test
owner-team    {user}
broken        "|exit 67"
owner-broken  owner@sandbox.test
included      :include:{files}/list
loop          loop2
loop2         loop
'''

SETTINGS = '''
mydestination = local.test
myorigin = local.test
local_recipient_maps =
mail_spool_directory = {spool}
alias_maps = texthash:{etc}/aliases
forward_path = {files}/forward-$user
recipient_delimiter = +
default_privs = nobody
smtpd_reject_unlisted_recipient = no
relay_domains = discard.test, pipe.test, many.test, error.test, retry.test
transport_maps = inline:{{ {{ discard.test = discard: }}, {{ pipe.test = script: }}, {{ many.test = many: }},
  {{ error.test = error:5.1.2 we know no such place }}, {{ retry.test = retry:4.4.4 not today }} }}
smtpd_reject_unlisted_recipient = no
script_destination_recipient_limit = 1
'''

SERVICES = '''
script unix - n {chroot} - - pipe
  flags=DRX user={user} argv={files}/script ${{user}} ${{extension}} $sender
many unix - n n - - pipe
  flags=q user={user} null_sender= argv={files}/many $sender -- $recipient
'''

SCRIPT = '''#!/bin/sh
cat > {files}/piped-$1
case "$1" in
  gone) echo 5.1.6 she has moved; exit 1;;
  busy) exit 75;;
esac
echo "I am $(id -un), for $1 $2 of $3"
'''

MANY = '''#!/bin/sh
for word; do echo "$word"; done > {files}/many-arguments
'''

# Recipient, and what the log says of it.
CASES = [
    ('to-user@local.test', r'to=<games@local\.test>, orig_to=<to-user@local\.test>, relay=local, .*dsn=2\.0\.0, '
                           r'status=sent \(delivered to mailbox\)'),
    ('To-File@local.test', r'orig_to=|to=<To-File@local\.test>, relay=local, .*status=sent \(delivered to file: .*/archive\)'),
    ('to-maildir@local.test', r'to=<to-maildir@local\.test>, relay=local, .*status=sent \(delivered to maildir\)'),
    ('to-command@local.test', r'to=<to-command@local\.test>, relay=local, .*status=sent \(delivered to command: cat > '),
    ('fails@local.test', r'to=<fails@local\.test>, relay=local, .*dsn=5\.1\.1, status=bounced \(user unknown\. '
                         r'Command output: no room for you\)'),
    ('broken@local.test', r'to=<broken@local\.test>, relay=local, .*dsn=5\.1\.1, status=bounced \(user unknown\)'),
    ('double-bounce@local.test', r'to=<double-bounce@local\.test>, relay=none, .*dsn=2\.0\.0, status=sent '
                                 r'\(undeliverable postmaster notification discarded\)'),
    ('later@local.test', r'to=<later@local\.test>, relay=local, .*dsn=4\.3\.0, status=deferred \(temporary failure\)'),
    ('world@local.test', r'to=<world@local\.test>, relay=local, .*status=sent \(forwarded as [0-9A-F]+\)'),
    ('included+x@local.test', r'to=<included\+x@local\.test>, relay=local, .*status=sent \(forwarded as [0-9A-F]+\)'),
    ('loop@local.test', r'relay=local, .*dsn=5\.4\.6, status=bounced \(recipient nesting limit exceeded\)'),
    ('nobody-here+x@local.test', r'dsn=5\.1\.1, status=bounced \(unknown user: "nobody-here"\)'),
    ('ann+list@pipe.test', r'to=<ann\+list@pipe\.test>, relay=script, .*dsn=2\.0\.0, status=sent \(delivered via script '
                           r'service \(I am games, for ann list of ann@client\.example\)\)'),
    ('gone@pipe.test', r'relay=script, .*dsn=5\.1\.6, status=bounced \(she has moved\)'),
    ('busy@pipe.test', r'relay=script, .*dsn=4\.3\.0, status=deferred \(temporary failure\)'),
    ('ann@error.test', r'to=<ann@error\.test>, relay=none, .*dsn=5\.1\.2, status=bounced \(we know no such place\)'),
    ('ann@retry.test', r'to=<ann@retry\.test>, relay=none, .*dsn=4\.4\.4, status=deferred \(not today\)'),
]


@unittest.skipUnless(postern.IS_ROOT, 'needs root')
class Agents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = postern.Sandbox()
        etc = cls.sandbox.facts['config_directory']
        cls.files = os.path.join(os.path.dirname(etc), 'files')
        cls.spool = os.path.join(os.path.dirname(etc), 'spool')
        os.mkdir(cls.files)
        os.chmod(cls.files, 0o777)
        os.mkdir(cls.spool)
        os.chmod(cls.spool, 0o755)
        names = {'user': USER, 'files': cls.files, 'spool': cls.spool, 'etc': etc, 'chroot': 'n'}
        cls.write(os.path.join(etc, 'aliases'), ALIASES.format(**names))
        cls.write(os.path.join(cls.files, 'list'), '# members\nbob@sandbox.test\n', 0o644)
        cls.write(os.path.join(cls.files, 'script'), SCRIPT.format(**names), 0o755)
        cls.write(os.path.join(cls.files, 'many'), MANY.format(**names), 0o755)
        cls.edit_main(SETTINGS.format(**names))
        cls.sandbox.append('master.cf', SERVICES.format(**names))
        status, _, errors = cls.sandbox.run('reload')
        assert status == 0, errors

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()

    @staticmethod
    def write(path, text, mode=0o644):
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(path, mode)

    @classmethod
    def edit_main(cls, text):
        """Replaces settings: a name may stand once."""
        names = set(re.findall(r'^(\w+) =', text, re.M))
        with open(cls.sandbox.path('main.cf'), encoding='utf-8') as file:
            lines = [line for line in file if line.split(' =')[0] not in names]
        cls.write(cls.sandbox.path('main.cf'), ''.join(lines) + text)

    def read(self, name):
        with open(os.path.join(self.files, name), encoding='latin1') as file:
            return file.read()

    def send(self, *recipients, **options):
        reply = self.sandbox.send(None, *recipients, **options)
        self.assertRegex(reply, '^250 ')
        return reply.split()[-1]

    def test_each_recipient_has_its_line(self):
        ids = {recipient: self.send(recipient) for recipient, _ in CASES}
        for recipient, pattern in CASES:
            with self.subTest(recipient=recipient):
                self.sandbox.wait_log(rf': {ids[recipient]}: .*(?:{pattern})')
        # The owner of a list hears of the command that failed, and the sender of the letter does not.
        self.sandbox.wait_log(r'to=<owner@sandbox\.test>, orig_to=<owner-broken@local\.test>, .*status=sent')
        self.assertEqual(len(re.findall(f'{ids["broken@local.test"]}: sender non-delivery', self.sandbox.log())), 1)
        self.look_at_the_command()
        self.look_at_the_files()

    def look_at_the_command(self):
        """It has the rights of nobody, no descriptor of ours, and is in no jail."""
        self.assertRegex(self.read('command'), r'\AFrom ann@client\.example  .*\nReturn-Path: <ann@client\.example>\n'
                                               r'X-Original-To: to-command@local\.test\n'
                                               r'Delivered-To: to-command@local\.test\nReceived: ')
        status = self.read('status')
        nobody = pwd.getpwnam('nobody').pw_uid
        self.assertIn(f'Uid:\t{nobody}\t{nobody}\t{nobody}\t{nobody}\n', status)
        self.assertIn('NoNewPrivs:\t0\n', status)
        self.assertIn('Seccomp:\t0\n', status)
        self.assertEqual(int(re.search(r'CapEff:\s+(\w+)', status)[1], 16), 0)
        found = re.findall(r' (\d+) -> (\S+)', self.read('fds'))
        # 1 and 2 are where the shell put them; 3 is the directory that ls reads.
        self.assertLessEqual({number for number, _ in found}, {'0', '1', '2', '3'}, found)

    def look_at_the_files(self):
        user, nobody = pwd.getpwnam(USER), pwd.getpwnam('nobody')
        mailbox = os.stat(os.path.join(self.spool, USER))
        self.assertEqual((mailbox.st_uid, stat.S_IMODE(mailbox.st_mode)), (user.pw_uid, 0o600))
        self.assertEqual(os.stat(os.path.join(self.files, 'archive')).st_uid, nobody.pw_uid)
        letter, = os.listdir(os.path.join(self.files, 'dir/new'))
        self.assertEqual(os.stat(os.path.join(self.files, 'dir/new', letter)).st_uid, nobody.pw_uid)
        self.assertRegex(self.read('piped-ann'), r'\AReturn-Path: <ann@client\.example>\n'
                                                 r'Delivered-To: ann\+list@pipe\.test\nReceived: ')

    def test_what_is_forwarded_arrives(self):
        for path in self.sandbox.mail():
            os.unlink(path)
        first = self.send('team@local.test')
        match, = self.sandbox.wait_log(rf': {first}: to=<team@local\.test>, .*\(forwarded as ([0-9A-F]+)\)')
        self.sandbox.wait_log(rf': {match[1]}: to=<bob@sandbox\.test>, .*status=sent')
        letter = next(one for one in self.sandbox.wait_mail() if b'team@local.test' in one).decode()
        self.assertRegex(letter, r'\AReturn-Path: <owner-team@[^>]+>\n(?:X-Original-To: \S+\n)?'
                                 r'Delivered-To: bob@sandbox\.test\n'
                                 rf'Received: by \S+ \(Postern\)\n\tid {match[1]}; .*\n'
                                 r'Delivered-To: team@local\.test\n'
                                 r'(?:X-Original-To: .*\n|Return-Path: .*\n)*Received: from ')

    def test_a_user_says_where_mail_goes(self):
        path = os.path.join(self.files, 'forward-daemon')
        self.write(path, f'\\daemon, "|id -un > {self.files}/who"\n', 0o600)
        os.chown(path, pwd.getpwnam('daemon').pw_uid, 0)
        mail = self.send('daemon@local.test')
        self.sandbox.wait_log(rf': {mail}: to=<daemon@local\.test>, .*\(delivered to command: id -un')
        self.sandbox.wait_log(rf': {mail}: to=<daemon@\S+>, .*\(delivered to mailbox\)')
        self.assertEqual(self.read('who'), 'daemon\n')

    def test_one_command_for_many_recipients(self):
        mail = self.send('ann@many.test', '"b o b"@many.test', sender='')
        self.sandbox.wait_log(rf': {mail}: to=<.*@many\.test>, relay=many, .*status=sent', 2)
        self.assertEqual(self.read('many-arguments'), '\n--\nann@many.test\n"b o b"@many.test\n')

    def test_nothing_is_left_of_an_agent_that_is_killed(self):
        self.send('to-user@local.test')
        self.sandbox.wait_log(r'to=<games@local\.test>')
        helpers = [pid for pid in self.sandbox.processes('commands')]
        self.assertTrue(helpers)
        for pid in self.sandbox.processes('local') + self.sandbox.processes('pipe'):
            os.kill(pid, 9)
        postern.wait_for(lambda: not any(postern.is_alive(pid) for pid in helpers), 'the end of what started commands')
        mail = self.send('to-user@local.test')
        self.sandbox.wait_log(rf': {mail}: to=<games@local\.test>, .*status=sent')


if __name__ == '__main__':
    unittest.main()
