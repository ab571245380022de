# SPDX-License-Identifier: ISC
dist_man_MANS += doc/postern.conf.5 doc/posternctl.1
