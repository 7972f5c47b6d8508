"""Mail that cannot be delivered at once waits in the queue, and outlives its processes."""
import fcntl
import os
import signal
import sqlite3
import time
import unittest

import postern

RETRY = {'minimal_backoff_time': '1s', 'maximal_backoff_time': '1s', 'queue_run_delay': '1s',
         'transport_retry_time': '1s'}


class Queue(unittest.TestCase):
    def test_mail_waits_for_a_transport_and_goes_when_it_is_there(self):
        with postern.Sandbox(settings={**RETRY, 'virtual_transport': 'nowhere'}) as sandbox:
            for n in range(5):
                sandbox.send(postern.letter(subject=f'n{n}'))
            sandbox.wait_log(r'to=<bob@sandbox\.test>, .*dsn=4\.\d\.\d, status=deferred', 5)
            self.assertEqual(sandbox.mail(), [])
            self.assertEqual(sandbox.value('qmgr/messages'), 5)
            sandbox.edit('main.cf', 'virtual_transport = nowhere', 'virtual_transport = virtual')
            sandbox.reload()
            sandbox.wait_mail(5)
            postern.wait_for(sandbox.queue_is_empty, 'an empty queue')

    def test_a_restart_goes_on_from_the_database(self):
        directory = postern.tempfile.mkdtemp(prefix='postern-queue-')
        os.chmod(directory, 0o755)
        self.addCleanup(postern.shutil.rmtree, directory)
        large = postern.letter(subject='large', body=b'x' * 70 + b'\r\n' * 50000)
        with postern.Sandbox(settings={**RETRY, 'virtual_transport': 'nowhere'}, directory=directory) as sandbox:
            for n in range(20):
                sandbox.send(postern.letter(subject=f'n{n}'))
            sandbox.send(large)
            os.kill(sandbox.master, signal.SIGKILL)
            self.assertNotEqual(sandbox.process.wait(postern.LIMIT), 0)
            sandbox.edit('main.cf', 'virtual_transport = nowhere', 'virtual_transport = virtual')
        with postern.Sandbox(directory=directory) as sandbox:
            delivered = sandbox.wait_mail(21)
            self.assertEqual(len(delivered), 21)
            self.assertEqual(sum(d.endswith(large.replace(b'\r\n', b'\n')) for d in delivered), 1)
            postern.wait_for(sandbox.queue_is_empty, 'an empty queue')

    def test_a_transport_that_fails_is_tried_again(self):
        with postern.Sandbox(settings=RETRY) as sandbox:
            os.chmod(sandbox.facts['maildir'], 0)
            if postern.IS_ROOT:
                sandbox.edit('main.cf', 'static:mail/', 'static:missing/directory/')
                sandbox.reload()
            sandbox.send()
            sandbox.wait_log(r'to=<bob@sandbox\.test>, relay=virtual, .*status=deferred \(')
            os.chmod(sandbox.facts['maildir'], 0o700)
            if postern.IS_ROOT:
                sandbox.edit('main.cf', 'static:missing/directory/', 'static:mail/')
                sandbox.reload()
            sandbox.wait_mail()

    def test_the_database_is_a_sound_one(self):
        with postern.Sandbox('--keep', settings={**RETRY, 'virtual_transport': 'nowhere'}) as sandbox:
            self.addCleanup(postern.shutil.rmtree, sandbox.directory)
            sandbox.send()
            path = os.path.join(sandbox.facts['queue_directory'], 'queue', 'queue.db')
        with sqlite3.connect(f'file:{path}', uri=True) as database:
            self.assertEqual(database.execute('pragma integrity_check').fetchone(), ('ok',))
            self.assertEqual(database.execute('pragma journal_mode').fetchone(), ('wal',))
        database.close()

    def test_a_reload_while_an_agent_is_slow_neither_waits_nor_delivers_twice(self):
        settings = {**RETRY, 'virtual_mailbox_maps': 'static:mail/box', 'deliver_lock_attempts': '100'}
        with postern.Sandbox(settings=settings) as sandbox:
            sandbox.send(postern.letter(subject='n0'))
            sandbox.wait_log(r'to=<bob@sandbox\.test>, .*status=sent')
            boxes = postern.glob.glob(os.path.join(sandbox.facts['maildir'], 'box'))
            self.assertEqual(len(boxes), 1)
            with open(boxes[0], 'r+b') as box:
                fcntl.lockf(box, fcntl.LOCK_EX)
                for n in range(1, 4):
                    sandbox.send(postern.letter(subject=f'n{n}'))
                sandbox.wait_log(r'queue active\)', 4)
                for n in range(3):
                    sandbox.edit('main.cf', f'queue_run_delay = {n + 1}s', f'queue_run_delay = {n + 2}s')
                    sandbox.reload()
                    begin = time.monotonic()
                    sandbox.send(postern.letter(subject=f'other{n}'), 'x@discard.test')
                    sandbox.wait_log(r'to=<x@discard\.test>, .*status=sent', n + 1)
                    self.assertLess(time.monotonic() - begin, 2)
                fcntl.lockf(box, fcntl.LOCK_UN)
            sandbox.wait_log(r'to=<bob@sandbox\.test>, .*status=sent', 4)
            postern.wait_for(sandbox.queue_is_empty, 'an empty queue')
            with open(boxes[0], 'rb') as box:
                text = box.read()
            for n in range(4):
                self.assertEqual(text.count(b'Subject: n%d\n' % n), 1)
            directory = os.path.join(sandbox.facts['queue_directory'], 'queue')
            postern.wait_for(lambda: not [name for name in os.listdir(directory) if name.startswith('holder.')],
                             'the end of the lease')


if __name__ == '__main__':
    unittest.main()
