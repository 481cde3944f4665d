/*
 * Tests server.c, worker.c, acceptor.c, conn.c, conn_send.c, host.c, ending.c
 * and visit.c: a server in this process, two workers, on a free port of
 * loopback, and clients that are a socket. Tests listen.c on the way.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "gateway/log.h"
#include "smb/smb.h"
#include "tests/client/client.h"
#include "tests/gateway/served.h"

enum {
	PREFIX = 4,
	HEADER = 64, /* MS-SMB2 2.2.1 */
	REPLY_MAX = 4096,
};

static struct served f;

static void start(int engine, int64_t per_address)
{
	char settings[100];

	snprintf(settings, sizeof(settings),
		 "workers = 2; limits = { per_address = %d; };",
		 (int)per_address);
	f = (struct served){ 0 };
	served_start(&f, "/tmp", engine, settings);
}

static void stop(void)
{
	served_stop(&f);
}

static int dial(void)
{
	const struct gw_address *to = &f.server.sockets.items[0].address;
	struct timeval patience = { .tv_sec = 10 };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	assert_int_equal(connect(fd, (const struct sockaddr *)&to->sa,
				 to->length),
			 0);
	return fd;
}

/* A frame around `length` bytes behind the header; the whole length. */
static size_t frame(uint8_t *to, uint16_t command, uint64_t id,
		    const uint8_t *body, size_t length)
{
	uint8_t *h = to + PREFIX;

	for (size_t i = 0; i < PREFIX + HEADER; i++)
		to[i] = 0;
	to[3] = (uint8_t)(HEADER + length);
	memcpy(h, "\xfeSMB\x40", 5);
	h[6] = 1; /* CreditCharge */
	h[12] = (uint8_t)command;
	h[14] = 8; /* CreditRequest */
	h[24] = (uint8_t)id;
	memcpy(h + HEADER, body, length);
	return PREFIX + HEADER + length;
}

/* NEGOTIATE of 3.0.2 by the client `client` (MS-SMB2 2.2.3). */
static size_t negotiate(uint8_t *to, uint64_t id, uint8_t client)
{
	uint8_t body[38] = {
		36, 0, 1, 0, 1, [12] = client, [36] = 0x02, [37] = 0x03
	};

	return frame(to, 0, id, body, sizeof(body));
}

/* MS-SMB2 2.2.28 */
static size_t echo(uint8_t *to, uint64_t id)
{
	static const uint8_t body[4] = { 4 };

	return frame(to, 13, id, body, sizeof(body));
}

static void send_all(int fd, const uint8_t *bytes, size_t length)
{
	assert_int_equal(send(fd, bytes, length, MSG_NOSIGNAL), length);
}

/*
 * As much as was asked for, or less at the end. The ring of the probe may still
 * be on its way out, and interrupt us.
 */
static size_t receive_bytes(int fd, uint8_t *to, size_t length)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = recv(fd, to + done, length - done, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

/* One reply without its prefix: its length; 0 if the connection ended. */
static size_t receive(int fd, uint8_t *reply)
{
	uint8_t prefix[PREFIX];
	size_t length;

	if (receive_bytes(fd, prefix, PREFIX) != PREFIX)
		return 0;
	length = (size_t)prefix[2] << 8 | prefix[3];
	assert_in_range(length, HEADER, REPLY_MAX);
	assert_int_equal(receive_bytes(fd, reply, length), length);
	assert_memory_equal(reply, "\xfeSMB", 4);
	return length;
}

static void expect_negotiated(int fd, uint64_t id, uint16_t dialect)
{
	uint8_t reply[REPLY_MAX];

	assert_true(receive(fd, reply) > HEADER + 64);
	assert_int_equal(reply[12], 0);
	assert_int_equal(reply[24], id);
	assert_int_equal(reply[HEADER + 4] | reply[HEADER + 5] << 8, dialect);
	assert_memory_equal(reply + HEADER + 8, f.facts.guid, 16);
}

static int engine_of(void **state)
{
	const int *engine = *state;
	struct loop_features features;

	loop_probe(&features);
	if (*engine == LOOP_ENGINE_URING && !features.has_uring) {
		print_message("%s\n", features.text);
		skip();
	}
	return *engine;
}

static void clients_are_served_by_both_workers(void **state)
{
	uint8_t request[200];
	int fds[8];

	start(engine_of(state), 100);
	for (uint8_t i = 0; i < 8; i++) {
		fds[i] = dial();
		send_all(fds[i], request, negotiate(request, 0, i + 1));
		expect_negotiated(fds[i], 0, 0x0302);
	}
	assert_int_equal(gw_directory_count(f.server.directory), 8);
	assert_int_equal(gw_admission_count(f.server.admission), 8);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	stop();
}

static void what_comes_behind_the_first_frame_goes_along(void **state)
{
	uint8_t request[400], reply[REPLY_MAX];

	start(engine_of(state), 100);
	for (uint8_t i = 0; i < 4; i++) {
		size_t first = negotiate(request, 0, i + 1);
		size_t whole = first + echo(request + first, 1);
		int fd = dial();

		send_all(fd, request, first + 7);
		expect_negotiated(fd, 0, 0x0302);
		send_all(fd, request + first + 7, whole - first - 7);
		/* Without a session: USER_SESSION_DELETED or an answer. */
		assert_true(receive(fd, reply) >= HEADER);
		assert_int_equal(reply[12], 13);
		close(fd);
	}
	stop();
}

/* MS-SMB2 3.3.5.3.1: answered with 0x02FF, then the SMB2 NEGOTIATE. */
static void an_smb1_opener_does_not_fix_the_worker(void **state)
{
	/* Header of 32 bytes, no words, 11 bytes: one dialect. */
	static const uint8_t opener[PREFIX + 46] = {
		[3] = 46, 0xff, 'S', 'M', 'B', 'r', [PREFIX + 33] = 11,
		0,        2,    'S', 'M', 'B', ' ', '2',
		'.',      '?',  '?', '?',
	};
	uint8_t request[200];
	int fds[4];

	start(engine_of(state), 100);
	for (uint8_t i = 0; i < 4; i++) {
		fds[i] = dial();
		send_all(fds[i], opener, sizeof(opener));
		expect_negotiated(fds[i], 0, 0x02ff);
		send_all(fds[i], request, negotiate(request, 1, i + 1));
		expect_negotiated(fds[i], 1, 0x0302);
	}
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	stop();
}

static void connections_beyond_the_limit_end_at_once(void **state)
{
	uint8_t byte, request[200];
	int fds[3];

	start(engine_of(state), 3);
	for (uint8_t i = 0; i < 3; i++) {
		fds[i] = dial();
		send_all(fds[i], request, negotiate(request, 0, i + 1));
		expect_negotiated(fds[i], 0, 0x0302);
	}
	for (int i = 0; i < 20; i++) {
		int fd = dial();

		assert_int_equal(receive_bytes(fd, &byte, 1), 0);
		close(fd);
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	stop();
}

static void strangers_cost_nobody_anything(void **state)
{
	static const uint8_t http[] = "GET / HTTP/1.1\r\n\r\n";
	static const uint8_t huge[] = { 0, 0xff, 0xff, 0xff };
	uint8_t byte;
	int silent, fd;

	start(engine_of(state), 100);
	silent = dial();
	fd = dial();
	send_all(fd, http, sizeof(http));
	assert_int_equal(receive_bytes(fd, &byte, 1), 0);
	close(fd);
	fd = dial();
	send_all(fd, huge, sizeof(huge));
	assert_int_equal(receive_bytes(fd, &byte, 1), 0);
	close(fd);
	/* One that says nothing does not hold up the end. */
	stop();
	assert_int_equal(receive_bytes(silent, &byte, 1), 0);
	close(silent);
}

/* ---- a client that logs on ---- */

static bool link_send(void *link, const uint8_t *bytes, size_t length)
{
	const uint8_t prefix[PREFIX] = { 0, (uint8_t)(length >> 16),
					 (uint8_t)(length >> 8),
					 (uint8_t)length };
	const int *fd = link;

	send_all(*fd, prefix, PREFIX);
	send_all(*fd, bytes, length);
	return true;
}

static uint8_t *link_receive(void *link, size_t *ret_length)
{
	const int *fd = link;
	uint8_t prefix[PREFIX];
	uint8_t *bytes;

	if (receive_bytes(*fd, prefix, PREFIX) != PREFIX)
		return NULL;
	*ret_length = (size_t)prefix[1] << 16 | prefix[2] << 8 | prefix[3];
	bytes = malloc(*ret_length);
	assert_non_null(bytes);
	assert_int_equal(receive_bytes(*fd, bytes, *ret_length), *ret_length);
	return bytes;
}

static void logon(struct client *c, int *fd, uint8_t guid,
		  struct client_session *session, uint64_t previous_id)
{
	struct client_link link = { .send = link_send,
				    .receive = link_receive,
				    .link = fd };

	*fd = dial();
	client_init(c, &link);
	c->guid[0] = guid;
	assert_int_equal(client_negotiate_dialect(c, 0x0302), 0);
	assert_int_equal(client_logon_again(c, session, "ann", "secret",
					    previous_id),
			 0);
}

static void hang_up(struct client *c, int fd, struct client_session *session)
{
	client_session_fini(c, session);
	client_fini(c);
	close(fd);
}

/* MS-SMB2 3.3.5.5.3: PreviousSessionId, whoever has that session. */
static void a_lost_session_ends_on_another_worker_too(void **state)
{
	struct client_session first = { .id = 0 }, second = { .id = 0 };
	struct client a, b;
	uint32_t tree;
	int fd_a, fd_b;

	start(engine_of(state), 100);
	logon(&a, &fd_a, 1, &first, 0);
	assert_int_equal(client_tree(&a, &first, "\\\\x\\IPC$", &tree), 0);
	logon(&b, &fd_b, 2, &second, first.id);
	assert_int_not_equal(smb_session_id_worker(first.id),
			     smb_session_id_worker(second.id));
	assert_int_equal(client_tree(&a, &first, "\\\\x\\IPC$", &tree),
			 (uint32_t)NT_STATUS_USER_SESSION_DELETED);
	assert_int_equal(client_tree(&b, &second, "\\\\x\\IPC$", &tree), 0);
	hang_up(&a, fd_a, &first);
	hang_up(&b, fd_b, &second);
	stop();
}

/* A CREATE with a batch oplock and one create context; its status. */
static uint32_t create_with(struct client *c, struct client_session *session,
			    uint32_t tree, const char *tag, const void *data,
			    size_t length, struct client_file *ret_file)
{
	struct client_answer answer;

	client_begin(c, SMB2_CREATE, session, tree, 0);
	size_t body = c->w.at;

	client_write_create(c, "f", 0x1f01ff, 3, 0x1000);
	c->w.start[body + 3] = 9;
	client_add_context(c, tag, data, length);
	uint32_t status = client_ask(c, &answer);

	if (status == 0)
		*ret_file = client_file_of(&answer);
	return status;
}

static void hang_up_and_wait(struct client *c, int fd,
			     struct client_session *session)
{
	size_t before = gw_admission_count(f.server.admission);

	hang_up(c, fd, session);
	while (gw_admission_count(f.server.admission) == before)
		usleep(1000);
}

/* MS-SMB2 3.3.5.9.7: without a lease any client may be the one it was. */
static void a_durable_open_comes_along_to_another_worker(void **state)
{
	static const uint8_t zero[16];
	struct client_session first = { .id = 0 }, second = { .id = 0 };
	struct client_file file;
	struct client a, b;
	uint32_t tree;
	int fd_a, fd_b;

	start(engine_of(state), 100);
	logon(&a, &fd_a, 1, &first, 0);
	assert_int_equal(client_tree(&a, &first, "\\\\x\\s", &tree), 0);
	assert_int_equal(create_with(&a, &first, tree, "DHnQ", zero, 16, &file),
			 0);
	assert_int_equal(client_write(&a, &first, tree, file, 0, "abc", 3), 0);
	logon(&b, &fd_b, 2, &second, 0);
	assert_int_not_equal(smb_session_id_worker(first.id),
			     smb_session_id_worker(second.id));
	hang_up_and_wait(&a, fd_a, &first);
	assert_int_equal(client_tree(&b, &second, "\\\\x\\s", &tree), 0);
	assert_int_equal(create_with(&b, &second, tree, "DHnC", &file, 16,
				     &file),
			 0);
	assert_int_equal(client_write(&b, &second, tree, file, 3, "def", 3), 0);
	assert_int_equal(client_close(&b, &second, tree, file), 0);
	hang_up(&b, fd_b, &second);
	stop();
}

/* Nothing is left over, and nobody waits for it. */
static void a_server_ends_with_opens_that_wait(void **state)
{
	static const uint8_t zero[16];
	struct client_session session = { .id = 0 };
	struct client_file file;
	struct client c;
	uint32_t tree;
	int fd;

	start(engine_of(state), 100);
	logon(&c, &fd, 1, &session, 0);
	assert_int_equal(client_tree(&c, &session, "\\\\x\\s", &tree), 0);
	assert_int_equal(create_with(&c, &session, tree, "DHnQ", zero, 16,
				     &file),
			 0);
	hang_up_and_wait(&c, fd, &session);
	assert_int_equal(fsa_node_count(f.fsa), 1);
	stop();
}

static int uring = LOOP_ENGINE_URING, plain = LOOP_ENGINE_PLAIN;

int main(void)
{
#define BOTH(test)                               \
	cmocka_unit_test_prestate(test, &uring), \
		cmocka_unit_test_prestate(test, &plain)
	const struct CMUnitTest tests[] = {
		BOTH(clients_are_served_by_both_workers),
		BOTH(what_comes_behind_the_first_frame_goes_along),
		BOTH(an_smb1_opener_does_not_fix_the_worker),
		BOTH(connections_beyond_the_limit_end_at_once),
		BOTH(strangers_cost_nobody_anything),
		BOTH(a_lost_session_ends_on_another_worker_too),
		BOTH(a_durable_open_comes_along_to_another_worker),
		BOTH(a_server_ends_with_opens_that_wait),
	};
	sigset_t set;

	gw_log_set_level(GW_LOG_ERROR);
	sigemptyset(&set);
	sigaddset(&set, GW_SIGNAL_WORKER);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
