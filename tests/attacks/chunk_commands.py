"""A message that is read as commands: its chunk (BDAT, RFC 3030) holds SMTP commands, and the server refuses it. A server
that does not read what it refused obeys the lines of the message, in the name of the server that brought it. Each
attempt is a refusal of another kind; one reply more than there are commands of the client's own betrays the server."""
import common

SENDER, RECIPIENT = 'MAIL FROM:<victim@client.example>', 'RCPT TO:<postmaster>'
MESSAGE = b'NOOP\r\nNOOP\r\nNOOP\r\n'

# What it is called, what is said before, the command of the chunk.
ATTEMPTS = (
    ('no transaction', (), 'BDAT {size} LAST'),
    ('no recipient', (SENDER,), 'BDAT {size} LAST'),
    ('after an error', (SENDER, RECIPIENT, 'BDAT 0'), 'BDAT {size} LAST'),
    ('a size that is none', (SENDER, RECIPIENT), 'BDAT {size}x LAST'),
    ('a size beyond 64 bits', (SENDER, RECIPIENT), 'BDAT 99999999999999999999 LAST'),
    ('words behind the size', (SENDER, RECIPIENT), 'BDAT {size} LAST now'),
)


def attempt(host, port, before, command):
    """Whether the message was obeyed, and what was heard."""
    session, replies = common.Plain(host, port), []
    try:
        session.begin()
        for line in before:
            session.ask(line)
        session.send(command.format(size=len(MESSAGE)).encode() + b'\r\n' + MESSAGE + b'QUIT\r\n')
        while not replies or not replies[-1].startswith('221'):
            replies.append(session.reply())
        return len(replies) > 2, f'replies to two commands: {" / ".join(replies)}'
    except common.Lost as lost:
        return len(replies) > 2, f'{" / ".join(replies)} ({lost})'
    finally:
        session.close()


def main():
    given = common.arguments(__doc__)
    common.conclude([(name, *attempt(given.host, given.port, before, command)) for name, before, command in ATTEMPTS])


if __name__ == '__main__':
    main()
