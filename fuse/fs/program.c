/*
 * The life of a program of ours that serves files: its words, its mount, its
 * signals, its threads.
 */
#include "fuse/fs/memfs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(const struct memfs_program *program)
{
	printf("usage: %s [options] MOUNTPOINT\n\n%s"
	       "    -f                     stays in the foreground\n"
	       "    -s                     one thread only\n"
	       "    -d                     says what is asked and answered\n",
	       program->name, program->usage);
	fuse_lowlevel_help();
}

/* /dev/fd/N is no place to stand in, and our side of it is checked there. */
static int mount_options(struct fuse_args *args, const char *mountpoint)
{
	if (strncmp(mountpoint, "/dev/fd/", 8) == 0)
		return 0;
	return fuse_opt_add_arg(args, "-odefault_permissions");
}

static int serve(const struct memfs_program *program,
		 struct fuse_session *session,
		 const struct fuse_cmdline_opts *opts)
{
	struct fuse_loop_config *config;
	int err;

	if (program->start && program->start(session, program->user_data) < 0)
		return -1;
	if (opts->singlethread)
		return fuse_session_loop(session);
	config = fuse_loop_cfg_create();
	if (!config)
		return -1;
	fuse_loop_cfg_set_clone_fd(config, (unsigned int)opts->clone_fd);
	fuse_loop_cfg_set_max_threads(config, opts->max_threads);
	err = fuse_session_loop_mt(session, config);
	fuse_loop_cfg_destroy(config);
	return err;
}

static int mount_and_serve(const struct memfs_program *program,
			   struct fuse_args *args,
			   const struct fuse_cmdline_opts *opts)
{
	struct fuse_session *session;
	int err = -1;

	if (mount_options(args, opts->mountpoint) < 0)
		return 1;
	session = fuse_session_new(args, program->ops, sizeof(*program->ops),
				   program->user_data);
	if (!session)
		return 1;
	if (fuse_set_signal_handlers(session) == 0) {
		if (fuse_session_mount(session, opts->mountpoint) == 0) {
			fuse_daemonize(opts->foreground);
			err = serve(program, session, opts);
			fuse_session_unmount(session);
		}
		fuse_remove_signal_handlers(session);
	}
	fuse_session_destroy(session);
	/* A signal that ends it is not a fault. */
	return err < 0 ? 1 : 0;
}

int memfs_program_run(const struct memfs_program *program,
		      struct fuse_args *args)
{
	struct fuse_cmdline_opts opts;
	int status = 2;

	if (fuse_parse_cmdline(args, &opts) != 0)
		return status;
	if (opts.show_help) {
		usage(program);
		status = 0;
	} else if (opts.show_version) {
		printf("%s " GW_VERSION ", libfuse %s\n", program->name,
		       fuse_pkgversion());
		status = 0;
	} else if (!opts.mountpoint) {
		fprintf(stderr, "%s: where to mount? (%s --help)\n",
			program->name, program->name);
	} else {
		status = mount_and_serve(program, args, &opts);
	}
	free(opts.mountpoint);
	return status;
}
