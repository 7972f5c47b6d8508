"""Argument lists for the differential test of postconf."""
import shlex

# Words as a shell takes them; a bar or a new line ends a list.
MAIN_QUERIES = r'''
-n | -d | -x | -nx | -nf | -H | -hn | -Hn | -p | -np | -C builtin | -C service | -C user
-C user,service | -C all | -n -C USER | -n -C Builtin | biff | biff relayhost nope | -h biff relayhost
-H biff nope | -x myorigin mydestination | -d biff myorigin | -dx myorigin relay_domains
-d virtual_maps zork nope | virtual_maps fallback_relay | zork alpha beta bork gork | -x zork bork | foo biff=1
-n biff relayhost | -o biff=maybe biff | -o biff=maybe -n | -o unheard=of -n
-o myhostname=q.example.net -x mydestination mydomain
-o compatibility_level=0 -x smtpd_relay_restrictions relay_domains mynetworks_style | -dx -C service | -nfx
-fh mydestination | smtp_destination_concurrency_limit maildrop_time_limit lmtp_recipient_limit
-x smtp_tls_fingerprint_digest syslog_name | config_directory | -x config_directory service_name process_name
process_name | -hx myhostname mydomain | mynetworks mynetworks_style
-x relay_transport local_recipient_maps proxy_write_maps | -x smtpd_timeout postscreen_dnsbl_max_ttl
-o stress=yes -x smtpd_timeout | foo_server_host foo_bogus bar_hosts | 2bounce_notice_recipient
-x default_rbl_reply command_expansion_filter | -- biff | biff -n | -n -d | -hH | -nM | -M -p | -C nope | -e -n a=b
-dX biff | -fX biff | -pn | -x a b | -f relay_domains mydestination relayhost myorigin mydomain
'''

SERVICE_QUERIES = r'''
-M | -Mf | -Mx | -M smtp | -M smtp/inet | -M smtp/inet smtp */inet | -M nope | -M nope/inet smtp/x | -M */* | -M *
-M */unix | -M sm* | -M a/b/c | -M a/ | -M /unix | -F | -Ff | -Fx | -F smtp/inet | -F smtp/inet/chroot
-F */*/chroot | -F */inet/command a/unix | -Fh smtp/inet/type | -FH smtp/* | -F smtp/inet/foo
-F nope/inet/chroot | -F a/b/c/d | -F a* | -Fh '*/*/chroot' | -F a/unix/type a/* | -F smtp/inet/* | -P | -Px | -Pf
-P smtp/inet/a smtp/inet/zz smtp/unix smtp/*/x | -P a/unix/x | -P a a/unix/x | -Ph */inet | -PH */* | -P */*/x
-P a/unix/x/y | -P a/u* | -P submission | -Px b | -Mx b a | -Fx b/inet/command a | -o myhostname=q.example -Px b
-P submission/inet/syslog_name | -MH smtp | -Pd | -Fn | -Mh | -Me | -MX | -Fe | -aM | -al | -Ma | -P * | -F *
-M * * | -FfH | -PfH
'''

LISTS = '-l | -l -c nowhere | -T bogus | -T run-version | -T public-key-algorithms'

MAIN_EDITS = r'''
-e biff=yes | biff=yes | -e biff= | -e new=1 | -e new=1 anew=2 zoo=3 | -e biff=1 relayhost=2 | -e relayhost=a=b
-e biff | -e =x | -e #x=y | -e a b=c | -X biff | -X biff relayhost nope | -X nope | -X biff=1 | -# biff
-# biff relayhost nope | -# mydestination myhostname | -e foo=1 foo=2 | biff=1 foo | -e mydestination=x
-X mydestination | -e ' biff = no' | -X ' biff' | -e 'biff=no # c' | -# #biff | -X #biff | -e 'biff=$(x'
-e 'relayhost=  a   b' | -e 'zork=$bork' | -X | -# | -e | -eX biff=1 | -X# biff | -eh biff=no | -eo biff=no biff=1
-ex biff=1 | -ef biff=1 | -e myhostname=a myhostname=b myhostname=c | -e BIFF=1 | -e 'relayhost={a b}'
-X relayhost | -# relayhost | -e smtpd_banner=x mynetworks=y | -X a b myorigin | -e a=1 b=2
'''

SERVICE_EDITS = r'''
-Fe smtp/inet/chroot=y | -F 'smtp/inet/chroot = y' | -Fe */*/chroot=n | -Fe smtp/inet/chroot=maybe
-Fe smtp/inet/foo=maybe | -Fe nope/inet/chroot=y | -Fe 'smtp/inet/command=smtpd -v -o {a = b c} x'
-Fe 'smtp/inet/service=a b' | -Fe smtp/inet/service=465 smtp/unix/type=fifo | -Fe smtp/inet=y | -Fe smtp/inet/*=y
-Fe smtp/inet/wakeup=5x | -Fe smtp/inet/wakeup=5? | -Fe smtp/inet/process_limit=5? | -Fe */unix/process_limit=7
-Fe */*/wakeup=- | -Fe a/unix/wakeup=3 b/inet/chroot=y b/inet/chroot=n | -Fe a/unix/service=q a/unix/chroot=y
-Fe b/inet/private=n | -Fe b/inet/unprivileged=no | -P smtp/inet/a=q | -Pe smtp/inet/new=q smtp/unix/x=z
-Pe pipe/unix/y=1 | -Pe 'smtp/inet/a=b c' | -Pe smtp/inet/*=b | -Pe */*/new=1 | -Pe nope/inet/a=b | -Pe smtp/inet=b
-Pe */inet/smtpd_tls_security_level=may | -Pe smtp/inet/a= | -Pe a/unix/x=5 | -Pe b/inet/n=2 b/inet/n=3
-P 'a/unix/n = v' | -Pe b/inet/n= | -PX smtp/inet/a | -PX smtp/inet/c smtp/inet/nope | -PX */*/a | -PX smtp/inet
-PX a/unix/x | -PX a/unix/* | -PX b/inet/m b/inet/n | -P# smtp/inet/a | -PX submission/inet/syslog_name
-PX */*/x */*/y | -Pe submission/inet/smtpd_tls_security_level=may | -FX smtp/inet/a | -PX a/unix/q=b
-F# a/unix/type | -Me 'smtp/inet=smtp inet n - y - - smtpd -o q=r' | -Me 'smtp/unix=smtp unix n - y - - smtp'
-Me 'new/unix=new2 unix n - y - - smtp   -o { q = r s } a'
-M 'new/unix=new unix - - y - - smtp' 'new/unix=new unix - - n - - smtp' | -Me 'smtp/inet=smtp unix - - y - -'
-Me 'smtp/inet=smtp bogus - - y - - x' | -Me 'smtp=smtp inet - - y - - x' | -Me '*/inet=smtp inet n - y - - x'
-Me 'smtp/inet= smtp inet n - y - - smtpd' | -Me smtp/inet
-Me 'a/unix=a unix - - y - - x' 'a/unix=a unix - - n - - y'
-M 'delay/unix=delay unix - - y - - smtp -o x=1 -v -oy=2' | -MX smtp/inet | -MX smtp | -MX smtp/unix nope/unix
-MX */* | -M# smtp/inet | -M# smtp/* | -M# */* | -MX smtp/inet=x | -MX a/unix a/unix | -MX a*/unix | -MX a/unix b=1
-Me 'b/inet=c inet n - n - - smtpd' | -M# a/unix b/inet | -MX */inet | -MX nope/inet
-Me 'b/inet=b inet n - n - - smtpd -o a=1 -o {b=2 3} x {y z} w'
-Fe 'b/inet/command=pipe flags=X user=aaaaaaaaaaaaaaaaaa argv=/bin/bbbbbbbbbbbbbbbbbbbbbbbbbb -c d'
'''


# Options in other orders, together and repeated; words that are strange; where the directory comes from.
OPTIONS = r'''
MAIL_CONFIG=CONF | MAIL_CONFIG=CONF -n | MAIL_CONFIG=CONF biff=yes | MAIL_CONFIG=CONF/none -n
MAIL_CONFIG=CONF -c CONF biff | MAIL_CONFIG=CONF/none -c CONF -n | MAIL_CONFIG=CONF -M | -c CONF/none biff
-c CONF/none -c CONF biff | -cCONF biff | -c CONF/none -e biff=no | -c CONF/none -Fe */*/chroot=n | -n -c | -o | -C
-v | -v biff | -vn | -vvv -M | -v -e biff=yes | -nv relayhost | -Mv smtp | -y | -nZ | --help | -- -n | -e -- biff=no
-- | -n -- relayhost | -n '' | '' | '' biff | ' ' | biff '' | ' biff' | 'biff ' | -h '' | -d '' | -e '' | -X '' | -# ''
-M '' | -F '' | -P '' | -Me '' | -Fe '' | -Pe '' | -MX '' | -PX '' | -M# '' | -X ' ' | -e ' ' | -e '  =  ' | -e '='
-M ' ' | -M 'smtp / inet' | -M / | -M // | -M smtp//inet | -F /// | -F smtp/inet/ | -P smtp/inet/ | -P //a
-F smtp/inet//chroot | -M smtp/inet/ | -MX smtp/ | -MX / | -MX smtp/inet/ | -MX smtp/inet/x | -M# smtp | -M# a/b/c
-n -f -h | -fhn mydestination | -h -f relayhost | -H -f biff | -Hf -n | -x -f -n | -hx -n | -H -x myorigin | -nd biff
-xd biff | -d -h biff | -d -H biff | -dH virtual_maps | -d -f mydestination | -d -o biff=7 biff | -n -o biff=
-o biff -n | -o =x -n | -o '' -n | -o ' biff = 3 ' biff | -o biff=1 -o biff=2 biff | -o a=1 -o b=$a -n
-o a=1 -o b=$a a b | -ob=1 -n | -o relayhost=$mydomain -x relayhost | -o mydomain=q.example -x mydomain myorigin
-o smtpd_restriction_classes=one one | -o 'a=x  y' -n a | -o x=1 -M | -o x=1 -P | -o #x=1 -n
-o config_directory=/x config_directory | -C service -d | -C user -d | -C builtin -h -d biff | -C all -H
-C 'builtin user' -H | -C builtin,,user -H | -C , -n | -C '' -n | -C user -C builtin -n | -Cuser -n | -C user zork biff
-C bogus,user | -n -C service | -H -C service | -e -C user biff=no | -M -C user | -e -M x=y | -M -F | -F -P | -M -P smtp
-MFP | -n -p | -p biff | -p biff=1 | -p -e biff=1 | -p -X biff | -P -p | -e -X | -e -# biff | -X -# biff | -eX# biff
-n -e biff=1 | -d -e biff=1 | -d -X biff | -n -X biff | -n -# biff | -h -e biff=1 | -H -X biff | -f -# biff | -x -X biff
-o a=b -X biff | -Mn | -Md | -MH | -Fd smtp | -Fn smtp | -FX smtp/inet/chroot | -F# smtp/inet/chroot | -Pn | -P#
-P# smtp/inet/a | -Mo a=b | -Mxf | -Mfx | -fM | -xfM smtp/inet | -eM smtp/inet | -XM smtp/inet | -#M smtp/inet
-XP */*/x | -eF */*/chroot=n | -eP */*/x=1 | -Meh a/unix=x | -MXf a/unix | -FeH */*/chroot=y | -Feo a=b */*/chroot=y
-Fex */*/chroot=y | -Pex */*/x=1 | -Pef */*/x=1 | -PXh */*/x | -hF smtp/inet | -Hf smtp | -hHn | -FhH | -Fhf smtp/unix
-PHf | -Phf | -Phx */* | -PHx | -Pfx | -Fhx */*/type | -FHx | -Ffx */*/command | -l -M | -l biff | -l -n | -lv | -a -l
-T compile-version -n | -T | -l -x | -l -o a=b | -A -d | -l -- | -A -P
-e 'biff = a=b=c' | -e 'smtpd_banner=$myhostname ESMTP "x" # y' | -e 'smtpd_banner=Grüße €' | -e 'grüße=1' | grüße
-e 'relayhost=a	b' | -e 'x	=	y' | -e '	x=y' | -e 'x y=z' | -X 'x y' | -e 'x.y=z' 'x-y=z' | -e '$x=1' | -e '{x}=1'
-e 'x={a = b} { c }' | -e 'x={' | -e 'x=}' | -e 'x=${y' | -e 'x=${y?{z}' | -e 'x=$' | -e 'x=$$$' | -e 'x=a\' | -e 'x= #y'
-e 'x=#y' | -e '#' | -e 'x#=y' | -e x==y | -e x= y= z= | -e 'x=a ' 'x=b ' | x=1 biff=yes -n | biff=yes -n | biff -e
-e biff=no biff=no | -e relayhost= mydestination= mynetworks= | -X biff biff2 biff3 | -X biff=no x | -X x biff=no
-# x biff=no | -# biff ' relayhost' | -X mydestination mynetworks relayhost myorigin
-# mydestination mynetworks smtpd_recipient_restrictions | -X smtpd_recipient_restrictions debugger_command
-e smtpd_recipient_restrictions=permit debugger_command=x | 'mydestination = a, b,  c'
-e VERY_LONG | -e relayhost=LONG | LONG | -X LONG | -M LONG | -M LONG/inet | -F smtp/inet/LONG | -P smtp/inet/LONG
-Pe */*/x=LONG | -Fe */*/command=LONG | -Me a/unix=LONG | -Fe */*/service=LONG | -Pe */*/LONG=1 | -o a=LONG -x a
-e 'biff=BYTES' | BYTES | -Pe */*/x=BYTES | -Fe */*/command=BYTES | -M BYTES | -P smtp/inet/BYTES | -e BYTES=1
-e 'biff=LINE' | -X LINE | -Fe */*/command=LINE | -Me a/unix=LINE | -e 'LINEbiff=no' | LINE | -o biff=LINE -n
-e 'biff=RETURN' | -Pe */*/x=RETURN | -e 'biff=CONTROL' | -Pe */*/x=CONTROL
-M 127.0.0.1:10025/inet | -M [::1]:10025/inet -M | -F [::1]:10025/inet/chroot | -P 127.0.0.1:10025/inet/content_filter
-Fe 127.0.0.1:10025/inet/process_limit=5 | -Pe 127.0.0.1:10025/inet/mynetworks=[::1]/128,10.0.0.0/8
-PX 127.0.0.1:10025/inet/mynetworks [::1]:10025/inet/content_filter | -MX [::1]:10025/inet | -M# 127.0.0.1:10025/inet
-Me '[::1]:2525/inet=[::1]:2525 inet n - y - - smtpd' | -Fe smtp/inet/service=[::1]:smtp | -Fe smtp/inet/service=host:25
-Fe smtp/inet/service=10.1.2.3:25 smtp/unix/service=smtp2 | -Fe dovecot/unix/command='lmtp -o a={b' | -M relay smtp/* relay/unix
-Fe submission/inet/type=unix submission/unix/private=n | -Fe */inet/service=same | -Fe */*/process_limit=0 */*/wakeup=0?
-Fe */*/private=- | -Fe */*/type=INET | -Fe smtp/inet/Chroot=y | -Fe SMTP/inet/chroot=y | -Fe */*/unprivileged=Y
-Fe */*/process_limit=-1 | -Fe */*/process_limit=05 | -Fe */*/wakeup=? | -Fe */*/wakeup=99999999999 | -Fe */*/command=
-Fe '*/*/command=smtp -o' | -Fe '*/*/command= smtp  -v   -o  x=y ' | -Fe '*/*/command={smtp -v}' | -Fe '*/unix/command=pipe {a} {b c}'
-Pe */*/a=1 */*/b=2 */inet/a=3 | -Pe submission/inet/smtpd_client_restrictions=permit,reject */unix/x=$y
-Pe '*/*/x={a}' | -Pe '*/*/x=a{b' | -Pe '*/*/{x=1' | -Pe '*/*/x y=1' | -Pe '*/*/x = y ' | -Pe */*/-x=1 | -Pe */*/x==
-PX submission/inet/smtpd_recipient_restrictions submissions/inet/syslog_name | -PX */*/syslog_name | -P */*/syslog_name nope
-Px */*/syslog_name | -P submission/inet/syslog_name submissions/*/syslog_name -x | -P */*/process_name | -PX dovecot/unix/x | -PX */inet/content_filter
-Me 'smtp/inet=smtp inet n - n - - postscreen' 'smtpd/pass=smtpd pass - - n - - smtpd' 'x/unix=x unix - - n - 0 dnsblog'
-Me 'a/unix=a unix - - n - -' | -Me 'a/unix=a unix - - n - - smtp -o' | -Me 'a/unix=a unix - - n - - smtp -o {x = y'
-Me 'a/unix=a unix - - n - - smtp -o {x = }' | -Me 'a/unix=a unix - - n - - smtp -o { = x}'
-Me 'a/unix=a	unix	-	-	n	-	-	smtp	-v' | -Me ' a/unix = a unix - - n - - smtp ' | -Me 'a/*=a unix - - n - - smtp'
-Me 'a/unix=b unix - - n - - smtp' 'b/unix=a unix - - n - - smtp' | -Me 'a/unix=#a unix - - n - - smtp' | -Me '#a/unix=a unix - - n - - smtp'
-M# a/unix a/unix | -MX smtp/inet smtp/inet | -MX */* a/unix | -M# */unix */inet | -M smtp/inet=x
'''

LONG = 'long' * 2000
PARTS = {'VERY_LONG': 'x=' + LONG, 'LONG': LONG, 'BYTES': 'caf\udce9\udcff', 'LINE': 'a\nb', 'RETURN': 'a\rb',
         'CONTROL': 'a\x01\x1b[1mb\x7f'}


def word(text):
    """A word of a table, with what stands for text that a line cannot hold."""
    for name, part in PARTS.items():
        text = text.replace(name, part)
    return text


def table(text):
    """The argument lists of one of these tables."""
    return [[word(part) for part in shlex.split(field)] for line in text.strip().split('\n') for field in line.split('|')]
