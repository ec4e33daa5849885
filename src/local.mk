# One directory, one layer, one library; the order of the layers is that of the link (HACKING.md).
noinst_LIBRARIES += libbase.a libnet.a libspec.a libkernel.a libhost.a libplan.a libstage.a libcontainer.a libcli.a

libbase_a_SOURCES = \
	%D%/base/error.c \
	%D%/base/error.h \
	%D%/base/fd.c \
	%D%/base/fd.h \
	%D%/base/log.c \
	%D%/base/log.h \
	%D%/base/mem.c \
	%D%/base/mem.h \
	%D%/base/orphan.c \
	%D%/base/path.c \
	%D%/base/path.h \
	%D%/base/spawn.c \
	%D%/base/spawn.h \
	%D%/base/str.c \
	%D%/base/str.h \
	%D%/base/syscalls.c \
	%D%/base/syscalls.h

libnet_a_SOURCES = \
	%D%/net/address.c \
	%D%/net/address.h \
	%D%/net/egress.c \
	%D%/net/egress.h \
	%D%/net/publish.c \
	%D%/net/publish.h \
	%D%/net/resolver_file.c \
	%D%/net/resolver_file.h \
	%D%/net/vnet.c \
	%D%/net/vnet.h \
	%D%/net/words.c \
	%D%/net/words.h

libspec_a_SOURCES = \
	%D%/spec/bind.c \
	%D%/spec/bind.h \
	%D%/spec/check.c \
	%D%/spec/check.h \
	%D%/spec/hooks.c \
	%D%/spec/idmap.c \
	%D%/spec/json-out.c \
	%D%/spec/json-path.c \
	%D%/spec/json.c \
	%D%/spec/json.h \
	%D%/spec/linux.c \
	%D%/spec/mounts.c \
	%D%/spec/names.c \
	%D%/spec/process.c \
	%D%/spec/resources.c \
	%D%/spec/seccomp.c \
	%D%/spec/spec.c \
	%D%/spec/spec.h \
	%D%/spec/tables.h
libspec_a_CPPFLAGS = $(AM_CPPFLAGS) $(YAJL_CFLAGS)

libkernel_a_SOURCES = \
	%D%/kernel/caps.c \
	%D%/kernel/caps.h \
	%D%/kernel/cgroup.c \
	%D%/kernel/cgroup.h \
	%D%/kernel/cgroup_stats.c \
	%D%/kernel/cgroup_stats.h \
	%D%/kernel/copy.c \
	%D%/kernel/copy.h \
	%D%/kernel/device.c \
	%D%/kernel/device.h \
	%D%/kernel/device_filter.c \
	%D%/kernel/device_filter.h \
	%D%/kernel/idmap.c \
	%D%/kernel/idmap.h \
	%D%/kernel/lsm.c \
	%D%/kernel/lsm.h \
	%D%/kernel/mount.c \
	%D%/kernel/mount.h \
	%D%/kernel/mount_old.c \
	%D%/kernel/mount_old.h \
	%D%/kernel/namespace.c \
	%D%/kernel/namespace.h \
	%D%/kernel/netdev.c \
	%D%/kernel/netdev.h \
	%D%/kernel/process.c \
	%D%/kernel/process.h \
	%D%/kernel/resctrl.c \
	%D%/kernel/resctrl.h \
	%D%/kernel/rootfs.c \
	%D%/kernel/rootfs.h \
	%D%/kernel/scheduling.c \
	%D%/kernel/scheduling.h \
	%D%/kernel/seccomp.c \
	%D%/kernel/seccomp.h \
	%D%/kernel/tty.c \
	%D%/kernel/tty.h

libhost_a_SOURCES = \
	%D%/host/cgroup.c \
	%D%/host/cgroup.h \
	%D%/host/host.c \
	%D%/host/host.h \
	%D%/host/ids.c \
	%D%/host/ids.h \
	%D%/host/network.c \
	%D%/host/network.h \
	%D%/host/surroundings.c \
	%D%/host/surroundings.h
libhost_a_CPPFLAGS = $(AM_CPPFLAGS) -DLICHEN_LIBEXEC_DIR='"$(pkglibexecdir)"'

libplan_a_SOURCES = \
	%D%/plan/annotations.c \
	%D%/plan/annotations.h \
	%D%/plan/builder.c \
	%D%/plan/cgroup.c \
	%D%/plan/cgroup_hint.c \
	%D%/plan/device_rules.c \
	%D%/plan/devices.c \
	%D%/plan/exec.c \
	%D%/plan/exec.h \
	%D%/plan/features.c \
	%D%/plan/features.h \
	%D%/plan/ids.c \
	%D%/plan/labels.c \
	%D%/plan/mount_options.c \
	%D%/plan/mount_options.h \
	%D%/plan/mounts.c \
	%D%/plan/namespaces.c \
	%D%/plan/net_devices.c \
	%D%/plan/network.c \
	%D%/plan/parts.h \
	%D%/plan/placement.c \
	%D%/plan/plan.c \
	%D%/plan/plan.h \
	%D%/plan/print.c \
	%D%/plan/process.c \
	%D%/plan/rdt.c \
	%D%/plan/refuse.c \
	%D%/plan/resources.c \
	%D%/plan/resources.h \
	%D%/plan/scope_property.c \
	%D%/plan/seccomp.c \
	%D%/plan/seccomp.h \
	%D%/plan/seccomp_cache.c \
	%D%/plan/seccomp_cache.h \
	%D%/plan/sysctl.c \
	%D%/plan/template.c \
	%D%/plan/template.h
libplan_a_CPPFLAGS = $(AM_CPPFLAGS) $(SECCOMP_CFLAGS)

libstage_a_SOURCES = \
	%D%/stage/controllers.c \
	%D%/stage/controllers.h \
	%D%/stage/exec.c \
	%D%/stage/exec.h \
	%D%/stage/hooks.c \
	%D%/stage/hooks.h \
	%D%/stage/init.c \
	%D%/stage/init.h \
	%D%/stage/intermediate.c \
	%D%/stage/intermediate.h \
	%D%/stage/join.c \
	%D%/stage/join.h \
	%D%/stage/limits.c \
	%D%/stage/limits.h \
	%D%/stage/message.c \
	%D%/stage/message.h \
	%D%/stage/net_devices.c \
	%D%/stage/net_devices.h \
	%D%/stage/network.c \
	%D%/stage/network.h \
	%D%/stage/notify.c \
	%D%/stage/notify.h \
	%D%/stage/ops.c \
	%D%/stage/ops.h \
	%D%/stage/parent.c \
	%D%/stage/parent.h \
	%D%/stage/placement.c \
	%D%/stage/placement.h \
	%D%/stage/prepare.c \
	%D%/stage/prepare.h \
	%D%/stage/relay.c \
	%D%/stage/relay.h \
	%D%/stage/scope.c \
	%D%/stage/scope.h \
	%D%/stage/self.c \
	%D%/stage/self.h \
	%D%/stage/terminal.c \
	%D%/stage/terminal.h

libcontainer_a_SOURCES = \
	%D%/container/caller.c \
	%D%/container/caller.h \
	%D%/container/cgroup.c \
	%D%/container/cgroup.h \
	%D%/container/container.h \
	%D%/container/create.c \
	%D%/container/creation.c \
	%D%/container/creation.h \
	%D%/container/delete.c \
	%D%/container/destruction.c \
	%D%/container/destruction.h \
	%D%/container/events.c \
	%D%/container/kill.c \
	%D%/container/exec.c \
	%D%/container/last_words.c \
	%D%/container/last_words.h \
	%D%/container/list.c \
	%D%/container/network.c \
	%D%/container/network.h \
	%D%/container/oom.c \
	%D%/container/oom.h \
	%D%/container/pause.c \
	%D%/container/port.c \
	%D%/container/process_ref.c \
	%D%/container/processes.c \
	%D%/container/processes.h \
	%D%/container/rdt.c \
	%D%/container/rdt.h \
	%D%/container/record.c \
	%D%/container/record.h \
	%D%/container/run.c \
	%D%/container/start.c \
	%D%/container/start.h \
	%D%/container/state.c \
	%D%/container/state_cgroup.c \
	%D%/container/state_dir.c \
	%D%/container/state_dir.h \
	%D%/container/state_file.c \
	%D%/container/state_network.c \
	%D%/container/stats.c \
	%D%/container/update.c

# All of the program but its main, so that tests can link it.
libcli_a_SOURCES = \
	%D%/cli/command.h \
	%D%/cli/commands.c \
	%D%/cli/complete.c \
	%D%/cli/create.c \
	%D%/cli/create.h \
	%D%/cli/delete.c \
	%D%/cli/duration.c \
	%D%/cli/duration.h \
	%D%/cli/event.c \
	%D%/cli/event.h \
	%D%/cli/events.c \
	%D%/cli/exec.c \
	%D%/cli/features.c \
	%D%/cli/globals.c \
	%D%/cli/globals.h \
	%D%/cli/help.c \
	%D%/cli/help.h \
	%D%/cli/info.c \
	%D%/cli/info.h \
	%D%/cli/kill.c \
	%D%/cli/list.c \
	%D%/cli/match.c \
	%D%/cli/match.h \
	%D%/cli/network.c \
	%D%/cli/network.h \
	%D%/cli/option.c \
	%D%/cli/option.h \
	%D%/cli/option_help.c \
	%D%/cli/option_help.h \
	%D%/cli/options.c \
	%D%/cli/pause.c \
	%D%/cli/port.c \
	%D%/cli/ps.c \
	%D%/cli/ps_table.c \
	%D%/cli/ps_table.h \
	%D%/cli/run.c \
	%D%/cli/screen.c \
	%D%/cli/screen.h \
	%D%/cli/signal.c \
	%D%/cli/signal.h \
	%D%/cli/size.c \
	%D%/cli/size.h \
	%D%/cli/spec.c \
	%D%/cli/start.c \
	%D%/cli/state.c \
	%D%/cli/stats.c \
	%D%/cli/stats_table.c \
	%D%/cli/stats_table.h \
	%D%/cli/suggest.c \
	%D%/cli/suggest.h \
	%D%/cli/update.c \
	%D%/cli/version.c \
	%D%/cli/version.h

bin_PROGRAMS += %D%/lichen
%C%_lichen_SOURCES = %D%/cli/main.c
%C%_lichen_LDADD = libcli.a libcontainer.a libstage.a libplan.a libhost.a libkernel.a libspec.a libnet.a libbase.a \
	$(YAJL_LIBS) $(SECCOMP_LIBS) -lm
