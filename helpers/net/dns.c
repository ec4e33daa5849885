/* SPDX-License-Identifier: Apache-2.0 */
#include "dns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "wire.h"

/* RFC 1035, section 4.1.1, and RFC 6895, section 2. */
enum {
	FLAG_ANSWER = 0x8000,
	FLAG_OPCODE = 0x7800,
	FLAG_RECURSION_DESIRED = 0x0100,
	FLAG_RECURSION_AVAILABLE = 0x0080,
};

enum {
	LABEL_MAX = 63,
	NAME_MAX_WIRE = 255, /* section 2.3.4 */
	POINTER = 0xc0, /* section 4.1.4; 0x40 and 0x80 mean nothing any more */
	QUESTION_TAIL = 4, /* type and class */
	RECORD_TAIL = 10, /* type, class, ttl and the length of the data */
};

/* Where the reading of a message stands. */
struct reader {
	const uint8_t *message;
	size_t n, at;
};

/* A name that is being written; what is longer on the wire than may be has no room here. */
struct name_text {
	char *s; /* DNS_NAME_SIZE bytes */
	size_t len;
	size_t wire; /* bytes of an uncompressed name so far, without the root */
};

static void put_character(struct name_text *t, uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		c = (uint8_t)(c - 'A' + 'a');
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
		t->s[t->len++] = (char)c;
	else
		t->len += (size_t)snprintf(t->s + t->len, 5, "\\%03u", c);
}

static int put_label(struct name_text *t, const uint8_t *label, size_t n)
{
	t->wire += 1 + n;
	if (t->wire + 1 > NAME_MAX_WIRE)
		return -EBADMSG;
	if (t->len > 0)
		t->s[t->len++] = '.';
	for (size_t i = 0; i < n; i++)
		put_character(t, label[i]);
	return 0;
}

/*
 * Reads a name and goes behind it. A pointer leads to what stands before `before`, and each one
 * further back than the last, so that there is an end; 0 allows none.
 */
static int read_name(struct reader *r, size_t before, char name[DNS_NAME_SIZE])
{
	struct name_text t = { .s = name };
	size_t at = r->at, behind = 0;

	for (;;) {
		size_t n;

		if (at >= r->n)
			return -EBADMSG;
		n = r->message[at];
		if (n >= POINTER) {
			if (at + 1 >= r->n)
				return -EBADMSG;
			if (!behind)
				behind = at + 2;
			at = wire_get16(r->message + at) & 0x3fff;
			if (at >= before)
				return -EBADMSG;
			before = at;
			continue;
		}
		if (n > LABEL_MAX || n >= r->n - at)
			return -EBADMSG;
		at += 1 + n;
		if (n == 0)
			break;
		if (put_label(&t, r->message + at - n, n) < 0)
			return -EBADMSG;
	}
	name[t.len] = '\0';
	r->at = behind ? behind : at;
	return 0;
}

/* The first question of a message; its name is not compressed, as there is nothing before it. */
static int read_question(struct reader *r, struct dns_query *q)
{
	if (read_name(r, 0, q->name) < 0 || r->n - r->at < QUESTION_TAIL)
		return -EINVAL;
	q->type = wire_get16(r->message + r->at);
	q->class = wire_get16(r->message + r->at + 2);
	r->at += QUESTION_TAIL;
	q->end = r->at;
	return 0;
}

int dns_query_parse(const uint8_t *message, size_t n, struct dns_query *out)
{
	struct reader r = { .message = message, .n = n, .at = DNS_HEADER };
	struct dns_query q;
	int code;

	if (n < DNS_HEADER || wire_get16(message + 2) & FLAG_ANSWER)
		return -EBADMSG;
	if (wire_get16(message + 2) & FLAG_OPCODE)
		return -ENOTSUP;
	/* One question, no answer, no authority; what is additional (EDNS) is the resolver's. */
	if (wire_get16(message + 4) != 1 || wire_get32(message + 6) != 0)
		return -EINVAL;
	code = read_question(&r, &q);
	if (code < 0)
		return code;
	q.id = wire_get16(message);
	*out = q;
	return 0;
}

size_t dns_refuse(const uint8_t *query, size_t n, enum dns_rcode rcode, uint8_t *out, size_t size)
{
	struct dns_query q;
	int r = dns_query_parse(query, n, &q);
	size_t end = r == 0 ? q.end : DNS_HEADER;

	if (r == -EBADMSG || size < end)
		return 0;
	memcpy(out, query, end);
	wire_put16(out + 2,
		(uint16_t)(FLAG_ANSWER |
			(wire_get16(query + 2) & (FLAG_OPCODE | FLAG_RECURSION_DESIRED)) |
			FLAG_RECURSION_AVAILABLE | rcode));
	wire_put16(out + 4, r == 0);
	memset(out + 6, 0, 6);
	return end;
}

uint16_t dns_id(const uint8_t *message)
{
	return wire_get16(message);
}

void dns_set_id(uint8_t *message, uint16_t id)
{
	wire_put16(message, id);
}

bool dns_answers(const struct dns_query *q, uint16_t id, const uint8_t *message, size_t n)
{
	struct reader r = { .message = message, .n = n, .at = DNS_HEADER };
	struct dns_query asked;

	if (n < DNS_HEADER || wire_get16(message) != id ||
		(wire_get16(message + 2) & (FLAG_ANSWER | FLAG_OPCODE)) != FLAG_ANSWER ||
		wire_get16(message + 4) != 1 || read_question(&r, &asked) < 0)
		return false;
	return asked.type == q->type && asked.class == q->class && strcmp(asked.name, q->name) == 0;
}

void dns_walk_begin(struct dns_walk *w, const struct dns_query *q, const uint8_t *message, size_t n)
{
	w->message = message;
	w->n = n;
	/* The question of the answer is as long as that of the query (dns_answers). */
	w->at = q->end;
	w->left = n >= DNS_HEADER ? wire_get16(message + 6) : 0;
	w->ttl = UINT32_MAX;
	memcpy(w->name, q->name, sizeof(w->name));
}

/* One record; data_n bytes of data are at data. */
struct record {
	char name[DNS_NAME_SIZE];
	uint16_t type, class;
	uint32_t ttl;
	size_t data, data_n;
};

static int read_record(struct reader *r, struct record *out)
{
	const uint8_t *p;

	if (read_name(r, r->at, out->name) < 0 || r->n - r->at < RECORD_TAIL)
		return -EBADMSG;
	p = r->message + r->at;
	out->type = wire_get16(p);
	out->class = wire_get16(p + 2);
	out->ttl = wire_get32(p + 4);
	/* RFC 2181, section 8. */
	if (out->ttl > INT32_MAX)
		out->ttl = 0;
	out->data = r->at + RECORD_TAIL;
	out->data_n = wire_get16(p + 8);
	if (r->n - out->data < out->data_n)
		return -EBADMSG;
	r->at = out->data + out->data_n;
	return 0;
}

/* The name that the walk looks for becomes what this alias leads to. */
static int follow(struct dns_walk *w, const struct record *alias)
{
	struct reader r = {
		.message = w->message, .n = alias->data + alias->data_n, .at = alias->data
	};

	if (read_name(&r, r.at, w->name) < 0 || r.at != r.n)
		return -EBADMSG;
	if (alias->ttl < w->ttl)
		w->ttl = alias->ttl;
	return 0;
}

/* 1 for an address; 0 for another record; -EBADMSG for one that is not as long as its type. */
static int read_address(
	const struct dns_walk *w, const struct record *record, struct dns_address *out)
{
	const uint8_t *data = w->message + record->data;
	struct dns_address a = { .ttl = record->ttl < w->ttl ? record->ttl : w->ttl };

	if (record->type == DNS_A) {
		if (record->data_n != sizeof(a.address.v4))
			return -EBADMSG;
		a.address.family = AF_INET;
	} else if (record->type == DNS_AAAA) {
		if (record->data_n != sizeof(a.address.v6))
			return -EBADMSG;
		a.address.family = AF_INET6;
	} else {
		return 0;
	}
	memcpy(&a.address.v6, data, record->data_n);
	*out = a;
	return 1;
}

int dns_walk_next(struct dns_walk *w, struct dns_address *out)
{
	struct reader r = { .message = w->message, .n = w->n, .at = w->at };
	struct record record;
	int code = 0;

	while (w->left > 0 && code == 0) {
		w->left--;
		code = read_record(&r, &record);
		if (code < 0 || record.class != DNS_IN || strcmp(record.name, w->name) != 0)
			continue;
		code = record.type == DNS_CNAME ? follow(w, &record)
						: read_address(w, &record, out);
	}
	w->at = r.at;
	if (code < 0)
		w->left = 0;
	return code;
}
