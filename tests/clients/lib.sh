# SPDX-License-Identifier: ISC
# Sourced by the client tests: TAP, a folder of their own, a user of their own.
# The running instance is named by the environment (tests/lib/harness.py).
set -u
LC_ALL=C.UTF-8 export LC_ALL
: "${POSTERN_HOST:=127.0.0.1}" "${POSTERN_IMAP:?}" "${POSTERN_IMAPS:?}"
: "${POSTERN_LMTP:?}" "${POSTERN_CA:?}"
password=secret
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/postern-client-XXXXXX")
trap 'clean_up; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
export HOME="$work/home"
mkdir -p "$HOME"
tap_n=0 tap_failed=0

clean_up() { :; }

# ok STATUS WHAT
ok()
{
	tap_n=$((tap_n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_n - $2"
	else
		echo "not ok $tap_n - $2"
		tap_failed=$((tap_failed + 1))
		[ ! -s "$work/out" ] || tail -n 25 "$work/out" | sed 's/^/# /'
	fi
}

# try WHAT COMMAND...: the command's output is kept in $work/out
try()
{
	what=$1
	shift
	timeout 180 "$@" >"$work/out" 2>&1 </dev/null
	ok $? "$what"
}

done_testing()
{
	echo "1..$tap_n"
	[ $tap_failed = 0 ]
	exit $?
}

skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

needs()
{
	for p; do
		command -v "$p" >/dev/null || skip_all "$p is not installed"
	done
}

# imap USER: commands on stdin, over TLS, after LOGIN; answers on stdout
imap()
{
	{ printf 'a0 LOGIN %s %s\r\n' "$1" $password
	  sed 's/$/\r/'
	  printf 'zz LOGOUT\r\n'; } |
	    timeout 20 openssl s_client -quiet -CAfile "$POSTERN_CA" \
	    -connect "$POSTERN_HOST:$POSTERN_IMAPS" 2>/dev/null
}

# messages USER MAILBOX: their number
messages()
{
	echo "a1 STATUS $2 (MESSAGES)" | imap "$1" |
	    sed -n 's/.*STATUS .*MESSAGES \([0-9]*\).*/\1/p'
}

# deliver USER FILE: through LMTP
deliver()
{
	PYTHONPATH=$root/tests/lib python3 - "$@" <<-'END'
	import os, sys, harness
	l = harness.Lmtp(os.environ.get("POSTERN_HOST", "127.0.0.1"),
	                 int(os.environ["POSTERN_LMTP"]))
	with open(sys.argv[2], "rb") as f:
	    data = f.read().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
	sys.exit(not l.deliver("s@example.org", [sys.argv[1]], data)[0].startswith("250"))
	END
}
