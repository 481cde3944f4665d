/*
 * The shape of complaints. What is wrong, and where, is the callers' affair.
 */
#include "gateway/complain.h"

#include <string.h>

#include "gateway/limits.h"

const char *gw_line_of(const char *text, unsigned int line, size_t *ret_length)
{
	while (--line > 0) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	*ret_length = strcspn(text, "\r\n");
	return text;
}

static void put(FILE *to, char c)
{
	unsigned char u = (unsigned char)c;

	fputc(u < 0x20 || u == 0x7f ? ' ' : c, to);
}

/* Shows the line without its indentation, and marks the place in it. */
static void show_line(FILE *to, const struct gw_spot *spot)
{
	size_t length, skip = 0;
	const char *line = gw_line_of(spot->text, spot->line, &length);

	if (!line || length == 0)
		return;
	while (skip < length && (skip < spot->from || spot->count == 0) &&
	       (line[skip] == ' ' || line[skip] == '\t'))
		skip++;
	fputs("  ", to);
	for (size_t i = skip; i < length; i++)
		put(to, line[i]);
	fputc('\n', to);
	if (spot->count == 0)
		return;
	fputs("  ", to);
	for (size_t i = skip; i < spot->from; i++) {
		if (((unsigned char)line[i] & 0xc0) != 0x80)
			fputc(' ', to);
	}
	fputc('^', to);
	for (unsigned int i = 1; i < spot->count; i++)
		fputc('~', to);
	fputc('\n', to);
}

void gw_complain(struct gw_complaints *c, const struct gw_spot *spot,
		 const char *hint, const char *format, ...)
{
	va_list args;

	if (c->count++ >= GW_COMPLAINTS_MAX)
		return;
	fputs(spot->file, c->to);
	if (spot->line)
		fprintf(c->to, ":%u", spot->line);
	fputs(": ", c->to);
	va_start(args, format);
	vfprintf(c->to, format, args);
	va_end(args);
	fputc('\n', c->to);
	if (spot->line && spot->text)
		show_line(c->to, spot);
	if (hint && *hint)
		fprintf(c->to, "  %s\n", hint);
}
