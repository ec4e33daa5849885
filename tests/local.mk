# Every unit test links its own layer and those below it, in the order of the link, and nothing else:
# a call upwards does not link. So does a test without its line here: check-house.sh looks for it.
LINK_BASE = libbase.a
LINK_NET = libnet.a $(LINK_BASE)
# Not a layer: the pure part of the helper lichen-net.
LINK_NETHELPER = libnethelper.a $(LINK_NET)
LINK_SPEC = libspec.a $(LINK_NET) $(YAJL_LIBS)
LINK_KERNEL = libkernel.a $(LINK_SPEC)
LINK_HOST = libhost.a $(LINK_KERNEL)
LINK_PLAN = libplan.a $(LINK_HOST) $(SECCOMP_LIBS) -lm
LINK_STAGE = libstage.a $(LINK_PLAN)
LINK_CONTAINER = libcontainer.a $(LINK_STAGE)
LINK_CLI = libcli.a $(LINK_CONTAINER)

UNIT_TESTS = \
	%D%/unit/test-address \
	%D%/unit/test-caps \
	%D%/unit/test-cgroup \
	%D%/unit/test-cgroup-stats \
	%D%/unit/test-device-filter \
	%D%/unit/test-dns \
	%D%/unit/test-duration \
	%D%/unit/test-egress \
	%D%/unit/test-error \
	%D%/unit/test-event \
	%D%/unit/test-exec-plan \
	%D%/unit/test-fd \
	%D%/unit/test-features \
	%D%/unit/test-frame \
	%D%/unit/test-hooks \
	%D%/unit/test-ids \
	%D%/unit/test-json \
	%D%/unit/test-limits \
	%D%/unit/test-log \
	%D%/unit/test-mem \
	%D%/unit/test-message \
	%D%/unit/test-mount-options \
	%D%/unit/test-notify \
	%D%/unit/test-option \
	%D%/unit/test-orphan \
	%D%/unit/test-path \
	%D%/unit/test-plan \
	%D%/unit/test-conversations \
	%D%/unit/test-policy \
	%D%/unit/test-process-ref \
	%D%/unit/test-ps-table \
	%D%/unit/test-publish \
	%D%/unit/test-resctrl \
	%D%/unit/test-resolver-file \
	%D%/unit/test-resources \
	%D%/unit/test-schema \
	%D%/unit/test-scope-property \
	%D%/unit/test-seccomp \
	%D%/unit/test-seccomp-cache \
	%D%/unit/test-signal \
	%D%/unit/test-size \
	%D%/unit/test-spawn \
	%D%/unit/test-spec \
	%D%/unit/test-state \
	%D%/unit/test-stats-table \
	%D%/unit/test-str \
	%D%/unit/test-template \
	%D%/unit/test-types \
	%D%/unit/test-words

%C%_unit_test_address_LDADD = $(LINK_NET)
%C%_unit_test_caps_LDADD = $(LINK_KERNEL)
%C%_unit_test_cgroup_LDADD = $(LINK_KERNEL)
%C%_unit_test_cgroup_stats_LDADD = $(LINK_KERNEL)
%C%_unit_test_device_filter_LDADD = $(LINK_KERNEL)
%C%_unit_test_dns_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers/net
%C%_unit_test_dns_LDADD = $(LINK_NETHELPER)
%C%_unit_test_duration_LDADD = $(LINK_CLI)
%C%_unit_test_egress_LDADD = $(LINK_NET)
%C%_unit_test_error_LDADD = $(LINK_BASE)
%C%_unit_test_event_LDADD = $(LINK_CLI)
%C%_unit_test_exec_plan_LDADD = $(LINK_PLAN)
%C%_unit_test_fd_LDADD = $(LINK_BASE)
%C%_unit_test_features_LDADD = $(LINK_PLAN)
%C%_unit_test_frame_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers/net
%C%_unit_test_frame_LDADD = $(LINK_NETHELPER)
%C%_unit_test_hooks_LDADD = $(LINK_STAGE)
%C%_unit_test_ids_LDADD = $(LINK_HOST)
%C%_unit_test_json_LDADD = $(LINK_SPEC)
%C%_unit_test_limits_LDADD = $(LINK_STAGE)
%C%_unit_test_log_LDADD = $(LINK_BASE)
%C%_unit_test_mem_LDADD = $(LINK_BASE)
%C%_unit_test_message_LDADD = $(LINK_STAGE)
%C%_unit_test_mount_options_LDADD = $(LINK_PLAN)
%C%_unit_test_notify_LDADD = $(LINK_STAGE)
%C%_unit_test_option_LDADD = $(LINK_CLI)
%C%_unit_test_orphan_LDADD = $(LINK_BASE)
%C%_unit_test_path_LDADD = $(LINK_BASE)
%C%_unit_test_plan_LDADD = $(LINK_PLAN)
%C%_unit_test_conversations_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers/net
%C%_unit_test_conversations_LDADD = $(LINK_NETHELPER)
%C%_unit_test_policy_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers/net
%C%_unit_test_policy_LDADD = $(LINK_NETHELPER)
%C%_unit_test_process_ref_LDADD = $(LINK_CONTAINER)
%C%_unit_test_ps_table_LDADD = $(LINK_CLI)
%C%_unit_test_publish_LDADD = $(LINK_NET)
%C%_unit_test_resctrl_LDADD = $(LINK_KERNEL)
%C%_unit_test_resolver_file_LDADD = $(LINK_NET)
%C%_unit_test_resources_LDADD = $(LINK_PLAN)
%C%_unit_test_schema_LDADD = $(LINK_SPEC)
%C%_unit_test_scope_property_SOURCES = %D%/unit/test-scope-property.c helpers/scope/property.c
%C%_unit_test_scope_property_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS) -I$(top_srcdir)/helpers/scope
%C%_unit_test_scope_property_LDFLAGS = $(SAN_CFLAGS)
%C%_unit_test_scope_property_LDADD = $(LINK_BASE) $(SYSTEMD_LIBS)
%C%_unit_test_seccomp_LDADD = $(LINK_PLAN)
%C%_unit_test_seccomp_cache_LDADD = $(LINK_PLAN)
%C%_unit_test_signal_LDADD = $(LINK_CLI)
%C%_unit_test_size_LDADD = $(LINK_CLI)
%C%_unit_test_spawn_LDADD = $(LINK_BASE)
%C%_unit_test_spec_LDADD = $(LINK_SPEC)
%C%_unit_test_state_LDADD = $(LINK_CONTAINER)
%C%_unit_test_stats_table_LDADD = $(LINK_CLI)
%C%_unit_test_str_LDADD = $(LINK_BASE)
%C%_unit_test_template_LDADD = $(LINK_PLAN)
%C%_unit_test_types_LDADD = $(LINK_SPEC)
%C%_unit_test_words_LDADD = $(LINK_NET)

# A fuzzer's entry over its corpus; make one of it as tests/fuzz/fuzz-spec.c says.
FUZZ_REPLAYS = \
	%D%/fuzz/replay-dns \
	%D%/fuzz/replay-frame \
	%D%/fuzz/replay-spec \
	%D%/fuzz/replay-words
%C%_fuzz_replay_dns_SOURCES = %D%/fuzz/fuzz-dns.c %D%/fuzz/replay.c
%C%_fuzz_replay_dns_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers/net
%C%_fuzz_replay_dns_LDADD = $(LINK_NETHELPER)
%C%_fuzz_replay_frame_SOURCES = %D%/fuzz/fuzz-frame.c %D%/fuzz/replay.c
%C%_fuzz_replay_frame_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/helpers/net
%C%_fuzz_replay_frame_LDADD = $(LINK_NETHELPER)
%C%_fuzz_replay_spec_SOURCES = %D%/fuzz/fuzz-spec.c %D%/fuzz/replay.c
%C%_fuzz_replay_spec_LDADD = $(LINK_SPEC)
%C%_fuzz_replay_words_SOURCES = %D%/fuzz/fuzz-words.c %D%/fuzz/replay.c
%C%_fuzz_replay_words_LDADD = $(LINK_NET)

check_PROGRAMS += $(UNIT_TESTS) $(FUZZ_REPLAYS)
TESTS += $(UNIT_TESTS) $(FUZZ_REPLAYS) $(dist_check_SCRIPTS)

# For rootless-tests/. What runs in a container that has nothing else in it is static, and no
# sanitizer's: that would find no /proc there.
if STATIC_LIBC
check_PROGRAMS += %D%/guest/guest
endif
%C%_guest_guest_SOURCES = \
	%D%/guest/actions.c \
	%D%/guest/call.c \
	%D%/guest/frames.c \
	%D%/guest/guest.c \
	%D%/guest/guest.h \
	%D%/guest/host.c \
	%D%/guest/json.c \
	%D%/guest/json.h \
	%D%/guest/link.c \
	%D%/guest/net.c \
	%D%/guest/net.h \
	%D%/guest/placement.c \
	%D%/guest/report.c \
	%D%/guest/serve.c
%C%_guest_guest_CFLAGS = -std=gnu17 $(WARN_CFLAGS)
%C%_guest_guest_LDFLAGS = -static

check_PROGRAMS += %D%/tools/deny
%C%_tools_deny_CFLAGS = -std=gnu17 $(WARN_CFLAGS)
%C%_tools_deny_LDFLAGS = $(STATIC_LDFLAGS)
%C%_tools_deny_LDADD = $(SECCOMP_LIBS)

dist_check_SCRIPTS += \
	%D%/check-conformance.sh \
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
	NM='$(NM)'; export NM; \
	CFLAGS='$(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) $(YAJL_CFLAGS) $(SECCOMP_CFLAGS) \
		$(AM_CFLAGS) $(CFLAGS)'; export CFLAGS;

EXTRA_DIST += \
	%D%/conformance \
	%D%/data \
	%D%/fuzz/corpus \
	%D%/tap.sh \
	%D%/unit/frames.h \
	%D%/unit/hosts.h \
	%D%/unit/profile.h \
	%D%/unit/tap.h \
	%D%/unit/temp.h
