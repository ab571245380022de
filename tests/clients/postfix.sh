#!/bin/sh
# SPDX-License-Identifier: ISC
# Debian's Postfix, with a configuration and queue of its own, delivers through
# LMTP; the message appears in another session's IDLE.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin
[ "$(id -u)" = 0 ] || skip_all "Postfix starts as root only"
needs postfix postconf sendmail python3
user=fix@mail.example
etc=$work/etc queue=$work/queue
chmod 755 "$work"
mkdir -p "$etc" "$queue" "$work/data"
chown postfix "$work/data"
cat >"$etc/main.cf" <<END
compatibility_level = 3.6
queue_directory = $queue
data_directory = $work/data
command_directory = $(postconf -dh command_directory)
daemon_directory = $(postconf -dh daemon_directory)
mail_owner = postfix
setgid_group = postdrop
myhostname = test.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
virtual_mailbox_domains = mail.example
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:$POSTERN_HOST:$POSTERN_LMTP
lmtp_destination_recipient_limit = 10
recipient_canonical_maps =
alias_maps =
maillog_file = $work/log
maillog_file_prefixes = $work
smtpd_peername_lookup = no
disable_dns_lookups = yes
END
cat >"$etc/master.cf" <<END
pickup    unix  n - n 1  1 pickup
cleanup   unix  n - n -  0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -  - trivial-rewrite
bounce    unix  - - n -  0 bounce
defer     unix  - - n -  0 bounce
trace     unix  - - n -  0 bounce
error     unix  - - n -  - error
retry     unix  - - n -  - error
lmtp      unix  - - n -  - lmtp
anvil     unix  - - n -  1 anvil
postlog   unix-dgram n - n - 1 postlogd
END
clean_up() { postfix -c "$etc" stop >/dev/null 2>&1; }
try "postfix starts" postfix -c "$etc" start

PYTHONPATH=$root/tests/lib python3 - $user >"$work/idle" 2>&1 <<'END' &
import sys, harness
i = harness.Instance.from_env()
c = i.client(sys.argv[1], tls=True)
c.cmd("SELECT INBOX")
c.send("i IDLE\r\n")
c.until(rb"^\+")
print("idle", flush=True)
c.until(rb"^\* 1 EXISTS", 30)
print("exists", flush=True)
END
idle=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	grep -q idle "$work/idle" && break
	sleep 0.2
done
printf 'From: sender@example.org\nTo: %s\nSubject: by postfix\n\nhello\n.\n..dots\n' $user >"$work/m"
try "a message is taken" sh -c "sendmail -i -C $etc -f sender@example.org $user <$work/m"
wait $idle
rc=$?
cat "$work/idle" "$work/log" >"$work/out"
ok $rc "it appears in another session's IDLE"
printf 'a1 SELECT INBOX\na2 FETCH 1 BODY.PEEK[]\n' | imap $user >"$work/got"
grep -q '^Return-Path: <sender@example.org>' "$work/got"
ok $? "with Return-Path"
grep -q '^\.\.dots' "$work/got"
ok $? "with its dots as they were"
sendmail -i -C "$etc" -f sender@example.org no-such-user@mail.example <"$work/m"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	grep -q 'no-such-user.*status=bounced' "$work/log" && break
	sleep 0.3
done
[ ! -s "$work/log" ] || cp "$work/log" "$work/out"
grep -q 'no-such-user.*status=bounced' "$work/log"
ok $? "an unknown user bounces (550)"
done_testing
