"""The postern command: what it says, and what it leaves."""
import json
import os
import signal
import socket
import subprocess
import unittest

import postern


def run(*words, **options):
    done = subprocess.run([os.path.join(postern.BUILD, 'bin', 'postern'), *words], capture_output=True, text=True,
                          timeout=60, check=False, **options)
    return done.returncode, done.stdout, done.stderr


class SandboxCommand(unittest.TestCase):
    def test_nothing_is_left_behind(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number=number), postern.Sandbox() as sandbox:
                sandbox.send()
                processes = [sandbox.master] + sandbox.processes()
                sandbox.process.send_signal(number)
                self.assertEqual(sandbox.process.wait(postern.LIMIT), 0)
                self.assertEqual([p for p in processes if postern.is_alive(p)], [])
                self.assertFalse(os.path.exists(sandbox.directory))

    def test_keep_leaves_the_directory(self):
        with postern.Sandbox('--keep') as sandbox:
            self.addCleanup(postern.shutil.rmtree, sandbox.directory)
        self.assertTrue(os.path.exists(sandbox.facts['log']))

    def test_a_sandbox_that_is_killed_takes_its_master_along(self):
        with postern.Sandbox('--keep') as sandbox:
            self.addCleanup(postern.shutil.rmtree, sandbox.directory)
            sandbox.send()
            processes = [sandbox.master] + sandbox.processes()
            sandbox.process.kill()
            postern.wait_for(lambda: not any(map(postern.is_alive, processes)), 'the end of all processes')

    def test_a_directory_is_used_again_as_it_is(self):
        directory = postern.tempfile.mkdtemp(prefix='postern-again-')
        self.addCleanup(postern.shutil.rmtree, directory)
        with postern.Sandbox(directory=directory) as first:
            first.append('main.cf', 'smtpd_banner = $myhostname ESMTP mine\n')
        with postern.Sandbox(directory=directory) as second:
            self.assertEqual(second.port, first.port)
            with second.session() as session:
                self.assertRegex(session.greeting, 'mine$')

    def test_a_port_that_is_taken(self):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
            before = set(os.listdir(postern.tempfile.gettempdir()))
            status, output, errors = run('sandbox', '--port', str(port))
        self.assertEqual((status, output), (1, ''))
        self.assertRegex(errors, rf'^postern: .*{port}.*Address already in use\n$')
        left = [name for name in set(os.listdir(postern.tempfile.gettempdir())) - before if self.is_ours(name, port)]
        self.assertEqual(left, [])

    @staticmethod
    def is_ours(name, port):
        """Other tests make sandboxes at the same time."""
        try:
            with open(os.path.join(postern.tempfile.gettempdir(), name, 'etc', 'master.cf'), encoding='utf-8') as file:
                return f':{port} ' in file.read()
        except OSError:
            return False

    def test_a_domain_of_choice(self):
        with postern.Sandbox('--domain', 'Example.ORG') as sandbox:
            self.assertEqual(sandbox.facts['domain'], 'example.org')
            self.assertRegex(sandbox.send(None, 'any.body@example.org'), '^250 ')
            sandbox.wait_mail()

    def test_the_line_for_people(self):
        process = subprocess.Popen([os.path.join(postern.BUILD, 'bin', 'postern'), 'sandbox'], stdout=subprocess.PIPE,
                                   text=True)
        try:
            self.assertRegex(process.stdout.readline(),
                             r'^SMTP 127\.0\.0\.1:\d+ takes mail for \*@sandbox\.test into \S+/mail, log \S+/mail\.log, '
                             r'configuration \S+/etc, ready after \d+ ms; Ctrl-C ends it\n$')
        finally:
            process.terminate()
            process.stdout.close()
            process.wait(postern.LIMIT)

    def test_bad_options(self):
        for words, text in ((['--port', '0'], 'bad port number: 0'), (['--port'], 'option --port needs a value'),
                            (['--domain', 'a b'], 'bad domain: a b'), (['--what'], 'unknown option: --what'),
                            (['word'], 'unexpected argument: word'), (['-o', 'novalue'], '-o novalue: ')):
            with self.subTest(words=words):
                status, output, errors = run('sandbox', *words)
                self.assertEqual((status, output), (1, ''))
                self.assertIn(text, errors)


class Status(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = postern.Sandbox()
        cls.sandbox.send()
        cls.sandbox.wait_mail()

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.close()

    def test_a_tree_of_services_and_processes(self):
        status, output, _ = self.sandbox.run('status')
        self.assertEqual(status, 0)
        self.assertRegex(output, rf'^Postern \S+, process {self.sandbox.master}, up ')
        self.assertRegex(output, r'(?m)^├─ qmgr .*\n│  └─ \d+ available ')
        self.assertRegex(output, r'accepted=1')

    def test_json(self):
        facts = json.loads(self.sandbox.run('status', '--json')[1])
        self.assertEqual(facts['pid'], self.sandbox.master)
        services = {service['name']: service for service in facts['services']}
        self.assertEqual(services['qmgr']['processes'][0]['pid'], self.sandbox.processes('qmgr')[0])
        self.assertEqual(services['local']['processes'], [])

    def test_single_numbers(self):
        smtpd = f'127.0.0.1:{self.sandbox.port}/accepted'
        for words in ([smtpd], ['--value', smtpd], ['--value=' + smtpd]):
            self.assertEqual(self.sandbox.run('status', *words), (0, '1\n', ''))
        self.assertEqual(self.sandbox.run('status', 'local/anything'), (0, '0\n', ''))
        for query, text in (('qmgr/nothing', 'no such number: qmgr/nothing (there are: '),
                            ('nobody/sessions', 'no such service: nobody/sessions (there are: '),
                            ('qmgr', 'write SERVICE/NUMBER')):
            status, output, errors = self.sandbox.run('status', query)
            self.assertEqual((status, output), (1, ''))
            self.assertIn(text, errors)


class Check(unittest.TestCase):
    def setUp(self):
        self.sandbox = postern.Sandbox()
        self.addCleanup(self.sandbox.close)

    def test_a_good_configuration(self):
        self.assertEqual(self.sandbox.run('check'), (0, '', ''))

    def says(self, expected_status, name, text, pattern, ahead=0):
        with open(self.sandbox.path(name), encoding='utf-8') as file:
            before = file.read()
        line = before.count('\n') + 1 + ahead
        self.sandbox.append(name, text)
        status, _, errors = self.sandbox.run('check')
        with open(self.sandbox.path(name), 'w', encoding='utf-8') as file:
            file.write(before)
        self.assertEqual(status, expected_status, errors)
        place = self.sandbox.path(name).replace('.', r'\.') + f', line {line}: '
        self.assertRegex(errors, '(?m)^postern: ' + pattern.replace('PLACE', place))

    def test_what_is_wrong_is_named_with_its_place(self):
        self.says(1, 'main.cf', 'smtpd_timeout = soon\n', 'error: PLACE.*smtpd_timeout.*soon')
        self.says(1, 'main.cf', 'no equals sign\n', "error: PLACEmissing '=' after attribute name: \"no equals sign\"")
        self.says(1, 'main.cf', 'transport_maps = nosuch:thing\n', 'error: .*transport_maps.*nosuch:thing')
        self.says(0, 'main.cf', 'smtpd_timeuot = 5s\n', 'warning: PLACEunknown parameter smtpd_timeuot: did you mean smtpd_timeout')
        self.says(1, 'main.cf', 'queue_directory = relative\n', 'error: PLACEparameter queue_directory: relative: not an abs')
        self.says(1, 'master.cf', 'x unix - - - - z x\n', 'error: PLACE.*"z"')
        self.says(1, 'master.cf', 'smtp inet n - - - -1 smtpd\n', 'error: PLACE.*"-1"')
        self.says(1, 'master.cf', '26 inet n - - - - smtpd\n -o smtpd_timeout=never\n',
                  'error: PLACEservice 26: -o .*smtpd_timeout.*never', ahead=1)
        self.says(0, 'master.cf', 'own unix - - - - - no-such-program\n',
                  'warning: PLACEservice own: cannot run: .*no-such-program: No such file or directory')
        self.says(0, 'master.cf', 'rewrite unix - - - - - trivial-rewrite\n',
                  'note: PLACEservice rewrite: program trivial-rewrite is not needed: ')

    def test_all_errors_are_said_not_only_the_first(self):
        self.sandbox.append('main.cf', 'smtpd_timeout = soon\nmax_idle = later\n')
        self.sandbox.append('master.cf', '26 inet n - - - - smtpd -o max_use=many\n')
        status, _, errors = self.sandbox.run('check')
        self.assertEqual(status, 1)
        for text in ('soon', 'later', 'many'):
            self.assertIn(text, errors)

    def test_findings_as_json(self):
        self.assertEqual(self.sandbox.run('check', '--json'), (0, '[]\n', ''))
        self.sandbox.append('main.cf', 'smtpd_bannr = "x"\nmax_idle = later\n')
        status, output, errors = self.sandbox.run('check', '--json')
        self.assertEqual((status, errors), (1, ''))
        warning, error = json.loads(output)
        self.assertEqual((warning['severity'], warning['name']), ('warning', 'smtpd_bannr'))
        self.assertEqual((error['severity'], error['name']), ('error', 'max_idle'))
        self.assertEqual(error['path'], self.sandbox.path('main.cf'))
        self.assertEqual(error['line'], warning['line'] + 1)
        self.assertIn('later', error['text'])

    def test_files_that_others_may_write(self):
        os.chmod(self.sandbox.path('main.cf'), 0o666)
        status, _, errors = self.sandbox.run('check')
        self.assertEqual(status, 0)
        self.assertIn('warning: ' + self.sandbox.path('main.cf') + ': group or others may write it', errors)


class Words(unittest.TestCase):
    def test_help_and_version(self):
        for words in (['help'], ['--help'], ['-h'], ['sandbox', '--help']):
            status, output, _ = run(*words)
            self.assertEqual(status, 0)
            self.assertIn('usage: postern', output)
        for words in (['version'], ['--version']):
            self.assertRegex(run(*words)[1], r'^Postern \d+\.\d+\.\d+\n$')

    def test_what_is_not_a_verb(self):
        self.assertEqual(run('frobnicate')[0], 1)
        self.assertIn('unknown verb: frobnicate', run('frobnicate')[2])
        self.assertIn('say what to do', run()[2])

    def test_the_configuration_directory_by_option_or_environment(self):
        for words, environment in ((['-c', '/nonexistent', 'check'], None), (['check', '-c', '/nonexistent'], None),
                                   (['check'], {**os.environ, 'MAIL_CONFIG': '/nonexistent'})):
            status, _, errors = run(*words, env=environment)
            self.assertEqual(status, 1)
            self.assertIn('/nonexistent: No such file or directory', errors)


if __name__ == '__main__':
    unittest.main()
