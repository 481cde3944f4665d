/*
 * What the operator asked for, from a libconfig file or from the options of
 * `smbgate export`: one struct, frozen once it is read. Every key is in the
 * tables of config_keys.c and nowhere else; a key that is not there is an
 * error, and so is a value of the wrong kind.
 *
 * Thread: read by one, then frozen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/complain.h"
#include "gateway/log.h"
#include "gateway/loop/loop.h"
#include "gateway/store/store.h"
#include "smb/ports.h"

struct gw_texts {
	char **items;
	size_t count;
};

/* users = ( { … } ): exactly one of the four secrets is given. */
struct gw_account {
	int line;
	char *name;
	char *password_file;
	char *password_env;
	char *nt_hash;
	char *nt_hash_file;
	int64_t uid; /* -1: none; acts as the share's `as` */
};

/* shares = ( { … } ) */
struct gw_share_config {
	int line;
	char *name;
	char *path;
	struct gw_texts mount; /* a program's words, in place of a path */
	int via;               /* enum store_via */
	int64_t timeout_ms;    /* the program's, for any answer */
	char *comment;
	char *snapshots; /* pattern of their directories; NULL: none */
	char *as;        /* "user", "user:group"; NULL: the directory's owner */
	struct gw_texts users; /* none: all */
	bool read_only;
	bool guest;
	bool hidden;
	bool map_names;
	bool oplocks;
	bool time_machine;
	int64_t max_size; /* of the volume; 0: what there is room for */
	bool short_names;
	bool durable_handles;
	bool kernel_notify;
	bool out_of_band;      /* others change it, and nobody tells */
	int64_t poll_ms;       /* 0: nobody looks */
	bool posix_locks;
	bool hide_dot_files;
	bool access_based_enumeration;
	int encryption; /* enum smb_policy: DESIRED or REQUIRED */
	int symlinks;   /* enum store_symlinks */
	int is_case_sensitive;
	int attributes; /* enum fsa_attributes */
	int acl;        /* enum fsa_acl */
	int streams;    /* enum fsa_streams */
	int read_path;  /* enum store_read_path */
};

/* What a card's receive queues are taken for. */
enum gw_rss {
	GW_RSS_AUTO, /* as it says */
	GW_RSS_OFF,
	GW_RSS_ON,
};

/* interfaces = ( { … } ) */
struct gw_interface_config {
	int line;
	char *name;
	int64_t speed; /* Mbit/s; 0: as the card says */
	int rss;       /* enum gw_rss */
};

struct gw_interface_configs {
	struct gw_interface_config *items;
	size_t count;
};

struct gw_accounts {
	struct gw_account *items;
	size_t count;
};

struct gw_share_configs {
	struct gw_share_config *items;
	size_t count;
};

struct gw_config {
	char *file; /* for messages; NULL: from options */
	/* server = { … } */
	char *name;
	char *comment;
	struct gw_texts listen; /* none: [::]:445 */
	int signing;            /* enum smb_policy */
	int encryption;         /* enum smb_policy */
	int min_dialect;        /* as on the wire: 0x0311 */
	int max_dialect;
	int engine; /* enum loop_engine */
	int64_t workers;
	int log_level; /* enum gw_log_level */
	int64_t connections;
	int64_t per_address;
	int64_t io_size; /* bytes */
	char *state_dir;
	bool programs_may_come_late; /* not a key: the verb's */
	bool guest;
	bool multichannel;
	struct gw_texts advertise; /* none: what this machine has */
	struct gw_interface_configs interfaces;
	bool oplock_break_retry;
	bool directory_leases;
	bool posix_extensions;
	bool test_hooks;
	/* the rest */
	char *users_file;
	struct gw_accounts users;
	struct gw_share_configs shares;
};

/* Fills in what holds where nothing is said. */
void gw_config_init(struct gw_config *config);

/* Wipes secrets and frees all that the struct points to. */
void gw_config_fini(struct gw_config *config);

/*
 * Reads a file; every mistake goes to `c`. False if there was one: *config is
 * then to be finished with gw_config_fini() all the same.
 */
bool gw_config_load(const char *path, struct gw_config *config,
		    struct gw_complaints *c);

/* The same for a text, named `file` in complaints; @include is relative to
   `directory`. */
bool gw_config_parse(const char *text, const char *file, const char *directory,
		     struct gw_config *config, struct gw_complaints *c);

/* ---- words for values, shared with the command line ---- */

struct gw_choice {
	const char *word; /* NULL ends the table */
	int value;
};

extern const struct gw_choice gw_signing_choices[];
extern const struct gw_choice gw_encryption_choices[];
extern const struct gw_choice gw_engine_choices[];
extern const struct gw_choice gw_dialect_choices[];
extern const struct gw_choice gw_log_choices[];
extern const struct gw_choice gw_via_choices[];

bool gw_choice_find(const struct gw_choice *choices, const char *word,
		    int *ret_value);

/* The word of a value; "?" if there is none. */
const char *gw_choice_word(const struct gw_choice *choices, int value);

/* "off, desired or required", for messages. */
void gw_choice_list(const struct gw_choice *choices, char *to, size_t size);

/* "64K", "8M", "1048576": bytes, by powers of 1024. */
bool gw_size_parse(const char *text, int64_t *ret_bytes);

/* "500ms", "30s", "2m", "1h": milliseconds. */
bool gw_time_parse(const char *text, int64_t *ret_ms);

/* NULL, or why this can't be the name of a share. */
const char *gw_share_name_fault(const char *name);

/* The same for a user's name. */
const char *gw_user_name_fault(const char *name);

/* Fills in what holds for a share where nothing is said. */
void gw_share_config_init(struct gw_share_config *share);

/* ---- the tables ---- */

enum gw_key_kind {
	GW_KEY_BOOL,
	GW_KEY_TEXT,
	GW_KEY_TEXTS,  /* a list of strings; one string will do */
	GW_KEY_NUMBER, /* into int64_t, min … max */
	GW_KEY_SIZE,   /* the same, "8M" as well */
	GW_KEY_TIME,   /* the same in ms: "30s", "500ms", "2m" */
	GW_KEY_CHOICE,
	GW_KEY_GROUP, /* { … }, into the same struct */
	GW_KEY_GROUPS, /* ( { … }, … ), each a struct that begins with a line */
};

struct gw_key {
	const char *name; /* NULL ends the table */
	enum gw_key_kind kind;
	size_t offset;
	int64_t min, max;
	const struct gw_choice *choices;
	const struct gw_key *keys;
	size_t size; /* of one of GROUPS */
	void (*init)(void *item);
	/* NULL, or what is wrong with a TEXT. */
	const char *(*fault)(const char *text);
};

/* The outermost keys. */
extern const struct gw_key gw_config_keys[];
