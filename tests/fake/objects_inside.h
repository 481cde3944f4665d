/*
 * What the files of the object store in memory share.
 */
#pragma once

#include "tests/fake/files.h"
#include "tests/fake/objects.h"

struct object {
	struct smb_object base;
	struct fake_file *file;
	uint32_t mode;
	uint64_t position;
	struct fake_file *next; /* of the listing */
	unsigned int dots;      /* "." and ".." that were told */
	bool is_listing, delete_on_close, is_closing, is_away;
	uint8_t caching; /* granted as asked, if the test says so */
	uint16_t pattern[FAKE_NAME_MAX];
	uint32_t pattern_count;
	uint16_t path[1024];
};

/* The root of a volume, which gets one when it is first used. */
struct fake_file *fake_root_of(const struct smb_volume *volume);

/* The path from the root on, put together from its end. */
struct smb_name fake_path_of(struct object *o);

/* The gate of every verb. `call` may be NULL. */
enum nt_status fake_co_enter(enum fake_verb verb, struct smb_call *call);

/* ---- away.c ---- */

enum nt_status fake_co_keep(struct smb_object *object, bool is_resilient);
bool fake_is_of(const struct smb_object *object,
		const struct smb_volume *volume);
enum nt_status fake_co_may_return(struct smb_object *object,
				  const struct smb_name *name);
void fake_co_depart(struct smb_object *object);
void fake_arrive(struct smb_object *object, struct smb_volume *volume);
enum nt_status fake_co_tell(struct smb_object *object, bool wants_max_access,
			    struct smb_created *ret_created);
