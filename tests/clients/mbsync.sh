#!/bin/sh
# SPDX-License-Identifier: ISC
# mbsync pushes 1,000 mixed messages over IMAPS, pulls them into a second
# Maildir byte for byte, syncs flags both ways; a further run changes nothing.
. "$(dirname "$0")/lib.sh"
needs mbsync python3
user=${POSTERN_USER:-t280}
count=${POSTERN_MESSAGES:-1000}

python3 "$here/mixed_maildir.py" "$work/one/INBOX" "$count"
mkdir -p "$work/two" "$work/state1" "$work/state2"
config()
{
	cat <<-END
	IMAPAccount a
	Host localhost
	Port $POSTERN_IMAPS
	User $user
	Pass $password
	SSLType IMAPS
	CertificateFile $POSTERN_CA
	PipelineDepth 50

	IMAPStore far
	Account a

	MaildirStore near
	Path $work/$1/
	Inbox $work/$1/INBOX
	SubFolders Verbatim

	Channel c
	Far :far:
	Near :near:
	Patterns INBOX sub
	Create Both
	Expunge Both
	Sync All
	CopyArrivalDate yes
	SyncState $work/state-$1/
	END
}
for i in one two; do
	mkdir -p "$work/state-$i" "$work/$i"
	config $i >"$work/$i.rc"
done
# name-independent list of messages: flags and digest of each. X-TUID is a mark
# that mbsync itself puts into what it stores; CR is what it adds on the wire.
list()
{
	(cd "$1" && for f in cur/* new/*; do
		[ -e "$f" ] || continue
		flags=${f##*:2,}
		[ "$flags" != "$f" ] || flags=
		printf '%s %s\n' "$(sed -e '/^X-TUID: /d' -e 's/\r$//' "$f" | sha256sum | cut -c1-40)" "$flags"
	done | sort)
}
names()
{
	(cd "$1" && find . -type f -path '*/[cn]*/*' | sort)
}
list "$work/one/INBOX" >"$work/before"

try "push $count messages" mbsync -c "$work/one.rc" c
[ "$(messages "$user" INBOX)" = "$count" ]
ok $? "the server has $count messages"
try "pull them into a second Maildir" mbsync -c "$work/two.rc" c
list "$work/two/INBOX" >"$work/after"
diff "$work/before" "$work/after" >"$work/out" 2>&1
ok $? "byte for byte the same, with the same flags"

# flags: from one to the server to two, and back
f=$(ls "$work/one/INBOX/cur" | grep ':2,$' | head -n 1)
mv "$work/one/INBOX/cur/$f" "$work/one/INBOX/cur/${f}FS"
g=$(ls "$work/two/INBOX/cur" | grep ':2,S$' | tail -n 1)
mv "$work/two/INBOX/cur/$g" "$work/two/INBOX/cur/${g%S}RS"
try "sync changed flags of the first" mbsync -c "$work/one.rc" c
try "sync changed flags of the second" mbsync -c "$work/two.rc" c
try "sync the first again" mbsync -c "$work/one.rc" c
list "$work/one/INBOX" >"$work/a"
list "$work/two/INBOX" >"$work/b"
diff "$work/a" "$work/b" >"$work/out" 2>&1
ok $? "both have both changes"
[ "$(diff "$work/before" "$work/a" | grep -c '^[<>]')" = 4 ]
ok $? "two messages have other flags than before"

# a message trashed on one side goes away on the other
f=$(ls "$work/one/INBOX/cur" | head -n 1)
mv "$work/one/INBOX/cur/$f" "$work/one/INBOX/cur/${f}T"
try "sync a removal" mbsync -c "$work/one.rc" c
try "and to the second" mbsync -c "$work/two.rc" c
[ "$(list "$work/two/INBOX" | wc -l)" = $((count - 1)) ]
ok $? "the second has one less"

names "$work/one" >"$work/a"
echo "a1 STATUS INBOX (UIDNEXT UIDVALIDITY MESSAGES)" | imap "$user" | grep STATUS >"$work/s1"
try "a further run" mbsync -c "$work/one.rc" c
names "$work/one" >"$work/b"
echo "a1 STATUS INBOX (UIDNEXT UIDVALIDITY MESSAGES)" | imap "$user" | grep STATUS >"$work/s2"
cmp -s "$work/a" "$work/b" && cmp -s "$work/s1" "$work/s2"
ok $? "changes nothing"
done_testing
