/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes of systemd: org.freedesktop.systemd1(5), systemd.scope(5), systemd.resource-control(5). */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "request.h"

#define SYSTEMD	  "org.freedesktop.systemd1"
#define MANAGER	  "/org/freedesktop/systemd1"
#define INTERFACE SYSTEMD ".Manager"

/* Our caller's deadline is shorter; nothing here is the first to give up. */
#define CALL_TIMEOUT_USEC (60 * 1000000ull)

/* A job that systemd works on, and how it has ended. */
struct job {
	const char *path;
	char result[32];
};

static void message_cleanup(sd_bus_message **m)
{
	sd_bus_message_unref(*m);
}

static void slot_cleanup(sd_bus_slot **slot)
{
	sd_bus_slot_unref(*slot);
}

void request_release(struct request *q)
{
	sd_bus_flush_close_unref(q->bus);
	free(q->properties);
}

static int failed(const char *what, int r, const sd_bus_error *error, struct error *e)
{
	return error_set(
		e, -r, "%s: %s", what, error && error->message ? error->message : strerror(-r));
}

int request_connect(struct request *q, const char *word, struct error *e)
{
	bool is_bus = str_starts(word, "bus=");
	int r;

	if (!is_bus && !str_starts(word, "peer="))
		return error_set(e, EINVAL, "'%s' is neither bus=ADDRESS nor peer=ADDRESS", word);
	r = sd_bus_new(&q->bus);
	if (r >= 0)
		r = sd_bus_set_address(q->bus, strchr(word, '=') + 1);
	if (r >= 0)
		r = sd_bus_set_bus_client(q->bus, is_bus);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(q->bus, CALL_TIMEOUT_USEC);
	if (r >= 0)
		r = sd_bus_start(q->bus);
	return r < 0 ? failed("connect to systemd", r, NULL, e) : 0;
}

/* Where the manager itself is the peer, there are no names of services. */
static const char *destination(const struct request *q)
{
	return sd_bus_is_bus_client(q->bus) > 0 ? SYSTEMD : NULL;
}

static int new_call(const struct request *q, const char *method, sd_bus_message **out)
{
	return sd_bus_message_new_method_call(
		q->bus, out, destination(q), MANAGER, INTERFACE, method);
}

/* ---- jobs ---- */

static int on_job_removed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct job *job = arg;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 && job->path &&
		streq(path, job->path))
		snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

/* Before the job is asked for, since its end may be told right behind the answer. */
static int watch_jobs(const struct request *q, struct job *job, sd_bus_slot **out, struct error *e)
{
	int r = sd_bus_match_signal(
		q->bus, out, destination(q), MANAGER, INTERFACE, "JobRemoved", on_job_removed, job);

	/* On a bus systemd sends signals only if somebody listens; a peer is always told. */
	if (r >= 0 && destination(q))
		r = sd_bus_call_method(
			q->bus, SYSTEMD, MANAGER, INTERFACE, "Subscribe", NULL, NULL, "");
	return r < 0 ? failed("watch the jobs of systemd", r, NULL, e) : 0;
}

/* Signals are kept in the queue during a call, so none is lost before the job's path is known. */
static int wait_for_job(
	const struct request *q, struct job *job, sd_bus_message *reply, struct error *e)
{
	int r = sd_bus_message_read(reply, "o", &job->path);

	while (r >= 0 && !job->result[0]) {
		r = sd_bus_process(q->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(q->bus, UINT64_MAX);
	}
	if (r < 0)
		return failed("wait for systemd", r, NULL, e);
	if (!streq(job->result, "done"))
		return error_set(e, EIO, "systemd's job ended with '%s'", job->result);
	return 0;
}

/* ---- what a unit is ---- */

/* The unit's object path; -ENOENT without an error text if it is not loaded. */
static int find_unit(const struct request *q, char **out, struct error *e)
{
	CLEANUP(message_cleanup) sd_bus_message *reply = NULL;
	CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	const char *path;
	int r = sd_bus_call_method(q->bus, destination(q), MANAGER, INTERFACE, "GetUnit", &error,
		&reply, "s", q->unit);

	if (r < 0 && sd_bus_error_has_name(&error, SYSTEMD ".NoSuchUnit"))
		return -ENOENT;
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &path);
	if (r < 0)
		return failed("ask systemd for the scope", r, &error, e);
	*out = xstrdup(path);
	return 0;
}

static int get_string(const struct request *q, const char *path, const char *interface,
	const char *name, char **out, struct error *e)
{
	CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_get_property_string(
		q->bus, destination(q), path, interface, name, &error, out);

	return r < 0 ? failed(name, r, &error, e) : 0;
}

/* 0 if the unit is the scope that we made; -ENOENT if there is none; -EEXIST if it is another. */
static int check_ours(const struct request *q, struct error *e)
{
	CLEANUP(mem_free) char *path = NULL;
	CLEANUP(mem_free) char *description = NULL;
	int r = find_unit(q, &path, e);

	if (r == 0)
		r = get_string(q, path, SYSTEMD ".Unit", "Description", &description, e);
	if (r == 0 && !streq(description, q->description))
		return error_set(e, EEXIST, "the unit '%s' is not this container's: it is '%s'",
			q->unit, description);
	return r;
}

static int require_ours(const struct request *q, struct error *e)
{
	int r = check_ours(q, e);

	return r == -ENOENT ? error_set(e, ENOENT, "the scope '%s' does not exist", q->unit) : r;
}

/* ---- start ---- */

static int append(sd_bus_message *m, const char *name, const char *signature, const char *value,
	struct error *e)
{
	const struct property p = { name, signature, value };

	return property_append(m, &p, e);
}

static int append_pid(sd_bus_message *m, uint32_t pid, struct error *e)
{
	int r = sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, pid);

	return r < 0 ? failed("PIDs", r, NULL, e) : 0;
}

static int append_all(sd_bus_message *m, const struct request *q, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < q->n_properties; i++) {
		struct property p = q->properties[i];

		p.name += p.name[0] == '?';
		r = property_append(m, &p, e);
	}
	return r;
}

static int build_start(const struct request *q, const char *slice, uint32_t pid, sd_bus_message *m,
	struct error *e)
{
	int r = sd_bus_message_append(m, "ss", q->unit, "fail");

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r < 0)
		return failed("ask systemd for a scope", r, NULL, e);
	r = append(m, "Description", "s", q->description, e);
	if (r == 0)
		r = append(m, "Slice", "s", slice, e);
	if (r == 0)
		r = append(m, "Delegate", "b", "true", e);
	/* Nothing of a scope that failed stays in the way of the next one of its name. */
	if (r == 0)
		r = append(m, "CollectMode", "s", "inactive-or-failed", e);
	if (r == 0)
		r = append_pid(m, pid, e);
	if (r == 0)
		r = append_all(m, q, e);
	if (r < 0)
		return r;
	r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	return r < 0 ? failed("ask systemd for a scope", r, NULL, e) : 0;
}

/*
 * "Cannot set property X, or unknown property": takes X out, if it is one that may be left out.
 * Older systemds know fewer, and lichen writes the same limits to the cgroup's files as well.
 */
static bool leave_out(struct request *q, const sd_bus_error *error)
{
	if (!error->message)
		return false;
	for (size_t i = 0; i < q->n_properties; i++) {
		const char *name = q->properties[i].name;

		if (name[0] != '?' || !strstr(error->message, name + 1))
			continue;
		q->properties[i] = q->properties[--q->n_properties];
		return true;
	}
	return false;
}

static int explain_start(const struct request *q, int r, const sd_bus_error *error, struct error *e)
{
	failed("ask systemd for a scope", r, error, e);
	if (sd_bus_error_has_name(error, SYSTEMD ".UnitExists"))
		return error_hint(e,
			"see 'systemctl --user status %s' (as root without --user); another "
			"container of this name, or another state directory's (--root)?",
			q->unit);
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN))
		return error_hint(e,
			"this message bus has no systemd: loginctl enable-linger, or "
			"use --cgroup-manager=cgroupfs");
	return -e->code;
}

static int try_start(struct request *q, const char *slice, uint32_t pid, sd_bus_error *error,
	sd_bus_message **out_reply, struct error *e)
{
	CLEANUP(message_cleanup) sd_bus_message *m = NULL;
	int r = new_call(q, "StartTransientUnit", &m);

	if (r < 0)
		return failed("ask systemd for a scope", r, NULL, e);
	r = build_start(q, slice, pid, m, e);
	if (r < 0)
		return r;
	r = sd_bus_call(q->bus, m, 0, error, out_reply);
	return r < 0 ? explain_start(q, r, error, e) : 0;
}

int scope_start(
	struct request *q, const char *slice, uint32_t pid, char **out_cgroup, struct error *e)
{
	CLEANUP(message_cleanup) sd_bus_message *reply = NULL;
	CLEANUP(slot_cleanup) sd_bus_slot *slot = NULL;
	CLEANUP(mem_free) char *path = NULL;
	struct job job = { 0 };
	int r = watch_jobs(q, &job, &slot, e);

	if (r < 0)
		return r;
	for (;;) {
		CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

		r = try_start(q, slice, pid, &error, &reply, e);
		if (r == 0)
			break;
		if (!leave_out(q, &error))
			return r;
	}
	r = wait_for_job(q, &job, reply, e);
	if (r == 0)
		r = find_unit(q, &path, e);
	if (r == -ENOENT)
		return error_set(e, ESRCH, "the scope '%s' ended at once", q->unit);
	return r < 0 ? r : get_string(q, path, SYSTEMD ".Scope", "ControlGroup", out_cgroup, e);
}

/* ---- the others ---- */

static int try_set(struct request *q, sd_bus_error *error, struct error *e)
{
	CLEANUP(message_cleanup) sd_bus_message *m = NULL;
	int r = new_call(q, "SetUnitProperties", &m);

	/* true: for as long as the scope lives, not for all time. */
	if (r >= 0)
		r = sd_bus_message_append(m, "sb", q->unit, 1);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0 && append_all(m, q, e) < 0)
		return -e->code;
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_call(q->bus, m, 0, error, NULL);
	return r < 0 ? failed("change the scope", r, error, e) : 0;
}

int scope_set(struct request *q, struct error *e)
{
	int r = require_ours(q, e);

	while (r == 0 && q->n_properties > 0) {
		CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

		r = try_set(q, &error, e);
		if (r == 0)
			return 0;
		if (leave_out(q, &error))
			r = 0;
	}
	return r;
}

int scope_attach(struct request *q, uint32_t pid, const char *subgroup, struct error *e)
{
	CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = require_ours(q, e);

	if (r < 0)
		return r;
	r = sd_bus_call_method(q->bus, destination(q), MANAGER, INTERFACE, "AttachProcessesToUnit",
		&error, NULL, "ssau", q->unit, subgroup, 1, pid);
	return r < 0 ? failed("move a process into the scope", r, &error, e) : 0;
}

int scope_stop(struct request *q, struct error *e)
{
	CLEANUP(message_cleanup) sd_bus_message *reply = NULL;
	CLEANUP(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	CLEANUP(slot_cleanup) sd_bus_slot *slot = NULL;
	struct job job = { 0 };
	int r = watch_jobs(q, &job, &slot, e);

	if (r == 0)
		r = check_ours(q, e);
	/* Another unit has the name: ours has gone. */
	if (r == -ENOENT || r == -EEXIST)
		return 0;
	if (r < 0)
		return r;
	r = sd_bus_call_method(q->bus, destination(q), MANAGER, INTERFACE, "StopUnit", &error,
		&reply, "ss", q->unit, "replace");
	/* systemd itself removes a scope that has become empty. */
	if (r < 0 && sd_bus_error_has_name(&error, SYSTEMD ".NoSuchUnit"))
		return 0;
	if (r < 0)
		return failed("stop the scope", r, &error, e);
	return wait_for_job(q, &job, reply, e);
}
