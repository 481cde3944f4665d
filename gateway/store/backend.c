/*
 * Between a tree and the program that serves its files: how the tree learns of
 * a new root, and the log of what the program says. The program itself, its
 * end and its new starts are fuse/'s.
 */
#include "gateway/store/backend.h"

#include <string.h>

#include "fuse/backend.h"
#include "gateway/log.h"
#include "gateway/store/tree.h"

static void log_line(void *arg, enum fusefs_level level, const char *line)
{
	static const enum gw_log_level levels[] = {
		[FUSEFS_LOG_ERROR] = GW_LOG_ERROR,
		[FUSEFS_LOG_WARN] = GW_LOG_WARN,
		[FUSEFS_LOG_INFO] = GW_LOG_INFO,
		[FUSEFS_LOG_DEBUG] = GW_LOG_DEBUG,
	};

	gw_log(levels[level], "backend=\"%s\" %s", store_tree_name(arg), line);
}

static void renewed(void *arg, int root_fd, struct fusefs_conn *conn)
{
	int err = store_tree_renew(arg, root_fd, conn);

	if (err)
		gw_log(GW_LOG_ERROR, "backend=\"%s\" its new root: %s",
		       store_tree_name(arg), strerror(-err));
}

int store_backend_start(struct store_tree *tree,
			const struct store_program *program, bool is_read_only,
			struct fusefs_backend **ret_backend, int *ret_root_fd,
			struct fusefs_conn **ret_conn)
{
	static const enum fusefs_via vias[] = {
		[STORE_VIA_AUTO] = FUSEFS_VIA_AUTO,
		[STORE_VIA_DIRECT] = FUSEFS_VIA_DIRECT,
		[STORE_VIA_KERNEL] = FUSEFS_VIA_KERNEL,
	};
	const struct fusefs_options options = {
		.name = program->name,
		.words = program->words,
		.word_count = program->word_count,
		.via = vias[program->via],
		.timeout_ms = program->timeout_ms,
		.is_read_only = is_read_only,
		.keeps_nothing = program->keeps_nothing,
		.may_come_late = program->may_come_late,
	};
	const struct fusefs_events events = {
		.log = log_line,
		.renewed = renewed,
		.arg = tree,
	};

	return fusefs_backend_start(&options, &events, ret_backend, ret_root_fd,
				    ret_conn);
}

void store_backends_hurry(void)
{
	fusefs_backends_hurry();
}

void store_backends_wait(unsigned int ms)
{
	fusefs_backends_wait(ms);
}
