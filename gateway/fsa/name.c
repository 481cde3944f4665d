/*
 * Windows names and the bytes that stand for them on disk: one mapping, the
 * same wherever a name is shown or taken (MS-FSCC 2.1.5). Pure. Whether a name
 * exists, and in what case, is find.c's.
 *
 * On disk a name is UTF-8. Every name that Linux can have is shown, and what
 * is shown opens it again:
 *
 *   disk                                shown as
 *   UTF-8                               the same characters
 *   " * : < > ? \ | and 1 … 31          U+F001 … U+F027, as macOS and Services
 *     (share option maps_names)           for Macintosh have it
 *     (without it)                      U+F700 and the byte
 *   a space or dot at the end           U+F028, U+F029 (with maps_names)
 *   a byte that isn't UTF-8             U+F700 and the byte
 *   UTF-8 of one of those stand-ins     its bytes, each as U+F700 and the byte
 *   half a surrogate pair, as UTF-8     the same half
 *
 * So what is read from disk comes back to the same bytes always; a client that
 * makes up stand-ins where none are needed gets another name than it sent,
 * but a legal one.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/object.h"
#include "smb/wire/utf16.h"

enum {
	COMPONENT_MAX =
		255, /* units; bytes too, if store doesn't know better */
	PATH_MAX_UNITS = 32760,
	ESCAPE = 0xf700,       /* and the byte */
	ESCAPE_BYTES = 0xf780, /* those that no ASCII character has */
	ESCAPE_LAST = 0xf7ff,
	MAC_FIRST = 0xf000, /* and the control character, or: */
	MAC_TABLE = 0xf020,
};

/* What stands at U+F020 and behind. */
static const char mac_table[] = "\"*:<>?\\| .";

#define MAC_COUNT (sizeof(mac_table) - 1)

/* ---- characters ---- */

/* Whether Windows can't have it in a name. */
static bool is_illegal(uint32_t c)
{
	return c < 0x20 || (c < 0x80 && strchr("\"*/:<>?\\|", (int)c));
}

static bool is_high(uint32_t unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool is_low(uint32_t unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

/* The byte that a unit stands for, or 0 if it is just a character. */
static unsigned char byte_of(const struct fsa_share *share, uint32_t unit)
{
	if (unit >= ESCAPE_BYTES && unit <= ESCAPE_LAST)
		return (unsigned char)(unit - ESCAPE);
	if (share->is_posix)
		return unit == ESCAPE + '\\' ? '\\' : 0;
	if (!share->maps_names)
		return unit > ESCAPE && unit < ESCAPE_BYTES &&
				       unit != ESCAPE + '/' &&
				       is_illegal(unit - ESCAPE)
			       ? (unsigned char)(unit - ESCAPE)
			       : 0;
	if (unit > MAC_FIRST && unit < MAC_TABLE)
		return (unsigned char)(unit - MAC_FIRST);
	if (unit >= MAC_TABLE && unit < MAC_TABLE + MAC_COUNT)
		return (unsigned char)mac_table[unit - MAC_TABLE];
	return 0;
}

/* What an ASCII character is shown as. */
static uint16_t show_ascii(const struct fsa_share *share, unsigned char c,
			   bool is_last)
{
	bool is_ending = is_last && (c == ' ' || c == '.');

	/* Clients take it for a slash. */
	if (share->is_posix)
		return c == '\\' ? (uint16_t)(ESCAPE + c) : c;
	if (!share->maps_names)
		return is_illegal(c) ? (uint16_t)(ESCAPE + c) : c;
	if (!is_illegal(c) && !is_ending)
		return c;
	if (c < 0x20)
		return (uint16_t)(MAC_FIRST + c);
	return (uint16_t)(MAC_TABLE + (strchr(mac_table, c) - mac_table));
}

/*
 * One character of UTF-8, halves of surrogate pairs too: how many bytes it
 * has, or 0 if these bytes are none.
 */
static size_t utf8_take(const char *text, uint32_t *ret_c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *at = (const unsigned char *)text;
	size_t length = at[0] < 0x80             ? 1
			: (at[0] & 0xe0) == 0xc0 ? 2
			: (at[0] & 0xf0) == 0xe0 ? 3
			: (at[0] & 0xf8) == 0xf0 ? 4
						 : 0;
	uint32_t c = length > 1 ? at[0] & (0x7fu >> length) : at[0];

	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (at[i] & 0x3f);
	}
	if (!length || c < least[length] || c > 0x10ffff)
		return 0;
	*ret_c = c;
	return length;
}

static size_t utf8_put(uint32_t c, char to[4])
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* ---- from disk ---- */

/* Whether these bytes can be shown as the character that they are. */
static bool shows_itself(const struct fsa_share *share, uint32_t c,
			 const char *behind)
{
	uint32_t next;

	if (byte_of(share, c))
		return false;
	/* Two halves beside each other would come back as a whole. */
	return !is_high(c) || !utf8_take(behind, &next) || !is_low(next);
}

/* Shows one character, or one byte of none: how many bytes it took. */
static size_t show_one(const struct fsa_share *share, const char *at,
		       uint16_t to[2], size_t *ret_count)
{
	uint32_t c;
	size_t length = utf8_take(at, &c);

	*ret_count = 1;
	if (length == 1) {
		to[0] = show_ascii(share, (unsigned char)*at, !at[1]);
		return 1;
	}
	if (!length || !shows_itself(share, c, at + length)) {
		to[0] = (uint16_t)(ESCAPE + (unsigned char)*at);
		return 1;
	}
	if (c < 0x10000) {
		to[0] = (uint16_t)c;
		return length;
	}
	to[0] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
	to[1] = (uint16_t)(0xdc00 + (c & 0x3ff));
	*ret_count = 2;
	return length;
}

size_t fsa_name_from_disk(const struct fsa_share *share, const char *disk,
			  uint16_t *to, size_t max)
{
	size_t used = 0, count;
	uint16_t units[2];

	/* As they stand in the target of a link: there they are no names. */
	if (max >= 2 && (!strcmp(disk, ".") || !strcmp(disk, ".."))) {
		while (*disk++)
			to[used++] = '.';
		return used;
	}
	while (*disk) {
		disk += show_one(share, disk, units, &count);
		if (count > max - used)
			return SIZE_MAX;
		memcpy(to + used, units, count * sizeof(*to));
		used += count;
	}
	return used;
}

uint16_t *fsa_name_from_path(const struct fsa_share *share, const char *path,
			     uint32_t *ret_count)
{
	size_t max = strlen(path) + 1, used = 0;
	char *copy = strdup(path), *next = copy, *component;
	uint16_t *to = reallocarray(NULL, max, sizeof(*to));

	if (!copy || !to) {
		free(copy);
		free(to);
		return NULL;
	}
	to[used++] = '\\';
	while ((component = strsep(&next, "/"))) {
		used += fsa_name_from_disk(share, component, to + used,
					   max - used);
		if (next)
			to[used++] = '\\';
	}
	free(copy);
	*ret_count = (uint32_t)used;
	return to;
}

/* ---- to disk ---- */

/* The character that begins at `i`, `i` moved behind it. */
static uint32_t unit_take(struct smb_name name, uint32_t *i)
{
	uint32_t c = name.units[(*i)++];

	if (is_high(c) && *i < name.count && is_low(name.units[*i]))
		c = 0x10000 + ((c - 0xd800) << 10) +
		    (name.units[(*i)++] - 0xdc00u);
	return c;
}

size_t fsa_name_to_disk(const struct fsa_share *share, struct smb_name name,
			char *to, size_t size)
{
	size_t used = 0, length;
	char bytes[4];
	uint32_t i = 0;

	while (i < name.count) {
		uint32_t c = unit_take(name, &i);

		if (share->is_posix ? c == 0 || c == '/' : is_illegal(c))
			return SIZE_MAX;
		length = 1;
		bytes[0] = (char)byte_of(share, c);
		if (!bytes[0])
			length = utf8_put(c, bytes);
		if (length >= size - used)
			return SIZE_MAX;
		memcpy(to + used, bytes, length);
		used += length;
	}
	to[used] = '\0';
	/* No stand-ins for dots make a way up. */
	if (!used || !strcmp(to, ".") || !strcmp(to, ".."))
		return SIZE_MAX;
	return used;
}

/* ---- paths ---- */

static uint32_t find_unit(struct smb_name name, uint32_t from, uint16_t unit)
{
	while (from < name.count && name.units[from] != unit)
		from++;
	return from;
}

static struct smb_name part(struct smb_name name, uint32_t from, uint32_t to)
{
	return (struct smb_name){ name.units + from, to - from };
}

static bool is_word(struct smb_name name, const char *word)
{
	uint16_t units[32];
	size_t count = smb_utf8_to_utf16(word, strlen(word), units, 32);

	return smb_name_equal_nocase(name, (struct smb_name){
						   units, (uint32_t)count });
}

static bool has_unit(struct smb_name name, uint16_t unit)
{
	return find_unit(name, 0, unit) < name.count;
}

enum nt_status fsa_name_part(struct smb_name text, struct fsa_part *ret_part)
{
	uint32_t colon = find_unit(text, 0, ':');
	bool has_type = colon < text.count;
	struct smb_name name = part(text, 0, colon);
	struct smb_name type =
		part(text, has_type ? colon + 1 : colon, text.count);

	if (has_unit(name, '/') || has_unit(name, '\\') || has_unit(name, 0) ||
	    name.count > COMPONENT_MAX)
		return NT_STATUS_OBJECT_NAME_INVALID;
	*ret_part = (struct fsa_part){ .name = name };
	if (has_type ? is_word(type, "$DATA") : name.count > 0)
		ret_part->kind = name.count ? FSA_PART_STREAM : FSA_PART_DATA;
	else if (is_word(type, "$INDEX_ALLOCATION") &&
		 (!name.count || is_word(name, "$I30")))
		ret_part->kind = FSA_PART_INDEX;
	else
		return NT_STATUS_OBJECT_NAME_INVALID;
	return NT_STATUS_SUCCESS;
}

/* Cuts off what stands behind the file's own name. */
static enum nt_status cut_part(struct smb_name *name, struct fsa_part *ret_part)
{
	uint32_t colon = find_unit(*name, 0, ':');
	struct smb_name text = part(*name, colon, name->count);

	*ret_part = (struct fsa_part){ .kind = FSA_PART_FILE };
	if (!text.count)
		return NT_STATUS_SUCCESS;
	name->count = colon;
	return fsa_name_part(part(text, 1, text.count), ret_part);
}

static enum nt_status put_component(const struct fsa_share *share,
				    struct smb_name name, char *to, size_t size,
				    size_t *ret_length)
{
	size_t name_max = store_tree_features(share->tree)->name_max;
	bool is_dot = name.count == 1 && name.units[0] == '.';

	if (!name_max)
		name_max = COMPONENT_MAX;
	if (size > name_max + 1)
		size = name_max + 1;
	if (is_dot || name.count > COMPONENT_MAX)
		return NT_STATUS_OBJECT_NAME_INVALID;
	*ret_length = fsa_name_to_disk(share, name, to, size);
	return *ret_length == SIZE_MAX ? NT_STATUS_OBJECT_NAME_INVALID
				       : NT_STATUS_SUCCESS;
}

/* Takes the last component away again; false if there is none. */
static bool drop_component(char *to, size_t *used)
{
	char *slash;

	if (!*used)
		return false;
	to[*used] = '\0';
	slash = strrchr(to, '/');
	*used = slash ? (size_t)(slash - to) : 0;
	to[*used] = '\0';
	return true;
}

static bool is_up(struct smb_name name)
{
	return name.count == 2 && name.units[0] == '.' && name.units[1] == '.';
}

/* A way up is gone in the name itself, whatever the names before it are. */
static enum nt_status put_path(const struct fsa_share *share,
			       struct smb_name name, char *to, size_t size)
{
	uint32_t from = 0, end;
	size_t used = 0, at, length;
	enum nt_status status;

	to[0] = '\0';
	for (; from < name.count; from = end + 1) {
		end = find_unit(name, from, '\\');
		if (is_up(part(name, from, end))) {
			if (!drop_component(to, &used))
				return NT_STATUS_OBJECT_PATH_SYNTAX_BAD;
			continue;
		}
		at = used + (used > 0);
		status = put_component(share, part(name, from, end), to + at,
				       size - at, &length);
		if (!nt_status_is_ok(status))
			return status;
		if (used)
			to[used] = '/';
		used = at + length;
	}
	return NT_STATUS_SUCCESS;
}

enum nt_status fsa_name_to_path(const struct fsa_share *share,
				struct smb_name name, char **ret_path,
				struct fsa_part *ret_part)
{
	enum nt_status status;
	struct fsa_part file_part;
	size_t size;
	char *path;

	if (share->is_posix) {
		*ret_part = (struct fsa_part){ .kind = FSA_PART_FILE };
		return fsa_posix_path(share, name, ret_path);
	}
	if (name.count > PATH_MAX_UNITS)
		return NT_STATUS_OBJECT_NAME_INVALID;
	if (name.count && name.units[0] == '\\')
		return NT_STATUS_INVALID_PARAMETER;
	status = cut_part(&name, &file_part);
	if (!nt_status_is_ok(status))
		return status;
	size = 3 * (size_t)name.count + 2;
	path = malloc(size);
	if (!path)
		return NT_STATUS_INSUFFICIENT_RESOURCES;
	status = put_path(share, name, path, size);
	if (!nt_status_is_ok(status)) {
		free(path);
		return status;
	}
	*ret_path = path;
	*ret_part = file_part;
	return NT_STATUS_SUCCESS;
}
