/*
 * smbgate-faultfs: a file system in memory whose operations go wrong as a file
 * of rules says (faults.h), which is read again whenever it changes.
 *
 * Each operation goes by meet(), which lets it happen, answers it, or never
 * answers. Answers that break the protocol are made where libfuse writes them:
 * it does so on the thread of the operation, whose rule is remembered there.
 */
#include "fuse/fs/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "fuse/fs/memfs.h"

enum {
	RULES_BYTES_MAX = 64 * 1024,
	SIZE = 1 << 30,
};

/* What the session's operations see comes first. */
static struct faulty {
	struct memfs fs;
	char *path; /* of the rules; NULL: there are none */
	pthread_mutex_t mutex;
	struct faults faults;
	struct timespec changed; /* the rules, when they were read */
} faulty = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* What the answer of this thread's operation is to be. */
static _Thread_local struct faults_rule answer;

static void read_rules(int fd)
{
	char *text = calloc(1, RULES_BYTES_MAX + 1);
	const char *why = "they can't be read";
	int line = -1;

	if (text && read(fd, text, RULES_BYTES_MAX) >= 0)
		line = faults_parse(&faulty.faults, text, &why);
	if (line != 0)
		fprintf(stderr, "smbgate-faultfs: rules, line %d: %s\n", line,
			why);
	free(text);
}

/* The mutex is held. */
static void renew_rules(void)
{
	struct stat stat;
	int fd;

	if (!faulty.path)
		return;
	fd = open(faulty.path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		faults_fini(&faulty.faults);
		faulty.changed = (struct timespec){ 0 };
		return;
	}
	if (fstat(fd, &stat) == 0 &&
	    memcmp(&stat.st_mtim, &faulty.changed, sizeof(stat.st_mtim)) != 0) {
		faulty.changed = stat.st_mtim;
		read_rules(fd);
	}
	close(fd);
}

/* Of a node, in any directory: they know their entries, not the reverse. */
static void name_of(uint64_t number, char ret_name[MEMFS_NAME_MAX + 1])
{
	struct memfs_tree *tree = &faulty.fs.tree;
	struct memfs_node *node;
	const char *name;

	pthread_rwlock_rdlock(&tree->lock);
	for (uint64_t i = MEMFS_ROOT; i < tree->next && !*ret_name; i++) {
		const struct memfs_node *dir = memfs_tree_node(tree, i);
		uint64_t cookie = 0;

		if (!dir || !S_ISDIR(dir->stat.st_mode))
			continue;
		while ((name = memfs_list(dir, cookie, &cookie, &node)))
			if (node->number == number)
				strcpy(ret_name, name);
	}
	pthread_rwlock_unlock(&tree->lock);
}

static struct faults_rule rule_of(enum faults_operation operation,
				  uint64_t number, const char *name)
{
	char found[MEMFS_NAME_MAX + 1] = "";
	struct faults_rule rule;

	pthread_mutex_lock(&faulty.mutex);
	renew_rules();
	if (!name && faults_want_names(&faulty.faults)) {
		name_of(number, found);
		name = found;
	}
	rule = faults_meet(&faulty.faults, operation, name);
	pthread_mutex_unlock(&faulty.mutex);
	if (rule.kind != FAULTS_NONE)
		fprintf(stderr, "smbgate-faultfs: %s: %s\n",
			faults_operation_name(operation),
			faults_kind_name(&rule));
	return rule;
}

static void sleep_ms(int ms)
{
	const struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

/* True: it is to happen. False: it was answered, or never will be. */
static bool meet(fuse_req_t req, enum faults_operation operation,
		 uint64_t number, const char *name)
{
	answer = rule_of(operation, number, name);
	switch (answer.kind) {
	case FAULTS_DELAY:
		sleep_ms(answer.value);
		return true;
	case FAULTS_HANG:
		return false;
	case FAULTS_STOP:
		kill(getpid(), SIGSTOP);
		return true;
	case FAULTS_CRASH:
		kill(getpid(), SIGKILL);
		return false;
	case FAULTS_ERROR:
		fuse_reply_err(req, answer.value);
		return false;
	default:
		return true;
	}
}

static void fault_init(void *user_data, struct fuse_conn_info *conn)
{
	answer = rule_of(FAULTS_init, MEMFS_ROOT, NULL);
	if (answer.kind == FAULTS_DELAY)
		sleep_ms(answer.value);
	else if (answer.kind == FAULTS_HANG)
		pause();
	else if (answer.kind == FAULTS_STOP)
		kill(getpid(), SIGSTOP);
	else if (answer.kind == FAULTS_CRASH)
		kill(getpid(), SIGKILL);
	memfs_ops.init(user_data, conn);
}

/* ---- each operation ---- */

#define FILE_INFO struct fuse_file_info *file

#define ON_NAME(op, parameters, arguments)           \
	static void fault_##op parameters            \
	{                                            \
		if (meet(req, FAULTS_##op, 0, name)) \
			memfs_ops.op arguments;      \
	}
#define ON_NODE(op, parameters, arguments)                \
	static void fault_##op parameters                 \
	{                                                 \
		if (meet(req, FAULTS_##op, number, NULL)) \
			memfs_ops.op arguments;           \
	}

ON_NAME(lookup, (fuse_req_t req, fuse_ino_t parent, const char *name),
	(req, parent, name))
ON_NODE(getattr, (fuse_req_t req, fuse_ino_t number, FILE_INFO),
	(req, number, file))
ON_NODE(setattr,
	(fuse_req_t req, fuse_ino_t number, struct stat *stat, int what,
	 FILE_INFO),
	(req, number, stat, what, file))
ON_NODE(readlink, (fuse_req_t req, fuse_ino_t number), (req, number))
ON_NAME(mknod,
	(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	 dev_t rdev),
	(req, parent, name, mode, rdev))
ON_NAME(mkdir,
	(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode),
	(req, parent, name, mode))
ON_NAME(symlink,
	(fuse_req_t req, const char *target, fuse_ino_t parent,
	 const char *name),
	(req, target, parent, name))
ON_NAME(unlink, (fuse_req_t req, fuse_ino_t parent, const char *name),
	(req, parent, name))
ON_NAME(rmdir, (fuse_req_t req, fuse_ino_t parent, const char *name),
	(req, parent, name))
ON_NAME(rename,
	(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to,
	 const char *to_name, unsigned int flags),
	(req, parent, name, to, to_name, flags))
ON_NAME(link,
	(fuse_req_t req, fuse_ino_t number, fuse_ino_t parent,
	 const char *name),
	(req, number, parent, name))
ON_NAME(create,
	(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	 FILE_INFO),
	(req, parent, name, mode, file))
ON_NODE(open, (fuse_req_t req, fuse_ino_t number, FILE_INFO),
	(req, number, file))
ON_NODE(release, (fuse_req_t req, fuse_ino_t number, FILE_INFO),
	(req, number, file))
ON_NODE(flush, (fuse_req_t req, fuse_ino_t number, FILE_INFO),
	(req, number, file))
ON_NODE(fsync, (fuse_req_t req, fuse_ino_t number, int data_only, FILE_INFO),
	(req, number, data_only, file))
ON_NODE(fsyncdir, (fuse_req_t req, fuse_ino_t number, int data_only, FILE_INFO),
	(req, number, data_only, file))
ON_NODE(read,
	(fuse_req_t req, fuse_ino_t number, size_t size, off_t offset,
	 FILE_INFO),
	(req, number, size, offset, file))
ON_NODE(write,
	(fuse_req_t req, fuse_ino_t number, const char *bytes, size_t size,
	 off_t offset, FILE_INFO),
	(req, number, bytes, size, offset, file))
ON_NODE(statfs, (fuse_req_t req, fuse_ino_t number), (req, number))
ON_NODE(readdir,
	(fuse_req_t req, fuse_ino_t number, size_t size, off_t offset,
	 FILE_INFO),
	(req, number, size, offset, file))
ON_NODE(readdirplus,
	(fuse_req_t req, fuse_ino_t number, size_t size, off_t offset,
	 FILE_INFO),
	(req, number, size, offset, file))
ON_NODE(setxattr,
	(fuse_req_t req, fuse_ino_t number, const char *attribute,
	 const char *value, size_t size, int flags),
	(req, number, attribute, value, size, flags))
ON_NODE(getxattr,
	(fuse_req_t req, fuse_ino_t number, const char *attribute, size_t size),
	(req, number, attribute, size))
ON_NODE(listxattr, (fuse_req_t req, fuse_ino_t number, size_t size),
	(req, number, size))
ON_NODE(removexattr, (fuse_req_t req, fuse_ino_t number, const char *attribute),
	(req, number, attribute))
ON_NODE(fallocate,
	(fuse_req_t req, fuse_ino_t number, int mode, off_t offset,
	 off_t length, FILE_INFO),
	(req, number, mode, offset, length, file))
ON_NODE(lseek,
	(fuse_req_t req, fuse_ino_t number, off_t offset, int whence,
	 FILE_INFO),
	(req, number, offset, whence, file))
ON_NODE(copy_file_range,
	(fuse_req_t req, fuse_ino_t number, off_t offset, FILE_INFO,
	 fuse_ino_t to, off_t to_offset, struct fuse_file_info *to_file,
	 size_t length, int flags),
	(req, number, offset, file, to, to_offset, to_file, length, flags))

/* ---- answers ---- */

static ssize_t read_plain(int fd, void *bytes, size_t length, void *user_data)
{
	(void)user_data;
	return read(fd, bytes, length);
}

static ssize_t send_spoilt(int fd, const struct iovec *parts, int count)
{
	size_t length = 0, room, second, spoilt;
	uint8_t *whole, *bytes;
	ssize_t sent = -1;

	for (int i = 0; i < count; i++)
		length += parts[i].iov_len;
	room = length + FAULTS_LONGER;
	whole = malloc(length);
	bytes = malloc(room);
	if (whole && bytes) {
		size_t done = 0;

		for (int i = 0; i < count; i++) {
			memcpy(whole + done, parts[i].iov_base,
			       parts[i].iov_len);
			done += parts[i].iov_len;
		}
		spoilt = faults_spoil(&answer, whole, length, bytes, room,
				      &second);
		sent = write(fd, bytes, spoilt);
		if (second > 0)
			sent = write(fd, bytes, second);
	}
	free(whole);
	free(bytes);
	return sent < 0 ? sent : (ssize_t)length;
}

static ssize_t write_answer(int fd, struct iovec *parts, int count,
			    void *user_data)
{
	bool is_spoilt =
		answer.kind == FAULTS_SHORT || answer.kind == FAULTS_WRONG;
	ssize_t sent;

	(void)user_data;
	sent = is_spoilt ? send_spoilt(fd, parts, count)
			 : writev(fd, parts, count);
	answer.kind = FAULTS_NONE;
	return sent;
}

static int start(struct fuse_session *session, void *user_data)
{
	const struct fuse_custom_io io = {
		.read = read_plain,
		.writev = write_answer,
	};

	(void)user_data;
	return fuse_session_custom_io(session, &io, fuse_session_fd(session));
}

static const char usage[] =
	"    -o faults=FILE         what is to go wrong, a rule a line:\n"
	"                           OPERATION,… FAULT [VALUE] [name=PATTERN]\n"
	"                           [after=N] [times=N]\n"
	"                           FAULT: delay TIME, hang, stop, crash,\n"
	"                           error NAME, short, wrong WHAT\n";

int main(int argc, char **argv)
{
	static const struct fuse_opt options[] = {
		{ "faults=%s", offsetof(struct faulty, path), 0 },
		FUSE_OPT_END,
	};
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct fuse_lowlevel_ops ops = memfs_ops;
	const struct memfs_program program = {
		.name = "smbgate-faultfs",
		.usage = usage,
		.ops = &ops,
		.user_data = &faulty,
		.start = start,
	};
	int status = 2;

#define X(op) ops.op = fault_##op;
	FAULTS_OPERATIONS(X)
#undef X
	if (fuse_opt_parse(&args, &faulty, options, NULL) == 0 &&
	    memfs_tree_init(&faulty.fs.tree, SIZE, getuid(), getgid()) == 0) {
		memfs_tree_node(&faulty.fs.tree, MEMFS_ROOT)->stat.st_mode =
			S_IFDIR | S_ISVTX | 0777;
		status = memfs_program_run(&program, &args);
	}
	fuse_opt_free_args(&args);
	return status;
}
