"""Remote mail servers for tests: each listens on a port of its own and does, at each phase of a session, what a table
says. Without a table it is a good server that takes everything.

    server = Remote({'RCPT': {'<bad@x.test>': '550 5.1.1 no such user'}, '.': Slow('250 2.0.0 Ok', 0.1)})

A phase is `connect` (the greeting) or `tls` (after the reply to STARTTLS), a verb, or `.` (the end of content). What stands
there is a reply as text (its lines with CRLF between them), one of the actions below, a dictionary by address (RCPT, and
`.` of LMTP), a function of the session and the line that returns one of these, or a list: one for each time, the last for
all further times."""
import base64
import hashlib
import hmac
import os
import secrets
import socket
import ssl
import threading
import time


class Close:
    """Closes the connection, after some last words."""

    def __init__(self, text=None, reset=False):
        self.text, self.reset = text, reset


class Silent:
    """Says nothing and waits until the client goes."""


class Raw:
    """Sends bytes as they are, and goes on."""

    def __init__(self, data):
        self.data = data


class Slow:
    """Sends a reply byte by byte with a pause before each."""

    def __init__(self, text, pause):
        self.text, self.pause = text, pause


class Flood:
    """Sends the same bytes again and again until the client goes."""

    def __init__(self, data):
        self.data = data


class Early:
    """Sends a reply, and one more to a command that was not yet given."""

    def __init__(self, text, more):
        self.text, self.more = text, more


class Gone(Exception):
    """The session is over."""


class Letter:
    """What one session took."""

    def __init__(self, sender, recipients, content, encrypted, user):
        self.sender, self.recipients, self.content = sender, recipients, content
        self.encrypted, self.user = encrypted, user


CAPABILITIES = ('PIPELINING', 'SIZE 10240000', '8BITMIME', 'ENHANCEDSTATUSCODES', 'DSN', 'SMTPUTF8')


class Session:
    """One connection: reads lines, looks into the table, answers."""

    def __init__(self, server, connection):
        self.server, self.socket = server, connection
        self.socket.settimeout(server.patience)
        self.buffer = b''
        self.commands, self.encrypted, self.user = [], None, None
        self.sender, self.recipients, self.options = None, [], ''

    # -- bytes

    def line(self):
        while b'\n' not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                raise Gone
            self.buffer += data
        line, self.buffer = self.buffer.split(b'\n', 1)
        return line.rstrip(b'\r').decode('utf-8', 'surrogateescape')

    def raw(self, data):
        self.socket.sendall(data)

    def say(self, text):
        self.raw(text.encode('utf-8', 'surrogateescape') + b'\r\n')

    # -- the table

    def act(self, what, line, otherwise):
        """Does what the table says; True when it was an accepting reply."""
        if callable(what) and not isinstance(what, type):
            what = what(self, line)
        what = otherwise if what is None else what
        if isinstance(what, str):
            self.say(what)
            return what[:1] in '23'
        if isinstance(what, Close) or what is Close:
            self.close(what)
        if isinstance(what, Silent) or what is Silent:
            while self.socket.recv(65536):
                pass
            raise Gone
        if isinstance(what, Slow):
            for byte in what.text.encode() + b'\r\n':
                time.sleep(what.pause)
                self.raw(bytes([byte]))
            return what.text[:1] in '23'
        if isinstance(what, Early):
            self.raw(f'{what.text}\r\n{what.more}\r\n'.encode())
            return what.text[:1] in '23'
        if isinstance(what, Flood):
            while True:
                self.raw(what.data)
        self.raw(what.data)
        return what.data[:1] in b'23'

    def close(self, what):
        text = getattr(what, 'text', None)
        if text:
            self.say(text)
        if getattr(what, 'reset', False):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        raise Gone

    def phase(self, name, line, otherwise, address=None):
        return self.act(self.server.next(name, address), line, otherwise)

    # -- the dialogue

    def run(self):
        if self.server.wrapped:
            self.encrypt()
        self.phase('connect', '', '220 remote.test ESMTP')
        while True:
            line = self.line()
            self.commands.append(line)
            verb = line.split(' ')[0].split(':')[0].upper()
            getattr(self, f'do_{verb.lower()}', self.do_other)(verb, line)

    def do_other(self, verb, line):
        self.phase(verb, line, '250 2.0.0 Ok' if verb in ('NOOP', 'VRFY', 'XFORWARD', 'XCLIENT') else
                   '502 5.5.1 unknown command')

    def hello(self, verb, line):
        words = self.server.capabilities
        if callable(words):
            words = words(self)
        if self.server.context and not self.encrypted and not self.server.wrapped and self.server.offers_tls:
            words = tuple(words) + ('STARTTLS',)
        lines = ['remote.test', *words] if verb != 'HELO' else ['remote.test']
        text = '\r\n'.join(f'250-{one}' for one in lines[:-1]) + ('\r\n' if lines[1:] else '') + f'250 {lines[-1]}'
        self.phase(verb, line, text)

    do_ehlo = do_helo = do_lhlo = hello

    def do_starttls(self, verb, line):
        injected = self.server.table.get('inject')
        if injected:
            self.raw(b'220 2.0.0 Ready\r\n' + injected)
        elif not self.phase(verb, line, '220 2.0.0 Ready'):
            return
        what = self.server.next('tls', None)
        if what is not None:
            self.act(what, line, '')
            self.act(Silent(), line, '')
        self.encrypt()

    def encrypt(self):
        self.buffer = b''
        try:
            self.socket = self.server.context.wrap_socket(self.socket, server_side=True)
        except (OSError, ssl.SSLError) as error:
            self.server.problems.append(str(error))
            raise Gone from None
        self.encrypted = self.socket.version()
        self.server.resumed += bool(self.socket.session_reused)

    def do_mail(self, verb, line):
        self.sender, self.recipients, self.options = None, [], line.partition('>')[2].strip()
        if self.phase(verb, line, '250 2.1.0 Ok'):
            self.sender = line[line.index('<') + 1:line.index('>')]

    def do_rcpt(self, verb, line):
        address = line[line.index('<'):line.index('>') + 1]
        if self.phase(verb, line, '250 2.1.5 Ok', address):
            self.recipients.append(address[1:-1])

    def do_data(self, verb, line):
        if not self.phase(verb, line, '354 go on' if self.recipients else '554 5.5.1 no valid recipients'):
            return
        content = self.content()
        letter = Letter(self.sender, list(self.recipients), content, self.encrypted, self.user)
        if self.server.lmtp:
            for address in letter.recipients:
                taken = self.phase('.', line, '250 2.1.5 Ok', f'<{address}>')
                if taken:
                    self.server.letters.append(Letter(self.sender, [address], content, self.encrypted, self.user))
        elif self.phase('.', line, '250 2.0.0 Ok: queued as REMOTE'):
            self.server.letters.append(letter)
        self.sender, self.recipients = None, []

    def content(self):
        lines = []
        while True:
            while b'\r\n' not in self.buffer:
                data = self.socket.recv(65536)
                if not data:
                    raise Gone
                self.buffer += data
            line, self.buffer = self.buffer.split(b'\r\n', 1)
            if line == b'.':
                return b''.join(lines)
            lines.append((line[1:] if line.startswith(b'.') else line) + b'\r\n')

    def do_rset(self, verb, line):
        self.sender, self.recipients = None, []
        self.phase(verb, line, '250 2.0.0 Ok')

    def do_quit(self, verb, line):
        self.phase(verb, line, '221 2.0.0 Bye')
        raise Gone

    # -- AUTH

    def do_auth(self, verb, line):
        what = self.server.next('AUTH', None)
        if what is not None:
            self.act(what, line, '')
            return
        words = line.split(' ')
        user, password = self.server.account
        check = getattr(self, 'auth_' + words[1].lower().replace('-', '_'), None)
        if not check:
            self.say('504 5.5.4 unknown mechanism')
        elif check(words[2] if len(words) > 2 else None, user, password):
            self.user = user
            self.say('235 2.7.0 Ok')
        else:
            self.say('535 5.7.8 Error: authentication failed')

    def ask(self, text):
        self.say('334 ' + base64.b64encode(text).decode())
        return base64.b64decode(self.line())

    def auth_plain(self, first, user, password):
        said = base64.b64decode(first) if first else self.ask(b'')
        return said == f'\0{user}\0{password}'.encode()

    def auth_login(self, first, user, password):
        name = base64.b64decode(first) if first else self.ask(b'Username:')
        return name == user.encode() and self.ask(b'Password:') == password.encode()

    def auth_cram_md5(self, _, user, password):
        challenge = b'<12345.6789@remote.test>'
        wanted = f'{user} {hmac.new(password.encode(), challenge, "md5").hexdigest()}'
        return self.ask(challenge) == wanted.encode()

    def auth_xoauth2(self, first, user, password):
        said = base64.b64decode(first) if first else self.ask(b'')
        if said == f'user={user}\1auth=Bearer {password}\1\1'.encode():
            return True
        self.ask(b'{"status":"401"}')
        return False

    def auth_scram_sha_256(self, first, user, password):
        bare = (base64.b64decode(first) if first else self.ask(b'')).decode()[3:]
        nonce, salt, rounds = bare.split('r=')[1] + secrets.token_hex(8), b'salt-of-test', 4096
        server_first = f'r={nonce},s={base64.b64encode(salt).decode()},i={rounds}'
        final = self.ask(server_first.encode()).decode()
        without, _, proof = final.partition(',p=')
        salted = hashlib.pbkdf2_hmac('sha256', password.encode(), salt, rounds)
        key = hmac.new(salted, b'Client Key', 'sha256').digest()
        said = f'{bare},{server_first},{without}'.encode()
        signature = hmac.new(hashlib.sha256(key).digest(), said, 'sha256').digest()
        wanted = bytes(a ^ b for a, b in zip(key, signature))
        if base64.b64decode(proof) != wanted or not bare.startswith(f'n={user},'):
            return False
        verifier = hmac.new(hmac.new(salted, b'Server Key', 'sha256').digest(), said, 'sha256').digest()
        return self.ask(b'v=' + base64.b64encode(verifier)) == b''


class Remote:
    """A server on a free port of 127.0.0.1 (or at a path of a UNIX socket), until close(). `context` (an
    ssl.SSLContext) offers STARTTLS, or TLS from the start when `wrapped`."""

    def __init__(self, table=None, *, capabilities=CAPABILITIES, context=None, offers_tls=True, wrapped=False, lmtp=False,
                 account=('ann', 'secret'), patience=30, path=None, host='127.0.0.1', port=0):
        self.table, self.capabilities, self.context = dict(table or {}), capabilities, context
        self.offers_tls, self.wrapped, self.lmtp, self.account = offers_tls, wrapped, lmtp, account
        self.patience = patience
        self.sessions, self.letters, self.problems, self.resumed = [], [], [], 0
        self._times, self._lock, self._open = {}, threading.Lock(), set()
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            os.chmod(path, 0o777)
            self.listener.listen(64)
        else:
            family = socket.AF_INET6 if ':' in host else socket.AF_INET
            self.listener = socket.create_server((host, port), family=family, backlog=64)
            self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def next(self, name, address):
        """What the table says for this time; None: nothing."""
        with self._lock:
            what = self.table.get(name)
            if isinstance(what, dict):
                name, what = f'{name} {address}', what.get(address, what.get('*'))
            if isinstance(what, list):
                times = self._times.get(name, 0)
                self._times[name] = times + 1
                what = what[min(times, len(what) - 1)]
            return what

    def commands(self):
        """All command lines of all sessions, in the order in which the sessions began."""
        return [line for session in list(self.sessions) for line in list(session.commands)]

    def close(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        with self._lock:
            self._open.add(connection)
        session = Session(self, connection)
        self.sessions.append(session)
        try:
            session.run()
        except (Gone, OSError, ssl.SSLError):
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            for each in {session.socket, connection}:
                try:
                    each.close()
                except OSError:
                    pass
