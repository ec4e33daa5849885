# A page for the program and one for each command; check-man.sh compares them with the tables.
dist_man_MANS += \
	man/lichen.1 \
	man/lichen-cgroups.7 \
	man/lichen-create.1 \
	man/lichen-delete.1 \
	man/lichen-engines.7 \
	man/lichen-events.1 \
	man/lichen-exec.1 \
	man/lichen-features.1 \
	man/lichen-help.1 \
	man/lichen-kill.1 \
	man/lichen-list.1 \
	man/lichen-net.1 \
	man/lichen-network.7 \
	man/lichen-pause.1 \
	man/lichen-port.1 \
	man/lichen-ps.1 \
	man/lichen-resume.1 \
	man/lichen-run.1 \
	man/lichen-spec.1 \
	man/lichen-start.1 \
	man/lichen-state.1 \
	man/lichen-stats.1 \
	man/lichen-update.1 \
	man/lichen-version.1 \
	man/lichen-config.5

# Made of what its author says and of the table that the tests are checked by; the tarball has it.
EXTRA_DIST += man/config-rows.awk man/lichen-config.5.in
MAINTAINERCLEANFILES = man/lichen-config.5
man/lichen-config.5: man/config-rows.awk man/lichen-config.5.in tests/conformance/properties.table
	$(AM_V_GEN)$(MKDIR_P) man && rows=$(srcdir)/man/config-rows.awk && \
		LC_ALL=C $(AWK) -f $$rows $(srcdir)/tests/conformance/properties.table \
		$(srcdir)/man/lichen-config.5.in >$@.new && mv $@.new $@
