/*
 * Tasks on ucontext, with stacks as small as the real ones; a queue of those
 * that can run, a list of those that wait.
 */
#include "tests/fake/host.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum {
	/* The loop's fibers have 64 KiB; sanitizers need more. */
	STACK_SIZE = 256 * 1024,
};

/* parked->handle[] */
enum {
	AT_TASK = 0,
	AT_WOKEN = 1,
};

/* timer->handle[] */
enum {
	AT_TIMER = 0,
};

struct fake_task {
	TAILQ_ENTRY(fake_task) entry;
	struct fake_host *host;
	struct smb_task *owner;
	void (*fn)(void *arg);
	void *arg;
	ucontext_t context, back;
	uint8_t *stack;
	struct smb_parked *parked;
	uint64_t deadline;
	enum nt_status result;
	bool is_cancelled, is_over;
};

struct fake_timer {
	TAILQ_ENTRY(fake_timer) entry;
	struct smb_timer *timer;
	uint64_t deadline;
};

/* Stacks outlive their host: the next one takes them. */
static struct fake_tasks spare = TAILQ_HEAD_INITIALIZER(spare);

void fake_host_init(struct fake_host *host)
{
	*host = (struct fake_host){
		.now = 133485408000000000u, /* 2024-01-01 */
		.ticks = 1000,
		.seed = 1,
	};
	TAILQ_INIT(&host->ready);
	TAILQ_INIT(&host->waiting);
	TAILQ_INIT(&host->timers);
}

void fake_host_fini(struct fake_host *host)
{
	assert(host->tasks == 0);
	assert(TAILQ_EMPTY(&host->timers));
}

/* ---- tasks ---- */

static void task_main(unsigned int high, unsigned int low)
{
	struct fake_task *task =
		(struct fake_task *)((uintptr_t)high << 32 | low);

	task->fn(task->arg);
	task->is_over = true;
	swapcontext(&task->context, &task->back);
	abort();
}

static struct fake_task *task_take(void)
{
	struct fake_task *task = TAILQ_FIRST(&spare);

	if (task) {
		TAILQ_REMOVE(&spare, task, entry);
	} else {
		task = calloc(1, sizeof(*task));
		assert(task);
		task->stack = malloc(STACK_SIZE);
		assert(task->stack);
	}
	return task;
}

static void prepare(struct fake_task *task)
{
	uintptr_t at = (uintptr_t)task;

	getcontext(&task->context);
	task->context.uc_stack.ss_sp = task->stack;
	task->context.uc_stack.ss_size = STACK_SIZE;
	task->context.uc_link = NULL;
	makecontext(&task->context, (void (*)(void))task_main, 2,
		    (unsigned int)(at >> 32), (unsigned int)at);
}

static struct fake_task *spawn(struct fake_host *host, void (*fn)(void *arg),
			       void *arg, struct smb_task *owner)
{
	struct fake_task *task = task_take();

	task->host = host;
	task->owner = owner;
	task->fn = fn;
	task->arg = arg;
	task->is_cancelled = false;
	task->is_over = false;
	task->parked = NULL;
	prepare(task);
	host->tasks++;
	TAILQ_INSERT_TAIL(&host->ready, task, entry);
	return task;
}

static void switch_to(struct fake_host *host, struct fake_task *task)
{
	struct fake_task *before = host->running;

	host->running = task;
	swapcontext(&task->back, &task->context);
	host->running = before;
	if (!task->is_over)
		return;
	host->tasks--;
	TAILQ_INSERT_HEAD(&spare, task, entry);
}

void fake_host_run(struct fake_host *host)
{
	struct fake_task *task;

	assert(!host->running);
	while ((task = TAILQ_FIRST(&host->ready))) {
		TAILQ_REMOVE(&host->ready, task, entry);
		switch_to(host, task);
	}
}

struct call {
	void (*fn)(void *arg);
	void *arg;
	bool *is_over;
};

static void call_main(void *arg)
{
	struct call call = *(struct call *)arg;

	free(arg);
	call.fn(call.arg);
	if (call.is_over)
		*call.is_over = true;
}

bool fake_host_call(struct fake_host *host, void (*fn)(void *arg), void *arg)
{
	static bool is_over;
	struct call *call = malloc(sizeof(*call));

	assert(call);
	is_over = false;
	*call = (struct call){ .fn = fn, .arg = arg, .is_over = &is_over };
	spawn(host, call_main, call, NULL);
	fake_host_run(host);
	return is_over;
}

/* ---- time ---- */

static void ready(struct fake_task *task, enum nt_status result)
{
	task->result = result;
	TAILQ_REMOVE(&task->host->waiting, task, entry);
	TAILQ_INSERT_TAIL(&task->host->ready, task, entry);
}

/* The earliest moment at which something is due; UINT64_MAX: never. */
static uint64_t next_deadline(const struct fake_host *host)
{
	uint64_t next = UINT64_MAX;
	struct fake_task *task;
	struct fake_timer *timer;

	TAILQ_FOREACH(task, &host->waiting, entry) {
		if (task->deadline < next)
			next = task->deadline;
	}
	TAILQ_FOREACH(timer, &host->timers, entry) {
		if (timer->deadline < next)
			next = timer->deadline;
	}
	return next;
}

static void fire(struct fake_host *host)
{
	struct fake_task *task = TAILQ_FIRST(&host->waiting);
	struct fake_timer *timer = TAILQ_FIRST(&host->timers);

	while (task) {
		struct fake_task *next = TAILQ_NEXT(task, entry);

		if (task->deadline <= host->ticks)
			ready(task, NT_STATUS_IO_TIMEOUT);
		task = next;
	}
	while (timer && timer->deadline > host->ticks)
		timer = TAILQ_NEXT(timer, entry);
	if (!timer)
		return;
	struct smb_timer *theirs = timer->timer;

	TAILQ_REMOVE(&host->timers, timer, entry);
	free(timer);
	theirs->handle[AT_TIMER] = NULL;
	theirs->fire(theirs);
}

void fake_host_advance(struct fake_host *host, uint32_t ms)
{
	uint64_t end = host->ticks + ms;
	uint64_t next;

	fake_host_run(host);
	while ((next = next_deadline(host)) <= end) {
		if (next > host->ticks) {
			host->now += (next - host->ticks) * 10000;
			host->ticks = next;
		}
		fire(host);
		fake_host_run(host);
	}
	host->now += (end - host->ticks) * 10000;
	host->ticks = end;
}

/* ---- the port ---- */

static uint64_t host_now(void *host)
{
	return ((struct fake_host *)host)->now;
}

static uint64_t host_ticks(void *host)
{
	return ((struct fake_host *)host)->ticks;
}

/* xorshift: the same numbers in each run. */
static void host_random(void *host, void *to, size_t length)
{
	struct fake_host *h = host;
	uint8_t *at = to;

	for (size_t i = 0; i < length; i++) {
		h->seed ^= h->seed << 13;
		h->seed ^= h->seed >> 7;
		h->seed ^= h->seed << 17;
		at[i] = (uint8_t)(h->seed >> 32);
	}
}

static bool host_run(void *host, void (*fn)(void *arg), void *arg,
		     struct smb_task *task)
{
	struct fake_host *h = host;

	if (h->refuses_tasks)
		return false;
	task->handle = spawn(h, fn, arg, task);
	return true;
}

static void host_cancel(void *host, struct smb_task *task)
{
	struct fake_task *t = task->handle;

	(void)host;
	assert(t);
	assert(!t->is_over);
	if (t->parked && t->result == NT_STATUS_PENDING)
		ready(t, NT_STATUS_CANCELLED);
	else
		t->is_cancelled = true;
}

static void host_uncancel(void *host, struct smb_task *task)
{
	struct fake_task *t = task->handle;

	(void)host;
	t->is_cancelled = false;
}

static enum nt_status host_co_park(void *host, struct smb_parked *parked,
				   uint32_t timeout_ms)
{
	struct fake_host *h = host;
	struct fake_task *task = h->running;

	assert(task);
	if (parked->handle[AT_WOKEN])
		return NT_STATUS_SUCCESS;
	if (task->is_cancelled) {
		task->is_cancelled = false;
		return NT_STATUS_CANCELLED;
	}
	parked->handle[AT_TASK] = task;
	task->parked = parked;
	task->deadline = h->ticks + timeout_ms;
	task->result = NT_STATUS_PENDING;
	TAILQ_INSERT_TAIL(&h->waiting, task, entry);
	swapcontext(&task->context, &task->back);
	task->parked = NULL;
	parked->handle[AT_TASK] = NULL;
	return task->result;
}

static void host_wake(void *host, struct smb_parked *parked)
{
	struct fake_task *task = parked->handle[AT_TASK];

	(void)host;
	parked->handle[AT_WOKEN] = parked;
	if (task && task->result == NT_STATUS_PENDING)
		ready(task, NT_STATUS_SUCCESS);
}

static void host_timer_clear(void *host, struct smb_timer *timer)
{
	struct fake_host *h = host;
	struct fake_timer *mine = timer->handle[AT_TIMER];

	if (!mine)
		return;
	TAILQ_REMOVE(&h->timers, mine, entry);
	free(mine);
	timer->handle[AT_TIMER] = NULL;
}

static void host_timer_set(void *host, struct smb_timer *timer, uint32_t ms)
{
	struct fake_host *h = host;
	struct fake_timer *mine;

	host_timer_clear(host, timer);
	mine = malloc(sizeof(*mine));
	assert(mine);
	*mine = (struct fake_timer){ .timer = timer,
				     .deadline = h->ticks + ms };
	timer->handle[AT_TIMER] = mine;
	TAILQ_INSERT_TAIL(&h->timers, mine, entry);
}

static bool host_log_is_on(void *host, enum smb_log_level level)
{
	(void)host;
	(void)level;
	return true;
}

static void host_log(void *host, enum smb_log_level level, const char *line)
{
	struct fake_host *h = host;

	(void)level;
	snprintf(h->log[h->log_count % FAKE_LOG_LINES], sizeof(h->log[0]), "%s",
		 line);
	h->log_count++;
	if (h->is_verbose)
		fprintf(stderr, "%s\n", line);
}

bool fake_host_logged(const struct fake_host *host, const char *text)
{
	for (unsigned int i = 0; i < FAKE_LOG_LINES; i++) {
		if (strstr(host->log[i], text))
			return true;
	}
	return false;
}

/* ---- work apart ---- */

static void host_co_apart(void *host, void (*fn)(void *arg), void *arg)
{
	struct fake_host *h = host;

	h->apart_count++;
	while (h->holds_apart) {
		struct smb_parked parked = {};

		h->apart = &parked;
		host_co_park(host, &parked, UINT32_MAX);
		h->apart = NULL;
	}
	fn(arg);
}

void fake_host_let_go(struct fake_host *host)
{
	host->holds_apart = false;
	if (host->apart)
		host_wake(host, host->apart);
	fake_host_run(host);
}

const struct smb_host_ops fake_host_ops = {
	.now = host_now,
	.ticks_ms = host_ticks,
	.random = host_random,
	.run = host_run,
	.cancel = host_cancel,
	.uncancel = host_uncancel,
	.co_park = host_co_park,
	.wake = host_wake,
	.co_apart = host_co_apart,
	.timer_set = host_timer_set,
	.timer_clear = host_timer_clear,
	.log_is_on = host_log_is_on,
	.log = host_log,
};
