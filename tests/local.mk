# Every unit test links its own layer and those below it, in the order of the link, and nothing else:
# a call upwards does not link. So does a test without its line here: check-house.sh looks for it.
LINK_BASE = libbase.a
LINK_SPEC = libspec.a $(LINK_BASE) $(YAJL_LIBS)
LINK_KERNEL = libkernel.a $(LINK_SPEC)
LINK_HOST = libhost.a $(LINK_KERNEL)
LINK_PLAN = libplan.a $(LINK_HOST) $(SECCOMP_LIBS)
LINK_STAGE = libstage.a $(LINK_PLAN)
LINK_CONTAINER = libcontainer.a $(LINK_STAGE)
LINK_CLI = libcli.a $(LINK_CONTAINER)

UNIT_TESTS = \
	%D%/unit/test-caps \
	%D%/unit/test-error \
	%D%/unit/test-fd \
	%D%/unit/test-features \
	%D%/unit/test-hooks \
	%D%/unit/test-ids \
	%D%/unit/test-log \
	%D%/unit/test-mem \
	%D%/unit/test-message \
	%D%/unit/test-mount-options \
	%D%/unit/test-option \
	%D%/unit/test-path \
	%D%/unit/test-process-ref \
	%D%/unit/test-ps-table \
	%D%/unit/test-signal \
	%D%/unit/test-spawn \
	%D%/unit/test-spec \
	%D%/unit/test-str \
	%D%/unit/test-template

%C%_unit_test_caps_LDADD = $(LINK_KERNEL)
%C%_unit_test_error_LDADD = $(LINK_BASE)
%C%_unit_test_fd_LDADD = $(LINK_BASE)
%C%_unit_test_features_LDADD = $(LINK_PLAN)
%C%_unit_test_hooks_LDADD = $(LINK_STAGE)
%C%_unit_test_ids_LDADD = $(LINK_HOST)
%C%_unit_test_log_LDADD = $(LINK_BASE)
%C%_unit_test_mem_LDADD = $(LINK_BASE)
%C%_unit_test_message_LDADD = $(LINK_STAGE)
%C%_unit_test_mount_options_LDADD = $(LINK_PLAN)
%C%_unit_test_option_LDADD = $(LINK_CLI)
%C%_unit_test_path_LDADD = $(LINK_BASE)
%C%_unit_test_process_ref_LDADD = $(LINK_CONTAINER)
%C%_unit_test_ps_table_LDADD = $(LINK_CLI)
%C%_unit_test_signal_LDADD = $(LINK_CLI)
%C%_unit_test_spawn_LDADD = $(LINK_BASE)
%C%_unit_test_spec_LDADD = $(LINK_SPEC)
%C%_unit_test_str_LDADD = $(LINK_BASE)
%C%_unit_test_template_LDADD = $(LINK_PLAN)

check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS) $(dist_check_SCRIPTS)

dist_check_SCRIPTS += \
	%D%/check-format.sh \
	%D%/check-headers.sh \
	%D%/check-house.sh \
	%D%/check-layers.sh \
	completions/check-completion.sh \
	man/check-man.sh

# What the scripts need to know of this build.
AM_TESTS_ENVIRONMENT = \
	LICHEN='$(abs_builddir)/src/lichen'; export LICHEN; \
	CC='$(CC)'; export CC; \
	CFLAGS='$(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(YAJL_CFLAGS) $(SECCOMP_CFLAGS) \
		$(AM_CFLAGS) $(CFLAGS)'; export CFLAGS;

EXTRA_DIST += \
	%D%/data \
	%D%/fuzz/corpus \
	%D%/tap.sh \
	%D%/unit/tap.h \
	%D%/unit/temp.h \
	completions/_lichen \
	completions/lichen.bash \
	completions/lichen.fish
