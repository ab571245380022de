#!/bin/sh
# SPDX-License-Identifier: ISC
# Is the committed doc/IPC what the table of messages says?
top=${top_srcdir:-.}
echo 1..1
if sh "$top/doc/ipc-table" "$top/common/ipc_msgs.def" |
    diff -u "$top/doc/IPC" - | sed 's/^/# /' | grep .; then
	echo "not ok 1 - doc/IPC is current (run doc/ipc-table)"
else
	echo "ok 1 - doc/IPC is current"
fi
