/*
 * When two names are the same but for case: when their folded forms, in NTFS'
 * upper case (MS-UCODEREF), are equal. Composed and decomposed letters differ,
 * as they do on NTFS: clients make both side by side. Pure; the table is
 * smb/wire/utf16.c's.
 *
 * A set keeps the names themselves, one behind the other, and finds them by
 * the hash of their folded form: a folder of a million names has to fit.
 */
#include "gateway/fsa/fold.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/object.h"
#include "gateway/fsa/short_name.h"
#include "smb/wire/utf16.h"

struct fsa_name_slot {
	uint32_t hash;
	uint32_t at; /* in text, plus 1; 0 is an empty slot */
};

void fsa_fold(struct smb_name name, struct fsa_folded *ret_folded)
{
	struct fsa_folded *f = ret_folded;

	f->count = name.count < FSA_FOLDED_MAX ? name.count : FSA_FOLDED_MAX;
	memcpy(f->units, name.units, f->count * sizeof(*f->units));
	f->hash = 2166136261u; /* FNV-1a */
	for (uint32_t i = 0; i < f->count; i++) {
		f->units[i] = smb_upcase(f->units[i]);
		f->hash = (f->hash ^ f->units[i]) * 16777619u;
	}
}

void fsa_fold_disk(const struct fsa_share *share, const char *disk,
		   struct fsa_folded *ret_folded)
{
	uint16_t units[255];
	size_t count = fsa_name_from_disk(share, disk, units, 255);

	/* No name has more, as none has more than 255 bytes. */
	if (count == SIZE_MAX)
		count = 0;
	fsa_fold((struct smb_name){ units, (uint32_t)count }, ret_folded);
}

bool fsa_folded_equal(const struct fsa_folded *a, const struct fsa_folded *b)
{
	return a->hash == b->hash && a->count == b->count &&
	       !memcmp(a->units, b->units, a->count * sizeof(*a->units));
}

/* ---- sets ---- */

static void put_slot(struct fsa_name_slot *slots, size_t slot_count,
		     struct fsa_name_slot slot)
{
	size_t i = slot.hash & (slot_count - 1);

	while (slots[i].at)
		i = (i + 1) & (slot_count - 1);
	slots[i] = slot;
}

static bool grow_slots(struct fsa_name_set *set)
{
	size_t slot_count = set->slot_count ? 2 * set->slot_count : 64;
	struct fsa_name_slot *slots = calloc(slot_count, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < set->slot_count; i++) {
		if (set->slots[i].at)
			put_slot(slots, slot_count, set->slots[i]);
	}
	free(set->slots);
	set->slots = slots;
	set->slot_count = slot_count;
	return true;
}

static bool grow_text(struct fsa_name_set *set, size_t more)
{
	size_t size = set->text_size ? 2 * set->text_size : 1024;
	char *text;

	if (set->text_used + more <= set->text_size)
		return true;
	/* Slots count bytes in 32 bits. */
	text = size < UINT32_MAX ? realloc(set->text, size) : NULL;
	if (!text)
		return false;
	set->text = text;
	set->text_size = size;
	return true;
}

bool fsa_name_set_add(struct fsa_name_set *set, const struct fsa_share *share,
		      const char *disk)
{
	size_t size = strlen(disk) + 1;
	struct fsa_folded folded;

	if (size > 256 || !grow_text(set, size))
		return false;
	if (2 * (set->count + 1) > set->slot_count && !grow_slots(set))
		return false;
	fsa_fold_disk(share, disk, &folded);
	put_slot(set->slots, set->slot_count,
		 (struct fsa_name_slot){
			 .hash = folded.hash,
			 .at = (uint32_t)set->text_used + 1,
		 });
	memcpy(set->text + set->text_used, disk, size);
	set->text_used += size;
	set->count++;
	return true;
}

/* Its place stays, and has a name then that no file can have. */
void fsa_name_set_remove(struct fsa_name_set *set,
			 const struct fsa_share *share, const char *disk)
{
	struct fsa_folded folded;
	size_t i;

	if (!set->count)
		return;
	fsa_fold_disk(share, disk, &folded);
	for (i = folded.hash & (set->slot_count - 1); set->slots[i].at;
	     i = (i + 1) & (set->slot_count - 1)) {
		char *name = set->text + set->slots[i].at - 1;

		if (set->slots[i].hash == folded.hash && !strcmp(name, disk))
			memset(name, '/', strlen(name));
	}
}

const char *fsa_name_set_find(const struct fsa_name_set *set,
			      const struct fsa_share *share,
			      const struct fsa_folded *want)
{
	struct fsa_folded folded;
	size_t i = want->hash;

	if (!set->count)
		return NULL;
	for (i &= set->slot_count - 1; set->slots[i].at;
	     i = (i + 1) & (set->slot_count - 1)) {
		const char *name = set->text + set->slots[i].at - 1;

		if (set->slots[i].hash != want->hash)
			continue;
		fsa_fold_disk(share, name, &folded);
		if (fsa_folded_equal(&folded, want))
			return name;
	}
	return NULL;
}

const char *fsa_name_set_find_short(const struct fsa_name_set *set,
				    const struct fsa_share *share,
				    const struct fsa_folded *want)
{
	uint16_t units[FSA_SHORT_MAX];
	const char *name = set->text;

	for (size_t i = 0; i < set->count; i++) {
		size_t count = fsa_short_name_of_disk(share, name, units);

		if (count == want->count &&
		    !memcmp(units, want->units, count * sizeof(*units)))
			return name;
		name += strlen(name) + 1;
	}
	return NULL;
}

void fsa_name_set_fini(struct fsa_name_set *set)
{
	free(set->slots);
	free(set->text);
	*set = (struct fsa_name_set){ 0 };
}
