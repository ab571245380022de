#!/bin/sh
# SPDX-License-Identifier: ISC
# Includes go one way (doc/ARCHITECTURE): each folder may include what its line
# below names, and nothing else of ours. Also: who may include <db.h>, what pure
# code may not call, and functions nobody may call. TAP.
cd "${top_srcdir:-.}" || exit 1
sources='common master imap-login auth auth-helper lmtp ctl imap-worker'
number=0 failed=0

# folder, and the prefixes its includes may have ("." is a header of the
# program's own folder without one)
layers='master master/ common/
imap-login imap-login/ common/ .
auth auth/ common/
auth-helper auth-helper/ common/
lmtp lmtp/ common/ .
ctl ctl/ common/
common/imap common/
common common/
imap-worker/store store/ common/
imap-worker/mail mail/ common/
imap-worker/search search/ store/ mail/ common/
imap-worker/cmd cmd/ search/ store/ mail/ common/ .
imap-worker/import import/ common/
imap-worker/task task/ import/ store/ mail/ common/
imap-worker cmd/ task/ search/ store/ mail/ common/ .'

report()
{
	number=$((number + 1))
	if [ -z "$2" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
		failed=$((failed + 1))
	fi
}

includes()
{
	awk -v allowed="$2" '
	BEGIN { n = split(allowed, may, " ") }
	/^#[ \t]*include[ \t]*"/ {
		split($0, part, "\"")
		name = part[2]
		good = 0
		for (i = 1; i <= n; i++)
			if (may[i] == "." ? index(name, "/") == 0 : \
			    index(name, may[i]) == 1)
				good = 1
		if (!good)
			print FILENAME ":" FNR ": " name
	}' "$1"/*.[ch]
}

# Lines of code (not of comments) that call one of these functions.
calls()
{
	functions=$1
	shift
	grep -nE "[^a-z_>.]($functions)[ ]?\\(" "$@" |
	    grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)'
}

while read -r folder allowed; do
	report "includes of $folder" "$(includes "$folder" "$allowed")"
done <<EOF
$layers
EOF

all=$(find $sources -name '*.[ch]')
report "only store/kv_bdb.c includes <db.h>" "$(grep -ln '<db\.h>' $all |
    grep -v '^imap-worker/store/kv_bdb\.c$')"
# salvage reads another home, one that may be broken in any way
report "only store/io.c makes system calls on files of the store" "$(calls \
    'open|openat|creat|write|pwrite|writev|pwritev|read|pread|ftruncate|truncate|fallocate|fsync|fdatasync|sync_file_range|rename|renameat|unlink|unlinkat|mkdir|mkdirat|link|symlink|readdir|mmap|fopen' \
    imap-worker/store/*.c | grep -vE '^imap-worker/store/(io|salvage_file)\.c:')"
report "mail/, import/ and common/imap/ do no input or output" "$(calls \
    'open|read|write|recv|send|fopen|socket|ioctl|getenv' \
    imap-worker/mail/*.c imap-worker/import/*.c common/imap/*.c)"
report "no banned function" "$(calls \
    'strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|system|popen|mktemp|tmpnam' \
    $all)"
report "every file names its licence first" "$(for f in $all; do
	head -n 1 "$f" | grep -q 'SPDX-License-Identifier: ISC' || echo "$f"
done)"
echo "1..$number"
[ $failed -eq 0 ]
