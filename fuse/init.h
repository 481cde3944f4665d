/*
 * How a connection begins: the INIT ladder, and what it settles. A program is
 * first spoken to in the oldest version that has all we need, since from 7.14
 * on libraries splice their replies, which a socket cuts to pieces; one that
 * insists on a younger version is started again and asked for less at a time.
 *
 * Pure.
 */
#pragma once

#include "fuse/proto.h"

enum {
	FUSEFS_INIT_STEPS = 2,
	/* What is always accepted by libraries. */
	FUSEFS_IO_SIZE = 128 * 1024,
	FUSEFS_IO_SIZE_MAX = 1024 * 1024,
	/* What a spliced reply may hold: 16 pages, one of them the header's. */
	FUSEFS_IO_SIZE_SPLICED = 48 * 1024,
};

/* What a connection may do. */
struct fusefs_limits {
	bool keeps_nothing; /* of names and facts, whatever their time */
	uint32_t minor;     /* of protocol 7 that both speak */
	uint32_t flags;     /* FUSE_… that both know */
	uint32_t read_max, write_max; /* bytes of a READ and a WRITE */
};

/* The request of a step, 0 or more and less than FUSEFS_INIT_STEPS. */
void fusefs_init_request(unsigned int step, const struct fusefs_who *who,
			 struct fusefs_request *ret_request);

/*
 * What the program has answered to it: 0; -EPROTO if it is no answer, or one
 * that the next step may better. `message_max`: bytes of one message that the
 * socket takes.
 */
int fusefs_init_take(unsigned int step, const void *body, size_t length,
		     size_t message_max, struct fusefs_limits *ret_limits);
