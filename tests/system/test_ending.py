"""How a mail system begins and ends: nothing half, nothing left."""
import os
import signal
import subprocess
import time
import unittest

import postern
from standing import Standing


class Ending(unittest.TestCase):
    def setUp(self):
        self.system = Standing(self)

    def gone(self):
        """No process and no trace."""
        postern.wait_for(lambda: not self.system.processes(), 'the end of all processes')
        self.assertEqual(self.system.traces(), [])

    def at_work(self):
        """Master, with a process of most services; a session is open."""
        master = self.system.start()
        self.assertRegex(self.system.send(), '^250 ')
        session = postern.Session(self.system.port)
        self.addCleanup(session.close)
        postern.wait_for(lambda: len(postern.descendants(master)) > 3, 'four processes')
        self.assertIn('public/qmgr', self.system.traces())
        return master

    def test_abort_leaves_nothing(self):
        self.at_work()
        began = time.monotonic()
        status, output, errors = self.system.run('abort')
        self.assertEqual((status, output, errors), (0, 'postern: the mail system was killed\n', ''))
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(self.system.processes(), [])
        self.gone()
        self.assertRegex(self.system.log(), 'killing all processes on signal 3')

    def test_abort_of_a_master_that_does_not_react(self):
        os.kill(self.at_work(), signal.SIGSTOP)
        beside = self.system.queue + '/private/auth'  # of somebody else
        with postern.socket.socket(postern.socket.AF_UNIX) as other:
            other.bind(beside)
        self.assertEqual(self.system.run('abort')[0], 0)
        self.assertEqual(self.system.processes(), [])
        os.unlink(beside)
        self.gone()

    def test_stop_leaves_nothing(self):
        self.at_work()
        self.assertEqual(self.system.run('stop')[0], 0)
        self.assertEqual(self.system.processes(), [])
        self.gone()

    def test_signals_end_it_however_often_they_come(self):
        for signals in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM), (signal.SIGQUIT,),
                        (signal.SIGTERM, signal.SIGQUIT), (signal.SIGQUIT, signal.SIGQUIT)):
            with self.subTest(signals=signals):
                master = self.at_work()
                for number in signals:
                    os.kill(master, number)
                self.gone()

    def test_a_stop_is_bounded_and_an_abort_ends_it_before(self):
        master = self.at_work()
        child = self.session_process(master)
        os.kill(child, signal.SIGSTOP)
        with subprocess.Popen(self.system.command('stop'), stdout=subprocess.DEVNULL) as stop:
            postern.wait_for(lambda: 'terminating on signal 15' in self.system.log(), 'the stop')
            began = time.monotonic()
            self.assertEqual(self.system.run('abort')[0], 0)
            self.assertLess(time.monotonic() - began, 5)
            self.assertEqual(stop.wait(postern.LIMIT), 0)
        self.gone()

    def session_process(self, master):
        return next(p for p in postern.descendants(master) if postern.program_of(p) == 'smtpd')

    def test_a_child_that_does_not_hear_is_killed_by_a_stop(self):
        os.kill(self.session_process(self.at_work()), signal.SIGSTOP)
        self.assertEqual(self.system.run('stop')[0], 0)
        self.gone()
        self.assertRegex(self.system.log(), r'process \d+ does not end: killed')

    def test_a_signal_while_the_start_is_under_way(self):
        for _ in range(20):
            with subprocess.Popen([self.system.program, '-c', self.system.config, '-s'],
                                  stderr=subprocess.DEVNULL) as process:
                postern.wait_for(lambda: os.path.exists(self.system.queue + '/pid/master.pid') or process.poll(),
                                 'the beginning')
                process.terminate()
                self.assertEqual(process.wait(postern.LIMIT), 0)
            self.gone()

    def test_a_stop_during_reloads(self):
        master = self.at_work()
        for number in range(5):
            self.system.set(smtpd_banner=f'number {number}')
            os.kill(master, signal.SIGHUP)
        self.assertEqual(self.system.run('stop')[0], 0)
        self.gone()

    def test_two_starts_at_once(self):
        for _ in range(5):
            starts = [subprocess.Popen(self.system.command('start'), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True) for _ in range(4)]
            ended = [(start.communicate(timeout=60)[1], start.returncode) for start in starts]
            losers = [errors for errors, status in ended if status != 0]
            self.assertEqual(len(losers), 3, ended)
            for errors in losers:
                self.assertRegex(errors, 'another master runs or starts|already running')
            self.assertTrue(self.system.greets())
            self.assertEqual(self.system.run('stop')[0], 0)
            self.gone()


class Again(unittest.TestCase):
    """After a master that died."""

    def setUp(self):
        self.system = Standing(self)

    def test_the_next_start_works_at_once(self):
        for _ in range(5):
            master = self.system.start()
            self.assertRegex(self.system.send(), '^250 ')
            with postern.Session(self.system.port) as session:
                session.begin()
                os.kill(master, signal.SIGKILL)
                self.assertNotEqual(self.system.start(), master)
                self.assertRegex(self.system.send(), '^250 ')
            self.assertEqual(self.system.run('stop')[0], 0)

    def test_an_abort_takes_those_along_whom_the_one_before_left(self):
        for verb in ('abort', 'stop'):
            with self.subTest(verb=verb):
                master = self.system.start()
                with postern.Session(self.system.port) as session:
                    session.begin()
                    left = postern.descendants(master)
                    os.kill(master, signal.SIGKILL)
                    self.system.start()
                    self.assertTrue([p for p in left if postern.is_alive(p)], 'the session goes on')
                    self.assertEqual(self.system.run(verb)[0], 0)
                postern.wait_for(lambda: not self.system.processes(), 'the end of all processes')
                self.assertEqual(self.system.traces(), [])

    def test_children_that_take_their_time_to_let_go_of_the_port(self):
        master = self.system.start()
        with postern.Session(self.system.port):
            child = next(p for p in postern.descendants(master) if postern.program_of(p) == 'smtpd')
            os.kill(child, signal.SIGSTOP)
            os.kill(master, signal.SIGKILL)
            with subprocess.Popen(self.system.command('start')) as start:
                postern.wait_for(lambda: self.tries_to_listen(master), 'the next master to try')
                os.kill(child, signal.SIGCONT)
                self.assertEqual(start.wait(postern.LIMIT), 0)
        self.assertTrue(self.system.greets())

    def tries_to_listen(self, before):
        return os.path.exists(self.system.queue + '/pid/master.pid') and self.system.master() != before

    def test_a_port_of_somebody_else_is_an_error_all_the_same(self):
        os.kill(self.system.start(), signal.SIGKILL)
        postern.wait_for(lambda: not self.system.greets() and not self.system.processes(), 'the end')
        with postern.socket.create_server(('127.0.0.1', self.system.port)):
            status, _, errors = self.system.run('start')
        self.assertEqual(status, 1)
        self.assertRegex(errors, rf'not started: .*master\.cf, line \d+: .*:{self.system.port}: Address already in use')

    def test_a_process_id_of_somebody_else_is_no_master(self):
        os.kill(self.system.start(), signal.SIGKILL)
        postern.wait_for(lambda: not self.system.processes(), 'the end')
        with subprocess.Popen(['sleep', '1000']) as other:
            self.addCleanup(other.kill)
            with open(self.system.queue + '/pid/master.pid', 'w', encoding='ascii') as file:
                file.write(f'{other.pid}\n')
            for verb in ('stop', 'abort', 'reload'):
                self.assertEqual(self.system.run(verb)[0], 1)
            self.system.start()
            self.assertEqual(self.system.run('stop')[0], 0)
            self.assertIsNone(other.poll())
            other.kill()


if __name__ == '__main__':
    unittest.main()
