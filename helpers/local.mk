# One small program for each heavy library, so that lichen itself needs none of them (HACKING.md).
pkglibexec_PROGRAMS += %D%/lichen-scope
%C%_lichen_scope_SOURCES = \
	%D%/scope/main.c \
	%D%/scope/property.c \
	%D%/scope/request.h \
	%D%/scope/scope.c
%C%_lichen_scope_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS)
%C%_lichen_scope_LDFLAGS = $(SAN_CFLAGS)
%C%_lichen_scope_LDADD = libbase.a $(SYSTEMD_LIBS)

# lichen-net's decisions, which are pure: the unit tests link them without libslirp.
noinst_LIBRARIES += libnethelper.a
libnethelper_a_SOURCES = \
	%D%/net/conversations.c \
	%D%/net/conversations.h \
	%D%/net/dns.c \
	%D%/net/dns.h \
	%D%/net/frame.c \
	%D%/net/frame.h \
	%D%/net/policy.c \
	%D%/net/policy.h \
	%D%/net/wire.h

pkglibexec_PROGRAMS += %D%/lichen-net
%C%_lichen_net_SOURCES = \
	%D%/net/api.c \
	%D%/net/control.h \
	%D%/net/datagrams.c \
	%D%/net/datagrams.h \
	%D%/net/engine.c \
	%D%/net/engine.h \
	%D%/net/forwards.c \
	%D%/net/forwards.h \
	%D%/net/inside.c \
	%D%/net/inside.h \
	%D%/net/loop.c \
	%D%/net/loop.h \
	%D%/net/main.c \
	%D%/net/monitor.c \
	%D%/net/monitor.h \
	%D%/net/nameserver.c \
	%D%/net/nameserver.h \
	%D%/net/owner.c \
	%D%/net/packet.c \
	%D%/net/packet.h \
	%D%/net/ports.c \
	%D%/net/request.h \
	%D%/net/resolvers.c \
	%D%/net/sandbox.c \
	%D%/net/sandbox.h \
	%D%/net/shortcut.c \
	%D%/net/shortcut.h \
	%D%/net/sockaddr.c \
	%D%/net/sockaddr.h \
	%D%/net/stack.c \
	%D%/net/stack.h \
	%D%/net/syscalls.c
%C%_lichen_net_CPPFLAGS = $(AM_CPPFLAGS) $(SLIRP_CFLAGS) $(SECCOMP_CFLAGS) -I$(srcdir)/%D%/net
%C%_lichen_net_LDFLAGS = $(SAN_CFLAGS)
%C%_lichen_net_LDADD = libnethelper.a libcli.a libkernel.a libspec.a libnet.a libbase.a \
	$(SLIRP_LIBS) $(SECCOMP_LIBS) $(YAJL_LIBS)
