/*
 * A program's start: its own process group, so that a Ctrl-C at our terminal
 * is ours alone; TERM if we die first; no input; no descriptors but one; as
 * few capabilities as will do. Between fork and exec there is one thread of
 * many, so only plain system calls are made there; all else is prepared.
 */
#include "fuse/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuse/shim.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

extern char **environ;

/* What a file system's program has no business with. */
static const int dropped[] = {
	CAP_SYS_ADMIN,  CAP_SYS_MODULE,   CAP_SYS_RAWIO,      CAP_SYS_BOOT,
	CAP_SYS_PTRACE, CAP_SYS_TIME,     CAP_SYS_TTY_CONFIG, CAP_NET_ADMIN,
	CAP_NET_RAW,    CAP_SYSLOG,       CAP_AUDIT_CONTROL,  CAP_AUDIT_WRITE,
	CAP_MAC_ADMIN,  CAP_MAC_OVERRIDE, CAP_WAKE_ALARM,     CAP_BPF,
	CAP_PERFMON,
};

/* Large answers without a trip to the kernel for each buffer. */
static const char *const settings[] = {
	"MALLOC_MMAP_THRESHOLD_=8388608",
	"MALLOC_TRIM_THRESHOLD_=33554432",
	"MALLOC_TOP_PAD_=4194304",
};

enum {
	SETTINGS = sizeof(settings) / sizeof(settings[0])
};

struct birth {
	const struct fusefs_spawn *how;
	const char **environment;
	char *path; /* of the environment, "PATH=…"; or NULL */
	/* What to hide the system's fusermount with; "": nothing. */
	char shim[PATH_MAX];
	/* For a user name space of its own: who we are there. */
	char uid_map[64], gid_map[64];
	bool is_new_user;
	int output_fd; /* its end */
	int told_fd;   /* errno, or nothing at exec */
	pid_t parent;
	bool is_private;
};

/* Ours, with the settings that are not there yet, and `path` if it is any. */
static const char **environment_new(const char *path)
{
	size_t count = 0, to;
	const char **all;

	while (environ[count])
		count++;
	all = calloc(count + SETTINGS + 1, sizeof(*all));
	if (!all)
		return NULL;
	for (to = 0; to < count; to++)
		all[to] = path && !strncmp(environ[to], "PATH=", 5)
				  ? path
				  : environ[to];
	for (size_t i = 0; i < SETTINGS; i++) {
		size_t name = strcspn(settings[i], "=") + 1;
		size_t j = 0;

		while (j < count && strncmp(environ[j], settings[i], name))
			j++;
		if (j == count)
			all[to++] = settings[i];
	}
	return all;
}

/* ---- in the child ---- */

static void drop_capabilities(void)
{
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		prctl(PR_CAPBSET_DROP, dropped[i], 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void set_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	/* Who has no map is nobody, and its mounts fail. */
	if (n >= 0 || fd >= 0)
		close(fd);
}

/* As the same user, so that its files look no different to it. */
static void become_oneself(const struct birth *b)
{
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", b->uid_map);
	write_file("/proc/self/gid_map", b->gid_map);
}

/* Ours in front of each that there is. */
static void hide_fusermount(const struct birth *b)
{
	for (size_t i = 0; fusefs_shim_paths[i]; i++)
		mount(b->shim, fusefs_shim_paths[i], NULL, MS_BIND, NULL);
}

static int set_descriptors(const struct birth *b)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, 0) < 0 || dup2(b->output_fd, 1) < 0 ||
	    dup2(b->output_fd, 2) < 0)
		return -1;
	if (syscall(SYS_close_range, 3, ~0u, 1u << 2 /* CLOEXEC */) < 0 &&
	    errno != ENOSYS && errno != EINVAL)
		return -1;
	return b->how->keep_fd < 0 ? 0 : fcntl(b->how->keep_fd, F_SETFD, 0);
}

_Noreturn static void child(const struct birth *b)
{
	bool is_apart = false;
	int err;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	if (getppid() != b->parent) /* was quicker */
		_exit(127);
	set_signals();
	if (b->is_new_user)
		become_oneself(b);
	/* Mounts made outside show inside, but never the other way round. A
	   chroot that is no mount point can't ask for that: EINVAL. */
	if (b->is_private) {
		is_apart = !mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL);
		if (!is_apart && errno != EINVAL)
			goto fail;
	}
	if (is_apart && *b->shim)
		hide_fusermount(b);
	if (set_descriptors(b) < 0)
		goto fail;
	if (!b->how->mounts)
		drop_capabilities();
	environ = (char **)(void *)b->environment;
	execvp(b->how->argv[0], b->how->argv);
fail:
	err = errno;
	if (write(b->told_fd, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

static pid_t fork_into(unsigned long spaces)
{
	return (pid_t)syscall(SYS_clone, spaces | SIGCHLD, NULL, NULL, NULL,
			      NULL);
}

/*
 * fork(2), with a mount name space if that is wanted and may be; for hiding
 * fusermount, one that takes no privilege will do.
 */
static pid_t fork_private(struct birth *b)
{
	pid_t pid = -1;

	b->is_private = b->how->mounts || *b->shim;
	if (b->is_private)
		pid = fork_into(CLONE_NEWNS);
	if (pid < 0 && *b->shim) {
		b->is_new_user = true; /* seen by the child */
		pid = fork_into(CLONE_NEWNS | CLONE_NEWUSER);
		b->is_new_user = pid >= 0;
	}
	b->is_private &= pid >= 0;
	return pid < 0 ? fork() : pid;
}

/* ---- in the parent ---- */

static int await_exec(int told_fd)
{
	int err;
	ssize_t n;

	do {
		n = read(told_fd, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(err) ? -err : 0;
}

static int start(struct birth *b, int told[2], struct fusefs_child *child_of)
{
	pid_t pid = fork_private(b);
	int err;

	if (pid == 0)
		child(b);
	if (pid < 0)
		return -errno;
	close(told[1]);
	told[1] = -1;
	setpgid(pid, pid);
	err = await_exec(told[0]);
	child_of->pid = pid;
	child_of->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (!err && child_of->pidfd < 0)
		err = -errno;
	if (err) {
		kill(-pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return err;
}

static void close_both(int fds[2])
{
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

/* Where the system has a fusermount of its own, that would be found first. */
static bool has_fusermount(void)
{
	for (size_t i = 0; fusefs_shim_paths[i]; i++) {
		if (!access(fusefs_shim_paths[i], F_OK))
			return true;
	}
	return false;
}

static int prepare(struct birth *b)
{
	const char *path = getenv("PATH");
	ssize_t n;

	if (!b->how->shim_place) {
		b->environment = environment_new(NULL);
		return b->environment ? 0 : -ENOMEM;
	}
	if (asprintf(&b->path, "PATH=%s/bin:%s", b->how->shim_place,
		     path ? path : "/usr/local/bin:/usr/bin:/bin") < 0) {
		b->path = NULL;
		return -ENOMEM;
	}
	n = has_fusermount()
		    ? readlink("/proc/self/exe", b->shim, sizeof(b->shim) - 1)
		    : 0;
	b->shim[n > 0 ? n : 0] = '\0';
	snprintf(b->uid_map, sizeof(b->uid_map), "%u %u 1", geteuid(),
		 geteuid());
	snprintf(b->gid_map, sizeof(b->gid_map), "%u %u 1", getegid(),
		 getegid());
	b->environment = environment_new(b->path);
	return b->environment ? 0 : -ENOMEM;
}

int fusefs_spawn(const struct fusefs_spawn *how, struct fusefs_child *ret_child,
		 bool *ret_is_private)
{
	struct fusefs_child made = { .pidfd = -1, .output_fd = -1 };
	int output[2] = { -1, -1 }, told[2] = { -1, -1 }, err = 0;
	struct birth b = { .how = how, .parent = getpid() };

	err = prepare(&b);
	if (err) {
		free(b.path);
		return err;
	}
	if (pipe2(output, O_CLOEXEC) < 0 || pipe2(told, O_CLOEXEC) < 0 ||
	    fcntl(output[0], F_SETFL, O_NONBLOCK) < 0)
		err = -errno;
	b.output_fd = output[1];
	b.told_fd = told[1];
	if (!err)
		err = start(&b, told, &made);
	if (!err) {
		made.output_fd = output[0];
		output[0] = -1;
		*ret_child = made;
		*ret_is_private = b.is_private;
	} else if (made.pidfd >= 0) {
		close(made.pidfd);
	}
	close_both(output);
	close_both(told);
	free(b.environment);
	free(b.path);
	return err;
}

void fusefs_child_signal(const struct fusefs_child *child_of, int signal_number)
{
	if (child_of->pid)
		kill(-child_of->pid, signal_number);
}

bool fusefs_child_has_ended(struct fusefs_child *child_of, int ms, char *how,
			    size_t size)
{
	struct pollfd wait = { .fd = child_of->pidfd, .events = POLLIN };
	siginfo_t info = { .si_pid = 0 };

	if (!child_of->pid)
		return true;
	if (poll(&wait, 1, ms) <= 0)
		return false;
	/* What it has left behind; its number is its own until it is reaped. */
	kill(-child_of->pid, SIGKILL);
	if (waitid(P_PIDFD, (id_t)child_of->pidfd, &info, WEXITED | WNOHANG) ||
	    !info.si_pid)
		return false;
	if (info.si_code == CLD_EXITED)
		snprintf(how, size, "ended with %d", info.si_status);
	else
		snprintf(how, size, "was killed by signal %d", info.si_status);
	child_of->pid = 0;
	return true;
}

void fusefs_child_fini(struct fusefs_child *child_of)
{
	if (child_of->pidfd >= 0)
		close(child_of->pidfd);
	if (child_of->output_fd >= 0)
		close(child_of->output_fd);
	*child_of = (struct fusefs_child){ .pidfd = -1, .output_fd = -1 };
}
