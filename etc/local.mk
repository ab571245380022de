# SPDX-License-Identifier: ISC
EXTRA_DIST += etc/quickstart
