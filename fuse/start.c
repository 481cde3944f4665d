/*
 * Starting a program: the ways there are, tried in turn until its root
 * answers. A program that takes no /dev/fd/N for a mount point ends at once,
 * say; one that is too young for our first INIT is started again and sent the
 * second. The way that has worked is the only one from then on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuse/backend_inside.h"
#include "fuse/command.h"
#include "fuse/init.h"
#include "fuse/shim.h"

/* How often a mount or an answer that is to come is looked for. */
#define LOOK_MS 10

const char *const fusefs_way_names[FUSEFS_WAYS] = {
	[FUSEFS_WAY_DIRECT] = "directly",
	[FUSEFS_WAY_DIRECT_AGAIN] = "directly, by a younger protocol",
	[FUSEFS_WAY_SHIM] = "directly, by a fusermount of ours",
	[FUSEFS_WAY_SHIM_AGAIN] =
		"directly, by a fusermount of ours and auto_unmount",
	[FUSEFS_WAY_DETACHED] = "by a mount of ours",
	[FUSEFS_WAY_PLACE] = "by a mount of its own",
};

unsigned int fusefs_interval_ms(const struct fusefs_backend *b)
{
	return b->timeout_ms / 3 < 10000 ? b->timeout_ms / 3 : 10000;
}

/* ---- the program ---- */

static bool is_shim(const struct fusefs_backend *b)
{
	return b->way == FUSEFS_WAY_SHIM || b->way == FUSEFS_WAY_SHIM_AGAIN;
}

static char **argv_new(const struct fusefs_backend *b, const char *mountpoint)
{
	return fusefs_command_new((const char *const *)b->words, b->word_count,
				  mountpoint, b->is_read_only,
				  b->way == FUSEFS_WAY_SHIM_AGAIN
					  ? "auto_unmount"
					  : NULL);
}

static int spawn(struct fusefs_backend *b, const char *mountpoint, int keep_fd)
{
	char **argv = argv_new(b, mountpoint);
	struct fusefs_spawn how = { .argv = argv,
				    .keep_fd = keep_fd,
				    .mounts =
					    !fusefs_is_direct(b) && keep_fd < 0,
				    .shim_place =
					    is_shim(b) ? b->place : NULL };
	int err;

	if (!argv)
		return -ENOMEM;
	err = fusefs_spawn(&how, &b->child, &b->is_private);
	if (err)
		fusefs_say(b, FUSEFS_LOG_ERROR, "%s: %s", argv[0],
			   strerror(-err));
	else
		fusefs_say(b, FUSEFS_LOG_DEBUG, "%s: started, pid %d, on %s",
			   argv[0], (int)b->child.pid, mountpoint);
	fusefs_command_free(argv);
	return err;
}

/* On a descriptor, which it gets and we don't keep. */
static int spawn_on(struct fusefs_backend *b, int fd)
{
	char mountpoint[32];
	int err;

	snprintf(mountpoint, sizeof(mountpoint), "/dev/fd/%d", fd);
	err = spawn(b, mountpoint, fd);
	close(fd);
	return err;
}

/* ---- the direct door ---- */

static struct fusefs_who own_who(void)
{
	return (struct fusefs_who){ .uid = geteuid(), .gid = getegid() };
}

/* Which step of INIT's ladder. */
static unsigned int init_step(const struct fusefs_backend *b)
{
	return b->way == FUSEFS_WAY_DIRECT_AGAIN;
}

static int send_init(struct fusefs_backend *b)
{
	struct iovec parts[FUSEFS_PARTS_MAX];
	struct msghdr message = { .msg_iov = parts };
	struct fusefs_who who = own_who();
	struct fusefs_request init;

	fusefs_init_request(init_step(b), &who, &init);
	init.head.unique = 1;
	message.msg_iovlen = fusefs_request_parts(&init, parts);
	/* One that has ended already is found to have done so below. */
	if (sendmsg(b->socket_fd, &message, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		return -errno;
	return 0;
}

/* In a place of its own, with a fusermount that asks us. */
static int spawn_with_shim(struct fusefs_backend *b, int theirs)
{
	char mountpoint[FUSEFS_PLACE_SIZE + 8];
	int err;

	b->theirs_fd = theirs;
	err = fusefs_place_make(b->place);
	if (err) {
		*b->place = '\0';
		return err;
	}
	err = fusefs_shim_open(b->place, &b->shim_fd);
	if (err) {
		fusefs_shim_clear(b->place);
		return err;
	}
	snprintf(mountpoint, sizeof(mountpoint), "%s/mnt", b->place);
	return spawn(b, mountpoint, -1);
}

static int start_direct(struct fusefs_backend *b)
{
	int theirs;
	int err = fusefs_conn_pair(&b->socket_fd, &theirs, &b->message_max);

	if (!err)
		err = is_shim(b) ? spawn_with_shim(b, theirs)
				 : spawn_on(b, theirs);
	return err ? err : send_init(b);
}

/* To the one that asks for it, and is the program's. */
static void serve_shim(struct fusefs_backend *b)
{
	int err = b->theirs_fd < 0 ? -EAGAIN
				   : fusefs_shim_give(b->shim_fd, b->child.pid,
						      b->theirs_fd);

	if (err == -EPERM)
		fusefs_say(b, FUSEFS_LOG_WARN,
			   "a stranger has asked for its files");
	if (err)
		return;
	close(b->theirs_fd);
	b->theirs_fd = -1;
}

/* On the connection's thread. The backend may be gone from the last line on. */
static void probed(struct fusefs_call *call)
{
	struct fusefs_backend *b = call->arg;

	eventfd_write(b->wake_fd, 1);
	b->probe.is_answered = true;
}

int fusefs_send_probe(struct fusefs_backend *b)
{
	struct fusefs_who who = own_who();
	struct fusefs_probe *p = &b->probe;
	int err;

	p->call = (struct fusefs_call){ .to = &p->out,
					.to_size = sizeof(p->out),
					.done = probed,
					.arg = b };
	fusefs_request_init(&p->call.request, FUSE_GETATTR, FUSEFS_ROOT, &who,
			    sizeof(struct fuse_getattr_in));
	p->is_answered = false;
	p->is_out = true;
	p->asked_ms = fusefs_now_ms();
	err = fusefs_conn_send(b->conn, &p->call);
	if (err)
		p->is_out = false;
	return err;
}

/* -EAGAIN: wait; -EPROTO: it may like another step better. */
static int take_init(struct fusefs_backend *b)
{
	struct {
		struct fuse_out_header head;
		struct fuse_init_out init;
	} reply;
	ssize_t n = recv(b->socket_fd, &reply, sizeof(reply), MSG_DONTWAIT);
	struct fusefs_limits limits;
	int err;

	if (n < 0 && errno != EAGAIN && errno != ECONNRESET)
		return -errno;
	if (n <= 0)
		return -EAGAIN; /* if it is its end, that will tell more */
	err = fusefs_reply_check(&reply.head, (size_t)n);
	if (!err)
		err = fusefs_init_take(init_step(b), &reply.init,
				       (size_t)n - sizeof(reply.head),
				       b->message_max, &limits);
	limits.keeps_nothing = b->keeps_nothing;
	if (!err)
		err = fusefs_conn_new(b->socket_fd, &limits, &b->conn);
	if (err)
		return err == -EAGAIN ? -EPROTO : err;
	b->socket_fd = -1;
	return fusefs_send_probe(b) ?: -EAGAIN;
}

static int look_at_conn(struct fusefs_backend *b)
{
	struct fusefs_attr attr;
	uint64_t ignored;

	if (is_shim(b))
		serve_shim(b);
	if (!b->conn)
		return take_init(b);
	if (!b->probe.is_answered)
		return -EAGAIN;
	return b->probe.call.err
		       ?: fusefs_attr_take(&b->probe.out, b->probe.call.length,
					   &attr, &ignored);
}

/* ---- the kernel door ---- */

static int watch_root(struct fusefs_backend *b)
{
	b->watch =
		fusefs_watch_new(b->root_fd, fusefs_interval_ms(b), b->wake_fd);
	return b->watch ? 0 : -ENOMEM;
}

/* -EPERM: we may make no mounts. */
static int start_detached(struct fusefs_backend *b)
{
	int device, err;

	err = fusefs_kmount_detached(b->name, b->is_read_only, &device,
				     &b->root_fd);
	if (!err)
		err = spawn_on(b, device);
	return err ? err : watch_root(b);
}

static int start_on_place(struct fusefs_backend *b)
{
	int err = fusefs_place_make(b->place);

	if (err)
		*b->place = '\0';
	return err ? err : spawn(b, b->place, -1);
}

/* Finds the mount that it has made. -EAGAIN: not there. */
static int find_mount(struct fusefs_backend *b)
{
	int fd = fusefs_place_open(b->place, b->child.pid, b->is_private);

	if (fd == -EACCES)
		fusefs_say(b, FUSEFS_LOG_ERROR,
			   "it mounts without allow_other and "
			   "default_permissions, which several users need: "
			   "give it these options");
	if (fd < 0)
		return fd;
	b->root_fd = fd;
	return watch_root(b);
}

static int look_at_mount(struct fusefs_backend *b)
{
	int err = b->watch ? 0 : find_mount(b);

	if (err)
		return err;
	return fusefs_watch_has_answer(b->watch, &err) ? err : -EAGAIN;
}

/* ---- one way after the other ---- */

/*
 * What comes after a way that did not work; FUSEFS_WAYS: nothing. Only who
 * does not like our protocol is offered another. Who takes no descriptor for a
 * mount point calls fusermount, if it may not mount otherwise.
 */
static enum fusefs_way next_way(const struct fusefs_backend *b, int err)
{
	bool is_direct = b->via == FUSEFS_VIA_DIRECT;

	if (b->has_way || err == -ECANCELED)
		return FUSEFS_WAYS;
	switch (b->way) {
	case FUSEFS_WAY_DIRECT:
		if (err == -ENOENT) /* there is no such program */
			return FUSEFS_WAYS;
		if (err == -EPROTO)
			return FUSEFS_WAY_DIRECT_AGAIN;
		return is_direct ? FUSEFS_WAY_SHIM : FUSEFS_WAY_DETACHED;
	case FUSEFS_WAY_DIRECT_AGAIN:
		return is_direct ? FUSEFS_WAYS : FUSEFS_WAY_DETACHED;
	case FUSEFS_WAY_DETACHED:
		return FUSEFS_WAY_PLACE;
	case FUSEFS_WAY_PLACE:
		return b->via == FUSEFS_VIA_AUTO ? FUSEFS_WAY_SHIM
						 : FUSEFS_WAYS;
	case FUSEFS_WAY_SHIM: /* did it ever come so far as to call it? */
		return b->theirs_fd >= 0 && err == -ENOEXEC
			       ? FUSEFS_WAY_SHIM_AGAIN
			       : FUSEFS_WAYS;
	default:
		return FUSEFS_WAYS;
	}
}

static void tell_end(struct fusefs_backend *b, const char *how)
{
	fusefs_say(b,
		   next_way(b, -ENOEXEC) == FUSEFS_WAYS ? FUSEFS_LOG_WARN
							: FUSEFS_LOG_INFO,
		   "%s %s before its files were there%s%s%s", b->words[0], how,
		   *b->last ? ": " : "", b->last,
		   strcmp(how, "ended with 0") != 0
			   ? ""
			   : "; it must stay in the foreground (-f)");
}

/* 0: the root answers; or what went wrong. */
static int await_answer(struct fusefs_backend *b, uint64_t deadline)
{
	char how[64];
	int err;

	for (;;) {
		bool tells = b->watch || b->conn;

		if (fusefs_is_stopping(b))
			return -ECANCELED;
		if (fusefs_pump(b, tells ? FUSEFS_TICK_MS : LOOK_MS, how)) {
			tell_end(b, how);
			return -ENOEXEC;
		}
		err = fusefs_is_direct(b) ? look_at_conn(b) : look_at_mount(b);
		if (err != -EAGAIN)
			return err;
		if (fusefs_now_ms() > deadline) {
			fusefs_say(b, FUSEFS_LOG_WARN, "no answer within %u ms",
				   b->timeout_ms);
			return -ETIMEDOUT;
		}
	}
}

static int start_in_one_way(struct fusefs_backend *b)
{
	uint64_t deadline = fusefs_now_ms() + b->timeout_ms;
	int err;

	*b->last = '\0';
	if (fusefs_is_direct(b))
		err = start_direct(b);
	else
		err = b->way == FUSEFS_WAY_DETACHED ? start_detached(b)
						    : start_on_place(b);
	return err ? err : await_answer(b, deadline);
}

int fusefs_start_program(struct fusefs_backend *b)
{
	enum fusefs_way next;
	int err;

	if (!b->has_way)
		b->way = b->via == FUSEFS_VIA_KERNEL ? FUSEFS_WAY_DETACHED
						     : FUSEFS_WAY_DIRECT;
	while ((err = start_in_one_way(b))) {
		next = next_way(b, err);
		if (next == FUSEFS_WAYS)
			return err;
		fusefs_end_program(b, err == -ETIMEDOUT);
		fusefs_say(b, FUSEFS_LOG_INFO, "not %s (%s): now %s",
			   fusefs_way_names[b->way], strerror(-err),
			   fusefs_way_names[next]);
		b->way = next;
	}
	b->has_way = true;
	return 0;
}
