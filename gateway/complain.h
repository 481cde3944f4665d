/*
 * Mistakes of the operator, told so that they can be mended: the place, the
 * line itself with a caret, and a hint where there is one.
 *
 *   smbgate.conf:3: unknown key "sining" in server
 *     sining = "required";
 *     ^~~~~~
 *     did you mean "signing"?
 *
 * Thread: one at a time.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

struct gw_complaints {
	FILE *to;
	unsigned int count; /* so far; those above a maximum are not shown */
};

/* Where a complaint points to. All but `file` may be missing. */
struct gw_spot {
	const char *file;
	unsigned int line;  /* from 1; 0: the file as a whole */
	const char *text;   /* the file's text, for the line itself; or NULL */
	unsigned int from;  /* bytes into the line */
	unsigned int count; /* bytes that are marked; 0: no caret */
};

/* `hint` may be NULL. */
void gw_complain(struct gw_complaints *c, const struct gw_spot *spot,
		 const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The start of a line of `text` (from 1), and its length; NULL: none such. */
const char *gw_line_of(const char *text, unsigned int line, size_t *ret_length);
