# SPDX-License-Identifier: ISC
# The configuration and the PAM service are the administrator's once they are
# there: installed where missing, removed where unchanged.
etc_in = etc/postern.conf.in etc/systemd/postern.service.in \
	etc/tmpfiles.d/postern.conf.in
etc_made = etc/postern.conf etc/systemd/postern.service \
	etc/tmpfiles.d/postern.conf
EXTRA_DIST += $(etc_in) etc/pam.d/postern etc/README
CLEANFILES += $(etc_made)

etc_edit = sed -e 's|@bindir[@]|$(bindir)|g' -e 's|@sbindir[@]|$(sbindir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@localstatedir[@]|$(localstatedir)|g' \
	-e 's|@runstatedir[@]|$(runstatedir)|g'
$(etc_made): Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(etc_edit) $(top_srcdir)/$@.in > $@.tmp && mv $@.tmp $@
etc/postern.conf: $(top_srcdir)/etc/postern.conf.in
etc/systemd/postern.service: $(top_srcdir)/etc/systemd/postern.service.in
etc/tmpfiles.d/postern.conf: $(top_srcdir)/etc/tmpfiles.d/postern.conf.in

all-local: $(etc_made)

systemdunitdir = $(prefix)/lib/systemd/system
nodist_systemdunit_DATA = etc/systemd/postern.service
sysusersdir = $(prefix)/lib/sysusers.d
dist_sysusers_DATA = etc/sysusers.d/postern.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
nodist_tmpfiles_DATA = etc/tmpfiles.d/postern.conf

install-data-local: etc/postern.conf
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/pam.d' '$(DESTDIR)$(sysconfdir)/postern'
	test -e '$(DESTDIR)$(sysconfdir)/postern.conf' || \
	    $(INSTALL_DATA) etc/postern.conf '$(DESTDIR)$(sysconfdir)/postern.conf'
	test -e '$(DESTDIR)$(sysconfdir)/pam.d/postern' || \
	    $(INSTALL_DATA) $(top_srcdir)/etc/pam.d/postern \
	    '$(DESTDIR)$(sysconfdir)/pam.d/postern'

uninstall-local: etc/postern.conf
	cmp -s etc/postern.conf '$(DESTDIR)$(sysconfdir)/postern.conf' && \
	    rm -f '$(DESTDIR)$(sysconfdir)/postern.conf' || :
	cmp -s $(top_srcdir)/etc/pam.d/postern \
	    '$(DESTDIR)$(sysconfdir)/pam.d/postern' && \
	    rm -f '$(DESTDIR)$(sysconfdir)/pam.d/postern' || :
	-rmdir '$(DESTDIR)$(sysconfdir)/postern' 2>/dev/null
