/*
 * Generated names of 8.3:
 *
 *   "A long name.html" ──> "A" + six digits of base 36, the last but one place
 *                          a tilde + ".HTM"        e.g. "A4FH36~0.HTM"
 *
 * The digits are a hash of the name in upper case, so letters' case does not
 * matter; the letter and the extension are the name's own, as far as such a
 * name may have them. Nobody keeps a list: what a short name means is found by
 * making those of all names of its directory.
 */
#include "gateway/fsa/short_name.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/fsa/object.h"
#include "smb/wire/utf16.h"

enum {
	BASE_MAX = 8,
	EXTENSION_MAX = 3,
	TILDE_AT = 6,
	BASE_36 = 36,
	TUNNELS = 32,
	TUNNEL_MS = 15000, /* as NTFS has it */
};

/* What a name of 8.3 consists of, besides letters that have no lower case. */
static bool is_short_unit(uint16_t unit)
{
	return unit < 0x80 && unit > ' ' && !strchr("\"*+,/:;<=>?[\\]|.", unit);
}

bool fsa_short_name_is(struct smb_name name)
{
	uint32_t at = 0, base, extension = 0;

	while (at < name.count && is_short_unit(name.units[at]))
		at++;
	base = at;
	if (at < name.count && name.units[at] == '.') {
		at++;
		while (at < name.count && is_short_unit(name.units[at])) {
			at++;
			extension++;
		}
		if (!extension)
			return false;
	}
	return at == name.count && base && base <= BASE_MAX &&
	       extension <= EXTENSION_MAX;
}

static bool is_dots(struct smb_name name)
{
	return name.count && name.count <= 2 && name.units[0] == '.' &&
	       name.units[name.count - 1] == '.';
}

/* Where the extension begins, behind the last dot; count if there is none. */
static uint32_t extension_of(struct smb_name name)
{
	uint32_t at = name.count;

	while (at > 1 && name.units[at - 1] != '.')
		at--;
	return at > 1 ? at : name.count;
}

static uint64_t hash_of(struct smb_name name)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (uint32_t i = 0; i < name.count; i++)
		hash = (hash ^ smb_upcase(name.units[i])) *
		       UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

size_t fsa_short_name_make(struct smb_name name, uint16_t to[FSA_SHORT_MAX])
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint64_t hash = hash_of(name);
	uint32_t at = extension_of(name);
	size_t used = 0;

	if (is_dots(name) || !name.count)
		return 0;
	to[used++] =
		is_short_unit(name.units[0]) ? smb_upcase(name.units[0]) : '_';
	for (; used < BASE_MAX; used++) {
		if (used == TILDE_AT) {
			to[used] = '~';
			continue;
		}
		to[used] = (uint16_t)digits[hash % BASE_36];
		hash /= BASE_36;
	}
	for (; at < name.count && used < FSA_SHORT_MAX; at++) {
		if (!is_short_unit(name.units[at]))
			continue;
		if (used == BASE_MAX)
			to[used++] = '.';
		to[used++] = smb_upcase(name.units[at]);
	}
	return used;
}

size_t fsa_short_name_of_disk(const struct fsa_share *share, const char *disk,
			      uint16_t to[FSA_SHORT_MAX])
{
	uint16_t units[255];
	size_t count = fsa_name_from_disk(share, disk, units, 255);
	struct smb_name name = { units, (uint32_t)count };

	if (count == SIZE_MAX || fsa_short_name_is(name))
		return 0;
	return fsa_short_name_make(name, to);
}

static bool is_digit(uint16_t unit)
{
	return (unit >= '0' && unit <= '9') ||
	       (smb_upcase(unit) >= 'A' && smb_upcase(unit) <= 'Z');
}

bool fsa_short_name_is_made(struct smb_name name)
{
	if (!fsa_short_name_is(name) || name.count < BASE_MAX ||
	    name.units[TILDE_AT] != '~')
		return false;
	for (uint32_t i = 1; i < BASE_MAX; i++) {
		if (i != TILDE_AT && !is_digit(name.units[i]))
			return false;
	}
	return name.count == BASE_MAX || name.units[BASE_MAX] == '.';
}

/* ---- those that were used ---- */

struct tunnel_entry {
	struct store_key dir;
	uint64_t until; /* loop_now(); 0: unused */
	char short_name[FSA_SHORT_MAX + 1];
	char name[256];
};

struct fsa_tunnel {
	size_t next;
	struct tunnel_entry entries[TUNNELS];
};

void fsa_tunnel_put(struct fsa_tunnel **tunnel, const struct store_key *dir,
		    const char *short_name, const char *name, uint64_t now)
{
	struct tunnel_entry *e;

	if (strlen(short_name) > FSA_SHORT_MAX || strlen(name) > 255)
		return;
	if (!*tunnel)
		*tunnel = calloc(1, sizeof(**tunnel));
	if (!*tunnel)
		return;
	e = &(*tunnel)->entries[(*tunnel)->next++ % TUNNELS];
	*e = (struct tunnel_entry){
		.dir = *dir,
		.until = now + loop_ms(TUNNEL_MS),
	};
	strcpy(e->short_name, short_name);
	strcpy(e->name, name);
}

const char *fsa_tunnel_find(const struct fsa_tunnel *tunnel,
			    const struct store_key *dir, const char *short_name,
			    uint64_t now)
{
	for (size_t i = 0; tunnel && i < TUNNELS; i++) {
		/* The newest first. */
		const struct tunnel_entry *e =
			&tunnel->entries[(tunnel->next - 1 - i) % TUNNELS];

		if (e->until > now && fsa_key_equal(&e->dir, dir) &&
		    !strcasecmp(e->short_name, short_name))
			return e->name;
	}
	return NULL;
}
