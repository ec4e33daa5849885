# What a front-end needs to know of lichen (lichen-engines(7)).
dist_noinst_DATA = %D%/podman.conf.in
pkgdata_DATA = %D%/podman.conf
CLEANFILES += %D%/podman.conf

%D%/podman.conf: %D%/podman.conf.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && sed 's|@bindir[@]|$(bindir)|' $(srcdir)/%D%/podman.conf.in >$@
