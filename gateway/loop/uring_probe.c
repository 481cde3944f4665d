/*
 * What this kernel's io_uring has, found by asking for its opcodes and, where
 * an old opcode learned something new, by trying it. Every loop asks its own
 * ring; loop_probe() asks one for the log.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/loop/uring.h"

#define PROBE_ENTRIES 8

/* Completions wait in a queue that is so many times the entries. */
#define COMPLETIONS_PER_ENTRY 16

struct verb_opcode {
	enum loop_verb verb;
	int opcode;
	bool is_needed; /* nobody but the ring can do it for us */
};

static const struct verb_opcode opcodes[] = {
	{ LOOP_VERB_OPENAT2, IORING_OP_OPENAT2 },
	{ LOOP_VERB_STATX, IORING_OP_STATX },
	{ LOOP_VERB_MKDIRAT, IORING_OP_MKDIRAT },
	{ LOOP_VERB_UNLINKAT, IORING_OP_UNLINKAT },
	{ LOOP_VERB_RENAMEAT2, IORING_OP_RENAMEAT },
	{ LOOP_VERB_LINKAT, IORING_OP_LINKAT },
	{ LOOP_VERB_SYMLINKAT, IORING_OP_SYMLINKAT },
	{ LOOP_VERB_READ, IORING_OP_READ, true },
	{ LOOP_VERB_WRITE, IORING_OP_WRITE },
	{ LOOP_VERB_FSYNC, IORING_OP_FSYNC },
	{ LOOP_VERB_FALLOCATE, IORING_OP_FALLOCATE },
	{ LOOP_VERB_FTRUNCATE, LOOP_URING_OP_FTRUNCATE },
	{ LOOP_VERB_FGETXATTR, IORING_OP_FGETXATTR },
	{ LOOP_VERB_FSETXATTR, IORING_OP_FSETXATTR },
	{ LOOP_VERB_SPLICE, IORING_OP_SPLICE },
	{ LOOP_VERB_SEND, IORING_OP_SENDMSG, true },
	{ LOOP_VERB_RECV, IORING_OP_RECV, true },
	{ LOOP_VERB_POLL, IORING_OP_POLL_ADD, true },
	{ LOOP_VERB_ACCEPT, IORING_OP_ACCEPT, true },
};

#define OPCODE_COUNT (sizeof(opcodes) / sizeof(opcodes[0]))

/* ---- setting up ---- */

static int setup_with(struct io_uring *ring, unsigned int entries,
		      unsigned int flags)
{
	struct io_uring_params params = {
		.flags = flags | IORING_SETUP_CLAMP | IORING_SETUP_CQSIZE,
		.cq_entries = entries * COMPLETIONS_PER_ENTRY,
	};
	const unsigned int needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG |
				    IORING_FEAT_SUBMIT_STABLE |
				    IORING_FEAT_FAST_POLL;
	int ret = io_uring_queue_init_params(entries, ring, &params);

	if (ret < 0)
		return ret;
	if ((params.features & needed) == needed)
		return 0;
	io_uring_queue_exit(ring);
	return -ENOSYS;
}

/*
 * SINGLE_ISSUER and DEFER_TASKRUN came with 6.1, COOP_TASKRUN with 5.19; an
 * unknown flag is EINVAL.
 */
int loop_uring_setup(struct io_uring *ring, unsigned int entries,
		     bool *ret_deferred)
{
	static const unsigned int ladder[] = {
		IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN |
			IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SUBMIT_ALL | IORING_SETUP_COOP_TASKRUN,
		0,
	};
	int ret = -EINVAL;

	for (size_t i = 0; i < 3 && ret == -EINVAL; i++) {
		ret = setup_with(ring, entries, ladder[i]);
		*ret_deferred = i == 0;
	}
	return ret;
}

int loop_uring_find_verbs(struct io_uring *ring, bool has[LOOP_VERB_COUNT],
			  bool *ret_has_msg_ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	int ret = 0;

	if (probe == NULL)
		return -ENOSYS;
	for (size_t i = 0; i < OPCODE_COUNT; i++) {
		bool is_there =
			io_uring_opcode_supported(probe, opcodes[i].opcode);

		has[opcodes[i].verb] = is_there;
		if (opcodes[i].is_needed && !is_there)
			ret = -ENOSYS;
	}
	*ret_has_msg_ring =
		io_uring_opcode_supported(probe, IORING_OP_MSG_RING);
	io_uring_free_probe(probe);
	return ret;
}

/* ---- provided buffers ---- */

struct io_uring_buf_ring *loop_uring_buffers_new(struct io_uring *ring,
						 unsigned int entries,
						 int group)
{
	size_t size = entries * sizeof(struct io_uring_buf);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct io_uring_buf_reg reg = {
		.ring_addr = (uintptr_t)memory,
		.ring_entries = entries,
		.bgid = (unsigned short)group,
	};

	if (memory == MAP_FAILED)
		return NULL;
	if (io_uring_register_buf_ring(ring, &reg, 0) < 0) {
		munmap(memory, size);
		return NULL;
	}
	io_uring_buf_ring_init(memory);
	return memory;
}

void loop_uring_buffers_free(struct io_uring *ring,
			     struct io_uring_buf_ring *buffers,
			     unsigned int entries, int group)
{
	io_uring_unregister_buf_ring(ring, group);
	munmap(buffers, entries * sizeof(struct io_uring_buf));
}

/* ---- trying ---- */

/*
 * Submits an operation that can complete at once, and cancels it. True if its
 * first completion was a success that promised more.
 */
static bool try_multishot(struct io_uring *ring, struct loop_op *op)
{
	bool promised = false;
	bool more = true;
	bool is_first = true;

	loop_uring_prep(io_uring_get_sqe(ring), op);
	while (more) {
		struct io_uring_cqe *cqe;

		if (io_uring_submit_and_wait(ring, 1) < 0 ||
		    io_uring_wait_cqe(ring, &cqe) < 0)
			return false;
		if (io_uring_cqe_get_data(cqe) == op) {
			more = (cqe->flags & IORING_CQE_F_MORE) != 0;
			if (is_first) {
				promised = more && cqe->res >= 0;
				is_first = false;
			}
			if (op->verb == LOOP_VERB_ACCEPT && cqe->res >= 0)
				close(cqe->res);
			if (more) {
				struct io_uring_sqe *sqe =
					io_uring_get_sqe(ring);

				io_uring_prep_cancel64(sqe, (uintptr_t)op, 0);
				sqe->user_data = 0;
			}
		}
		io_uring_cqe_seen(ring, cqe);
	}
	return promised;
}

/* The completion of the cancel itself may come last. */
static void drain(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	io_uring_submit_and_get_events(ring);
	while (io_uring_peek_cqe(ring, &cqe) == 0)
		io_uring_cqe_seen(ring, cqe);
}

/* An unnamed address: the kernel chooses one in the abstract space. */
static int listen_somewhere(struct sockaddr_un *ret_address,
			    socklen_t *ret_length)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)ret_address, sizeof(sa_family_t)) < 0 ||
	    listen(fd, 4) < 0) {
		close(fd);
		return -1;
	}
	*ret_length = sizeof(*ret_address);
	getsockname(fd, (struct sockaddr *)ret_address, ret_length);
	return fd;
}

bool loop_uring_try_accept(struct io_uring *ring)
{
	struct sockaddr_un address;
	socklen_t length;
	int listener = listen_somewhere(&address, &length);
	int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool works = false;

	if (listener >= 0 && peer >= 0 &&
	    connect(peer, (struct sockaddr *)&address, length) == 0) {
		struct loop_op op = {
			.verb = LOOP_VERB_ACCEPT,
			.fd = listener,
			.mask = 1,
		};

		works = try_multishot(ring, &op);
		drain(ring);
	}
	if (peer >= 0)
		close(peer);
	if (listener >= 0)
		close(listener);
	return works;
}

static bool try_receive(struct io_uring *ring,
			struct io_uring_buf_ring *buffers, int fd)
{
	char room[2][16];
	struct loop_op op = { .verb = LOOP_VERB_STREAM, .fd = fd };

	for (int i = 0; i < 2; i++)
		io_uring_buf_ring_add(buffers, room[i], sizeof(room[i]),
				      (unsigned short)i,
				      io_uring_buf_ring_mask(2), i);
	io_uring_buf_ring_advance(buffers, 2);

	bool works = try_multishot(ring, &op);

	drain(ring);
	return works;
}

bool loop_uring_try_stream(struct io_uring *ring)
{
	struct io_uring_buf_ring *buffers =
		loop_uring_buffers_new(ring, 2, LOOP_URING_GROUP);
	bool works = false;
	int ends[2];

	if (buffers == NULL)
		return false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
		if (write(ends[1], "x", 1) == 1)
			works = try_receive(ring, buffers, ends[0]);
		close(ends[0]);
		close(ends[1]);
	}
	loop_uring_buffers_free(ring, buffers, 2, LOOP_URING_GROUP);
	return works;
}

/* ---- for the log ---- */

static const char *why_not(int error)
{
	switch (error) {
	case -EPERM:
	case -EACCES:
		return "not permitted here (container or sysctl)";
	case -ENOSYS:
		return "not in this kernel, or too old";
	case -ENOMEM:
		return "not enough memory that may be locked";
	default:
		return strerror(-error);
	}
}

static void write_text(struct loop_features *f)
{
	snprintf(f->text, sizeof(f->text), "io_uring: %s%s%s%s%s%s",
		 f->has_single_issuer ? "single issuer, " : "",
		 f->has_multishot_accept ? "multishot accept, " : "",
		 f->has_multishot_recv
			 ? "multishot receive into provided buffers, "
			 : "",
		 f->has_msg_ring ? "messages between rings, " : "",
		 f->has_ftruncate ? "ftruncate, " : "",
		 f->has_xattr ? "xattrs, " : "");
	strcpy(f->text + strlen(f->text) - 2, "");
}

void loop_probe(struct loop_features *ret_features)
{
	bool has[LOOP_VERB_COUNT] = { false };
	struct loop_features f = { .has_uring = false };
	struct io_uring ring;
	int ret = loop_uring_setup(&ring, PROBE_ENTRIES, &f.has_single_issuer);

	if (ret == 0) {
		ret = loop_uring_find_verbs(&ring, has, &f.has_msg_ring);
		f.has_multishot_accept = loop_uring_try_accept(&ring);
		f.has_multishot_recv = loop_uring_try_stream(&ring);
		io_uring_queue_exit(&ring);
	}
	f.has_uring = ret == 0;
	f.has_ftruncate = has[LOOP_VERB_FTRUNCATE];
	f.has_xattr = has[LOOP_VERB_FGETXATTR] && has[LOOP_VERB_FSETXATTR];
	if (f.has_uring)
		write_text(&f);
	else
		snprintf(f.text, sizeof(f.text),
			 "io_uring: %s; epoll and threads instead",
			 why_not(ret));
	*ret_features = f;
}
