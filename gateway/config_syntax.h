/*
 * Why libconfig could not read a text. It says "syntax error" and the line
 * where it noticed; people want the place of the slip and what to write.
 *
 * Thread: any; pure.
 */
#pragma once

#include <stddef.h>

struct gw_slip {
	unsigned int line; /* from 1 */
	unsigned int from; /* bytes into the line */
	unsigned int count;
	const char *what; /* static; NULL: nothing better than "syntax error" */
	const char *hint; /* static */
};

/*
 * The first slip of `text`, which the parser gave up on at `line`: unclosed
 * string or bracket, bare word for a value, comma before a bracket, missing
 * '='. If none is found, the line itself.
 */
void gw_config_slip(const char *text, unsigned int line,
		    struct gw_slip *ret_slip);
