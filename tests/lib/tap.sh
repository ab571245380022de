#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs a unit test for make check. cmocka 1.1 reports a skipped case as "not ok",
# which the TAP driver takes for a failure: here it becomes "ok # SKIP".
out=$("$@")
code=$?
printf '%s\n' "$out" | sed 's/^not ok \(.*# SKIP\)/ok \1/'
exit $code
