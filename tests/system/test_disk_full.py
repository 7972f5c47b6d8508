"""No room for the queue: clients are told to come back, the log says it once, and all goes on when there is room."""
import os
import subprocess
import tempfile
import unittest

import postern


@unittest.skipUnless(postern.IS_ROOT, 'only root can mount a small file system')
class DiskFull(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix='postern-full-')
        os.chmod(self.directory, 0o755)
        self.addCleanup(postern.shutil.rmtree, self.directory)
        self.queue = os.path.join(self.directory, 'queue')
        os.mkdir(self.queue)
        mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=12m,mode=755', 'tmpfs', self.queue],
                                 capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            self.skipTest('no small file system here: ' + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ['umount', self.queue], check=True)

    def fill(self):
        """Takes all room that is left."""
        path = os.path.join(self.queue, 'ballast')
        with open(path, 'wb', buffering=0) as file:
            try:
                while file.write(b'x' * 4096) == 4096:
                    pass
            except OSError:
                pass
        return path

    def test_mail_is_deferred_while_there_is_no_room_and_taken_afterwards(self):
        with postern.Sandbox(directory=self.directory) as sandbox:
            self.assertRegex(sandbox.send(postern.letter(subject='before')), '^250 ')
            sandbox.wait_mail(1)
            processes = set(sandbox.processes('qmgr'))
            ballast = self.fill()
            for size in (100, 30000, 200000):
                for _ in range(3):
                    with self.subTest(size=size), sandbox.session() as session:
                        session.send('MAIL FROM:<ann@client.example>\r\nRCPT TO:<bob@sandbox.test>\r\nDATA')
                        replies = [session.reply() for _ in range(3)]
                        reply = next((r for r in replies if not r.startswith(('250', '354'))), None)
                        if reply is None:
                            reply = session.content(postern.letter(body=b'x' * 70 + b'\r\n' * (size // 2)))
                        self.assertRegex(reply, r'^452 4\.3\.1 ')
            said = [line for line in sandbox.log().split('\n')
                    if 'warning: ' in line or 'error: ' in line or 'fatal: ' in line]
            os.unlink(ballast)
            postern.wait_for(lambda: sandbox.send(postern.letter(subject='after')).startswith('250'), 'a 250')
            sandbox.wait_mail(2)
            self.assertEqual(set(sandbox.processes('qmgr')), processes, 'qmgr went on')
            self.assertGreaterEqual(len(said), 1)
            texts = [line.split(']: ', 1)[1] for line in said]
            self.assertEqual(len(texts), len(set(texts)), f'each is said once: {texts}')
            postern.wait_for(sandbox.queue_is_empty, 'an empty queue')


if __name__ == '__main__':
    unittest.main()
