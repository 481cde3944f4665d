/*
 * What the client with the channels is told to do: writes, locks and renames of
 * two files, in stages that follow each other as an application's calls do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/model/channels.h"

enum script_kind {
	SCRIPT_CREATE,
	SCRIPT_WRITE,
	SCRIPT_LOCK,
	SCRIPT_UNLOCK,
	SCRIPT_RENAME,
	SCRIPT_CLOSE,
};

struct script {
	uint8_t stage;
	enum script_kind kind;
	uint8_t file;
	uint8_t what; /* block or range */
	uint8_t fill;
	const char *name;
};

enum {
	SCRIPT_LINES = 26,
	SCRIPT_STAGES = 12,
};

extern const struct script script[SCRIPT_LINES];

enum smb_command script_command(enum script_kind kind);

/*
 * The body of a line's request. A file that is to be made may be there already,
 * from a CREATE whose open was lost.
 */
void script_write(struct channels *m, struct channel *on,
		  const struct script *line, bool is_there);
