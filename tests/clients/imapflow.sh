#!/bin/sh
# SPDX-License-Identifier: ISC
# imapflow (npm) against the server; installs it beside this file when missing.
. "$(dirname "$0")/lib.sh"
needs node npm
modules=${POSTERN_NODE_MODULES:-$here/node_modules}
if [ ! -d "$modules/imapflow" ]; then
	mkdir -p "$work/npm"
	cp "$here/package.json" "$work/npm/"
	(cd "$work/npm" && timeout 180 npm install --silent --no-audit --no-fund) \
	    >"$work/out" 2>&1 || skip_all "npm cannot install imapflow"
	modules=$work/npm/node_modules
fi
# node finds modules beside the script
cp "$here/imapflow.mjs" "$modules/../imapflow-test.mjs" 2>/dev/null || {
	cp -r "$modules" "$work/node_modules"
	modules=$work/node_modules
	cp "$here/imapflow.mjs" "$work/imapflow-test.mjs"
}
timeout 120 node "$modules/../imapflow-test.mjs"
rc=$?
rm -f "$modules/../imapflow-test.mjs"
exit $rc
