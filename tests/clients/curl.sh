#!/bin/sh
# SPDX-License-Identifier: ISC
# curl: upload, list, fetch by number and by UID, STARTTLS, flags, search.
. "$(dirname "$0")/lib.sh"
needs curl
user=t281
url=imaps://localhost:$POSTERN_IMAPS
c="curl -sS --max-time 20 --cacert $POSTERN_CA -u $user:$password"
printf 'From: c@example.org\r\nSubject: by curl\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\n\r\nhello from curl\r\n' >"$work/m"

try "upload (APPEND)" $c -T "$work/m" "$url/INBOX"
try "list mailboxes" $c "$url/"
grep -q INBOX "$work/out"
ok $? "INBOX is listed"
timeout 20 $c "$url/INBOX;MAILINDEX=1" >"$work/got" 2>"$work/out"
cmp "$work/m" "$work/got" >"$work/out" 2>&1
ok $? "fetch by number: the same bytes"
timeout 20 $c "$url/INBOX;UID=1;SECTION=TEXT" >"$work/got" 2>"$work/out"
grep -q 'hello from curl' "$work/got"
ok $? "fetch a section by UID"
try "create a mailbox" $c "$url/" -X 'CREATE fromcurl'
try "flag a message" $c "$url/INBOX" -X 'STORE 1 +FLAGS (\Flagged)'
try "search" $c "$url/INBOX?SUBJECT%20curl"
grep -q 'SEARCH 1' "$work/out"
ok $? "the search found it"
try "STARTTLS required" $c --ssl-reqd "imap://localhost:$POSTERN_IMAP/INBOX" -X NOOP
try "AUTHENTICATE PLAIN" $c --login-options AUTH=PLAIN "$url/" -X NOOP
curl -sS --max-time 20 --cacert "$POSTERN_CA" -u $user:wrong "$url/" >"$work/out" 2>&1
[ $? = 67 ]
ok $? "a wrong password is refused"
done_testing
