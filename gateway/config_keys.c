/*
 * All keys of smbgate.conf and all words that stand for values, as tables. A
 * key exists here if its feature exists; smbgate.conf(5) lists the same ones
 * (a test compares them).
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/address.h"
#include "gateway/config.h"
#include "gateway/fsa/fsa.h"
#include "gateway/limits.h"

const struct gw_choice gw_signing_choices[] = {
	{ "desired", SMB_POLICY_DESIRED },
	{ "required", SMB_POLICY_REQUIRED },
	{ NULL },
};

const struct gw_choice gw_encryption_choices[] = {
	{ "off", SMB_POLICY_OFF },
	{ "desired", SMB_POLICY_DESIRED },
	{ "required", SMB_POLICY_REQUIRED },
	{ NULL },
};

const struct gw_choice gw_engine_choices[] = {
	{ "auto", LOOP_ENGINE_AUTO },
	{ "uring", LOOP_ENGINE_URING },
	{ "plain", LOOP_ENGINE_PLAIN },
	{ NULL },
};

/* MS-SMB2 2.2.3, Dialects. */
const struct gw_choice gw_dialect_choices[] = {
	{ "2.0.2", 0x0202 }, { "2.1", 0x0210 },   { "3.0", 0x0300 },
	{ "3.0.2", 0x0302 }, { "3.1.1", 0x0311 }, { NULL },
};

const struct gw_choice gw_log_choices[] = {
	{ "error", GW_LOG_ERROR },
	{ "warn", GW_LOG_WARN },
	{ "info", GW_LOG_INFO },
	{ "debug", GW_LOG_DEBUG },
	{ NULL },
};

const struct gw_choice gw_via_choices[] = {
	{ "auto", STORE_VIA_AUTO },
	{ "direct", STORE_VIA_DIRECT },
	{ "kernel", STORE_VIA_KERNEL },
	{ NULL },
};

static const struct gw_choice symlinks_choices[] = {
	{ "follow", STORE_SYMLINKS_FOLLOW },
	{ "show", STORE_SYMLINKS_SHOW },
	{ NULL },
};

static const struct gw_choice case_choices[] = {
	{ "insensitive", false },
	{ "sensitive", true },
	{ NULL },
};

static const struct gw_choice attributes_choices[] = {
	{ "xattr", FSA_ATTRIBUTES_XATTR },
	{ "mode", FSA_ATTRIBUTES_MODE },
	{ NULL },
};

static const struct gw_choice acl_choices[] = {
	{ "xattr", FSA_ACL_XATTR },
	{ "posix", FSA_ACL_POSIX },
	{ "mode", FSA_ACL_MODE },
	{ NULL },
};

static const struct gw_choice streams_choices[] = {
	{ "xattr", FSA_STREAMS_XATTR },
	{ "none", FSA_STREAMS_NONE },
	{ NULL },
};

static const struct gw_choice read_path_choices[] = {
	{ "auto", STORE_READ_AUTO },
	{ "copy", STORE_READ_COPY },
	{ "splice", STORE_READ_SPLICE },
	{ NULL },
};

static const struct gw_choice rss_choices[] = {
	{ "auto", GW_RSS_AUTO },
	{ "off", GW_RSS_OFF },
	{ "on", GW_RSS_ON },
	{ NULL },
};

bool gw_choice_find(const struct gw_choice *choices, const char *word,
		    int *ret_value)
{
	for (; choices->word; choices++) {
		if (strcmp(choices->word, word) == 0) {
			*ret_value = choices->value;
			return true;
		}
	}
	return false;
}

const char *gw_choice_word(const struct gw_choice *choices, int value)
{
	for (; choices->word; choices++) {
		if (choices->value == value)
			return choices->word;
	}
	return "?";
}

void gw_choice_list(const struct gw_choice *choices, char *to, size_t size)
{
	size_t used = 0;

	*to = '\0';
	for (size_t i = 0; choices[i].word && used < size; i++) {
		const char *comma = i == 0                ? ""
				    : choices[i + 1].word ? ", "
							  : " or ";

		used += (size_t)snprintf(to + used, size - used, "%s%s", comma,
					 choices[i].word);
	}
}

bool gw_size_parse(const char *text, int64_t *ret_bytes)
{
	static const char units[] = "KMGT";
	char *end;
	long long number = strtoll(text, &end, 10);
	int64_t bytes = number;

	if (*text < '0' || *text > '9')
		return false;
	if (*end) {
		const char *unit = strchr(units, *end);

		if (!unit || end[1])
			return false;
		for (const char *u = units; u <= unit; u++) {
			if (__builtin_mul_overflow(bytes, 1024, &bytes))
				return false;
		}
	}
	*ret_bytes = bytes;
	return true;
}

bool gw_time_parse(const char *text, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }
	};
	char *end;
	long long number = strtoll(text, &end, 10);

	if (*text < '0' || *text > '9')
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t ms;

		if (strcmp(end, units[i].unit) == 0 &&
		    !__builtin_mul_overflow(number, units[i].ms, &ms)) {
			*ret_ms = ms;
			return true;
		}
	}
	return false;
}

const char *gw_share_name_fault(const char *name)
{
	size_t length = strlen(name);

	if (length == 0)
		return "a share needs a name";
	if (strcasecmp(name, "IPC$") == 0)
		return "IPC$ is the server's own share";
	if (length > 80)
		return "a share's name has 80 bytes at most";
	if (name[strcspn(name, "\"\\/[]:|<>+=;,*?")])
		return "clients can't use a share's name with any of "
		       "\" \\ / [ ] : | < > + = ; , * ?";
	for (; *name; name++) {
		if ((unsigned char)*name < 0x20 || *name == 0x7f)
			return "a share's name has no control characters";
	}
	return NULL;
}

const char *gw_user_name_fault(const char *name)
{
	if (!*name)
		return "a user needs a name";
	if (strlen(name) > 255)
		return "a user's name has 255 bytes at most";
	if (name[strcspn(name, "\":/\\[]|<>+=;,?*\t\r\n")])
		return "a user's name can't have any of "
		       "\" : / \\ [ ] | < > + = ; , ? *";
	return NULL;
}

static const char *path_fault(const char *path)
{
	return *path == '/' ? NULL : "the path must be absolute";
}

static const char *server_name_fault(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	if (!*name || strlen(name) > 255 || name[strspn(name, letters)])
		return "a server's name has letters, digits, '-', '_' and '.'";
	return NULL;
}

static const char *comment_fault(const char *comment)
{
	return strlen(comment) < 64 ? NULL : "at most 63 bytes";
}

static const char *listen_fault(const char *text)
{
	struct gw_address address;

	if (gw_address_parse(text, GW_SMB_PORT, &address))
		return NULL;
	return "addresses look like \"10.0.0.5:445\", \"[::1]:445\" or "
	       "\":445\"";
}

static const char *advertise_fault(const char *text)
{
	struct gw_address address;

	if (gw_address_parse(text, 0, &address) &&
	    gw_address_port(&address) == 0 && !gw_address_is_any(&address))
		return NULL;
	return "addresses look like \"10.0.0.5\" or \"[2001:db8::5]\": "
	       "clients take the port that they know";
}

static const char *interface_fault(const char *name)
{
	if (*name && strlen(name) < IF_NAMESIZE && !strchr(name, '/'))
		return NULL;
	return "an interface's name is one that `ip link` shows";
}

static const char *hash_fault(const char *hash)
{
	static const char digits[] = "0123456789abcdefABCDEF";

	if (strlen(hash) == 32 && !hash[strspn(hash, digits)])
		return NULL;
	return "an NT hash has 32 hexadecimal digits";
}

static const char *snapshots_fault(const char *pattern)
{
	if (fsa_snapshot_pattern_is_right(pattern))
		return NULL;
	return "patterns of snapshots look like "
	       "\".snapshots/%Y-%m-%d_%H%M%S\"";
}

static void account_init(void *item)
{
	*(struct gw_account *)item = (struct gw_account){ .uid = -1 };
}

void gw_share_config_init(struct gw_share_config *share)
{
	*share = (struct gw_share_config){
		.map_names = true,
		.timeout_ms = GW_BACKEND_MS,
		.oplocks = true,
		.short_names = true,
		.durable_handles = true,
		.kernel_notify = true,
		.hide_dot_files = true,
		.encryption = SMB_POLICY_DESIRED,
		.symlinks = STORE_SYMLINKS_FOLLOW,
		.attributes = FSA_ATTRIBUTES_XATTR,
		.acl = FSA_ACL_XATTR,
		.streams = FSA_STREAMS_XATTR,
		.read_path = STORE_READ_AUTO,
	};
}

static void share_init(void *item)
{
	gw_share_config_init(item);
}

static void interface_init(void *item)
{
	*(struct gw_interface_config *)item =
		(struct gw_interface_config){ .rss = GW_RSS_AUTO };
}

#define SERVER(field)  .offset = offsetof(struct gw_config, field)
#define ACCOUNT(field) .offset = offsetof(struct gw_account, field)
#define CARD(field)    .offset = offsetof(struct gw_interface_config, field)
#define SHARE(field)   .offset = offsetof(struct gw_share_config, field)

static const struct gw_key log_keys[] = {
	{ "level", GW_KEY_CHOICE, SERVER(log_level),
	  .choices = gw_log_choices },
	{ NULL },
};

static const struct gw_key limits_keys[] = {
	{ "connections", GW_KEY_NUMBER, SERVER(connections), .min = 1,
	  .max = 1000000 },
	{ "per_address", GW_KEY_NUMBER, SERVER(per_address), .min = 1,
	  .max = 1000000 },
	{ NULL },
};

static const struct gw_key interface_keys[] = {
	{ "name", GW_KEY_TEXT, CARD(name), .fault = interface_fault },
	{ "speed", GW_KEY_NUMBER, CARD(speed), .min = 1, .max = 10000000 },
	{ "rss", GW_KEY_CHOICE, CARD(rss), .choices = rss_choices },
	{ NULL },
};

static const struct gw_key server_keys[] = {
	{ "name", GW_KEY_TEXT, SERVER(name), .fault = server_name_fault },
	{ "comment", GW_KEY_TEXT, SERVER(comment), .fault = comment_fault },
	{ "listen", GW_KEY_TEXTS, SERVER(listen), .fault = listen_fault },
	{ "signing", GW_KEY_CHOICE, SERVER(signing),
	  .choices = gw_signing_choices },
	{ "encryption", GW_KEY_CHOICE, SERVER(encryption),
	  .choices = gw_encryption_choices },
	{ "min_dialect", GW_KEY_CHOICE, SERVER(min_dialect),
	  .choices = gw_dialect_choices },
	{ "max_dialect", GW_KEY_CHOICE, SERVER(max_dialect),
	  .choices = gw_dialect_choices },
	{ "engine", GW_KEY_CHOICE, SERVER(engine),
	  .choices = gw_engine_choices },
	{ "workers", GW_KEY_NUMBER, SERVER(workers), .min = 0,
	  .max = GW_WORKERS_MAX },
	{ "io_size", GW_KEY_SIZE, SERVER(io_size), .min = GW_IO_SIZE_MIN,
	  .max = GW_IO_SIZE_MAX },
	{ "state_dir", GW_KEY_TEXT, SERVER(state_dir), .fault = path_fault },
	{ "guest", GW_KEY_BOOL, SERVER(guest) },
	{ "multichannel", GW_KEY_BOOL, SERVER(multichannel) },
	{ "advertise", GW_KEY_TEXTS, SERVER(advertise),
	  .fault = advertise_fault },
	{ "interfaces", GW_KEY_GROUPS, SERVER(interfaces),
	  .keys = interface_keys, .size = sizeof(struct gw_interface_config),
	  .init = interface_init },
	{ "oplock_break_retry", GW_KEY_BOOL, SERVER(oplock_break_retry) },
	{ "directory_leases", GW_KEY_BOOL, SERVER(directory_leases) },
	{ "posix_extensions", GW_KEY_BOOL, SERVER(posix_extensions) },
	{ "test_hooks", GW_KEY_BOOL, SERVER(test_hooks) },
	{ "log", GW_KEY_GROUP, .keys = log_keys },
	{ "limits", GW_KEY_GROUP, .keys = limits_keys },
	{ NULL },
};

static const struct gw_key account_keys[] = {
	{ "name", GW_KEY_TEXT, ACCOUNT(name), .fault = gw_user_name_fault },
	{ "password_file", GW_KEY_TEXT, ACCOUNT(password_file),
	  .fault = path_fault },
	{ "password_env", GW_KEY_TEXT, ACCOUNT(password_env) },
	{ "nt_hash", GW_KEY_TEXT, ACCOUNT(nt_hash), .fault = hash_fault },
	{ "nt_hash_file", GW_KEY_TEXT, ACCOUNT(nt_hash_file),
	  .fault = path_fault },
	{ "uid", GW_KEY_NUMBER, ACCOUNT(uid), .min = 0, .max = 0xfffffffe },
	{ NULL },
};

static const struct gw_key share_keys[] = {
	{ "name", GW_KEY_TEXT, SHARE(name), .fault = gw_share_name_fault },
	{ "path", GW_KEY_TEXT, SHARE(path), .fault = path_fault },
	{ "mount", GW_KEY_TEXTS, SHARE(mount) },
	{ "via", GW_KEY_CHOICE, SHARE(via), .choices = gw_via_choices },
	{ "timeout", GW_KEY_TIME, SHARE(timeout_ms), .min = 1000,
	  .max = 3600000 },
	{ "comment", GW_KEY_TEXT, SHARE(comment), .fault = comment_fault },
	{ "read_only", GW_KEY_BOOL, SHARE(read_only) },
	{ "users", GW_KEY_TEXTS, SHARE(users) },
	{ "guest", GW_KEY_BOOL, SHARE(guest) },
	{ "as", GW_KEY_TEXT, SHARE(as) },
	{ "hidden", GW_KEY_BOOL, SHARE(hidden) },
	{ "encryption", GW_KEY_CHOICE, SHARE(encryption),
	  .choices = gw_signing_choices },
	{ "symlinks", GW_KEY_CHOICE, SHARE(symlinks),
	  .choices = symlinks_choices },
	{ "case", GW_KEY_CHOICE, SHARE(is_case_sensitive),
	  .choices = case_choices },
	{ "map_names", GW_KEY_BOOL, SHARE(map_names) },
	{ "oplocks", GW_KEY_BOOL, SHARE(oplocks) },
	{ "time_machine", GW_KEY_BOOL, SHARE(time_machine) },
	{ "max_size", GW_KEY_SIZE, SHARE(max_size), .min = 1 << 20,
	  .max = INT64_MAX },
	{ "short_names", GW_KEY_BOOL, SHARE(short_names) },
	{ "durable_handles", GW_KEY_BOOL, SHARE(durable_handles) },
	{ "kernel_notify", GW_KEY_BOOL, SHARE(kernel_notify) },
	{ "out_of_band", GW_KEY_BOOL, SHARE(out_of_band) },
	{ "poll_interval", GW_KEY_TIME, SHARE(poll_ms), .min = 500,
	  .max = 3600000 },
	{ "posix_locks", GW_KEY_BOOL, SHARE(posix_locks) },
	{ "attributes", GW_KEY_CHOICE, SHARE(attributes),
	  .choices = attributes_choices },
	{ "acl", GW_KEY_CHOICE, SHARE(acl), .choices = acl_choices },
	{ "snapshots", GW_KEY_TEXT, SHARE(snapshots),
	  .fault = snapshots_fault },
	{ "streams", GW_KEY_CHOICE, SHARE(streams),
	  .choices = streams_choices },
	{ "read_path", GW_KEY_CHOICE, SHARE(read_path),
	  .choices = read_path_choices },
	{ "hide_dot_files", GW_KEY_BOOL, SHARE(hide_dot_files) },
	{ "access_based_enumeration", GW_KEY_BOOL,
	  SHARE(access_based_enumeration) },
	{ NULL },
};

const struct gw_key gw_config_keys[] = {
	{ "server", GW_KEY_GROUP, .keys = server_keys },
	{ "users_file", GW_KEY_TEXT, SERVER(users_file), .fault = path_fault },
	{ "users", GW_KEY_GROUPS, SERVER(users), .keys = account_keys,
	  .size = sizeof(struct gw_account), .init = account_init },
	{ "shares", GW_KEY_GROUPS, SERVER(shares), .keys = share_keys,
	  .size = sizeof(struct gw_share_config), .init = share_init },
	{ NULL },
};
