#!/usr/bin/env python3
"""Completion of postconf in bash and zsh: lines with the cursor at their ends, and what may come there. Bash tells the
candidates, zsh the line as the Tab key leaves it."""
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('POSTERN_BUILD') or os.path.join(SOURCE, 'build', 'release'))
COMPLETIONS = os.path.join(SOURCE, 'packaging', 'completions')
LIMIT = 60

MAIN = 'myhostname = mail.example.com\nmynetworks = 127.0.0.0/8\n'
MASTER = '''smtp inet n - y - - smtpd
submission inet n - y - - smtpd -o syslog_name=postfix/submission -o smtpd_sasl_auth_enable=yes
[::1]:smtp inet n - y - - smtpd
smtp unix - - y - - smtp
maildrop unix - n n - - pipe flags=DRhu user=vmail argv=/usr/bin/maildrop
$(touch${IFS}owned) unix - - y - - smtp
'''
OTHER_MASTER = 'filter unix - - y - - smtp\n'


class Directory(unittest.TestCase):
    """A configuration, another one in other/, and a log of the calls of postconf."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='postconf-completion-')
        self.addCleanup(shutil.rmtree, self.directory)
        os.mkdir(self.path('other'))
        self.write('main.cf', MAIN)
        self.write('master.cf', MASTER)
        self.write('other/main.cf', '')
        self.write('other/master.cf', OTHER_MASTER)
        self.write('postconf', f'#!/bin/sh\necho "$*" >>{self.directory}/calls\nexec {BUILD}/bin/postconf "$@"\n')
        os.chmod(self.path('postconf'), 0o755)
        self.environment = {'PATH': self.directory + ':/usr/bin:/bin', 'MAIL_CONFIG': self.directory, 'LC_ALL': 'C.UTF-8',
                            'HOME': self.directory, 'TERM': 'dumb', 'ZDOTDIR': self.directory}

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def read(self, name):
        with open(self.path(name), encoding='utf-8') as file:
            return file.read()

    def tearDown(self):
        self.assertFalse(os.path.exists(self.path('owned')))


def bash_words(line):
    """As readline splits: "=" and ":" are words of their own."""
    words = [part for word in line.split(' ') for part in (re.findall(r'[=:]+|[^=:]+', word) or [''])]
    return words + [''] if line[-1] in '=:' else words


class Bash(Directory):
    def complete(self, line):
        words = ' '.join("'%s'" % word for word in bash_words(line))
        script = f'''. /usr/share/bash-completion/bash_completion
. {COMPLETIONS}/postconf.bash
compopt() {{ [ "$1 $2" != '-o nospace' ] || nospace=yes; }}
COMP_WORDS=({words}) COMP_LINE='{line}' COMP_POINT={len(line)}
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_postconf postconf
printf '%s\\n' "${{COMPREPLY[@]}}"
echo "$nospace"
'''
        done = subprocess.run(['bash', '--norc', '-c', script], cwd=self.directory, env=self.environment, text=True,
                              capture_output=True, timeout=LIMIT, check=False)
        self.assertEqual(done.stderr, '', line)
        *found, nospace = done.stdout.split('\n')[:-1]
        return ' '.join(found), nospace == 'yes'

    def test_lines(self):
        rows = [
            # What is typed, what may come, and whether the word goes on.
            ('postconf bif', 'biff', True),
            ('postconf biff', 'biff biff=', True),
            ('postconf -e bif', 'biff=', True),
            ('postconf biff=', 'yes no', False),
            ('postconf biff=no smtpd_helo_req', 'smtpd_helo_required=', True),
            ('postconf -X my', 'myhostname mynetworks', False),
            ('postconf -n my', 'myhostname mynetworks', True),
            ('postconf --explain message_siz', 'message_size_limit', False),
            ('postconf -M s', 'smtp/ submission/', True),
            ('postconf -M smtp/', 'smtp/inet smtp/unix', True),
            ('postconf -MX smtp/u', 'smtp/unix', False),
            ('postconf -F smtp/inet/ch', 'smtp/inet/chroot', True),
            ('postconf -F smtp/inet/chroot=', 'y n -', False),
            ('postconf -P submission/inet/smtpd_helo_req', 'submission/inet/smtpd_helo_required', True),
            ('postconf -PX submission/inet/', 'submission/inet/smtpd_sasl_auth_enable submission/inet/syslog_name', False),
            ('postconf -P submission/inet/smtpd_helo_required=y', 'yes', False),
            ('postconf -O maildrop/unix/', 'maildrop/unix/verbose maildrop/unix/debug maildrop/unix/argument/', True),
            ('postconf -O maildrop/unix/argument/u', 'maildrop/unix/argument/user', True),
            ('postconf biff=no -PX submission/inet/sy', 'submission/inet/syslog_name', False),
            ('postconf --clone smtp/u', 'smtp/unix', False),
            ('postconf --clone smtp/unix late/unix -P submission/inet/syslog_n', 'submission/inet/syslog_name=', True),
            ('postconf --if smtp/inet/chr', 'smtp/inet/chroot=', True),
            ('postconf -T r', 'run-version', False),
            ('postconf -C u', 'user', False),
            ('postconf --appl', '--apply', False),
            ('postconf --apply mast', 'master.cf', False),
            ('postconf --apply=mast', 'master.cf', False),
            ('postconf -c oth', 'other', False),
            ('postconf -c other -M ', 'filter/', True),
            ('postconf -Mc other f', 'filter/', True),
            ('postconf -M [::1]:s', 'smtp/', True),
            ('postconf -M $', '', False),
            ('postconf --history ', '', False),
        ]
        for line, candidates, goes_on in rows:
            with self.subTest(line):
                self.assertEqual(self.complete(line), (candidates, goes_on))

    def test_what_runs(self):
        self.write('postconf', '#!/bin/sh\ncase $* in *-RH*) printf "%s\\n" '
                   'smtp/inet/state smtp/inet/4711/state smtp/inet/4711/age ;; esac\n')
        rows = [('postconf -R s', 'smtp/', True),
                ('postconf --running smtp/inet/', 'smtp/inet/state smtp/inet/4711/', False),
                ('postconf -Rh smtp/inet/st', 'smtp/inet/state', False),
                ('postconf -R smtp/inet/4711/', 'smtp/inet/4711/state smtp/inet/4711/age', False),
                ('postconf -R smtp/inet/state smtp/inet/4711/a', 'smtp/inet/4711/age', False)]
        for line, candidates, goes_on in rows:
            with self.subTest(line):
                self.assertEqual(self.complete(line), (candidates, goes_on))

    def test_one_call_for_each(self):
        for line in ('postconf bif', 'postconf -F smtp/', 'postconf -P smtp/inet/', 'postconf biff=', 'postconf -c other -X '):
            self.write('calls', '')
            self.complete(line)
            self.assertEqual(self.read('calls').count('\n'), 1, line)

    def test_broken_files_are_no_hindrance(self):
        self.write('main.cf', 'nonsense\n')
        self.assertEqual(self.complete('postconf bif')[0], 'biff')
        self.write('master.cf', 'nonsense\n')
        self.assertEqual(self.complete('postconf -M s')[0], '')


class Zsh(Directory):
    STARTUP = f'''fpath=({COMPLETIONS} $fpath)
autoload -Uz compinit
compinit -D -u
unsetopt autolist automenu
setopt nobeep
press_tab() {{
  local line
  for line in "${{(f)$(<lines)}}"; do
    BUFFER=$line CURSOR=${{#line}}
    zle expand-or-complete
    print -r -- "$BUFFER|" >>results
  done
  exit
}}
zle -N zle-line-init press_tab
'''

    def complete(self, lines):
        """Each line as Tab leaves it. Zsh completes at a terminal only, so it has one."""
        self.write('.zshrc', self.STARTUP)
        self.write('lines', '\n'.join(lines) + '\n')
        ours, its = pty.openpty()
        process = subprocess.Popen(['zsh', '-d', '-i'], cwd=self.directory, env=self.environment, stdin=its, stdout=its,
                                   stderr=its, start_new_session=True)
        os.close(its)
        screen, end = b'', time.monotonic() + LIMIT
        try:
            while time.monotonic() < end:
                if not select.select([ours], [], [], 0.1)[0]:
                    if process.poll() is not None:
                        break
                    continue
                try:
                    screen += os.read(ours, 65536)
                except OSError:  # it has ended
                    break
        finally:
            process.kill()
            process.wait()
            os.close(ours)
        self.assertTrue(os.path.exists(self.path('results')), screen.decode('utf-8', 'replace'))
        return self.read('results').split('|\n')[:-1]

    def test_lines(self):
        rows = [
            ('postconf bif', 'postconf biff '),
            ('postconf -e bif', 'postconf -e biff='),
            ('postconf biff=y', 'postconf biff=yes '),
            ('postconf -X myh', 'postconf -X myhostname '),
            ('postconf -M su', 'postconf -M submission/'),
            ('postconf -M submission/', 'postconf -M submission/inet '),
            ('postconf -F smtp/inet/ch', 'postconf -F smtp/inet/chroot '),
            ('postconf -F smtp/inet/chroot=n -F submission/inet/wak', 'postconf -F smtp/inet/chroot=n -F submission/inet/wakeup='),
            ('postconf -PX submission/inet/sy', 'postconf -PX submission/inet/syslog_name '),
            ('postconf -P submission/inet/smtpd_helo_req', 'postconf -P submission/inet/smtpd_helo_required '),
            ('postconf -O maildrop/unix/argument/u', 'postconf -O maildrop/unix/argument/user '),
            ('postconf -c other -M f', 'postconf -c other -M filter/'),
            ('postconf --clone smtp/u', 'postconf --clone smtp/unix '),
            ('postconf --if smtp/inet/chr', 'postconf --if smtp/inet/chroot='),
            ('postconf --if=bif', 'postconf --if=biff='),
            ('postconf --apply mast', 'postconf --apply master.cf '),
            ('postconf -T r', 'postconf -T run-version '),
            ('postconf --unc', 'postconf --uncomment '),
        ]
        found = self.complete([line for line, _ in rows])
        self.assertEqual(found, [after for _, after in rows])


if __name__ == '__main__':
    unittest.main()
