/*
 * What requests cost, in counts that no load of the machine changes: waits in
 * the kernel, operations, bytes that were copied, threads. A server in this
 * process with one worker on io_uring, and a client that is a socket.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "gateway/store/store.h"
#include "smb/smb.h"
#include "tests/client/client.h"
#include "tests/gateway/served.h"

enum {
	PREFIX = 4,
	MIB = 1024 * 1024,
	SIZE = 4 * MIB, /* of the file */
	DEPTH = 8,
	ROUNDS = 100,
	BYTES_MAX = 64 * 1024, /* of a queue of requests */
};

struct costs {
	struct loop_counters loop;
	struct store_counters store;
};

/* A note by which the worker tells its counters. */
struct question {
	struct loop_note note; /* first */
	struct costs *to;
	atomic_bool is_answered;
};

static struct {
	struct served served;
	/* The client, logged on, with the file open. */
	struct client client;
	struct client_session session;
	uint32_t tree;
	struct client_file file;
	int fd;
	/* What is to be sent in one go. */
	uint8_t queue[BYTES_MAX];
	size_t queued;
	bool holds;
} f;

/* ---- the server ---- */

static bool has_uring(void)
{
	struct loop_features features;

	loop_probe(&features);
	if (!features.has_uring)
		print_message("skipped: %s\n", features.text);
	return features.has_uring;
}

static void start_server(void)
{
	served_start(&f.served, "/var/tmp", LOOP_ENGINE_URING, "workers = 1;");
}

static void stop_server(void)
{
	char path[100];

	snprintf(path, sizeof(path), "%s/data", f.served.directory);
	unlink(path);
	served_stop(&f.served);
}

static void answer(struct loop_note *note)
{
	struct question *q = (struct question *)(void *)note;

	q->to->loop = *loop_counters(loop_current());
	q->to->store = *store_counters();
	atomic_store(&q->is_answered, true);
}

static struct costs costs_now(void)
{
	struct costs costs;
	struct question q = { .note.deliver = answer, .to = &costs };

	loop_post(f.served.server.workers[0].loop, &q.note);
	while (!atomic_load(&q.is_answered))
		usleep(1000);
	return costs;
}

/* Threads that io_uring has started for what would have blocked. */
static unsigned int kernel_workers(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *task;
	unsigned int count = 0;

	assert_non_null(tasks);
	while ((task = readdir(tasks))) {
		char path[300], name[20] = "";
		FILE *comm;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm",
			 task->d_name);
		comm = fopen(path, "r");
		if (!comm)
			continue;
		if (fgets(name, sizeof(name), comm) &&
		    !strncmp(name, "iou-wrk", 7))
			count++;
		fclose(comm);
	}
	closedir(tasks);
	return count;
}

/* ---- the client ---- */

static void send_all(const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t n = send(f.fd, bytes, length, MSG_NOSIGNAL);

		assert_true(n > 0);
		bytes += n;
		length -= (size_t)n;
	}
}

static void flush_queue(void)
{
	send_all(f.queue, f.queued);
	f.queued = 0;
}

/* Sends at once, or keeps what a test wants to send together. */
static bool link_send(void *link, const uint8_t *bytes, size_t length)
{
	const uint8_t prefix[PREFIX] = { 0, (uint8_t)(length >> 16),
					 (uint8_t)(length >> 8),
					 (uint8_t)length };

	(void)link;
	if (!f.holds) {
		send_all(prefix, PREFIX);
		send_all(bytes, length);
		return true;
	}
	assert_true(f.queued + PREFIX + length <= BYTES_MAX);
	memcpy(f.queue + f.queued, prefix, PREFIX);
	memcpy(f.queue + f.queued + PREFIX, bytes, length);
	f.queued += PREFIX + length;
	return true;
}

static uint8_t *link_receive(void *link, size_t *ret_length)
{
	uint8_t prefix[PREFIX], *bytes;

	(void)link;
	assert_int_equal(recv(f.fd, prefix, PREFIX, MSG_WAITALL), PREFIX);
	*ret_length = (size_t)prefix[1] << 16 | prefix[2] << 8 | prefix[3];
	bytes = malloc(*ret_length);
	assert_non_null(bytes);
	assert_int_equal(recv(f.fd, bytes, *ret_length, MSG_WAITALL),
			 *ret_length);
	return bytes;
}

static void dial(void)
{
	const struct gw_address *to = &f.served.server.sockets.items[0].address;
	int on = 1;

	f.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(f.fd >= 0);
	setsockopt(f.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	assert_int_equal(connect(f.fd, (const struct sockaddr *)&to->sa,
				 to->length),
			 0);
}

static void log_on(void)
{
	struct client_link link = { .send = link_send,
				    .receive = link_receive };

	dial();
	client_init(&f.client, &link);
	f.client.guid[0] = 1;
	f.client.credits_asked = 64;
	assert_int_equal(client_negotiate_dialect(&f.client, 0x0302), 0);
	assert_int_equal(client_logon(&f.client, &f.session, "ann", "secret"),
			 0);
	assert_int_equal(client_tree(&f.client, &f.session, "\\\\x\\s",
				     &f.tree),
			 0);
	f.session.signs = false;
}

static void make_file(void)
{
	uint8_t *bytes = calloc(1, MIB);

	assert_non_null(bytes);
	assert_int_equal(client_create(&f.client, &f.session, f.tree, "data",
				       2 /* FILE_CREATE */, &f.file),
			 0);
	for (uint64_t at = 0; at < SIZE; at += MIB) {
		f.client.charge = MIB / 65536;
		assert_int_equal(client_write(&f.client, &f.session, f.tree,
					      f.file, at, bytes, MIB),
				 0);
	}
	f.client.charge = 0;
	free(bytes);
}

static int begin(void **state)
{
	(void)state;
	if (!has_uring())
		return 0;
	start_server();
	log_on();
	make_file();
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (!f.served.fsa)
		return 0;
	client_close(&f.client, &f.session, f.tree, f.file);
	client_session_fini(&f.client, &f.session);
	client_fini(&f.client);
	close(f.fd);
	stop_server();
	return 0;
}

/* Whether this file system says what it has in memory (tmpfs does not). */
static bool reads_without_waiting(void)
{
	char path[100], byte;
	struct iovec iov = { &byte, 1 };
	bool does;
	int fd;

	snprintf(path, sizeof(path), "%s/data", f.served.directory);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	does = preadv2(fd, &iov, 1, 0, RWF_NOWAIT) == 1;
	close(fd);
	if (!does)
		print_message("skipped: no RWF_NOWAIT here\n");
	return does;
}

/* ---- requests ---- */

static void take_ok(unsigned int count)
{
	while (count > 0) {
		struct client_answer a;

		assert_true(client_take(&f.client, &a));
		assert_int_equal(a.status, 0);
		count--;
	}
}

static void ask_echo(void)
{
	struct writer *w = client_begin(&f.client, SMB2_ECHO, &f.session, 0, 0);

	wr_u16(w, 4);
	wr_u16(w, 0);
	assert_true(client_post(&f.client));
}

static void ask_read(uint64_t offset, uint32_t length)
{
	f.client.charge = (uint16_t)((length + 65535) / 65536);
	client_begin(&f.client, SMB2_READ, &f.session, f.tree, 0);
	client_write_read(&f.client, f.file, offset, length);
	assert_true(client_post(&f.client));
	f.client.charge = 0;
}

/* `depth` requests in one segment, all answered before the next ones. */
static void ask_together(unsigned int depth, uint32_t read_length)
{
	f.holds = true;
	for (unsigned int i = 0; i < depth; i++) {
		if (read_length)
			ask_read((uint64_t)i * read_length, read_length);
		else
			ask_echo();
	}
	f.holds = false;
	flush_queue();
	take_ok(depth);
}

static uint64_t enters(unsigned int depth, uint32_t read_length)
{
	struct costs before = costs_now(), after;

	for (unsigned int i = 0; i < ROUNDS; i++)
		ask_together(depth, read_length);
	after = costs_now();
	return after.loop.enters - before.loop.enters;
}

/* ---- the tests ---- */

/*
 * Per request: at most one with eight in flight. One alone takes two, for its
 * answer and for the next request; a read one more.
 */
static void waits_are_few(void **state)
{
	(void)state;
	if (!f.served.fsa)
		return;
	assert_in_range(enters(DEPTH, 0), 1, DEPTH * ROUNDS);
	assert_in_range(enters(1, 0), 1, ROUNDS * 21 / 10);
	if (!reads_without_waiting())
		return;
	assert_in_range(enters(DEPTH, 4096), 1, DEPTH * ROUNDS);
	assert_in_range(enters(1, 4096), 1, ROUNDS * 31 / 10);
}

static void long_reads_are_not_copied(void **state)
{
	struct costs before, after;
	uint64_t copied, spliced;

	(void)state;
	if (!f.served.fsa)
		return;
	before = costs_now();
	for (uint64_t at = 0; at < SIZE; at += MIB) {
		ask_read(at, MIB);
		take_ok(1);
	}
	for (uint64_t at = 0; at < SIZE; at += 128 * 1024) {
		ask_read(at, 128 * 1024);
		take_ok(1);
	}
	after = costs_now();
	copied = after.store.bytes_copied - before.store.bytes_copied;
	spliced = after.store.bytes_spliced - before.store.bytes_spliced;
	assert_int_equal(copied + spliced, 2 * SIZE);
	assert_true(copied * 100 <= spliced);
}

static void cached_reads_need_no_thread(void **state)
{
	unsigned int threads;
	struct costs before, after;

	(void)state;
	if (!f.served.fsa || !reads_without_waiting())
		return;
	threads = kernel_workers();
	before = costs_now();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		ask_together(DEPTH, 4096);
		ask_together(2, 256 * 1024);
		assert_in_range(kernel_workers(), 0, threads);
	}
	after = costs_now();
	assert_int_equal(after.loop.hand_calls, before.loop.hand_calls);
	assert_int_equal(after.store.splices_ring, before.store.splices_ring);
}

/* The length, the frame in two pieces, the file, the answer. */
static void a_long_write_is_few_operations(void **state)
{
	uint8_t *bytes = calloc(1, MIB);
	struct costs before, after;

	(void)state;
	assert_non_null(bytes);
	if (f.served.fsa) {
		before = costs_now();
		f.client.charge = MIB / 65536;
		for (unsigned int i = 0; i < ROUNDS; i++)
			assert_int_equal(client_write(&f.client, &f.session,
						      f.tree, f.file, 0, bytes,
						      MIB),
					 0);
		f.client.charge = 0;
		after = costs_now();
		assert_in_range(after.loop.submitted - before.loop.submitted, 1,
				ROUNDS * 6);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_are_few),
		cmocka_unit_test(long_reads_are_not_copied),
		cmocka_unit_test(cached_reads_need_no_thread),
		cmocka_unit_test(a_long_write_is_few_operations),
	};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, GW_SIGNAL_WORKER);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, begin, end);
}
