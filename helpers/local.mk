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
	%D%/net/dns.c \
	%D%/net/dns.h \
	%D%/net/frame.c \
	%D%/net/frame.h \
	%D%/net/policy.c \
	%D%/net/policy.h \
	%D%/net/wire.h
