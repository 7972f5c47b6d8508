"""What clients of screen do and hear, and what is logged about them: the steps are explained in screen_play.py. A group is
a service with settings of its own, its cases are clients with addresses of their own."""


class Group:
    def __init__(self, settings, **cases):
        self.settings = dict(one.strip().split('=', 1) for one in settings.strip().splitlines() if one.strip())
        self.cases = cases


GOOD = '''
    < 220-mail.test ESMTP
    < 220 mail.test ESMTP
    > QUIT
    < 221 2.0.0 Bye
    .
'''
NEW = '| CONNECT from @ to $\n' + GOOD + '| PASS NEW @\n'
OLD = '''
    | CONNECT from @ to $
    | PASS OLD @
    < 220 mail.test ESMTP
    > QUIT
    < 221 2.0.0 Bye
    .
'''
REFUSED = '''
    < 220 mail.test ESMTP
    > EHLO client.example
    p< 250-mail.test
'''
EHLO = '''
    > EHLO client.example
    < 250-mail.test
    < 250-SIZE 10240000
    < 250-VRFY
    < 250-ETRN
    < 250-ENHANCEDSTATUSCODES
    < 250-8BITMIME
    < 250-DSN
    < 250-SMTPUTF8
    < 250 CHUNKING
'''
MAIL = '''
    > MAIL FROM:<ann@client.example>
    < 250 2.1.0 Ok
'''
RCPT = '    > RCPT TO:<bob@sandbox.test>\n'
QUIT = '''
    > QUIT
    < 221 2.0.0 Bye
    .
'''
TEASER = '    | CONNECT from @ to $\n    < 220-mail.test ESMTP\n'
START = TEASER + '    < 220 mail.test ESMTP\n'
FROM_TO = 'from=<ann@client.example>, to=<bob@sandbox.test>, proto=ESMTP, helo=<client.example>'


def refused(reply):
    """A RCPT that gets this reply, and its line in the log."""
    return f'{RCPT}    < {reply}\n    | NOQUEUE: reject: RCPT from @: {reply}; {FROM_TO}\n'


GROUPS = {
    'plain': Group('', passes=NEW + OLD + OLD,
        ignored='''
            | CONNECT from @ to $
            < 220-mail.test ESMTP
            > EHLO early.example
            | PREGREET 20 after T from @: EHLO early.example\\r\\n
            < 220 mail.test ESMTP
            .
        ''',
        hangs_up=TEASER + '''
            x
            | HANGUP after T from @ in tests before SMTP handshake
            | DISCONNECT @
        ''',
        resets=TEASER + '''
            !
            | HANGUP after T from @ in tests before SMTP handshake
            | DISCONNECT @
        ''',
    ),
    'greet_enforce': Group('postscreen_greet_action=enforce', passes=NEW + OLD,
        fails=TEASER + '>> EHLO client.example\\r\\n\n' + EHLO.partition('\n    <')[2] ),
    'greet_drop': Group('postscreen_greet_action=drop', passes=NEW + OLD),
}
