"""postqueue, postsuper, postcat and `postern trace`, on one mail system whose mail waits for a transport that is not there;
and the examples of docs/queue-commands.md, which `test_queue_commands.py --write` fills in for a person to look at."""
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import postern

sys.path.append(os.path.join(postern.SOURCE, 'tests', 'postconf'))
import page  # noqa: E402

LONG = {'minimal_backoff_time': '1h', 'maximal_backoff_time': '2h', 'queue_run_delay': '1s', 'transport_retry_time': '1s'}
# What readers of Postfix's listing look for.
ENTRY = re.compile(r'^([0-9A-F]{6,})([*!#]*) +(\d+) (\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d)  (\S+)$')
REASON = re.compile(r'^ *\((.*)\)$')
RECIPIENT = re.compile(r'^ {41}(\S+)$')
POSTFIX_FIELDS = ['queue_name', 'queue_id', 'arrival_time', 'message_size', 'forced_expire', 'sender', 'recipients']


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.mkdtemp(prefix='postern-commands-')
        os.chmod(directory, 0o755)
        cls.addClassCleanup(shutil.rmtree, directory)
        settings = {**LONG, 'virtual_transport': 'nowhere', 'authorized_flush_users': 'root'}
        cls.sandbox = postern.Sandbox(settings=settings, directory=directory)
        cls.addClassCleanup(cls.sandbox.close)

    def run_command(self, *words, text=None, **options):
        """Exit status, standard output, standard error."""
        words = [os.path.join(self.sandbox.build, 'bin', words[0]), '-c', self.sandbox.facts['config_directory'], *words[1:]]
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=2 * postern.LIMIT, check=False,
                              **options)
        return done.returncode, done.stdout, done.stderr

    def does(self, *words, text=None):
        """What a command prints that must succeed, and what it says besides."""
        status, output, errors = self.run_command(*words, text=text)
        self.assertEqual(status, 0, errors)
        return output + errors

    def objects(self, *words):
        return [json.loads(line) for line in self.does('postqueue', '-j', *words).splitlines()]

    def ids(self, sender):
        return [each['queue_id'] for each in self.objects('--where', f'sender = "{sender}"')]

    def send(self, sender, *recipients, count=1):
        """Letters that wait; their queue ids."""
        before = len(re.findall('status=deferred', self.sandbox.log()))
        recipients = recipients or ('bob@sandbox.test',)
        for n in range(count):
            self.sandbox.send(postern.letter(subject=f'{sender.split("@")[0]}{n}'), *recipients, sender=sender)
        self.sandbox.wait_log('status=deferred', before + count * len(recipients))
        postern.wait_for(lambda: not self.objects('--where', f'sender = "{sender}" and state = active'), 'deferred mail')
        return self.ids(sender)

    def test_the_table_is_that_of_postfix(self):
        ids = self.send('table@x.test', 'ann@sandbox.test', 'bob@sandbox.test')
        lines = self.does('postqueue', '-p').splitlines()
        self.assertEqual(lines[0], '-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------')
        self.assertRegex(lines[-1], r'^-- \d+ Kbytes in \d+ Requests?\.$')
        at = next(n for n, line in enumerate(lines) if line.startswith(ids[0]))
        entry = ENTRY.match(lines[at])
        self.assertTrue(entry, lines[at])
        self.assertEqual((entry[1], entry[2], entry[5]), (ids[0], '', 'table@x.test'))
        self.assertEqual(REASON.match(lines[at + 1])[1], 'mail transport unavailable')
        self.assertEqual(len(lines[at + 1]), 78)
        self.assertEqual([RECIPIENT.match(line)[1] for line in lines[at + 2:at + 4]], ['ann@sandbox.test', 'bob@sandbox.test'])
        self.assertEqual(lines[at + 4], '')
        for line in lines[1:-1]:
            self.assertTrue(not line or ENTRY.match(line) or REASON.match(line) or RECIPIENT.match(line), line)

    def test_json_has_the_names_of_postfix_first_and_then_ours(self):
        self.send('', 'ann@sandbox.test')
        one = self.objects('--where', 'sender = <>')[0]
        self.assertEqual(list(one)[:len(POSTFIX_FIELDS)], POSTFIX_FIELDS)
        self.assertEqual((one['queue_name'], one['sender'], one['forced_expire']), ('deferred', 'MAILER-DAEMON', False))
        self.assertEqual(one['recipients'][0]['address'], 'ann@sandbox.test')
        self.assertEqual(one['recipients'][0]['delay_reason'], 'mail transport unavailable')
        self.assertEqual(one['attempts'], 1)
        self.assertGreater(one['next_attempt'], one['arrival_time'] + 3000)
        self.assertEqual(one['client_address'], '127.0.0.1')

    def test_a_condition_chooses_and_a_listing_at_length_says_what_comes_next(self):
        ids = self.send('long@x.test', count=3)
        text = self.does('postqueue', '--where', 'sender = long@x.test and age < 1h')
        self.assertEqual(text.count('deferred, 1 attempt, next attempt in 59m') + text.count('next attempt in 1h'), 3, text)
        self.assertEqual(text.count('4.3.0 mail transport unavailable'), 3)
        self.assertEqual(len(self.objects('--where', f'id in ({ids[0]}, {ids[2]})')), 2)
        first = self.does('postqueue', '--first', '1', '--where', 'sender like "long@%"')
        self.assertIn(ids[0], first)
        self.assertNotIn(ids[1], first)
        self.assertEqual(self.does('postqueue', '-p', '--where', 'sender = nobody@nowhere'), 'No message in the queue fits\n')

    def test_the_shape_counts_recipients_by_age(self):
        self.send('shape@x.test', 'ann@sandbox.test', 'bob@sandbox.test')
        lines = self.does('postqueue', '--shape', '--where', 'sender = shape@x.test').splitlines()
        self.assertEqual(lines[0].split(), 'T 5 10 20 40 80 160 320 640 1280 1280+'.split())
        self.assertEqual(lines[1].split(), 'TOTAL 2 2 0 0 0 0 0 0 0 0 0'.split())
        self.assertEqual(lines[2].split(), 'sandbox.test 2 2 0 0 0 0 0 0 0 0 0'.split())
        shape = json.loads(self.does('postqueue', '--shape', '--by', 'sender_domain', '--json', '--where', 'sender = shape@x.test'))
        self.assertEqual(shape['rows'][0]['sender_domain'], 'x.test')
        self.assertEqual(shape['total'], 1)

    def test_postsuper_holds_releases_requeues_and_deletes(self):
        a, b, c = self.send('super@x.test', count=3)
        steps = [(('-h', a), [f'{a}: placed on hold', 'Placed on hold: 1 message']),
                 (('-H', 'ALL', '--where', 'sender = super@x.test'), [f'{a}: released from hold', 'Released from hold: 1 message']),
                 (('-r', a, '-r', b), [f'{a}: requeued', f'{b}: requeued', 'Requeued: 2 messages']),
                 (('-h', a, '-h', b, '-d', c),
                  [f'{a}: placed on hold', f'{b}: placed on hold', f'{c}: removed', 'Deleted: 1 message',
                   'Placed on hold: 2 messages']),
                 (('-e', a), [f'{a}: expired', 'Force-expired: 1 message'])]
        for words, said in steps:
            self.assertEqual(self.does('postsuper', *words).splitlines(), ['postsuper: ' + line for line in said])
            for line in said:
                self.sandbox.wait_log(rf'postfix/postsuper\[\d+\]: {re.escape(line)}$')
        states = {each['queue_id']: each for each in self.objects('--where', 'sender = super@x.test')}
        self.assertEqual({i: each['queue_name'] for i, each in states.items()}, {a: 'hold', b: 'hold'})
        self.assertTrue(states[a]['forced_expire'])
        self.assertRegex(self.does('postqueue', '-p'), rf'(?m)^{a}!# .*\n(.*\n)?.*\n\n{b}! ')
        said = self.does('postsuper', '-d', '-', text=f'{a}!#\n\n {b}*\nNOTHING\n')
        self.assertIn('postsuper: warning: invalid mail queue id: NOTHING', said)
        self.assertIn('postsuper: Deleted: 2 messages', said)
        self.assertEqual(self.ids('super@x.test'), [])
        self.assertEqual(self.run_command('postsuper', '-d', a)[:2], (0, ''))

    def test_a_condition_changes_only_what_fits(self):
        ids = self.send('many@x.test', count=3) + self.send('other@x.test')
        self.does('postsuper', '-h', ids[0])
        said = self.does('postsuper', '-d', 'ALL', '--where', 'sender = many@x.test', 'deferred')
        self.assertIn('Deleted: 2 messages', said)
        self.assertEqual(self.ids('many@x.test'), [ids[0]])
        self.assertEqual(len(self.ids('other@x.test')), 1)
        self.assertIn('Deleted: 1 message', self.does('postsuper', '-d', '--where', 'sender = many@x.test'))
        self.assertIn('Placed on hold: 1 message', self.does('postsuper', '--hold', '--where', 'sender = other@x.test'))
        self.assertEqual(self.does('postsuper', '-d', 'ALL', 'incoming'), '')
        self.assertIn('Deleted: 1 message', self.does('postsuper', '-d', ids[3], 'hold'))

    def test_mail_is_tried_again_when_told(self):
        one, = self.send('flush@x.test', 'flush@sandbox.test')
        tries = lambda: len(re.findall(rf'{one}: to=<flush@sandbox\.test>', self.sandbox.log()))
        for words in (('-i', one), ('-s', 'sandbox.test'), ('-f',), ('-f', '--where', f'id = {one}')):
            before = tries()
            self.assertEqual(self.does('postqueue', *words), '')
            postern.wait_for(lambda: tries() > before, f'another attempt after {words}')
            postern.wait_for(lambda: self.objects('--where', f'id = {one}')[0]['queue_name'] == 'deferred', 'deferred mail')

    def test_postcat_shows_a_message_or_a_part_of_it(self):
        one, = self.send('cat@x.test')
        large = postern.letter(subject='large', body=b'x' * 70 + b'\r\n' * 2 + b'y\r\n' * 50000)
        self.sandbox.send(large, sender='large@x.test')
        two = self.ids('large@x.test')[0]
        text = self.does('postcat', '-q', one)
        for part in (f'*** ENVELOPE RECORDS deferred/{one} ***\n', 'sender: cat@x.test\n', 'recipient: bob@sandbox.test\n',
                     f'*** MESSAGE CONTENTS deferred/{one} ***\nReceived: ', '\n\nHello.\n*** HEADER EXTRACTED',
                     f'*** MESSAGE FILE END deferred/{one} ***\n'):
            self.assertIn(part, text)
        self.assertEqual(self.does('postcat', '-b', '-q', one), '\nHello.\n')
        self.assertTrue(self.does('postcat', '-qh', one).endswith('Message-Id: <cat0@client.example>\n'))
        whole = large.replace(b'\r\n', b'\n').decode()
        self.assertTrue(self.does('postcat', '-qbh', two).endswith(whole))
        read = json.loads(self.does('postcat', '--json', two))
        self.assertEqual(read['body'], whole[whole.index('\n\n') + 1:])
        self.assertEqual((read['helo'], read['sender']), ('client.example', 'large@x.test'))

    def test_a_trace_tells_the_story_of_one_message(self):
        one, = self.send('trace@x.test', 'ann@sandbox.test', 'bob@sandbox.test')
        self.sandbox.wait_log(r'disconnect from .* commands=6')
        text = self.sandbox.run('trace', one)[1]
        order = ['connect from unknown[127.0.0.1]', 'client=unknown[127.0.0.1]', 'message-id=<trace0@client.example>',
                 'from=<trace@x.test>, size=', 'to=<ann@sandbox.test>', '=> ann@sandbox.test: deferred, 1 attempt, mail transport',
                 'in the queue: ' + one + '  deferred, 1 attempt, next attempt in']
        places = [text.find(part) for part in order]
        self.assertEqual(places, sorted(places), text)
        self.assertNotIn(-1, places, text)
        self.assertIn('disconnect from unknown[127.0.0.1]', text)
        story = json.loads(self.sandbox.run('trace', '--json', one)[1])
        self.assertEqual([each['queue_id'] for each in story], [one])
        self.assertEqual({each['address']: each['status'] for each in story[0]['recipients']},
                         {'ann@sandbox.test': 'deferred', 'bob@sandbox.test': 'deferred'})
        self.assertEqual(story[0]['queue']['queue_name'], 'deferred')
        status, output, errors = self.sandbox.run('trace', 'ABCDEF0')
        self.assertEqual((status, output, errors), (1, '', 'postern: neither the queue nor the log knows a message ABCDEF0\n'))

    def test_ids_of_either_form_are_shown_and_taken(self):
        one, = self.send('forms@x.test')
        directory = tempfile.mkdtemp(prefix='postern-long-')
        self.addCleanup(shutil.rmtree, directory)
        with open(self.sandbox.path('main.cf'), encoding='utf-8') as file:
            text = file.read()
        with open(os.path.join(directory, 'main.cf'), 'w', encoding='utf-8') as file:
            file.write(text + 'enable_long_queue_ids = yes\n')
        program = os.path.join(self.sandbox.build, 'bin', 'postqueue')
        said = subprocess.run([program, '-c', directory, '-p', '--where', f'id = {one}'], capture_output=True, text=True,
                              timeout=postern.LIMIT, check=True).stdout.splitlines()
        self.assertEqual(said[0], '----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------')
        found = re.match(r'^([0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10}z[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-y]{3})    +\d+ ', said[1])
        self.assertTrue(found, said[1])
        for form in (one, found[1]):
            self.assertEqual(len(self.objects('--where', f'id = {form}')), 1)
            self.assertIn('sender: forms@x.test', self.does('postcat', '-q', form))
            self.assertIn('client=', self.sandbox.run('trace', form)[1])
        # What pflogsumm, logwatch and fail2ban take for a queue id.
        for pattern in (r'[0-9A-F]+', r'[0-9A-Za-z]{6,}', r'\w+', r'[0-9A-F]{6,}'):
            self.assertTrue(re.fullmatch(pattern, one), pattern)
        self.assertIn('placed on hold', self.does('postsuper', '-h', found[1]))

    def test_mistakes_are_said_with_a_status(self):
        table = [(('postqueue',), 64, 'usage: postqueue -f'), (('postqueue', '-p', '-f'), 64, 'usage: '),
                 (('postqueue', '-p', 'word'), 64, 'usage: '), (('postqueue', '-x'), 64, 'usage: '),
                 (('postqueue', '-i', 'no/id'), 64, 'Cannot flush queue ID - invalid name: "no/id"'),
                 (('postqueue', '-s', 'a b'), 64, 'Cannot flush mail queue - invalid destination: "a b"'),
                 (('postqueue', '-i', 'ABCDEF'), 66, 'no message ABCDEF'),
                 (('postqueue', '-p', '--where', 'sendr = x'), 64, '--where: no field is called "sendr": did you mean sender?'),
                 (('postqueue', '-p', '--first', '0'), 64, '--first: expected a number'),
                 (('postqueue', '--shape', '--by', 'x'), 64, '--by: expected one of recipient_domain'),
                 (('postsuper', '-x'), 1, 'usage: postsuper'), (('postsuper', '-d', 'ALL', 'x'), 1, 'invalid directory name: x'),
                 (('postsuper', '-d', 'ALL', '--where', '('), 1, '--where: expected FIELD'),
                 (('postsuper', '--delete'), 1, '--where is missing'),
                 (('postsuper', '-d', 'ABCDEF', '--where', 'id=1'), 1, '--where goes with ALL'),
                 (('postcat', '-q'), 1, 'usage: postcat'), (('postcat', '-q', 'x/y'), 1, 'bad mail queue ID: x/y'),
                 (('postcat', '-q', 'ABCDEF'), 1, 'open queue file ABCDEF: the message is not in the queue')]
        for words, expected, said in table:
            status, output, errors = self.run_command(*words)
            self.assertEqual((status, output), (expected, ''), words)
            self.assertTrue(errors.startswith(f'{words[0]}: fatal: '), errors)
            self.assertIn(said, errors)
            self.assertEqual(errors.count('\n'), 1, errors)

    @unittest.skipUnless(postern.IS_ROOT, 'needs root')
    def test_users_see_the_queue_and_change_nothing(self):
        one, = self.send('users@x.test')
        group = os.stat(os.path.join(self.sandbox.facts['queue_directory'], 'public')).st_gid
        programs = tempfile.mkdtemp(prefix='postern-programs-')
        self.addCleanup(shutil.rmtree, programs)
        os.chmod(programs, 0o755)
        for name in ('postqueue', 'postsuper', 'postcat'):
            shutil.copy(os.path.join(self.sandbox.build, 'bin', name), programs)

        def as_user(*words):
            def become():
                os.setgroups([])
                os.setgid(group)
                os.setuid(54321)
            done = subprocess.run([os.path.join(programs, words[0]), '-c', self.sandbox.facts['config_directory'], *words[1:]],
                                  capture_output=True, text=True, preexec_fn=become, timeout=postern.LIMIT, check=False)
            return done.returncode, done.stdout + done.stderr
        status, said = as_user('postqueue', '-p', '--where', f'id = {one}')
        self.assertEqual((status, one in said), (0, True), said)
        for words in (('-f',), ('-i', one), ('-s', 'sandbox.test')):
            self.assertEqual(as_user('postqueue', *words),
                             (77, 'postqueue: fatal: User unknown(54321) is not allowed to flush the mail queue\n'))
        self.assertEqual(as_user('postsuper', '-d', 'ALL'),
                         (1, 'postsuper: fatal: use of this command is reserved for the superuser\n'))
        self.assertEqual(as_user('postcat', '-q', one)[0], 1)
        self.assertEqual(self.ids('users@x.test'), [one])

    def test_z_all_of_it_works_while_the_mail_system_is_down(self):
        one, two = self.send('down@x.test', count=2)
        self.sandbox.close()
        status, output, errors = self.run_command('postqueue', '-p')
        self.assertEqual((status, errors), (0, 'postqueue: warning: Mail system is down -- accessing queue directly\n'))
        self.assertIn(one, output)
        self.assertIn('recipient: bob@sandbox.test', self.does('postcat', '-q', one))
        self.assertEqual(self.does('postsuper', '-h', one).splitlines()[0], f'postsuper: {one}: placed on hold')
        self.assertRegex(self.does('postqueue', '--where', f'id = {one}'), rf'{one}  hold, 1 attempt')
        for words in (('-f',), ('-s', 'sandbox.test'), ('-i', two)):
            self.assertEqual(self.run_command('postqueue', *words),
                             (69, '', 'postqueue: fatal: Cannot flush mail queue - mail system is down\n'))
        self.does('postsuper', '-d', 'ALL')
        self.assertIn('Mail queue is empty', self.does('postqueue', '-p'))
        self.assertEqual(os.listdir(os.path.join(self.sandbox.facts['queue_directory'], 'spool')), [])


# What is different each time, and what the page says.
PLACEHOLDERS = [(r'\b\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d\b', 'Mon Nov 23 04:05:06'), (r'\b\w{3} \d\d \d\d:\d\d:\d\d\b', 'Nov 23 04:05:06'),
                (r'\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d', '2026-11-23 04:05:06'), (r'\b1[789]\d{8}\b', '1795406706'),
                (r'next attempt in \w+', 'next attempt in 1h00m'), (r'\(\w+ ago\)', '(2s ago)'), (r'(?<=[a-z])\[\d+\]', '[4567]'),
                (r'\w{3}, [ \d]\d \w{3} 20\d\d \d\d:\d\d:\d\d [+-]\d{4}( \(\w+\))?', 'Mon, 23 Nov 2026 04:05:06 +0000 (UTC)'),
                (r'(delay=)[\d.]+', r'\g<1>0.02'), (r'delays=[\d./]+', 'delays=0.02/0/0/0'),
                (r'(Nov 23 04:05:06) 20\d\d', r'\1 2026')]
GUIDE = os.path.join(postern.SOURCE, 'docs', 'queue-commands.md')


def replayed_guide():
    """The page with what its commands print now."""
    with open(GUIDE, encoding='utf-8') as file:
        text = file.read()
    settings = {**LONG, 'virtual_transport': 'nowhere'}
    shown_ids = [f'C61C5ED{n}B593002' for n in '567']
    with postern.Sandbox(settings=settings) as sandbox:
        for n, (sender, *recipients) in enumerate([('ann@example.org', 'bob@sandbox.test'),
                                                   ('list-owner@example.net', 'ann@sandbox.test', 'bob@sandbox.test'),
                                                   ('ann@example.org', 'eve@sandbox.test')]):
            sandbox.send(postern.letter(subject=f'Letter{n}', sender=sender), *recipients, sender=sender)
        sandbox.wait_log('status=deferred', 4)
        sandbox.wait_log('disconnect from', 3)
        environment = {**os.environ, 'PATH': os.path.join(sandbox.build, 'bin') + ':' + os.environ['PATH'],
                       'MAIL_CONFIG': sandbox.facts['config_directory'], 'TZ': 'UTC'}

        def run(command):
            done = subprocess.run(['bash', '-c', command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=postern.LIMIT, check=False)
            return done.stdout
        postern.wait_for(lambda: 'active' not in run('postqueue -j'), 'deferred mail')
        ids = [json.loads(line)['queue_id'] for line in run('postqueue -j').splitlines()]

        def again(match):
            kind, _, body = match.groups()
            if kind != 'console':
                return match[0]
            shown = ''
            for command in page.commands_of(body):
                real = command.text
                for name, number in zip(shown_ids, ids):
                    real = real.replace(name, number)
                output = run(real)
                for name, number in zip(shown_ids, ids):
                    output = output.replace(number, name)
                for pattern, word in PLACEHOLDERS:
                    output = re.sub(pattern, word, output)
                shown += f'$ {command.text}{output}'
            return f'```console\n{shown}```'
        return text, page.BLOCK.sub(again, text)


class Guide(unittest.TestCase):
    maxDiff = None

    def test_the_guide_shows_what_happens(self):
        text, now = replayed_guide()
        self.assertEqual(''.join(difflib.unified_diff(text.splitlines(True), now.splitlines(True), 'the page', 'now', n=1)), '')

    def test_the_guide_names_every_field_and_option(self):
        with open(GUIDE, encoding='utf-8') as file:
            text = file.read()
        with open(os.path.join(postern.SOURCE, 'lib', 'queue', 'fields.cpp'), encoding='utf-8') as file:
            fields = re.findall(r'^    \{"(\w+)", "\w*", Kind::', file.read(), re.M)
        self.assertGreater(len(fields), 30)
        self.assertEqual([name for name in fields if f'`{name}`' not in text], [])
        for program in ('postqueue', 'postsuper', 'postcat'):
            usage = subprocess.run([os.path.join(postern.BUILD, 'bin', program), '--help'], capture_output=True, text=True,
                                   check=True).stdout
            options = set(re.findall(r'(?<![\w-])--\w+', usage)) - {'--help'}
            self.assertTrue(options, program)
            with open(os.path.join(postern.SOURCE, 'packaging', 'man', program + '.1'), encoding='utf-8') as file:
                manual = file.read().replace('\\-', '-')
            with open(os.path.join(postern.SOURCE, 'packaging', 'completions', 'postqueue.bash'), encoding='utf-8') as file:
                completion = file.read()
            for option in options:
                self.assertIn(option, text)
                self.assertIn(option, manual)
                self.assertIn(option, completion)


if __name__ == '__main__':
    if sys.argv[1:] == ['--write']:
        new = replayed_guide()[1]
        with open(GUIDE, 'w', encoding='utf-8') as out:
            out.write(new)
    else:
        unittest.main()
