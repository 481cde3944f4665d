/*
 * A host in which nothing moves: one moment, and chance that repeats. For
 * modules that never wait.
 */
#pragma once

#include <string.h>

#include "smb/ports.h"

/* 2024-01-01 00:00:00 UTC. */
#define STILL_NOW 133485408000000000u

static inline uint64_t still_now(void *host)
{
	(void)host;
	return STILL_NOW;
}

static inline void still_random(void *host, void *to, size_t length)
{
	(void)host;
	memset(to, 0x5a, length);
}

static const struct smb_host_ops still_host_ops = {
	.now = still_now,
	.random = still_random,
};
