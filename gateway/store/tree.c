/*
 * A tree: a descriptor of its root directory that everything is resolved
 * from, and what was found out about the file system at the start. What that
 * is finds probe.c; how names are walked from the root is walk.c's.
 *
 * A tree never changes once its root is there, but for its count, so all
 * workers may use it at once. The root of a program that comes late is looked
 * at by a thread of its own, since the program may hang just then, and who
 * watches it is the backend's thread.
 */
#include "gateway/store/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "fuse/backend.h"
#include "fuse/thread.h"
#include "gateway/log.h"
#include "gateway/loop/loop.h"
#include "gateway/store/backend.h"
#include "gateway/store/creds.h"
#include "gateway/store/direct.h"
#include "gateway/store/file.h"
#include "gateway/store/lane.h"
#include "gateway/store/ops.h"
#include "gateway/store/probe.h"
#include "gateway/store/stat.h"

/* Said of a file system that says nothing: a tebibyte of 4 KiB each. */
#define UNKNOWN_BLOCKS (1u << 28)

struct store_tree {
	atomic_uint refs;
	const struct store_ops *ops;
	unsigned int lane;
	int root_fd;
	struct store_options options;
	struct store_features features;
	struct store_kind kind;
	struct store_stat root; /* as it was at the start, but for: */
	_Atomic uint64_t root_device, root_inode;
	struct fusefs_backend *backend; /* or NULL */
	char *name;                     /* of the backend */
	unsigned int timeout_ms;        /* its */
	pthread_mutex_t conn_mutex;     /* of: */
	struct fusefs_conn *conn;       /* the direct door; reference */
	bool is_looking;                /* a thread does */
	bool is_look_stale;             /* there is a newer root */
	atomic_bool is_there;           /* all above is known */
};

/*
 * Descriptors are opened again, and O_PATH ones changed, by their names in
 * /proc/self/fd. Better to learn now that there are none.
 */
static int check_proc(int root_fd)
{
	char path[STORE_FD_PATH_SIZE];
	struct stat ours, through_proc;

	store_fd_path(root_fd, path);
	if (fstat(root_fd, &ours) || stat(path, &through_proc) ||
	    ours.st_dev != through_proc.st_dev ||
	    ours.st_ino != through_proc.st_ino) {
		gw_log(GW_LOG_ERROR,
		       "store /proc is needed and is not mounted");
		return -ENOSYS;
	}
	return 0;
}

static int look_at_root(struct store_tree *tree)
{
	struct statfs fs;
	struct statx st;

	if (fstatfs(tree->root_fd, &fs) ||
	    statx(tree->root_fd, "", AT_EMPTY_PATH, STORE_STATX_MASK, &st))
		return -errno;
	tree->kind = store_kind_of((uint32_t)fs.f_type);
	if (tree->kind.is_far)
		tree->lane = store_lane_slot_take();
	store_stat_of(&st, NULL, &tree->root);
	tree->root_device = tree->root.key.device;
	tree->root_inode = tree->root.key.inode;
	return store_probe(tree->root_fd, !tree->options.is_read_only,
			   &tree->features);
}

static struct store_tree *tree_new(const struct store_options *options)
{
	struct store_tree *tree = malloc(sizeof(*tree));

	if (!tree)
		return NULL;
	*tree = (struct store_tree){ .refs = 1,
				     .ops = &store_local_ops,
				     .root_fd = -1,
				     .options = *options };
	pthread_mutex_init(&tree->conn_mutex, NULL);
	return tree;
}

/* FNV-1a: the same after each start. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	while (*text)
		hash = (hash ^ (unsigned char)*text++) * 0x100000001b3u;
	return hash;
}

static int look_directly(struct store_tree *tree, struct fusefs_conn *conn)
{
	int err = store_direct_look(conn, tree->timeout_ms, &tree->features,
				    &tree->root);

	tree->ops = &store_direct_ops;
	tree->features.volume_id = hash_of(tree->name);
	tree->root_device = tree->root.key.device;
	tree->root_inode = tree->root.key.inode;
	return err;
}

static int look(struct store_tree *tree, struct fusefs_conn *conn)
{
	int err = conn ? look_directly(tree, conn)
		       : check_proc(tree->root_fd) ?: look_at_root(tree);

	if (!err)
		atomic_store(&tree->is_there, true);
	return err;
}

/* `err`: of what came before. Takes the tree on failure. */
static int tree_finish(struct store_tree *tree, int err,
		       struct store_tree **ret_tree)
{
	bool comes_late =
		!err && !tree->conn && tree->backend && tree->root_fd < 0;

	if (!err && !comes_late)
		err = look(tree, tree->conn);
	if (err)
		store_tree_unref(tree);
	else
		*ret_tree = tree;
	return err;
}

int store_tree_open(const char *path, const struct store_options *options,
		    struct store_tree **ret_tree)
{
	struct store_tree *tree = tree_new(options);

	if (!tree)
		return -ENOMEM;
	tree->root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return tree_finish(tree, tree->root_fd < 0 ? -errno : 0, ret_tree);
}

int store_tree_start(const struct store_program *program,
		     const struct store_options *options,
		     struct store_tree **ret_tree)
{
	struct store_tree *tree = tree_new(options);
	int err = -ENOMEM;

	if (!tree)
		return err;
	tree->timeout_ms = program->timeout_ms;
	tree->name = strdup(program->name);
	if (tree->name)
		err = store_backend_start(tree, program, options->is_read_only,
					  &tree->backend, &tree->root_fd,
					  &tree->conn);
	return tree_finish(tree, err, ret_tree);
}

static void connect_to(struct store_tree *tree, struct fusefs_conn *conn)
{
	struct fusefs_conn *before;

	fusefs_conn_ref(conn);
	pthread_mutex_lock(&tree->conn_mutex);
	before = tree->conn;
	tree->conn = conn;
	pthread_mutex_unlock(&tree->conn_mutex);
	tree->root_device = store_direct_device(conn);
	fusefs_conn_unref(before);
}

/* ---- a root that comes late ---- */

/* Whether there is a newer root to look at. */
static bool is_to_look_again(struct store_tree *tree, int err)
{
	bool is_so;

	pthread_mutex_lock(&tree->conn_mutex);
	is_so = err && tree->is_look_stale;
	tree->is_look_stale = false;
	tree->is_looking = is_so;
	pthread_mutex_unlock(&tree->conn_mutex);
	return is_so;
}

static void *look_main(void *arg)
{
	struct store_tree *tree = arg;
	struct fusefs_conn *conn;
	int err;

	do {
		conn = NULL;
		err = store_tree_conn(tree, &conn);
		if (!err || tree->root_fd >= 0)
			err = look(tree, conn);
		fusefs_conn_unref(conn);
		if (err)
			gw_log(GW_LOG_ERROR, "backend=\"%s\" its root: %s",
			       tree->name, strerror(-err));
	} while (is_to_look_again(tree, err));
	store_tree_unref(tree);
	return NULL;
}

/* The first time that it is there. */
static int start_to_look(struct store_tree *tree)
{
	bool is_mine;
	int err;

	pthread_mutex_lock(&tree->conn_mutex);
	is_mine = !tree->is_looking;
	tree->is_look_stale = !is_mine;
	tree->is_looking = true;
	pthread_mutex_unlock(&tree->conn_mutex);
	if (!is_mine)
		return 0;
	err = fusefs_thread_start(look_main, store_tree_ref(tree));
	if (err) {
		is_to_look_again(tree, 0);
		store_tree_unref(tree);
	}
	return err;
}

bool store_tree_is_there(const struct store_tree *tree)
{
	return atomic_load(&tree->is_there);
}

/*
 * The number of the descriptor stays, so whoever is about to use it finds the
 * new root. What is open already keeps the old one, where nothing answers.
 */
static int stand_on(struct store_tree *tree, int root_fd)
{
	struct statx st;

	if (statx(root_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO,
		  &st))
		return -errno;
	tree->root_device = makedev(st.stx_dev_major, st.stx_dev_minor);
	tree->root_inode = st.stx_ino;
	if (tree->root_fd < 0)
		tree->root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
	else if (dup3(root_fd, tree->root_fd, O_CLOEXEC) < 0)
		return -errno;
	return tree->root_fd < 0 ? -errno : 0;
}

int store_tree_renew(struct store_tree *tree, int root_fd,
		     struct fusefs_conn *conn)
{
	int err = 0;

	if (conn)
		connect_to(tree, conn);
	else
		err = stand_on(tree, root_fd);
	if (!err && !store_tree_is_there(tree))
		err = start_to_look(tree);
	return err;
}

int store_tree_conn(struct store_tree *tree, struct fusefs_conn **ret_conn)
{
	int err = -ENOTCONN;

	pthread_mutex_lock(&tree->conn_mutex);
	if (tree->conn && fusefs_conn_is_open(tree->conn)) {
		*ret_conn = fusefs_conn_ref(tree->conn);
		err = 0;
	}
	pthread_mutex_unlock(&tree->conn_mutex);
	return err;
}

unsigned int store_tree_timeout(const struct store_tree *tree)
{
	return tree->timeout_ms;
}

const char *store_tree_name(const struct store_tree *tree)
{
	return tree->name ? tree->name : "";
}

bool store_tree_is_ready(const struct store_tree *tree)
{
	return !tree->backend || fusefs_backend_is_ready(tree->backend);
}

struct store_tree *store_tree_ref(struct store_tree *tree)
{
	atomic_fetch_add(&tree->refs, 1);
	return tree;
}

struct store_tree *store_tree_unref(struct store_tree *tree)
{
	if (tree && atomic_fetch_sub(&tree->refs, 1) == 1) {
		/* No new root comes after this. */
		fusefs_backend_stop(tree->backend);
		if (tree->root_fd >= 0)
			close(tree->root_fd);
		store_lane_slot_give(tree->lane);
		fusefs_conn_unref(tree->conn);
		pthread_mutex_destroy(&tree->conn_mutex);
		free(tree->name);
		free(tree);
	}
	return NULL;
}

const struct store_features *store_tree_features(const struct store_tree *tree)
{
	return &tree->features;
}

const struct store_options *store_tree_options(const struct store_tree *tree)
{
	return &tree->options;
}

void store_tree_owner(const struct store_tree *tree, uid_t *ret_uid,
		      gid_t *ret_gid)
{
	*ret_uid = tree->root.uid;
	*ret_gid = tree->root.gid;
}

const struct store_ops *store_tree_ops(const struct store_tree *tree)
{
	return tree->ops;
}

unsigned int store_tree_lane(const struct store_tree *tree)
{
	return tree->lane;
}

int store_tree_root_fd(const struct store_tree *tree)
{
	return tree->root_fd;
}

bool store_tree_is_root(const struct store_tree *tree,
			const struct store_key *key)
{
	return tree->root_device == key->device &&
	       tree->root_inode == key->inode;
}

/* What a program serves is like nothing else, as long as it serves it. */
bool store_tree_has_same_root(const struct store_tree *tree,
			      const struct store_tree *other)
{
	const struct store_key *a = &tree->root.key, *b = &other->root.key;

	if (tree == other)
		return true;
	return !tree->backend && !other->backend && a->device == b->device &&
	       a->inode == b->inode && a->generation == b->generation;
}

uint64_t store_tree_root_hash(const struct store_tree *tree)
{
	if (tree->backend)
		return (uintptr_t)tree;
	return tree->root.key.inode ^ tree->root.key.device << 32;
}

static bool is_roots_device(const struct store_tree *tree,
			    const struct statx *file)
{
	return tree->root_device ==
	       makedev(file->stx_dev_major, file->stx_dev_minor);
}

bool store_tree_is_local(const struct store_tree *tree,
			 const struct statx *file)
{
	return tree->kind.is_local && is_roots_device(tree, file);
}

bool store_tree_dates_xattrs(const struct store_tree *tree,
			     const struct store_key *key)
{
	return tree->kind.dates_xattrs && tree->root_device == key->device;
}

bool store_tree_is_in_memory(const struct store_tree *tree,
			     const struct statx *file)
{
	return tree->kind.is_memory && is_roots_device(tree, file);
}

/* ---- space ---- */

void store_tree_mend_space(struct store_space *space)
{
	if (space->blocks_total)
		return;
	space->block_size = 4096;
	space->blocks_total = UNKNOWN_BLOCKS;
	space->blocks_free = space->blocks_available = UNKNOWN_BLOCKS;
}

struct space_call {
	int fd;
	struct statfs *ret_fs;
};

static int64_t call_statfs(void *arg)
{
	struct space_call *c = arg;

	return fstatfs(c->fd, c->ret_fs) ? -errno : 0;
}

int store_local_co_space(struct store_tree *tree, struct store_space *ret_space)
{
	struct statfs fs;
	struct space_call c = { tree->root_fd, &fs };
	int err = (int)loop_co_call(NULL, call_statfs, &c);

	if (err)
		return err;
	*ret_space = (struct store_space){
		.block_size =
			(uint64_t)(fs.f_frsize ? fs.f_frsize : fs.f_bsize),
		.blocks_total = fs.f_blocks,
		.blocks_free = fs.f_bfree,
		.blocks_available = fs.f_bavail,
		.files_total = fs.f_files,
		.files_free = fs.f_ffree,
	};
	store_tree_mend_space(ret_space);
	return 0;
}
