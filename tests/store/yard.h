/*
 * Where the tests of store/ play: a fresh directory with a tree in it and
 * something beside the tree that nobody may reach, a loop of each engine, and
 * a fiber to run a test's body in.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/loop/loop.h"
#include "gateway/store/store.h"

/* Users that no test needs to exist in any file. */
#define YARD_ANN 20001
#define YARD_BOB 20002

struct yard;
typedef void yard_fn(struct yard *y);

struct yard {
	yard_fn *fn;
	char base[128]; /* base/tree is the tree, base/outside is not in it */
	char root[160];
	struct store_tree *tree;
};

/* A path for plain calls, good until the fourth next one. */
static inline const char *yard_path(const struct yard *y, const char *name)
{
	static char paths[4][512];
	static unsigned int next;
	char *to = paths[next++ % 4];

	snprintf(to, sizeof(paths[0]), "%s/%s", y->root, name);
	return to;
}

static inline void yard_mkdir(const struct yard *y, const char *name)
{
	assert_int_equal(0, mkdir(yard_path(y, name), 0755));
	assert_int_equal(0, chmod(yard_path(y, name), 0755));
}

static inline void yard_put(const struct yard *y, const char *name,
			    const void *bytes, size_t size)
{
	int fd = open(yard_path(y, name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(size, write(fd, bytes, size));
	assert_int_equal(0, fchmod(fd, 0644));
	close(fd);
}

static inline void yard_link(const struct yard *y, const char *target,
			     const char *name)
{
	assert_int_equal(0, symlink(target, yard_path(y, name)));
}

/* A tree of its own on the same directory; unref it. */
static inline struct store_tree *yard_tree(const struct yard *y,
					   const struct store_options *options)
{
	struct store_tree *tree = NULL;

	assert_int_equal(0, store_tree_open(y->root, options, &tree));
	return tree;
}

/* Opens as the process, and must. */
static inline struct store_file *yard_co_open(struct yard *y, const char *path,
					      unsigned int flags)
{
	struct store_file *file = NULL;

	assert_int_equal(0, store_co_open(y->tree, NULL, NULL, path, flags,
					  0644, &file));
	return file;
}

/* Opens and closes: 0 or -errno. */
static inline int yard_co_try(struct store_tree *tree,
			      struct store_creds *creds, const char *path,
			      unsigned int flags)
{
	struct store_file *file = NULL;
	int err = store_co_open(tree, creds, NULL, path, flags, 0644, &file);

	store_file_close(file);
	return err;
}

static inline struct store_creds *yard_creds(uid_t uid)
{
	struct store_creds *creds = NULL;

	assert_int_equal(0, store_creds_get(uid, uid, NULL, 0, &creds));
	return creds;
}

/* Two names that change places all the time, on a thread of their own. */
struct yard_flipper {
	const char *a, *b;
	int root_fd;
	pthread_t thread;
	atomic_bool is_over;
	atomic_uint flips;
};

static inline void *yard_flip_thread(void *arg)
{
	struct yard_flipper *f = arg;

	while (!f->is_over) {
		renameat2(f->root_fd, f->a, f->root_fd, f->b, RENAME_EXCHANGE);
		f->flips++;
	}
	return NULL;
}

static inline void yard_flip(const struct yard *y, struct yard_flipper *f)
{
	f->root_fd = open(y->root, O_PATH);
	assert_int_equal(0,
			 pthread_create(&f->thread, NULL, yard_flip_thread, f));
}

static inline void yard_flip_end(struct yard_flipper *f)
{
	f->is_over = true;
	pthread_join(f->thread, NULL);
	close(f->root_fd);
}

static inline int yard_remove(const char *path, const struct stat *st, int type,
			      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void yard_co_body(void *arg)
{
	struct yard *y = arg;

	y->fn(y);
	loop_stop(loop_current());
}

static inline void yard_make(struct yard *y)
{
	const char *tmp = getenv("TMPDIR");
	const struct store_options options = {};

	snprintf(y->base, sizeof(y->base), "%s/store-XXXXXX",
		 tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(y->base));
	assert_int_equal(0, chmod(y->base, 0755));
	snprintf(y->root, sizeof(y->root), "%s/tree", y->base);
	assert_int_equal(0, mkdir(y->root, 0777));
	assert_int_equal(0, chmod(y->root, 0777));
	yard_mkdir(y, "../outside");
	yard_put(y, "../outside/secret", "secret", 6);
	y->tree = yard_tree(y, &options);
}

static inline void yard_run_on(enum loop_engine engine, yard_fn *fn)
{
	const struct loop_options options = { .engine = engine };
	struct yard y = { .fn = fn };
	struct loop *loop;
	int err = loop_new(&options, &loop);

	if (err) {
		print_message("%s: skipped: %s\n", loop_engine_name(engine),
			      strerror(-err));
		return;
	}
	yard_make(&y);
	assert_non_null(loop_spawn(yard_co_body, &y));
	loop_run(loop);
	store_tree_unref(y.tree);
	store_worker_end();
	loop_free(loop);
	nftw(y.base, yard_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void yard_run(yard_fn *fn)
{
	umask(0);
	yard_run_on(LOOP_ENGINE_URING, fn);
	yard_run_on(LOOP_ENGINE_PLAIN, fn);
}

/* A test's body in a fiber, on each engine. */
#define YARD_TEST(name)                        \
	static void co_##name(struct yard *y); \
	static void name(void **state)         \
	{                                      \
		(void)state;                   \
		yard_run(co_##name);           \
	}                                      \
	static void co_##name(struct yard *y)

/* The same, for what only root can try out. */
#define YARD_ROOT_TEST(name)                           \
	static void co_##name(struct yard *y);         \
	static void name(void **state)                 \
	{                                              \
		(void)state;                           \
		if (geteuid()) {                       \
			print_message("needs root\n"); \
			skip();                        \
		}                                      \
		yard_run(co_##name);                   \
	}                                              \
	static void co_##name(struct yard *y)
