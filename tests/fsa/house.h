/*
 * Where the tests of fsa/'s verbs play: a share on a fresh tree, seen by the
 * process's own user, its opens made as clients make them, on each engine.
 */
#pragma once

#include "tests/store/yard.h"

#include "gateway/fsa/fsa.h"
#include "gateway/fsa/object.h"
#include "gateway/fsa/windows.h"

enum {
	HOUSE_SHARE_ALL =
		FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
};

struct house {
	struct yard *y;
	struct fsa *fsa;
	struct fsa_share share;
	struct smb_volume *volume;
	struct smb_call call;
	unsigned int asyncs; /* how often a call said that it will wait */
};

typedef void house_fn(struct house *h);

/* ASCII as a name, good until the eighth next one. */
static inline struct smb_name house_name(const char *ascii)
{
	static uint16_t names[8][512];
	static unsigned int next;
	uint16_t *units = names[next++ % 8];
	size_t count = strlen(ascii);

	assert_true(count <= 512);
	for (size_t i = 0; i < count; i++)
		units[i] = (unsigned char)ascii[i];
	return (struct smb_name){ units, (uint32_t)count };
}

/* A name as ASCII; the same rule. */
static inline const char *house_text(struct smb_name name)
{
	static char texts[8][512];
	static unsigned int next;
	char *text = texts[next++ % 8];

	assert_true(name.count < 512);
	for (uint32_t i = 0; i < name.count; i++)
		text[i] = name.units[i] < 128 ? (char)name.units[i] : '?';
	text[name.count] = '\0';
	return text;
}

static inline enum nt_status house_co_create(struct house *h,
					     const struct smb_create *how,
					     struct smb_object **ret_object)
{
	struct smb_created created = {};
	enum nt_status status =
		fsa_object_ops.co_create(h->volume, &h->call, how, &created);

	if (status == NT_STATUS_SUCCESS)
		*ret_object = created.object;
	return status;
}

/* OPEN_IF, sharing all: as most tests want it. */
static inline struct smb_object *house_co_open(struct house *h,
					       const char *name,
					       uint32_t access,
					       uint32_t options)
{
	struct smb_object *object = NULL;
	struct smb_create how = {
		.name = house_name(name),
		.access = access,
		.sharing = HOUSE_SHARE_ALL,
		.disposition = FILE_OPEN_IF,
		.options = options,
	};

	assert_int_equal(house_co_create(h, &how, &object), NT_STATUS_SUCCESS);
	return object;
}

static inline struct smb_object *house_co_file(struct house *h,
					       const char *name)
{
	return house_co_open(h, name, FILE_ALL_ACCESS, FILE_NON_DIRECTORY_FILE);
}

static inline struct smb_object *house_co_dir(struct house *h, const char *name)
{
	return house_co_open(h, name, FILE_ALL_ACCESS, FILE_DIRECTORY_FILE);
}

static inline void house_co_close(struct smb_object *object)
{
	fsa_object_ops.closing(object);
	assert_int_equal(fsa_object_ops.co_close(object, NULL),
			 NT_STATUS_SUCCESS);
}

static inline struct smb_open_facts house_co_facts(struct smb_object *object)
{
	struct smb_open_facts facts = {};

	assert_int_equal(fsa_object_ops.co_query(object, &facts),
			 NT_STATUS_SUCCESS);
	return facts;
}

static inline enum nt_status house_co_set(struct smb_object *object,
					  struct smb_set set)
{
	return fsa_object_ops.co_set(object, &set);
}

static inline bool house_exists(struct house *h, const char *path)
{
	struct stat st;

	return lstat(yard_path(h->y, path), &st) == 0;
}

static inline void house_going_async(struct smb_call *call)
{
	struct house *h =
		(struct house *)(void *)((char *)call -
					 offsetof(struct house, call));

	h->asyncs++;
}

/* A second view of the same tree, with other rules, by the same user. */
static inline struct smb_volume *house_volume(const struct fsa_share *share)
{
	struct smb_share_facts facts = { .access_max = FILE_ALL_ACCESS };
	struct store_creds *creds = NULL;
	struct smb_volume *volume;

	assert_int_equal(store_creds_get(geteuid(), getegid(), NULL, 0, &creds),
			 0);
	volume = fsa_volume_new(share, creds, &facts, NULL, NULL);
	assert_non_null(volume);
	return volume;
}

static inline void house_co_run(struct yard *y, house_fn *fn)
{
	struct house h = {
		.y = y,
		.fsa = fsa_new(),
		.share = { .tree = y->tree,
			   .maps_names = true,
			   .label = "house" },
		.call.going_async = house_going_async,
	};

	assert_non_null(h.fsa);
	h.share.fsa = h.fsa;
	h.volume = house_volume(&h.share);
	fn(&h);
	fsa_object_ops.disconnect(h.volume);
	assert_int_equal(fsa_node_count(h.fsa), 0);
	fsa_free(h.fsa);
}

/* A test's body in a fiber with a house, on each engine. */
#define HOUSE_TEST(name)                        \
	static void in_##name(struct house *h); \
	YARD_TEST(name)                         \
	{                                       \
		house_co_run(y, in_##name);     \
	}                                       \
	static void in_##name(struct house *h)
