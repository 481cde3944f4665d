/*
 * smbgate: one program, several verbs; under the name fusermount, the helper
 * of the programs that it starts.
 */
#include <gnutls/gnutls.h>
#include <jansson.h>
#include <libconfig.h>
#include <stdio.h>

#include "fuse/shim.h"
#include "gateway/cli.h"
#include "gateway/loop/loop.h"
#include "gateway/verbs.h"

static enum gw_exit show_version(void)
{
	struct loop_features features;

	loop_probe(&features);
	printf("smbgate %s\n"
	       "engines: uring (io_uring), plain (epoll and threads)\n"
	       "here: %s\n"
	       "GnuTLS %s, libconfig %d.%d, jansson %s\n",
	       GW_VERSION, features.text, gnutls_check_version(NULL),
	       LIBCONFIG_VER_MAJOR, LIBCONFIG_VER_MINOR, JANSSON_VERSION);
	return GW_EXIT_OK;
}

static enum gw_exit run(const struct gw_args *args)
{
	switch (args->verb) {
	case GW_VERB_EXPORT:
	case GW_VERB_MOUNT:
		return gw_verb_export(args);
	case GW_VERB_SERVE:
		return gw_verb_serve(args);
	case GW_VERB_CHECK:
		return gw_verb_check(args);
	case GW_VERB_USER:
		return gw_verb_user(args);
	case GW_VERB_VERSION:
		return show_version();
	case GW_VERB_HELP:
		break;
	}
	return gw_cli_help(args->operand_count ? args->operands[0] : NULL,
			   stdout, stderr)
		       ? GW_EXIT_OK
		       : GW_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct gw_args args;
	enum gw_exit exit;

	if (argc > 0 && fusefs_shim_is(argv[0]))
		return fusefs_shim_main(argc, argv);
	if (!gw_cli_parse(argc, argv, &args, &exit, stdout, stderr))
		return (int)exit;
	return (int)run(&args);
}
