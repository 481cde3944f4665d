/*
 * A host in memory with a hand-cranked clock: tasks are real coroutines that
 * run when a test says so, time passes when a test says so. Counts what is
 * out, so that a test can tell that nothing leaks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/ports.h"

struct fake_task;

enum {
	FAKE_LOG_LINES = 64,
};

TAILQ_HEAD(fake_tasks, fake_task);

struct fake_host {
	uint64_t now;   /* FILETIME */
	uint64_t ticks; /* milliseconds */
	uint64_t seed;
	struct fake_tasks ready, waiting;
	struct fake_task *running;
	unsigned int tasks; /* that have not ended */
	TAILQ_HEAD(, fake_timer) timers;
	bool refuses_tasks;            /* run() fails */
	bool holds_apart;              /* co_apart() waits, until let go */
	unsigned int apart_count;      /* calls of co_apart() */
	struct smb_parked *apart;      /* one that waits */
	bool is_verbose;               /* the log to stderr as well */
	char log[FAKE_LOG_LINES][256]; /* a ring */
	unsigned int log_count;
};

extern const struct smb_host_ops fake_host_ops;

void fake_host_init(struct fake_host *host);

/* Fails if a task has not ended. */
void fake_host_fini(struct fake_host *host);

/* Runs what can run, until all tasks have ended or wait. */
void fake_host_run(struct fake_host *host);

/* Lets time pass: deadlines and timers fire in their order. */
void fake_host_advance(struct fake_host *host, uint32_t ms);

/* Calls fn(arg) in a task of its own, and runs what can run. True if it came
   to its end. */
bool fake_host_call(struct fake_host *host, void (*fn)(void *arg), void *arg);

/* Lets the work that waits apart be done. */
void fake_host_let_go(struct fake_host *host);

/* Whether a line of the log has this in it. */
bool fake_host_logged(const struct fake_host *host, const char *text);
