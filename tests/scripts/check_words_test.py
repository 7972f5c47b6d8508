"""scripts/check_words: no machine's paths, notes to oneself or marks of a merge in the tree."""
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'scripts', 'check_words')

BAD = ['see /wo' 'rk/main', 'in /ro' 'ot/mail', '"/ho' 'me/ann/x"', '/tm' 'p/build-x', '// TO' 'DO: later',
       '# FIX' 'ME', '/* XX' 'X */', '<' '<<<<<< HEAD', '>' '>>>>>> branch']
GOOD = ['network/main', './wo' + 'rk/x', '/var/spool/postern', 'mkstemp("XXXXXX")', 'todo', '/tmp/x', '=======x', '"$HOME"']


def check(text):
    with tempfile.TemporaryDirectory() as root:
        with open(os.path.join(root, 'a.txt'), 'w', encoding='utf-8') as file:
            file.write(text)
        return subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True, check=False)


class CheckWords(unittest.TestCase):
    def test_bad_words_are_refused(self):
        run = check(''.join(f'{line}\n' for line in BAD))
        self.assertEqual([line.split(':')[1] for line in run.stdout.splitlines()],
                         [str(n + 1) for n in range(len(BAD))])
        self.assertEqual(run.returncode, 1)

    def test_ordinary_text_passes(self):
        run = check('\n'.join(GOOD))
        self.assertEqual((run.stdout, run.returncode), ('', 0))

    def test_bytes_that_are_no_text_do_not_stop_it(self):
        with tempfile.TemporaryDirectory() as root:
            with open(os.path.join(root, 'a.png'), 'wb') as file:
                file.write(bytes(range(256)))
            self.assertEqual(subprocess.run([sys.executable, SCRIPT, root], check=False).returncode, 0)


if __name__ == '__main__':
    unittest.main()
