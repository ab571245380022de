#!/bin/sh
# SPDX-License-Identifier: ISC
# fetchmail takes the messages of INBOX over TLS and expunges them.
. "$(dirname "$0")/lib.sh"
needs fetchmail
user=t283
for i in 1 2 3; do
	printf 'From: f@example.org\nTo: x@example.org\nSubject: number %s\nDate: Mon, 02 Mar 2026 10:00:00 +0000\n\nbody %s\n' $i $i >"$work/m"
	deliver $user "$work/m"
done
ok $? "three messages delivered"
cat >"$work/rc" <<END
poll localhost service $POSTERN_IMAPS protocol IMAP user "$user" password "$password"
    ssl sslcertfile "$POSTERN_CA" sslcertck nokeep mda "cat >>$work/got"
END
chmod 600 "$work/rc"
try "fetch all" fetchmail -f "$work/rc" --pidfile "$work/pid" --idfile "$work/ids" --nosyslog --nodetach -v
[ "$(grep -c '^Subject: number' "$work/got")" = 3 ]
ok $? "three messages came"
[ "$(messages $user INBOX)" = 0 ]
ok $? "INBOX is empty"
fetchmail -f "$work/rc" --pidfile "$work/pid" --idfile "$work/ids" --nosyslog >"$work/out" 2>&1
[ $? = 1 ]
ok $? "a second run finds nothing (exit 1)"
done_testing
