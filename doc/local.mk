# SPDX-License-Identifier: ISC
dist_doc_DATA += doc/ARCHITECTURE doc/BENCH doc/DEPENDENCIES doc/IPC doc/PRIVSEP \
	doc/STORE doc/TRACE
dist_check_SCRIPTS += doc/check-ipc.sh
EXTRA_DIST += doc/ipc-table
dist_man_MANS += doc/postern.8 doc/postern.conf.5 doc/posternctl.1
