# SPDX-License-Identifier: ISC
EXTRA_DIST += doc/STORE
