/*
 * One line of smbpasswd(5), read and written. What Samba's pdbedit exports is
 * read unchanged; what we write, it reads, but for a user without a uid.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/users.h"

enum {
	FIELDS = 6,
	HASH_DIGITS = 32
};

struct field {
	const char *at;
	size_t length;
};

bool gw_user_line_is_blank(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length && isspace((unsigned char)text[i]))
		i++;
	return i == length || text[i] == '#';
}

/* Up to FIELDS fields, each with its colon or the end behind it: how many. */
static size_t split(const char *text, size_t length, struct field fields[])
{
	const char *end = text + length;
	size_t count = 0;

	while (count < FIELDS) {
		const char *colon = memchr(text, ':', (size_t)(end - text));

		fields[count].at = text;
		fields[count].length = (size_t)((colon ? colon : end) - text);
		count++;
		if (!colon)
			break;
		text = colon + 1;
	}
	return count;
}

static const char *parse_name(struct field f, struct gw_user_line *line)
{
	if (f.length == 0)
		return "no name";
	if (f.length > GW_USER_NAME_MAX)
		return "the name is too long";
	memcpy(line->name, f.at, f.length);
	line->name[f.length] = '\0';
	return NULL;
}

static const char *parse_uid(struct field f, struct gw_user_line *line)
{
	uint64_t uid = 0;

	line->has_uid = false;
	if (f.length == 0 || (f.length == 1 && *f.at == '-') ||
	    (f.length == 2 && memcmp(f.at, "-1", 2) == 0))
		return NULL;
	for (size_t i = 0; i < f.length; i++) {
		if (!isdigit((unsigned char)f.at[i]) || uid > UINT32_MAX)
			return "the uid is not a number";
		uid = uid * 10 + (uint64_t)(f.at[i] - '0');
	}
	if (uid > UINT32_MAX)
		return "the uid is not a number";
	line->has_uid = uid != UINT32_MAX;
	line->uid = (uid_t)uid;
	return NULL;
}

static const char *parse_hash(struct field f, struct gw_user_line *line)
{
	char digits[HASH_DIGITS + 1];
	bool ok;

	line->has_password = false;
	if (f.length != HASH_DIGITS)
		return "the NT hash has not 32 digits";
	memcpy(digits, f.at, HASH_DIGITS);
	digits[HASH_DIGITS] = '\0';
	if (memcmp(digits, "NO PASSWORD", 11) == 0 ||
	    strspn(digits, "X") == HASH_DIGITS ||
	    strspn(digits, "*") == HASH_DIGITS)
		return NULL;
	ok = gw_nt_hash_parse(digits, line->nt_hash);
	explicit_bzero(digits, sizeof(digits));
	line->has_password = ok;
	return ok ? NULL : "the NT hash is not hexadecimal";
}

static const char *parse_flags(struct field f, struct gw_user_line *line)
{
	if (f.length < 2 || f.at[0] != '[' || f.at[f.length - 1] != ']')
		return "the flags are not in brackets";
	for (size_t i = 1; i + 1 < f.length; i++) {
		char flag = f.at[i];

		if (!strchr("NDHTUMWSLXIP ", flag))
			return "unknown flag";
		if (strchr("DWSI", flag))
			line->is_disabled = true;
		if (flag == 'N')
			line->has_password = false;
	}
	return NULL;
}

static void parse_changed(struct field f, struct gw_user_line *line)
{
	if (f.length == 12 && memcmp(f.at, "LCT-", 4) == 0)
		line->changed = (uint32_t)strtoul(f.at + 4, NULL, 16);
}

const char *gw_user_line_parse(const char *text, size_t length,
			       struct gw_user_line *ret_line)
{
	struct field fields[FIELDS];
	struct gw_user_line line = { .has_uid = false };
	size_t count = split(text, length, fields);
	const char *fault;

	if (count < 4)
		return "not name:uid:LM:NT:[flags]:LCT-…:";
	fault = parse_name(fields[0], &line);
	if (!fault)
		fault = parse_uid(fields[1], &line);
	if (!fault)
		fault = parse_hash(fields[3], &line);
	if (!fault && count > 4 && fields[4].length > 0)
		fault = parse_flags(fields[4], &line);
	if (!fault && count > 5)
		parse_changed(fields[5], &line);
	if (!fault)
		*ret_line = line;
	explicit_bzero(line.nt_hash, sizeof(line.nt_hash));
	return fault;
}

static void format_hash(const struct gw_user_line *line,
			char to[HASH_DIGITS + 1])
{
	if (!line->has_password) {
		snprintf(to, HASH_DIGITS + 1, "NO PASSWORD%.*s", 21,
			 "XXXXXXXXXXXXXXXXXXXXX");
		return;
	}
	for (size_t i = 0; i < GW_NT_HASH_LENGTH; i++)
		snprintf(to + 2 * i, 3, "%02X", line->nt_hash[i]);
}

void gw_user_line_format(const struct gw_user_line *line,
			 char to[GW_USER_LINE_MAX])
{
	char uid[16] = "-";
	char hash[HASH_DIGITS + 1];
	char flags[16];

	if (line->has_uid)
		snprintf(uid, sizeof(uid), "%u", line->uid);
	format_hash(line, hash);
	snprintf(flags, sizeof(flags), "%s%sU", line->has_password ? "" : "N",
		 line->is_disabled ? "D" : "");
	snprintf(to, GW_USER_LINE_MAX,
		 "%s:%s:XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX:%s:[%-11s]:LCT-%08X:",
		 line->name, uid, hash, flags, line->changed);
	explicit_bzero(hash, sizeof(hash));
}
