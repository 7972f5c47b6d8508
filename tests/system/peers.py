"""Other mail systems, as private instances below a directory of the test: Debian's Postfix and Dovecot."""
import atexit
import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time

QUEUE = ('active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved trace').split()


def is_listening(port):
    try:
        socket.create_connection(('127.0.0.1', port), 1).close()
        return True
    except OSError:
        return False


def postfix_root():
    """Where Debian's Postfix is: '' if it is installed, or the folder that POSTCONF_POSTFIX names, or one in which the
    package is unpacked. None if it cannot be had."""
    for root in ('', os.environ.get('POSTCONF_POSTFIX', '')):
        if os.path.exists(root + '/usr/lib/postfix/sbin/smtpd'):
            return root
    directory = tempfile.mkdtemp(prefix='postfix-')
    done = subprocess.run(['apt-get', 'download', 'postfix'], cwd=directory, check=False, capture_output=True)
    packages = glob.glob(os.path.join(directory, 'postfix_*.deb'))
    if done.returncode != 0 or not packages:
        shutil.rmtree(directory)
        return None
    atexit.register(shutil.rmtree, directory, True)
    subprocess.run(['dpkg-deb', '-x', packages[0], directory], check=True, capture_output=True)
    return directory


class Peer:
    """A process that listens on a port, with its files in a directory of its own."""

    def __init__(self, port):
        self.directory = tempfile.mkdtemp(prefix='peer-')
        os.chmod(self.directory, 0o755)
        self.port = port
        self.process = None

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)

    def start(self, command, environment=None):
        with open(self.path('output'), 'wb') as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                                            env=dict(os.environ, **(environment or {})))
        end = time.monotonic() + 30
        while not is_listening(self.port):
            if self.process.poll() is not None or time.monotonic() > end:
                with open(self.path('output'), encoding='latin1') as file:
                    raise AssertionError(f'{command[0]} does not listen: {file.read()}')
            time.sleep(0.02)

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Postfix(Peer):
    """Debian's Postfix, with settings of main.cf, lines of master.cf, and words that go before the command that starts it."""

    def __init__(self, root, port, settings, services='', before=()):
        super().__init__(port)
        libraries, programs = f'{root}/usr/lib/postfix', f'{root}/usr/lib/postfix/sbin'
        os.mkdir(self.path('conf'))
        for name in QUEUE:
            os.makedirs(self.path('queue', name))
        os.mkdir(self.path('data'))
        for name in [name for name in QUEUE if name != 'pid'] + ['../data']:
            shutil.chown(self.path('queue', name), 'nobody')
        os.chmod(self.path('queue', 'private'), 0o700)
        self.log = self.path('log')
        base = {'compatibility_level': '3.6', 'queue_directory': self.path('queue'), 'data_directory': self.path('data'),
                'daemon_directory': programs, 'command_directory': f'{root}/usr/sbin', 'shlib_directory': libraries,
                'mail_owner': 'nobody', 'default_privs': 'daemon', 'setgid_group': 'mail', 'maillog_file': self.log, 'maillog_file_prefixes': '/',
                'myhostname': 'postfix.test', 'mydestination': '', 'inet_interfaces': '127.0.0.1', 'inet_protocols': 'ipv4',
                'alias_maps': '', 'alias_database': '', 'local_recipient_maps': '', 'mynetworks': '127.0.0.0/8',
                'smtputf8_enable': 'no', 'import_environment':
                'MAIL_CONFIG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME LD_LIBRARY_PATH=' + libraries}
        self.write('conf/main.cf', ''.join(f'{name} = {value}\n' for name, value in {**base, **settings}.items()))
        stock = [f'127.0.0.1:{self.port} inet n - n - - smtpd', 'cleanup unix n - n - 0 cleanup',
                    'qmgr unix n - n 300 1 qmgr', 'rewrite unix - - n - - trivial-rewrite', 'smtp unix - - n - - smtp',
                    'bounce unix - - n - 0 bounce', 'defer unix - - n - 0 bounce', 'trace unix - - n - 0 bounce',
                    'error unix - - n - - error', 'retry unix - - n - - error', 'discard unix - - n - - discard',
                    'anvil unix - - n - 1 anvil', 'tlsmgr unix - - n 1000? 1 tlsmgr', 'proxymap unix - - n - - proxymap',
                    'postlog unix-dgram n - n - 1 postlogd']
        self.write('conf/master.cf', '\n'.join(stock) + '\n' + services)
        self.start([*before, f'{programs}/master', '-c', self.path('conf')],
                   {'LD_LIBRARY_PATH': libraries, 'MAIL_CONFIG': self.path('conf'), 'POSTLOG_SERVICE': 'postlog',
                    'POSTLOG_HOSTNAME': 'postfix.test'})

    def log_text(self):
        with open(self.log, encoding='latin1') as file:
            return file.read()


class Dovecot(Peer):
    """Dovecot's LMTP, on a port and on a UNIX socket, with mailboxes for some users."""

    def __init__(self, socket_path, port, users):
        super().__init__(port)
        for name in ('base', 'state', 'mail'):
            os.mkdir(self.path(name))
        shutil.chown(self.path('mail'), 'nobody', 'nogroup')
        self.write('users', ''.join(f'{user}:{{PLAIN}}x:65534:65534::{self.path("mail")}\n' for user in users))
        self.write('dovecot.conf', f'''
protocols = lmtp
base_dir = {self.path('base')}
state_dir = {self.path('state')}
log_path = {self.path('log')}
ssl = no
default_internal_user = nobody
default_login_user = nobody
default_internal_group = nogroup
first_valid_uid = 1
mail_location = maildir:{self.path('mail')}/%u
passdb {{
  driver = passwd-file
  args = {self.path('users')}
}}
userdb {{
  driver = passwd-file
  args = {self.path('users')}
}}
service anvil {{
  chroot =
}}
service lmtp {{
  unix_listener {socket_path} {{
    mode = 0666
  }}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {self.port}
  }}
}}
''')
        self.start(['/usr/sbin/dovecot', '-F', '-c', self.path('dovecot.conf')])

    def letters(self, user):
        found = []
        for path in glob.glob(self.path('mail', user, 'new', '*')):
            with open(path, 'rb') as file:
                found.append(file.read())
        return found
