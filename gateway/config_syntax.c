/*
 * A second look at a text that libconfig has refused: tokens, with their
 * places, and the few slips that people make again and again. It does not
 * decide what is right, libconfig did that; it looks for the likely reason.
 *
 * libconfig's grammar: `name = value ;` or `name : value`, values are scalars,
 * { groups }, ( lists ) and [ arrays ]; comments are # … , // … and C's.
 */
#include "gateway/config_syntax.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_NUMBER,
	TOKEN_STRING,
	TOKEN_UNCLOSED, /* a string or comment without its end */
	TOKEN_SIGN,     /* one of = : ; , { } ( ) [ ] */
	TOKEN_OTHER,
};

struct token {
	enum token_kind kind;
	const char *at;
	size_t length;
	unsigned int line;
	unsigned int column;
};

struct scan {
	const char *at;
	const char *line_start;
	unsigned int line;
};

enum {
	DEPTH_MAX = 64
};

/* Moves to `to`, counting lines. */
static void scan_to(struct scan *s, const char *to)
{
	for (; s->at < to; s->at++) {
		if (*s->at == '\n') {
			s->line++;
			s->line_start = s->at + 1;
		}
	}
}

/* Goes over white space and comments. False: a comment has no end. */
static bool scan_blank(struct scan *s)
{
	for (;;) {
		if (isspace((unsigned char)*s->at)) {
			scan_to(s, s->at + 1);
		} else if (*s->at == '#' ||
			   (s->at[0] == '/' && s->at[1] == '/')) {
			scan_to(s, s->at + strcspn(s->at, "\n"));
		} else if (s->at[0] == '/' && s->at[1] == '*') {
			const char *end = strstr(s->at + 2, "*/");

			if (!end)
				return false;
			scan_to(s, end + 2);
		} else {
			return true;
		}
	}
}

/* The length of the string that begins here; 0 if it has no end on its
   line: libconfig would read on, but nobody means that. */
static size_t string_length(const char *at)
{
	const char *p = at + 1;

	while (*p && *p != '\n' && *p != '"')
		p += *p == '\\' && p[1] && p[1] != '\n' ? 2 : 1;
	return *p == '"' ? (size_t)(p + 1 - at) : 0;
}

static bool is_word_start(char c)
{
	return isalpha((unsigned char)c) || c == '*' || c == '_';
}

static size_t word_length(const char *at)
{
	size_t n = 0;

	while (isalnum((unsigned char)at[n]) || (at[n] && strchr("-_*", at[n])))
		n++;
	return n;
}

static size_t number_length(const char *at)
{
	size_t n = strspn(at, "+-");

	while (isalnum((unsigned char)at[n]) || at[n] == '.')
		n++;
	return n;
}

static void token_measure(struct token *t)
{
	char c = *t->at;

	if (c == '\0') {
		t->kind = TOKEN_END;
	} else if (c == '"') {
		t->length = string_length(t->at);
		t->kind = t->length ? TOKEN_STRING : TOKEN_UNCLOSED;
	} else if (is_word_start(c)) {
		t->kind = TOKEN_WORD;
		t->length = word_length(t->at);
	} else if (isdigit((unsigned char)c) || c == '-' || c == '+') {
		t->kind = TOKEN_NUMBER;
		t->length = number_length(t->at);
	} else {
		t->kind = strchr("=:;,{}()[]", c) ? TOKEN_SIGN : TOKEN_OTHER;
		t->length = 1;
	}
}

static struct token next_token(struct scan *s)
{
	bool is_closed = scan_blank(s);
	struct token t = { .at = s->at,
			   .line = s->line,
			   .column = (unsigned int)(s->at - s->line_start) };

	if (!is_closed) {
		t.kind = TOKEN_UNCLOSED;
		t.length = 2;
		return t;
	}
	token_measure(&t);
	if (t.kind != TOKEN_UNCLOSED)
		scan_to(s, s->at + t.length);
	return t;
}

static bool token_is(const struct token *t, char sign)
{
	return t->kind == TOKEN_SIGN && *t->at == sign;
}

static bool word_is(const struct token *t, const char *word)
{
	return t->length == strlen(word) &&
	       strncasecmp(t->at, word, t->length) == 0;
}

static void slip_at(struct gw_slip *slip, const struct token *t,
		    const char *what, const char *hint)
{
	*slip = (struct gw_slip){ .line = t->line,
				  .from = t->column,
				  .count = t->length ? (unsigned int)t->length
						     : 1,
				  .what = what,
				  .hint = hint };
}

/* A word where a value belongs. False if it is a right one. */
static bool slip_of_word(const struct token *t, struct gw_slip *slip)
{
	if (word_is(t, "true") || word_is(t, "false"))
		return false;
	if (word_is(t, "yes") || word_is(t, "on"))
		slip_at(slip, t, "not a value", "write true");
	else if (word_is(t, "no") || word_is(t, "off"))
		slip_at(slip, t, "not a value",
			"write false (or \"off\" in quotes where a word is "
			"asked for)");
	else
		slip_at(slip, t, "not a value", "strings stand in quotes");
	return true;
}

static bool slip_of_number(const struct token *t, struct gw_slip *slip)
{
	static const char digits[] = "0123456789abcdefxABCDEFXL.+-eE";

	if (strspn(t->at, digits) >= t->length &&
	    memchr(t->at, '.', t->length) == memrchr(t->at, '.', t->length))
		return false;
	slip_at(slip, t, "not a number",
		"sizes, times and addresses are strings: \"8M\"");
	return true;
}

/* What the tokens before this one make of it. */
struct context {
	struct token before;
	struct token open[DEPTH_MAX];
	size_t depth;
};

static bool is_group(const struct context *c)
{
	return c->depth == 0 || *c->open[c->depth - 1].at == '{';
}

static bool slip_of_bracket(struct context *c, const struct token *t,
			    struct gw_slip *slip)
{
	static const char opens[] = "{([", closes[] = "})]";
	const char *which;

	if (strchr(opens, *t->at)) {
		if (c->depth < DEPTH_MAX)
			c->open[c->depth++] = *t;
		return false;
	}
	which = strchr(closes, *t->at);
	if (!which)
		return false;
	if (token_is(&c->before, ',')) {
		slip_at(slip, &c->before, "a comma before the end of the list",
			"take the comma out: it stands between elements only");
		return true;
	}
	if (c->depth == 0 ||
	    *c->open[c->depth - 1].at != opens[which - closes]) {
		slip_at(slip, t, "nothing for this bracket to close",
			"{ } hold keys, ( ) hold groups, [ ] hold values");
		return true;
	}
	c->depth--;
	return false;
}

static bool is_value_place(const struct context *c)
{
	return token_is(&c->before, '=') || token_is(&c->before, ':') ||
	       (!is_group(c) &&
		(token_is(&c->before, ',') || token_is(&c->before, '(') ||
		 token_is(&c->before, '[')));
}

/* Two elements of a list, or a key and its value, with nothing between. */
static bool slip_of_neighbours(const struct context *c, const struct token *t,
			       struct gw_slip *slip)
{
	const struct token *b = &c->before;
	bool is_value = t->kind == TOKEN_STRING || t->kind == TOKEN_NUMBER ||
			token_is(t, '{') || token_is(t, '(') ||
			token_is(t, '[');
	bool was_value = b->kind == TOKEN_STRING || b->kind == TOKEN_NUMBER ||
			 token_is(b, '}');

	if (!is_value)
		return false;
	if (!is_group(c) && was_value) {
		slip_at(slip, t, "no comma before this element",
			"elements of a list are separated by commas");
		return true;
	}
	if (is_group(c) && b->kind == TOKEN_WORD && !is_value_place(c)) {
		slip_at(slip, t, "no '=' between the key and its value",
			"write: key = value;");
		return true;
	}
	return false;
}

static bool slip_of_token(struct context *c, const struct token *t,
			  struct gw_slip *slip)
{
	if (t->kind == TOKEN_UNCLOSED) {
		slip_at(slip, t,
			*t->at == '"' ? "a string without its closing quote"
				      : "a comment without its end",
			*t->at == '"' ? "close it with \" on the same line"
				      : "close it with */");
		return true;
	}
	if (t->kind == TOKEN_OTHER) {
		slip_at(slip, t, "this can't stand here",
			*t->at == '\'' ? "strings stand in double quotes"
				       : NULL);
		return true;
	}
	if (t->kind == TOKEN_WORD && is_value_place(c))
		return slip_of_word(t, slip);
	if (t->kind == TOKEN_NUMBER && slip_of_number(t, slip))
		return true;
	if (slip_of_neighbours(c, t, slip))
		return true;
	return t->kind == TOKEN_SIGN && slip_of_bracket(c, t, slip);
}

static void slip_of_line(const char *text, unsigned int line,
			 struct gw_slip *slip)
{
	*slip = (struct gw_slip){ .line = line };
	for (; line > 1 && (text = strchr(text, '\n')); line--)
		text++;
	if (text)
		slip->from = (unsigned int)strspn(text, " \t");
	slip->count = 1;
}

void gw_config_slip(const char *text, unsigned int line,
		    struct gw_slip *ret_slip)
{
	struct scan s = { .at = text, .line_start = text, .line = 1 };
	struct context c = { .depth = 0 };

	for (;;) {
		struct token t = next_token(&s);

		if (t.kind == TOKEN_END)
			break;
		/* An @include is libconfig's own and stands alone. */
		if (*t.at == '@') {
			scan_to(&s, s.at + strcspn(s.at, "\n"));
			continue;
		}
		/* What follows the place of the error can't be its cause. */
		if (t.line > line) {
			c.depth = 0;
			break;
		}
		if (slip_of_token(&c, &t, ret_slip))
			return;
		c.before = t;
	}
	if (c.depth > 0) {
		slip_at(ret_slip, &c.open[c.depth - 1],
			"this bracket is never closed", NULL);
		return;
	}
	slip_of_line(text, line, ret_slip);
}
