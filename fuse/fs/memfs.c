/*
 * smbgate-memfs: a file system in memory.
 *
 *     smbgate mount --share scratch -- smbgate-memfs -f -o size=2G {}
 *
 * exports one without a mount; with a directory instead of {} it is mounted
 * there like any other.
 */
#include "fuse/fs/expire.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
	char *size;
	unsigned int expire_s;
	unsigned int timeout_s;
	char *mode;
};

static const struct fuse_opt option_table[] = {
	{ "size=%s", offsetof(struct options, size), 0 },
	{ "expire=%u", offsetof(struct options, expire_s), 0 },
	{ "timeout=%u", offsetof(struct options, timeout_s), 0 },
	{ "mode=%s", offsetof(struct options, mode), 0 },
	FUSE_OPT_END,
};

static const char usage[] =
	"    -o size=BYTES[K|M|G]   how much it may hold (1G)\n"
	"    -o mode=OCTAL          the root's mode (1777)\n"
	"    -o expire=SECONDS      files that nobody changes for so long go\n"
	"    -o timeout=SECONDS     what a kernel may believe so long (60)\n";

/* 0: it is no size. */
static uint64_t size_of(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);
	unsigned int shift = 0;

	if (end == text)
		return 0;
	if (*end) {
		const char *units = "KMG", *unit = strchr(units, *end);

		if (!unit || end[1])
			return 0;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	return value > (uint64_t)INT64_MAX >> shift ? 0 : value << shift;
}

/* What the session's operations see comes first. */
struct served {
	struct memfs fs;
	struct memfs_expiry expiry;
};

static int start(struct fuse_session *session, void *user_data)
{
	struct served *served = user_data;

	served->expiry.fs = &served->fs;
	served->expiry.session = session;
	if (served->expiry.after_s == 0)
		return 0;
	if (memfs_expiry_start(&served->expiry) == 0)
		return 0;
	fprintf(stderr, "smbgate-memfs: no thread for what expires\n");
	return -1;
}

static int prepare(const struct options *options, struct served *ret_served)
{
	uint64_t size = options->size ? size_of(options->size) : 1ULL << 30;
	const char *digits = options->mode ? options->mode : "1777";
	char *end;
	unsigned long mode = strtoul(digits, &end, 8);

	if (size < MEMFS_BLOCK) {
		fprintf(stderr, "smbgate-memfs: size=%s is no size\n",
			options->size);
		return -1;
	}
	if (!*digits || *end || mode > 07777) {
		fprintf(stderr, "smbgate-memfs: mode=%s is no mode\n", digits);
		return -1;
	}
	*ret_served = (struct served){
		.fs.timeout_s = options->timeout_s,
		.expiry.after_s = options->expire_s,
	};
	if (memfs_tree_init(&ret_served->fs.tree, size, getuid(), getgid()) < 0)
		return -1;
	memfs_tree_node(&ret_served->fs.tree, MEMFS_ROOT)->stat.st_mode =
		S_IFDIR | (mode_t)mode;
	return 0;
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct options options = { .timeout_s = 60 };
	static struct served served;
	const struct memfs_program program = {
		.name = "smbgate-memfs",
		.usage = usage,
		.ops = &memfs_ops,
		.user_data = &served,
		.start = start,
	};
	int status = 2;

	/* Its end is the process's: a thread may still look at the tree. */
	if (fuse_opt_parse(&args, &options, option_table, NULL) == 0 &&
	    prepare(&options, &served) == 0)
		status = memfs_program_run(&program, &args);
	fuse_opt_free_args(&args);
	free(options.size);
	free(options.mode);
	return status;
}
