/*
 * The supervisor: one thread a backend, which starts the program, reads what
 * it says, waits for its end, and starts it again. The ways to start it are
 * start.c's.
 *
 * Programs that are to stop get, in this order: the end of their mount, TERM,
 * KILL, and the abort of their connection, each if the one before did not do.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "fuse/backend_inside.h"
#include "fuse/shim.h"
#include "fuse/thread.h"

enum {
	HURRY_MS = 1500, /* for any answer, when the process is to end */
	BACKOFF_MIN_MS = 500,
	BACKOFF_MAX_MS = 60000,
	CALM_MS = 60000,  /* who lived so long starts anew with the shortest */
	GOODBYE_MS = 500, /* for the end after the mount's end */
	TERM_MS = 5000,
	KILL_MS = 1000,
};

/* ---- those that there are ---- */

static atomic_bool is_hurrying;
static pthread_mutex_t count_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t count_changed = PTHREAD_COND_INITIALIZER;
static unsigned int count_stopping; /* asked to stop, not yet gone */

void fusefs_backends_hurry(void)
{
	atomic_store(&is_hurrying, true);
}

static void count_add(int n)
{
	pthread_mutex_lock(&count_mutex);
	count_stopping += (unsigned int)n;
	pthread_cond_broadcast(&count_changed);
	pthread_mutex_unlock(&count_mutex);
}

void fusefs_backends_wait(unsigned int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	pthread_mutex_lock(&count_mutex);
	while (count_stopping &&
	       !pthread_cond_timedwait(&count_changed, &count_mutex, &until))
		;
	pthread_mutex_unlock(&count_mutex);
}

/* ---- small things ---- */

uint64_t fusefs_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Events are sent under the mutex, so that none comes after the stop. */
void fusefs_say(struct fusefs_backend *b, enum fusefs_level level,
		const char *format, ...)
{
	char line[2 * FUSEFS_LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	pthread_mutex_lock(&b->mutex);
	if (b->events.log)
		b->events.log(b->events.arg, level, line);
	pthread_mutex_unlock(&b->mutex);
}

static void set_state(struct fusefs_backend *b, enum fusefs_state state,
		      int err)
{
	pthread_mutex_lock(&b->mutex);
	b->state = state;
	b->err = err;
	pthread_cond_broadcast(&b->changed);
	pthread_mutex_unlock(&b->mutex);
}

bool fusefs_is_stopping(struct fusefs_backend *b)
{
	bool is_so;

	pthread_mutex_lock(&b->mutex);
	is_so = b->is_stopping;
	pthread_mutex_unlock(&b->mutex);
	return is_so;
}

static unsigned int patience_ms(const struct fusefs_backend *b)
{
	if (atomic_load(&is_hurrying) && b->timeout_ms > HURRY_MS)
		return HURRY_MS;
	return b->timeout_ms;
}

/* ---- what the program says ---- */

static void take_line(struct fusefs_backend *b)
{
	b->line[b->line_length] = '\0';
	b->line_length = 0;
	if (!*b->line)
		return;
	memcpy(b->last, b->line, sizeof(b->last));
	fusefs_say(b, FUSEFS_LOG_INFO, "%s", b->line);
}

static void take_output(struct fusefs_backend *b)
{
	char bytes[1024];
	ssize_t n;

	while ((n = read(b->child.output_fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (bytes[i] == '\n' ||
			    b->line_length == FUSEFS_LINE_SIZE - 1)
				take_line(b);
			if (bytes[i] != '\n')
				b->line[b->line_length++] =
					(unsigned char)bytes[i] < 0x20 ||
							bytes[i] == 0x7f
						? ' '
						: bytes[i];
		}
	}
	if (n == 0) { /* nobody is left to say anything */
		close(b->child.output_fd);
		b->child.output_fd = -1;
	}
}

/* Waits for anything to happen, up to `ms`. True if the program has ended. */
bool fusefs_pump(struct fusefs_backend *b, int ms, char how[64])
{
	struct pollfd fds[] = {
		{ .fd = b->wake_fd, .events = POLLIN },
		{ .fd = b->child.output_fd, .events = POLLIN },
		{ .fd = b->child.pidfd, .events = POLLIN },
	};
	eventfd_t ignored;

	poll(fds, 3, ms);
	eventfd_read(b->wake_fd, &ignored);
	if (b->child.output_fd >= 0)
		take_output(b);
	if (!fusefs_child_has_ended(&b->child, 0, how, 64))
		return false;
	if (b->child.output_fd >= 0)
		take_output(b);
	take_line(b);
	return true;
}

/* ---- the end of a program ---- */

static bool ends_within(struct fusefs_backend *b, int ms)
{
	uint64_t until = fusefs_now_ms() + (uint64_t)ms, now;
	char how[64];

	while ((now = fusefs_now_ms()) < until) {
		if (!b->child.pid || fusefs_pump(b, (int)(until - now), how))
			return true;
	}
	return !b->child.pid;
}

/* What was asked is answered, if only by the end. */
static void close_conn(struct fusefs_backend *b)
{
	struct timespec ms = { .tv_nsec = 1000000 };

	if (b->socket_fd >= 0)
		close(b->socket_fd);
	b->socket_fd = -1;
	if (!b->conn)
		return;
	fusefs_conn_close(b->conn);
	while (b->probe.is_out && !b->probe.is_answered)
		nanosleep(&ms, NULL);
	b->probe.is_out = false;
	b->conn = fusefs_conn_unref(b->conn);
}

static void close_root(struct fusefs_backend *b)
{
	close_conn(b);
	b->watch = fusefs_watch_end(b->watch);
	if (b->root_fd >= 0)
		close(b->root_fd);
	b->root_fd = -1;
}

static void close_shim(struct fusefs_backend *b)
{
	if (b->theirs_fd >= 0)
		close(b->theirs_fd);
	if (b->shim_fd >= 0) {
		close(b->shim_fd);
		fusefs_shim_clear(b->place);
	}
	b->theirs_fd = b->shim_fd = -1;
}

/* Whatever state it is in, nothing of it is left afterwards. */
void fusefs_end_program(struct fusefs_backend *b, bool is_hanging)
{
	int abort_fd =
		b->root_fd >= 0 ? fcntl(b->root_fd, F_DUPFD_CLOEXEC, 0) : -1;
	bool was_there = b->child.pid;

	if (is_hanging) {
		fusefs_child_signal(&b->child, SIGKILL);
		if (!ends_within(b, KILL_MS) && abort_fd >= 0)
			fusefs_kmount_abort(abort_fd);
	}
	if (abort_fd >= 0)
		close(abort_fd);
	close_root(b);
	if (was_there && !ends_within(b, GOODBYE_MS)) {
		fusefs_child_signal(&b->child, SIGTERM);
		if (!ends_within(b, TERM_MS))
			fusefs_child_signal(&b->child, SIGKILL);
		ends_within(b, KILL_MS);
	}
	fusefs_child_fini(&b->child);
	close_shim(b);
	if (*b->place)
		fusefs_place_remove(b->place);
	*b->place = '\0';
	b->line_length = 0;
}

/* ---- a life ---- */

static void tell_ready(struct fusefs_backend *b, bool is_first, uint64_t began)
{
	fusefs_say(b, FUSEFS_LOG_INFO, "%s serves its files %s, after %u ms",
		   b->words[0], fusefs_way_names[b->way],
		   (unsigned int)(fusefs_now_ms() - began));
	pthread_mutex_lock(&b->mutex);
	if (!is_first && b->events.renewed)
		b->events.renewed(b->events.arg, b->root_fd, b->conn);
	pthread_mutex_unlock(&b->mutex);
	set_state(b, FUSEFS_READY, 0);
}

/* How long an answer has been due; by the direct door, also asks. */
static uint64_t waiting_ms(struct fusefs_backend *b)
{
	struct fusefs_probe *p = &b->probe;
	uint64_t ms;

	if (!fusefs_is_direct(b))
		return fusefs_watch_waiting_ms(b->watch);
	ms = fusefs_now_ms() - p->asked_ms;
	if (p->is_out && !p->is_answered)
		return ms;
	if (ms > fusefs_interval_ms(b))
		fusefs_send_probe(b); /* if there is no room: next time */
	return 0;
}

/* Until it ends, hangs or is to stop. True: it hangs. */
static bool live(struct fusefs_backend *b)
{
	char how[64];

	while (!fusefs_is_stopping(b)) {
		if (fusefs_pump(b, FUSEFS_TICK_MS, how)) {
			fusefs_say(b, FUSEFS_LOG_WARN, "%s %s%s%s", b->words[0],
				   how, *b->last ? ": " : "", b->last);
			return false;
		}
		if (fusefs_is_direct(b) && !fusefs_conn_is_open(b->conn)) {
			fusefs_say(b, FUSEFS_LOG_WARN, "%s has hung up",
				   b->words[0]);
			return false;
		}
		if (waiting_ms(b) > patience_ms(b)) {
			fusefs_say(b, FUSEFS_LOG_WARN,
				   "%s has not answered for %u ms: it is ended",
				   b->words[0], patience_ms(b));
			return true;
		}
	}
	return waiting_ms(b) > FUSEFS_TICK_MS;
}

static void back_off(struct fusefs_backend *b, unsigned int ms)
{
	struct pollfd wake = { .fd = b->wake_fd, .events = POLLIN };
	uint64_t until = fusefs_now_ms() + ms, now;
	eventfd_t ignored;

	while (!fusefs_is_stopping(b) && (now = fusefs_now_ms()) < until) {
		if (poll(&wake, 1, (int)(until - now)) > 0)
			eventfd_read(b->wake_fd, &ignored);
	}
}

/*
 * After a program has ended, or could not be started. False: that was all,
 * since its first start must succeed.
 */
static bool goes_on(struct fusefs_backend *b, bool is_first, int err)
{
	bool is_over = is_first && !b->may_come_late;

	if (is_first && !is_over) {
		pthread_mutex_lock(&b->mutex);
		b->is_late = true;
		pthread_mutex_unlock(&b->mutex);
	}
	set_state(b, is_over ? FUSEFS_OVER : FUSEFS_WAITING, err);
	return !is_over;
}

/* Starts it again and again. */
static void supervise(struct fusefs_backend *b)
{
	unsigned int pause = BACKOFF_MIN_MS;
	bool is_first = true, is_hanging, is_over;
	uint64_t began;
	int err;

	while (!fusefs_is_stopping(b)) {
		began = fusefs_now_ms();
		err = fusefs_start_program(b);
		is_hanging = err == -ETIMEDOUT;
		if (!err) {
			tell_ready(b, is_first, began);
			is_first = false;
			is_hanging = live(b);
		}
		is_over = !goes_on(b, is_first, err);
		is_first = false;
		fusefs_end_program(b, is_hanging);
		if (is_over)
			return;
		if (err)
			fusefs_say(b, FUSEFS_LOG_ERROR,
				   "%s did not start: %s; next try in %u ms",
				   b->words[0], strerror(-err), pause);
		if (fusefs_now_ms() - began > CALM_MS)
			pause = BACKOFF_MIN_MS;
		back_off(b, pause);
		pause = pause > BACKOFF_MAX_MS / 2 ? BACKOFF_MAX_MS : pause * 2;
	}
}

static void backend_free(struct fusefs_backend *b)
{
	for (size_t i = 0; b->words && i < b->word_count; i++)
		free(b->words[i]);
	free(b->words);
	free(b->name);
	if (b->wake_fd >= 0)
		close(b->wake_fd);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->mutex);
	free(b);
}

static void *backend_main(void *arg)
{
	struct fusefs_backend *b = arg;

	pthread_setname_np(pthread_self(), "smbgate-backend");
	supervise(b);
	pthread_mutex_lock(&b->mutex);
	while (!b->is_stopping)
		pthread_cond_wait(&b->changed, &b->mutex);
	pthread_mutex_unlock(&b->mutex);
	backend_free(b);
	count_add(-1);
	return NULL;
}

/* ---- the face ---- */

static struct fusefs_backend *backend_new(const struct fusefs_options *options,
					  const struct fusefs_events *events)
{
	struct fusefs_backend *b = calloc(1, sizeof(*b));
	bool ok;

	if (!b)
		return NULL;
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->changed, NULL);
	b->events = *events;
	b->timeout_ms = options->timeout_ms;
	b->is_read_only = options->is_read_only;
	b->keeps_nothing = options->keeps_nothing;
	b->may_come_late = options->may_come_late;
	b->root_fd = b->socket_fd = b->shim_fd = b->theirs_fd = -1;
	b->via = options->via;
	b->child = (struct fusefs_child){ .pidfd = -1, .output_fd = -1 };
	b->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	b->name = strdup(options->name);
	b->words = calloc(options->word_count + 1, sizeof(char *));
	ok = b->wake_fd >= 0 && b->name && b->words;
	for (size_t i = 0; ok && i < options->word_count; i++) {
		b->words[i] = strdup(options->words[i]);
		b->word_count += ok = b->words[i];
	}
	if (ok)
		return b;
	backend_free(b);
	return NULL;
}

static int give_root(struct fusefs_backend *b, int *ret_root_fd,
		     struct fusefs_conn **ret_conn)
{
	int fd = b->conn ? -1 : fcntl(b->root_fd, F_DUPFD_CLOEXEC, 0);

	if (!b->conn && fd < 0)
		return -errno;
	*ret_root_fd = fd;
	*ret_conn = b->conn ? fusefs_conn_ref(b->conn) : NULL;
	return 0;
}

int fusefs_backend_start(const struct fusefs_options *options,
			 const struct fusefs_events *events,
			 struct fusefs_backend **ret_backend, int *ret_root_fd,
			 struct fusefs_conn **ret_conn)
{
	struct fusefs_backend *b = backend_new(options, events);
	int err;

	if (!b)
		return -ENOMEM;
	err = fusefs_thread_start(backend_main, b);
	if (err) {
		backend_free(b);
		return err;
	}
	pthread_mutex_lock(&b->mutex);
	while (b->state == FUSEFS_STARTING)
		pthread_cond_wait(&b->changed, &b->mutex);
	if (b->is_late) {
		*ret_root_fd = -1;
		*ret_conn = NULL;
	} else {
		err = b->state == FUSEFS_READY ? 0 : b->err ? b->err : -ENOEXEC;
	}
	if (!err && !b->is_late) /* they stay open while this is its state */
		err = give_root(b, ret_root_fd, ret_conn);
	pthread_mutex_unlock(&b->mutex);
	if (err)
		fusefs_backend_stop(b);
	else
		*ret_backend = b;
	return err;
}

bool fusefs_backend_is_ready(struct fusefs_backend *backend)
{
	bool is_ready;

	pthread_mutex_lock(&backend->mutex);
	is_ready = backend->state == FUSEFS_READY;
	pthread_mutex_unlock(&backend->mutex);
	return is_ready;
}

struct fusefs_backend *fusefs_backend_stop(struct fusefs_backend *backend)
{
	if (!backend)
		return NULL;
	count_add(1);
	pthread_mutex_lock(&backend->mutex);
	backend->is_stopping = true;
	backend->events = (struct fusefs_events){ .arg = NULL };
	pthread_cond_broadcast(&backend->changed);
	eventfd_write(backend->wake_fd, 1);
	pthread_mutex_unlock(&backend->mutex);
	return NULL;
}
