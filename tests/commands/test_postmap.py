"""postmap and postalias: what they build, change, print and say; and that Postfix's postmap answers the same."""
import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OURS = os.path.join(os.environ.get('POSTERN_BUILD') or os.path.join(SOURCE, 'build', 'release'), 'bin')
LIMIT = 60

PAIRS = ('a 1\n  cont\n# c\n\n more\nnovalue\nkey: v\n"q k" v3\nK"x"y v4\n\t lead 5\nB 6\nb 7\n"un bal\nv 8 \n'
         'user@EXAMPLE.com x\n')
RULES = r'''# comment
/^(a)(b)?(.*)$/ r1=$1 r2=$2 r3=${3} r4=$(3) d=$$
!/zz/
if /^x/
/^xy/ in-if
!/^xz/i notxz
endif
if !/^w/
/ww/ unreachable
endif
/^w(.)/ W $1
/case/i CASE
|pi\|pe| bar
/multi
  line/ works
endif
'''
NETWORKS = '''1.2.3.4 one
1.2.3.0/24 net
!1.2.0.0/16 notnet
if 1.2.0.0/16
1.2.9.0/24 inif
endif
2001:db8::/32 v6
[2001:db9::]/32 v6b
[2001:dba::1] v6c
::/0 all6
1.2.8.8 $1 x
0.0.0.0/0 rest
'''


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='postern-postmap-')
        self.addCleanup(folder.cleanup)
        self.at = folder.name
        self.write('main.cf', 'compatibility_level = 3.6\n')
        self.write('master.cf', '')

    def path(self, name):
        return os.path.join(self.at, name)

    def write(self, name, text, mode=0o644):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(self.path(name), mode)
        os.utime(self.path(name), (1e9, 1e9))
        return self.path(name)

    def run_ours(self, *words, text='', program='postmap'):
        """Exit status, output, errors without the folder's name."""
        done = subprocess.run([os.path.join(OURS, program), '-c', self.at, *words], input=text, capture_output=True,
                              text=True, timeout=LIMIT, check=False, cwd=self.at)
        return done.returncode, done.stdout, done.stderr.replace(self.at + '/', '')

    def listed(self, table):
        status, output, errors = self.run_ours('-s', table)
        self.assertEqual((status, errors), (0, ''))
        return dict(line.split('\t', 1) for line in output.splitlines())


class Build(Case):
    def test_a_table_is_built_and_asked(self):
        self.write('t', PAIRS)
        status, output, errors = self.run_ours('hash:t')
        self.assertEqual((status, output), (0, ''))
        self.assertEqual(errors, 'postmap: warning: t, line 6: expected format: key whitespace value -- ignoring this line\n'
                         'postmap: warning: t, line 7: record is in "key: value" format; is this an alias file?\n'
                         'postmap: warning: t, line 12: t.db: duplicate entry: "b"\n'
                         'postmap: warning: t, line 13: unbalanced \'"\' in \'"un bal\' -- ignoring this line\n')
        self.assertEqual(self.listed('hash:t'), {'a': '1  cont more', 'key:': 'v', '"q k"': 'v3', 'k"x"y': 'v4\t lead 5',
                                                 'b': '6', 'v': '8', 'user@example.com': 'x'})
        self.assertEqual(self.run_ours('-q', 'A', 'hash:t'), (0, '1  cont more\n', ''))
        self.assertEqual(self.run_ours('-q', 'none', 'hash:t'), (1, '', ''))
        self.assertEqual(self.run_ours('-q', '-', 'hash:t', text='b\nnone\nKEY:\n'), (0, 'b\t6\nKEY:\tv\n', ''))
        self.assertEqual(self.run_ours('-q', '-', 'hash:t', text='none\n'), (1, '', ''))
        self.assertEqual(self.run_ours('-q', 'c', 'inline:{a=b}', 'inline:{c=d}', 'static:e'), (0, 'd\n', ''))
        status, output, _ = self.run_ours('-j', '-q', 'b', 'hash:t')
        self.assertEqual((status, json.loads(output)), (0, {'key': 'b', 'value': '6'}))

    def test_the_type_is_that_of_main_cf_and_each_has_its_file(self):
        self.write('t', 'a b\n')
        self.assertEqual(self.run_ours('t')[0], 0)
        self.assertTrue(os.path.exists(self.path('t.db')))
        self.write('main.cf', 'default_database_type = lmdb\n')
        self.assertEqual(self.run_ours('t')[0], 0)
        self.assertTrue(os.path.exists(self.path('t.lmdb')))
        self.assertEqual(self.run_ours('-q', 'a', 't'), (0, 'b\n', ''))

    def test_the_mode_follows_the_source(self):
        for mode, options, expected in ((0o640, [], 0o640), (0o600, ['-p'], 0o644), (0o755, [], 0o644)):
            self.write('t', 'a b\n', mode)
            self.assertEqual(self.run_ours(*options, 'hash:t')[0], 0)
            self.assertEqual(stat.S_IMODE(os.stat(self.path('t.db')).st_mode), expected)

    @unittest.skipIf(os.geteuid() != 0, 'root only')
    def test_root_has_the_rights_of_the_owner_of_the_text(self):
        os.chmod(self.at, 0o755)
        os.mkdir(self.path('theirs'))
        os.chown(self.path('theirs'), 65534, 65534)
        self.write('theirs/own', 'a b\n', 0o600)
        os.chown(self.path('theirs/own'), 65534, 65534)
        self.assertEqual(self.run_ours('hash:theirs/own')[0], 0)
        self.assertEqual(os.stat(self.path('theirs/own.db')).st_uid, 65534)
        self.write('ours', 'a b\n', 0o600)
        os.chown(self.path('ours'), 65534, 65534)
        self.assertEqual(self.run_ours('hash:ours')[0], 0)
        self.assertEqual(os.stat(self.path('ours.db')).st_uid, 65534)

    def test_records_come_and_go(self):
        self.write('t', 'a 1\nb 2\n')
        self.assertEqual(self.run_ours('hash:t')[0], 0)
        status, _, errors = self.run_ours('-i', 'hash:t', text='c 3\na 9\n')
        self.assertEqual((status, errors), (0, 'postmap: warning: standard input, line 2: t.db: duplicate entry: "a"\n'))
        self.assertEqual(self.run_ours('-i', '-r', 'hash:t', text='b 8\n'), (0, '', ''))
        self.assertEqual(self.run_ours('-i', '-w', 'hash:t', text='b 7\n'), (0, '', ''))
        self.assertEqual(self.listed('hash:t'), {'a': '1', 'b': '8', 'c': '3'})
        self.assertEqual(self.run_ours('-d', 'A', 'hash:t'), (0, '', ''))
        self.assertEqual(self.run_ours('-d', 'a', 'hash:t'), (1, '', ''))
        self.assertEqual(self.run_ours('-d', '-', 'hash:t', text='b\nnone\n'), (0, '', ''))
        self.assertEqual(self.listed('hash:t'), {'c': '3'})
        self.assertEqual(self.run_ours('-i', 'lmdb:fresh', text='x y\n'), (0, '', ''))
        self.assertEqual(self.listed('lmdb:fresh'), {'x': 'y'})
        self.assertEqual([name for name in os.listdir(self.at) if '.tmp.' in name], [])

    def test_many_that_add_at_once_lose_nothing(self):
        self.write('t', 'a 1\n')
        self.assertEqual(self.run_ours('hash:t')[0], 0)
        command = [os.path.join(OURS, 'postmap'), '-c', self.at, '-i', f'hash:{self.path("t")}']
        running = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(8)]
        for number, process in enumerate(running):
            process.communicate(b'k%d v\n' % number, LIMIT)
        self.assertEqual([process.returncode for process in running], [0] * 8)
        self.assertEqual(len(self.listed('hash:t')), 9)

    def test_letters_and_files(self):
        self.write('t', 'Ab 1\n')
        self.assertEqual(self.run_ours('-f', 'hash:t')[0], 0)
        self.assertEqual(self.run_ours('-f', '-q', 'Ab', 'hash:t'), (0, '1\n', ''))
        self.assertEqual(self.run_ours('-f', '-q', 'ab', 'hash:t')[0], 1)
        one, two = self.write('one', 'aaa'), self.write('two', 'bbb')
        self.write('t', f'k {one}, {two}\nz /no/file\n')
        status, _, errors = self.run_ours('-F', 'hash:t')
        self.assertEqual((status, errors),
                         (0, 'postmap: warning: t, line 2: open /no/file: No such file or directory: skipping this entry\n'))
        self.assertEqual(self.run_ours('-q', 'k', 'hash:t'), (0, 'YWFhCmJiYg==\n', ''))
        self.assertEqual(self.run_ours('-F', '-q', 'k', 'hash:t'), (0, 'aaa\nbbb\n', ''))

    def test_aliases(self):
        self.write('al', '# Aliases\npostmaster: root\nRoot:\tann@example.com, bob\nlist: :include:/etc/list,\n'
                         '  "|/bin/cmd a b", /var/file\n"quoted name": x\nQ: "a b"@example.com\nnocolon x\ndup: 1\n'
                         'DUP: 2\nann@example.com: y\n')
        status, _, errors = self.run_ours('hash:al', program='postalias')
        self.assertEqual(status, 0)
        self.assertEqual(errors, 'postalias: warning: al, line 8: need name:value pair -- ignoring this line\n'
                                 'postalias: warning: al, line 10: al.db: duplicate entry: "DUP"\n'
                                 'postalias: warning: al, line 11: name must be local -- ignoring this line\n')
        self.assertEqual(self.listed('hash:al'), {'postmaster': 'root', 'root': 'ann@example.com, bob',
                                                  'list': ':include:/etc/list, "|/bin/cmd a b", /var/file',
                                                  'quoted name': 'x', 'q': '"a b"@example.com', 'dup': '1'})
        self.assertEqual(self.run_ours('-q', 'Root', 'hash:al', program='postalias'), (0, 'ann@example.com, bob\n', ''))
        self.assertEqual(self.run_ours('-i', 'hash:al', text='new: a,b\n', program='postalias'), (0, '', ''))
        self.assertEqual(self.run_ours('-q', 'new', 'hash:al'), (0, 'a, b\n', ''))

    def test_what_cannot_be_done_is_one_line(self):
        long_key = 'k' * 600
        self.write('long', f'{long_key} v\n')
        for words, said in ((['hash:nosuch'], 'open nosuch: No such file or directory'),
                            (['-q', 'a', 'hash:nosuch'], 'open database nosuch.db: No such file or directory'),
                            (['regexp:main.cf'],
                             'unsupported table type: regexp does not support bulk-mode creation.'),
                            (['nosuch:x'], 'unsupported table type: nosuch'),
                            (['-q', 'a', 'fail:now'], 'table fail:now: query error: now'),
                            (['-q', 'a', 'mysql:x'], 'unsupported table type: mysql (in "mysql:x")'),
                            (['-s', 'regexp:{{/a/ b}}'], 'table regexp:{{/a/ b}}: cannot list what is in it'),
                            (['-q', 'a', '-s', 'x'], 'specify only one of -s or -q or -d'),
                            (['hash:long'], 'long, line 1: the key is longer than 511 bytes')):
            with self.subTest(words=words):
                self.assertEqual(self.run_ours(*words), (1, '', f'postmap: fatal: {said}\n'))
        for words in ([], ['-x', 'a'], ['-q']):
            status, _, errors = self.run_ours(*words)
            self.assertEqual(status, 1)
            self.assertIn('usage: postmap ', errors)

    def test_lines_of_a_message(self):
        rules = self.write('rules', '/^subject:(.*)/ SUBJECT[$1]\n/^content-type: text/ TYPE\n/body/ BODY\n/^$/ EMPTY\n'
                                    '/^--b/ BOUND\n/part/ PART\n')
        message = ('Subject: hi\n there\nFrom: x\nContent-Type: multipart/mixed; boundary="b"\n\nbody1\n--b\n'
                   'Content-Type: text/plain\n\npart\n--b--\n')
        head = 'Subject: hi\n there\tSUBJECT[ hi\n there]\nContent-Type: multipart/mixed; boundary="b"\tPART\n'
        part = 'Content-Type: text/plain\tTYPE\n'
        for options, expected in ((['-h'], head), (['-hm'], head + part),
                                  (['-b'], '\tEMPTY\nbody1\tBODY\n--b\tBOUND\n' + part + '\tEMPTY\npart\tPART\n--b--\tBOUND\n'),
                                  (['-bhm'], head + '\tEMPTY\nbody1\tBODY\n--b\tBOUND\n' + part +
                                   '\tEMPTY\npart\tPART\n--b--\tBOUND\n')):
            with self.subTest(options=options):
                self.assertEqual(self.run_ours(*options, '-q', '-', f'regexp:{rules}', text=message), (0, expected, ''))


class Postfix(Case):
    """Postfix's postmap: the installed one, or one unpacked in the folder that POSTCONF_POSTFIX names, or here."""
    unpacked = None

    @classmethod
    def setUpClass(cls):
        cls.environment = dict(os.environ, LC_ALL='C')
        cls.program = '/usr/sbin/postmap'
        folder = os.environ.get('POSTCONF_POSTFIX')
        if not os.path.exists(cls.program) and not folder:
            cls.unpacked = tempfile.TemporaryDirectory(prefix='postern-postfix-')
            folder = cls.unpacked.name
            done = subprocess.run('apt-get download postfix && dpkg-deb -x postfix_*.deb .', shell=True, cwd=folder,
                                  capture_output=True, check=False)
            if done.returncode != 0:
                cls.unpacked.cleanup()
                raise unittest.SkipTest('no Postfix to compare with')
        if folder:
            cls.program = os.path.join(folder, 'usr/sbin/postmap')
            cls.environment['LD_LIBRARY_PATH'] = os.path.join(folder, 'usr/lib/postfix')

    @classmethod
    def tearDownClass(cls):
        if cls.unpacked:
            cls.unpacked.cleanup()

    def test_all_answers_are_the_same(self):
        self.write('pairs', PAIRS)
        self.write('rules', RULES)
        self.write('networks', NETWORKS)
        words = ['a', 'A', 'b', 'key', 'key:', '"q k"', 'q k', 'kxy', 'K"x"y', '"un', 'v', 'x', 'y', 'root',
                 'User@example.com']
        subjects = ['abc', 'ac', 'axx', 'xy', 'xzz', 'xza', 'zzw', 'wzz', 'wq', 'zzCASE', 'zzcase', 'pi|pe', 'zzmulti  line',
                    'zz', 'q']
        addresses = ['1.2.3.4', '1.2.3.77', '1.2.9.1', '1.2.8.8', '1.2.8.9', '9.9.9.9', '2001:db8::1', '2001:DB9::1',
                     '2001:dba::1', '::ffff:1.2.3.4', '3::1', 'foo', '1.2.3']
        tables = [(f'texthash:{self.path("pairs")}', words), (f'regexp:{self.path("rules")}', subjects),
                  (f'cidr:{self.path("networks")}', addresses)]
        tables += [(table, words) for table in (
            'static:foo', 'static:{ a b }', 'randmap:{a}', 'randmap:{{a b}}', 'pipemap:{static:a,inline:{a=b}}',
            'unionmap:{static:a,inline:{a=b},static:c}', 'unionmap:{inline:{a=b}}', 'pipemap:{inline:{y={}}}',
            'inline:{a=b}', 'inline:{{a = b c}, d=e}', 'inline:{a=1,a=2}', 'inline:{ a = b , c=d }', 'unix:passwd.byname',
            'unix:group.byname', 'regexp:{{/^a(.*)/ got $1}, {/B/ bb}}', 'pipemap:static:a', 'unionmap:{}', 'nosuch:x')]
        for table, keys in tables:
            with self.subTest(table=table):
                text = ''.join(key + '\n' for key in keys)
                theirs = subprocess.run([self.program, '-c', self.at, '-q', '-', table], input=text, capture_output=True,
                                        text=True, timeout=LIMIT, check=False, env=self.environment)
                status, output, _ = self.run_ours('-q', '-', table, text=text)
                self.assertEqual((status, output), (theirs.returncode, theirs.stdout), theirs.stderr)


if __name__ == '__main__':
    sys.exit(not unittest.main(exit=False).result.wasSuccessful())
