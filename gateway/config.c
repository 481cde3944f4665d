/*
 * From libconfig's tree to struct gw_config, by the tables of config_keys.c:
 * each key is looked up, its value checked and stored; what is not in a table
 * is a mistake. Rules between keys are config_rules.c's. Why a text can't be
 * parsed at all is config_syntax.c's.
 *
 * libconfig 1.5 keeps a line for each setting but no column: the caret goes
 * to where the key, or the value behind it, is found in that line.
 */
#include "gateway/config.h"

#include <errno.h>
#include <fcntl.h>
#include <libconfig.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/config_rules.h"
#include "gateway/config_syntax.h"
#include "gateway/limits.h"
#include "gateway/secret.h"
#include "gateway/suggest.h"

/* Everything that the walk through the tree needs. */
struct walk {
	const char *text; /* of the main file */
	const char *file;
	struct gw_complaints *c;
};

/* A generic view of struct gw_accounts and its like. */
struct items {
	void *items;
	size_t count;
};

void gw_config_init(struct gw_config *config)
{
	*config = (struct gw_config){
		.signing = SMB_POLICY_DESIRED,
		.encryption = SMB_POLICY_DESIRED,
		.min_dialect = 0x0202,
		.max_dialect = 0x0311,
		.engine = LOOP_ENGINE_AUTO,
		.log_level = GW_LOG_INFO,
		.connections = GW_CONNECTIONS,
		.per_address = GW_CONNECTIONS_PER_ADDRESS,
		.io_size = GW_IO_SIZE_MAX,
		.multichannel = true,
		.oplock_break_retry = true,
		.directory_leases = true,
		.posix_extensions = true,
	};
}

static void texts_fini(struct gw_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
}

static void table_fini(const struct gw_key *keys, void *base);

static void groups_fini(const struct gw_key *key, const void *at)
{
	struct items list;

	memcpy(&list, at, sizeof(list));
	for (size_t i = 0; i < list.count; i++)
		table_fini(key->keys, (char *)list.items + i * key->size);
	free(list.items);
}

static void text_fini(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void table_fini(const struct gw_key *keys, void *base)
{
	for (; keys->name; keys++) {
		char *at = (char *)base + keys->offset;

		if (keys->kind == GW_KEY_TEXT)
			text_fini(*(char **)(void *)at);
		else if (keys->kind == GW_KEY_TEXTS)
			texts_fini((struct gw_texts *)(void *)at);
		else if (keys->kind == GW_KEY_GROUP)
			table_fini(keys->keys, base);
		else if (keys->kind == GW_KEY_GROUPS)
			groups_fini(keys, at);
	}
}

void gw_config_fini(struct gw_config *config)
{
	table_fini(gw_config_keys, config);
	free(config->file);
	*config = (struct gw_config){ 0 };
}

/* ---- places ---- */

static bool is_key_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*';
}

/* Where `name` stands in the line as a key; NULL if it doesn't. */
static const char *key_in_line(const char *line, size_t length,
			       const char *name)
{
	size_t n = strlen(name);
	const char *end = line + length;
	const char *at = line;

	while ((at = memmem(at, (size_t)(end - at), name, n))) {
		const char *p = at + n;

		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if ((at == line || !is_key_letter(at[-1])) &&
		    (p == end || *p == '=' || *p == ':'))
			return at;
		at += n;
	}
	return NULL;
}

/* The value behind a key: from its first letter to the end of the scalar. */
static const char *value_in_line(const char *key, const char *end,
				 size_t *ret_length)
{
	const char *p = key;
	const char *q;

	while (p < end && *p != '=' && *p != ':')
		p++;
	while (p < end && (*p == '=' || *p == ':' || *p == ' ' || *p == '\t'))
		p++;
	if (p == end)
		return NULL;
	q = p + 1;
	if (*p == '"') {
		while (q < end && *q != '"')
			q += *q == '\\' && q + 1 < end ? 2 : 1;
		q += q < end;
	} else {
		while (q < end && is_key_letter(*q))
			q++;
	}
	*ret_length = (size_t)(q - p);
	return p;
}

/* A string inside quotes, for the elements of lists. */
static const char *quoted_in_line(const char *line, size_t length,
				  const char *value)
{
	size_t n = strlen(value);
	const char *at = memmem(line, length, value, n);

	return at && at > line && at[-1] == '"' ? at - 1 : NULL;
}

static struct gw_spot spot_of_line(const struct walk *w,
				   const config_setting_t *s)
{
	const char *file = config_setting_source_file(s);

	return (struct gw_spot){
		.file = file ? file : w->file,
		.line = config_setting_source_line(s),
		.text = file ? NULL : w->text, /* an @include is not at hand */
	};
}

static struct gw_spot spot_of(const struct walk *w, const config_setting_t *s,
			      bool is_value)
{
	struct gw_spot spot = spot_of_line(w, s);
	const char *name = config_setting_name(s);
	const char *line, *at = NULL;
	size_t length, count = 0;

	if (!spot.text)
		return spot;
	line = gw_line_of(spot.text, spot.line, &length);
	if (!line)
		return spot;
	if (name) {
		at = key_in_line(line, length, name);
		count = strlen(name);
		if (at && is_value) {
			const char *value =
				value_in_line(at, line + length, &count);

			at = value ? value : at;
		}
	} else if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		const char *value = config_setting_get_string(s);

		at = quoted_in_line(line, length, value);
		count = strlen(value) + 2;
	}
	if (at) {
		spot.from = (unsigned int)(at - line);
		spot.count = (unsigned int)(count ? count : 1);
	}
	return spot;
}

static void complain_of_value(const struct walk *w, const config_setting_t *s,
			      const char *hint, const char *what)
{
	struct gw_spot spot = spot_of(w, s, true);
	const char *name = config_setting_name(s);

	if (!name && config_setting_parent(s))
		name = config_setting_name(config_setting_parent(s));
	gw_complain(w->c, &spot, hint, "%s: %s", name ? name : "value", what);
}

/* ---- values ---- */

static void take_bool(const struct walk *w, const config_setting_t *s, void *to)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL) {
		complain_of_value(w, s, "without quotes",
				  "must be true or false");
		return;
	}
	*(bool *)to = config_setting_get_bool(s);
}

/* A string that passes; NULL after a complaint. */
static char *string_of(const struct walk *w, const struct gw_key *key,
		       const config_setting_t *s)
{
	const char *value, *fault;
	char *copy;

	if (config_setting_type(s) != CONFIG_TYPE_STRING) {
		complain_of_value(w, s, NULL, "must be a string in quotes");
		return NULL;
	}
	value = config_setting_get_string(s);
	fault = key->fault ? key->fault(value) : NULL;
	if (fault) {
		complain_of_value(w, s, NULL, fault);
		return NULL;
	}
	copy = strdup(value);
	if (!copy)
		complain_of_value(w, s, NULL, "out of memory");
	return copy;
}

static void take_text(const struct walk *w, const struct gw_key *key,
		      const config_setting_t *s, void *to)
{
	char *value = string_of(w, key, s);

	if (value)
		*(char **)to = value;
}

static void texts_add(const struct walk *w, const struct gw_key *key,
		      const config_setting_t *s, struct gw_texts *texts)
{
	char *value = string_of(w, key, s);
	char **items;

	if (!value)
		return;
	items = reallocarray(texts->items, texts->count + 1, sizeof(*items));
	if (!items) {
		free(value);
		complain_of_value(w, s, NULL, "out of memory");
		return;
	}
	texts->items = items;
	texts->items[texts->count++] = value;
}

static void take_texts(const struct walk *w, const struct gw_key *key,
		       const config_setting_t *s, void *to)
{
	struct gw_texts *texts = to;

	if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		texts_add(w, key, s, texts);
		return;
	}
	if (!config_setting_is_array(s) && !config_setting_is_list(s)) {
		complain_of_value(w, s, NULL,
				  "must be strings: [ \"…\", \"…\" ]");
		return;
	}
	for (int i = 0; i < config_setting_length(s); i++)
		texts_add(w, key, config_setting_get_elem(s, (unsigned int)i),
			  texts);
}

static void take_number(const struct walk *w, const struct gw_key *key,
			const config_setting_t *s, void *to)
{
	int type = config_setting_type(s);
	int64_t value;
	char what[96];

	if (type == CONFIG_TYPE_INT) {
		value = config_setting_get_int(s);
	} else if (type == CONFIG_TYPE_INT64) {
		value = config_setting_get_int64(s);
	} else if (key->kind != GW_KEY_SIZE || type != CONFIG_TYPE_STRING ||
		   !gw_size_parse(config_setting_get_string(s), &value)) {
		complain_of_value(w, s, NULL,
				  key->kind == GW_KEY_SIZE
					  ? "must be a size: \"8M\", \"64K\""
					  : "must be a number");
		return;
	}
	if (value < key->min || value > key->max) {
		snprintf(what, sizeof(what), "must be from %jd to %jd",
			 (intmax_t)key->min, (intmax_t)key->max);
		complain_of_value(w, s, NULL, what);
		return;
	}
	*(int64_t *)to = value;
}

static void take_time(const struct walk *w, const struct gw_key *key,
		      const config_setting_t *s, void *to)
{
	int64_t ms;

	if (config_setting_type(s) == CONFIG_TYPE_STRING &&
	    gw_time_parse(config_setting_get_string(s), &ms) &&
	    ms >= key->min && ms <= key->max)
		*(int64_t *)to = ms;
	else
		complain_of_value(w, s, NULL,
				  "must be a time, from \"1s\" to \"1h\"");
}

static const char *suggest_choice(const struct gw_choice *choices,
				  const char *word)
{
	const char *words[16];
	size_t count = 0;

	for (; choices->word && count < 16; choices++)
		words[count++] = choices->word;
	return gw_suggest(word, words, count);
}

static void take_choice(const struct walk *w, const struct gw_key *key,
			const config_setting_t *s, void *to)
{
	char list[128], what[160], hint[80] = "";
	const char *near = NULL;
	int value;

	if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		const char *word = config_setting_get_string(s);

		if (gw_choice_find(key->choices, word, &value)) {
			*(int *)to = value;
			return;
		}
		near = suggest_choice(key->choices, word);
	}
	gw_choice_list(key->choices, list, sizeof(list));
	snprintf(what, sizeof(what), "must be %s, in quotes", list);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean \"%s\"?", near);
	complain_of_value(w, s, hint, what);
}

/* ---- groups ---- */

static void take_table(const struct walk *w, const struct gw_key *keys,
		       const char *where, const config_setting_t *group,
		       void *base);

static void take_group(const struct walk *w, const struct gw_key *key,
		       const config_setting_t *s, void *base)
{
	if (!config_setting_is_group(s)) {
		complain_of_value(w, s, NULL, "must be a group: { … }");
		return;
	}
	take_table(w, key->keys, key->name, s, base);
}

static void take_groups(const struct walk *w, const struct gw_key *key,
			const config_setting_t *s, void *to)
{
	size_t count = (size_t)config_setting_length(s);
	struct items list = { .count = 0 };

	if (!config_setting_is_list(s)) {
		complain_of_value(w, s, NULL,
				  "must be a list of groups: ( { … }, { … } )");
		return;
	}
	list.items = calloc(count + 1, key->size);
	if (!list.items) {
		complain_of_value(w, s, NULL, "out of memory");
		return;
	}
	list.count = count;
	memcpy(to, &list, sizeof(list));
	for (unsigned int i = 0; i < count; i++) {
		config_setting_t *element = config_setting_get_elem(s, i);
		char *item = (char *)list.items + i * key->size;

		key->init(item);
		*(int *)(void *)item = (int)config_setting_source_line(element);
		take_group(w, key, element, item);
	}
}

static void take_value(const struct walk *w, const struct gw_key *key,
		       const config_setting_t *s, void *base)
{
	void *to = (char *)base + key->offset;

	switch (key->kind) {
	case GW_KEY_BOOL:
		take_bool(w, s, to);
		break;
	case GW_KEY_TEXT:
		take_text(w, key, s, to);
		break;
	case GW_KEY_TEXTS:
		take_texts(w, key, s, to);
		break;
	case GW_KEY_NUMBER:
	case GW_KEY_SIZE:
		take_number(w, key, s, to);
		break;
	case GW_KEY_TIME:
		take_time(w, key, s, to);
		break;
	case GW_KEY_CHOICE:
		take_choice(w, key, s, to);
		break;
	case GW_KEY_GROUP:
		take_group(w, key, s, base);
		break;
	case GW_KEY_GROUPS:
		take_groups(w, key, s, to);
		break;
	}
}

static void complain_of_key(const struct walk *w, const struct gw_key *keys,
			    const char *where, const config_setting_t *s)
{
	const char *name = config_setting_name(s);
	const char *words[32];
	struct gw_spot spot = spot_of(w, s, false);
	char hint[80] = "";
	const char *near;
	size_t count = 0;

	for (; keys->name && count < 32; keys++)
		words[count++] = keys->name;
	near = gw_suggest(name, words, count);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean \"%s\"?", near);
	gw_complain(w->c, &spot, hint, "unknown key \"%s\"%s%s", name,
		    where ? " in " : "", where ? where : "");
}

static void take_table(const struct walk *w, const struct gw_key *keys,
		       const char *where, const config_setting_t *group,
		       void *base)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		config_setting_t *s =
			config_setting_get_elem(group, (unsigned int)i);
		const struct gw_key *key = keys;

		while (key->name &&
		       strcmp(key->name, config_setting_name(s)) != 0)
			key++;
		if (key->name)
			take_value(w, key, s, base);
		else
			complain_of_key(w, keys, where, s);
	}
}

/* ---- a whole text ---- */

static void complain_of_syntax(const struct walk *w, const config_t *tree)
{
	const char *file = config_error_file(tree);
	unsigned int line = (unsigned int)config_error_line(tree);
	struct gw_spot spot = { .file = file ? file : w->file, .line = line };
	struct gw_slip slip;

	if (file || strcmp(config_error_text(tree), "syntax error") != 0) {
		spot.text = file ? NULL : w->text;
		gw_complain(w->c, &spot, NULL, "%s", config_error_text(tree));
		return;
	}
	gw_config_slip(w->text, line, &slip);
	spot.line = slip.line;
	spot.text = w->text;
	spot.from = slip.from;
	spot.count = slip.count;
	gw_complain(w->c, &spot, slip.hint, "%s",
		    slip.what ? slip.what : "syntax error");
}

bool gw_config_parse(const char *text, const char *file, const char *directory,
		     struct gw_config *config, struct gw_complaints *c)
{
	struct walk w = { .text = text, .file = file, .c = c };
	unsigned int count = c->count;
	config_t tree;

	gw_config_init(config);
	config->file = strdup(file);
	config_init(&tree);
	config_set_include_dir(&tree, directory);
	if (!config->file) {
		struct gw_spot spot = { .file = file };

		gw_complain(c, &spot, NULL, "out of memory");
	} else if (config_read_string(&tree, text)) {
		take_table(&w, gw_config_keys, NULL, config_root_setting(&tree),
			   config);
	} else {
		complain_of_syntax(&w, &tree);
	}
	config_destroy(&tree);
	if (c->count == count)
		gw_config_rules(config, text, c);
	return c->count == count;
}

bool gw_config_load(const char *path, struct gw_config *config,
		    struct gw_complaints *c)
{
	struct gw_spot spot = { .file = path };
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;
	char *text;
	bool ok;
	int err;

	gw_config_init(config);
	if (length >= sizeof(directory)) {
		gw_complain(c, &spot, NULL, "%s", strerror(ENAMETOOLONG));
		return false;
	}
	memcpy(directory, path, length);
	directory[length] = '\0';
	err = gw_file_read(path, GW_CONFIG_BYTES_MAX, &text, NULL);
	if (err < 0) {
		gw_complain(c, &spot, NULL, "%s", gw_file_error(err));
		return false;
	}
	ok = gw_config_parse(text, path,
			     slash ? (length ? directory : "/") : ".", config,
			     c);
	explicit_bzero(text, strlen(text));
	free(text);
	return ok;
}
