/*
 * What is to go wrong, as rules in a text, a line each:
 *
 *     OPERATION[,OPERATION…] FAULT [VALUE] [name=PATTERN] [after=N] [times=N]
 *
 * Operations are named as in libfuse's low level; * is all of them. What the
 * faults are is below. The first rule that fits an operation counts. Empty
 * lines, and what follows a #, mean nothing.
 *
 * Pure; not locked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAULTS_OPERATIONS(X) \
	X(init)              \
	X(lookup)            \
	X(getattr)           \
	X(setattr)           \
	X(readlink)          \
	X(mknod)             \
	X(mkdir)             \
	X(symlink)           \
	X(unlink)            \
	X(rmdir)             \
	X(rename)            \
	X(link)              \
	X(create)            \
	X(open)              \
	X(release)           \
	X(flush)             \
	X(fsync)             \
	X(fsyncdir)          \
	X(read)              \
	X(write)             \
	X(statfs)            \
	X(readdir)           \
	X(readdirplus)       \
	X(setxattr)          \
	X(getxattr)          \
	X(listxattr)         \
	X(removexattr)       \
	X(fallocate)         \
	X(lseek)             \
	X(copy_file_range)

enum faults_operation {
#define X(name) FAULTS_##name,
	FAULTS_OPERATIONS(X)
#undef X
	FAULTS_OPERATION_COUNT
};

enum faults_kind {
	FAULTS_NONE,
	FAULTS_DELAY, /* TIME (2s, 300ms): answers only then */
	FAULTS_HANG,  /* never answers; others are answered */
	FAULTS_STOP,  /* the program stops: SIGSTOP */
	FAULTS_CRASH, /* the program is gone: SIGKILL */
	FAULTS_ERROR, /* NAME (EIO) or a number: is answered */
	FAULTS_SHORT, /* half of the answer */
	FAULTS_WRONG, /* an answer that breaks the protocol: see below */
};

enum faults_wrong {
	FAULTS_WRONG_LENGTH,  /* its header has another length than it */
	FAULTS_WRONG_UNIQUE,  /* it answers what was not asked */
	FAULTS_WRONG_STUMP,   /* it is shorter than a header */
	FAULTS_WRONG_LONG,    /* it has more than belongs there */
	FAULTS_WRONG_EMPTY,   /* a header, and nothing behind it */
	FAULTS_WRONG_ERROR,   /* an error that is none */
	FAULTS_WRONG_TWICE,   /* it comes two times */
	FAULTS_WRONG_GARBAGE, /* what is behind its header is chance */
};

struct faults_rule {
	uint32_t operations; /* a bit each */
	enum faults_kind kind;
	int value;          /* ms, an errno, or enum faults_wrong */
	char *name;         /* a pattern of fnmatch(3), or NULL */
	unsigned int after; /* so often it goes well first */
	unsigned int times; /* then it goes wrong so often; 0: always */
};

struct faults {
	struct faults_rule *rules;
	size_t count;
};

/*
 * 0, or the number of the first line that is wrong, with *ret_why; or -ENOMEM.
 * What was there is gone in any case. End with faults_fini(); zeroed: no rules.
 */
int faults_parse(struct faults *faults, const char *text, const char **ret_why);
void faults_fini(struct faults *faults);

/* Does any rule ask for names? */
bool faults_want_names(const struct faults *faults);

/*
 * What becomes of an operation on what is called `name` (NULL: nobody knows).
 * Counts.
 */
struct faults_rule faults_meet(struct faults *faults,
			       enum faults_operation operation,
			       const char *name);

/* For the log: "error", "wrong unique". */
const char *faults_kind_name(const struct faults_rule *rule);
const char *faults_operation_name(enum faults_operation operation);

/*
 * An answer, made wrong: what to send instead, in `ret_bytes` of `room` bytes;
 * *ret_second is what is to be sent after it (0: nothing). `short` and `wrong`
 * only. Answers shorter than a header are left as they are.
 */
size_t faults_spoil(const struct faults_rule *rule, const void *answer,
		    size_t length, void *ret_bytes, size_t room,
		    size_t *ret_second);

enum {
	/* A spoilt answer is longer than a right one by so much at most. */
	FAULTS_LONGER = 64,
};
