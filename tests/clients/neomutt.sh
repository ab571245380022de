#!/bin/sh
# SPDX-License-Identifier: ISC
# neomutt without a terminal: opens the mailbox over TLS, runs keys of a config.
. "$(dirname "$0")/lib.sh"
needs neomutt script
user=t282
printf 'From: n@example.org\nSubject: for neomutt\nDate: Mon, 02 Mar 2026 10:00:00 +0000\nMessage-ID: <n1@example.org>\n\nhello\n' >"$work/m"
deliver $user "$work/m" && deliver $user "$work/m"
ok $? "two messages delivered"
echo 'a1 CREATE saved' | imap $user >/dev/null
cat >"$work/rc" <<END
set imap_user=$user imap_pass=$password
set ssl_ca_certificates_file=$POSTERN_CA
set ssl_usesystemcerts=no ssl_verify_host=no certificate_file=$work/certs
set folder=imaps://localhost:$POSTERN_IMAPS/
set spool_file=+INBOX header_cache=$work/hcache
set sort=mailbox-order quit=yes confirm_append=no delete=yes mark_old=no
set wait_key=no move=no imap_check_subscribed=no sleep_time=0 use_threads=flat
set crypt_use_gpgme=no
END
# neomutt wants a terminal; script(1) makes one
neo()
{
	TERM=xterm timeout 40 script -qec \
	    "neomutt -F $work/rc -f imaps://localhost:$POSTERN_IMAPS/INBOX -e 'push \"$1\"'" \
	    /dev/null >"$work/out" 2>&1 </dev/null
}
neo '<first-entry><flag-message><sync-mailbox><exit>'
ok $? "open, flag, sync"
printf 'a1 SELECT INBOX\na2 SEARCH FLAGGED\n' | imap $user | grep -q '^\* SEARCH 1'
ok $? "the flag is on the server"
neo '<last-entry><save-message>=saved<enter><sync-mailbox><exit>'
ok $? "save a message into another mailbox"
[ "$(messages $user saved)" = 1 ] && [ "$(messages $user INBOX)" = 1 ]
ok $? "it is there, and no longer here"
done_testing
