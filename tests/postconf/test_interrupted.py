"""An edit of both files that is killed at any of its system calls, or has any one of them fail: after the next edit both
files are old, or both are new, and the history says the same."""
import ctypes
import os
import platform
import shutil
import signal
import subprocess
import sys
import unittest

from test_edits import BOTH, POSTCONF, Directory

TRACEME, POKEUSER, SYSCALL, SETOPTIONS = 0, 6, 24, 0x4200
GOOD = 1  # PTRACE_O_TRACESYSGOOD
STOPPED_AT_CALL = signal.SIGTRAP | 0x80
NUMBER_OF_CALL = 15 * 8  # orig_rax in struct user, of x86_64
OLD = {'main.cf': b'biff = no\n', 'master.cf': b'smtp inet n - n - - smtpd\n'}
EDIT = ['biff=yes', '-F', 'smtp/inet/chroot=y']
SKIPPED = 77
STRIDE = int(os.environ.get('POSTCONF_STRIDE', '3'))  # of what takes long: every third call
MOST = 10000  # system calls; with more of them it would never end

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, address=0, data=0):
    if libc.ptrace(request, pid, address, data) == -1:
        raise OSError(ctypes.get_errno(), 'ptrace')


def run_up_to(words, directory, at, then):
    """Runs postconf up to the system call of that number, and lets `then` happen to the process. The number of calls."""
    # pylint: disable=subprocess-popen-preexec-fn
    with subprocess.Popen([POSTCONF, '-c', '.', *words], cwd=directory, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, preexec_fn=lambda: libc.ptrace(TRACEME, 0, 0, 0)) as process:
        pid = process.pid
        _, status = os.waitpid(pid, 0)
        ptrace(SETOPTIONS, pid, 0, GOOD)
        stops = 0
        while os.WIFSTOPPED(status):
            is_call = os.WSTOPSIG(status) == STOPPED_AT_CALL
            if is_call and stops == 2 * at:
                then(pid)
            if stops > MOST:
                os.kill(pid, signal.SIGKILL)
            stops += 1 if is_call else 0
            try:
                ptrace(SYSCALL, pid)
            except ProcessLookupError:
                pass  # it was killed
            _, status = os.waitpid(pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return stops // 2, process.returncode


def kill(pid):
    os.kill(pid, signal.SIGKILL)


def refuse(pid):
    """No system call has this number, so it fails with ENOSYS."""
    ptrace(POKEUSER, pid, NUMBER_OF_CALL, ctypes.c_void_p(-1).value)


def nothing(_):
    pass


class Interrupted(unittest.TestCase):
    def setUp(self):
        conf = self.directory(OLD, b'')
        self.assertEqual(conf.run(*EDIT).returncode, 0)
        self.new, self.history = conf.texts(), (conf.path / '.postconf.history').read_bytes()

    def at_every_call(self, then, words, files, history=b'', stride=1):
        """Runs the edit with something happening at each of its calls in turn, but for those that start any program."""
        first, _ = run_up_to(['--help'], '/', 0, nothing)
        conf = self.directory(files, history)
        last, status = run_up_to(words, conf.path, 0, nothing)
        self.assertEqual(status, 0)
        seen = set()
        for at in range(first, last, stride):
            conf = self.directory(files, history)
            calls, status = run_up_to(words, conf.path, at, then)
            self.assertLess(calls, MOST / 2)
            seen.add(self.check(conf, history.count(b'\n'), (at, status)))
            conf.remove()
        self.assertEqual(seen, {False, True})  # in time, and too late

    def directory(self, files, history):
        conf = Directory(files)
        self.addCleanup(shutil.rmtree, conf.path, True)
        (conf.path / '.postconf.history').write_bytes(history)
        return conf

    def check(self, conf, edits, where):
        """Whether the edit happened, as the next one leaves it."""
        self.assertEqual(conf.run('relayhost=next').returncode, 0, where)
        texts = conf.texts()
        texts['main.cf'] = texts['main.cf'].replace(b'relayhost = next\n', b'')
        self.assertIn(texts, (OLD, self.new), where)
        left = {name for name, (text, _, _) in conf.state().items() if text}  # an empty .tmp is a lock that nobody holds
        self.assertEqual(left, {'.postconf.history', *BOTH}, where)
        happened = (texts == self.new) == (edits == 0)
        history = (conf.path / '.postconf.history').read_bytes()
        self.assertEqual(history.count(b'\n'), edits + happened + 1, where)
        return happened

    def test_an_edit_that_is_killed(self):
        self.at_every_call(kill, EDIT, OLD)

    def test_an_undo_that_is_killed(self):
        self.at_every_call(kill, ['--undo'], self.new, self.history, STRIDE)

    @unittest.skipUnless(platform.machine() == 'x86_64', 'it knows the registers of x86_64 only')
    def test_an_edit_that_the_kernel_refuses_something(self):
        self.at_every_call(refuse, EDIT, OLD, stride=STRIDE)


if __name__ == '__main__':
    try:
        run_up_to(['--help'], '/', 0, nothing)
    except OSError as why:
        print('no process may be traced here: %s' % why)
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv)
