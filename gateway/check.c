/*
 * `smbgate check`: all that a start would find, without starting: the
 * configuration, users, directories and what each user may do there, the
 * addresses. A running server is left alone; that it holds our addresses is no
 * mistake.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/access.h"
#include "gateway/fsa/fsa.h"
#include "gateway/limits.h"
#include "gateway/listen.h"
#include "gateway/realm.h"
#include "gateway/run.h"
#include "gateway/store/store.h"
#include "gateway/verbs.h"

struct check {
	const char *file;
	struct gw_config config;
	struct fsa *fsa;
	struct gw_snapshot *snapshot;
	json_t *json; /* the report */
	enum gw_exit exit;
};

static json_t *group(json_t *in, const char *name, json_t *value)
{
	json_object_set_new(in, name, value);
	return value;
}

/* ---- the report ---- */

static void report_server(struct check *check)
{
	const struct gw_config *config = &check->config;
	struct smb_server_facts facts;
	char text[256];
	enum loop_engine engine = gw_run_engine(config, text);
	json_t *server = group(check->json, "server", json_object());
	int err = gw_run_facts(config, &facts);

	json_object_set_new(server, "name", json_string(facts.dns_name));
	json_object_set_new(server, "signing",
			    json_string(gw_choice_word(gw_signing_choices,
						       config->signing)));
	json_object_set_new(server, "encryption",
			    json_string(gw_choice_word(gw_encryption_choices,
						       config->encryption)));
	json_object_set_new(server, "min_dialect",
			    json_string(gw_choice_word(gw_dialect_choices,
						       config->min_dialect)));
	json_object_set_new(server, "max_dialect",
			    json_string(gw_choice_word(gw_dialect_choices,
						       config->max_dialect)));
	json_object_set_new(server, "engine",
			    json_string(loop_engine_name(engine)));
	json_object_set_new(server, "kernel", json_string(text));
	json_object_set_new(server, "users",
			    json_integer((json_int_t)gw_users_count(
				    gw_snapshot_users(check->snapshot))));
	if (err < 0) {
		fprintf(stderr, "smbgate: state_dir: %s\n", strerror(-err));
		check->exit = GW_EXIT_CONFIG;
	}
}

static void report_listen(struct check *check)
{
	struct gw_address addresses[GW_LISTEN_MAX];
	size_t count = gw_listen_addresses(&check->config, addresses);
	json_t *list = group(check->json, "listen", json_array());

	for (size_t i = 0; i < count; i++) {
		int err = gw_listen_try(&check->config, &addresses[i]);
		const char *state = "free";

		if (err == -EADDRINUSE)
			state = "in use (by a running smbgate?)";
		else if (err < 0)
			state = strerror(-err);
		if (err < 0 && err != -EADDRINUSE)
			check->exit = GW_EXIT_BIND;
		json_array_append_new(list, json_pack("{s:s, s:s}", "address",
						      addresses[i].text,
						      "state", state));
	}
}

static void report_access(json_t *list, const struct gw_share *share,
			  const char *who, uid_t uid)
{
	struct gw_access access;
	int err = gw_access_of(share, uid, &access);
	json_t *entry =
		json_pack("{s:s, s:I}", "user", who, "uid", (json_int_t)uid);

	if (!entry)
		return;
	if (err < 0) {
		json_object_set_new(entry, "error",
				    json_string(strerror(-err)));
	} else {
		json_object_set_new(entry, "read",
				    json_boolean(access.can_read));
		json_object_set_new(entry, "write",
				    json_boolean(access.can_write));
		json_object_set_new(entry, "owner", json_string(access.owner));
	}
	json_array_append_new(list, entry);
}

struct each_user {
	const struct gw_share *share;
	json_t *list;
};

static void report_user(void *arg, const struct gw_user *user)
{
	const struct each_user *each = arg;

	if (user->has_uid && gw_share_admits(each->share, &user->smb))
		report_access(each->list, each->share, user->smb.name,
			      user->uid);
}

static void report_share(struct check *check, const struct gw_share *share)
{
	const struct smb_share_facts *facts = gw_share_facts(share);
	const struct store_features *features =
		store_tree_features(gw_share_tree(share));
	const char *lack = gw_share_lack(share);
	json_t *entry =
		json_pack("{s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:s}",
			  "name", facts->name, "path", gw_share_source(share),
			  "read_only", gw_share_is_read_only(share), "hidden",
			  facts->is_hidden, "must_encrypt", facts->must_encrypt,
			  "xattr", features->has_xattr, "posix_acl",
			  features->has_acl, "birth_time", features->has_btime,
			  "lack", lack ? lack : "");
	struct each_user each = { .share = share };

	if (!entry)
		return;
	each.list = group(entry, "access", json_array());
	/* What a program shows has no path to try. */
	if (!gw_share_is_mounted(share)) {
		report_access(each.list, share, "(others)",
			      gw_share_as(share)->uid);
		gw_users_each(gw_snapshot_users(check->snapshot), report_user,
			      &each);
	}
	json_array_append_new(json_object_get(check->json, "shares"), entry);
}

/* ---- the report as text ---- */

static const char *text_of(const json_t *in, const char *name)
{
	const char *text = json_string_value(json_object_get(in, name));

	return text ? text : "";
}

static bool is_set(const json_t *in, const char *name)
{
	return json_is_true(json_object_get(in, name));
}

static void print_access(const json_t *entry, bool is_read_only)
{
	bool can_read = is_set(entry, "read"),
	     can_write = is_set(entry, "write");

	if (can_read && (can_write || is_read_only))
		return; /* as it should be */
	printf("            %s (uid %jd) can %s: the directory is %s%s\n",
	       text_of(entry, "user"),
	       (intmax_t)json_integer_value(json_object_get(entry, "uid")),
	       can_read ? "read but not write" : "not read",
	       text_of(entry, "owner"), text_of(entry, "error"));
}

static void print_share(const json_t *share)
{
	const json_t *entry;
	size_t i;

	printf("  share     %s   %s%s%s%s\n", text_of(share, "name"),
	       text_of(share, "path"),
	       is_set(share, "read_only") ? "   read-only" : "",
	       is_set(share, "hidden") ? "   hidden" : "",
	       is_set(share, "must_encrypt") ? "   encrypted" : "");
	if (*text_of(share, "lack"))
		printf("            %s\n", text_of(share, "lack"));
	json_array_foreach(json_object_get(share, "access"), i, entry)
		print_access(entry, is_set(share, "read_only"));
}

static void print_report(const struct check *check)
{
	const json_t *server = json_object_get(check->json, "server");
	const json_t *entry;
	size_t i;

	printf("  server    %s   SMB %s to %s, signing %s, encryption %s\n",
	       text_of(server, "name"), text_of(server, "min_dialect"),
	       text_of(server, "max_dialect"), text_of(server, "signing"),
	       text_of(server, "encryption"));
	printf("  engine    %s   (%s)\n", text_of(server, "engine"),
	       text_of(server, "kernel"));
	printf("  users     %d\n",
	       (int)json_integer_value(json_object_get(server, "users")));
	json_array_foreach(json_object_get(check->json, "listen"), i, entry)
		printf("  listen    %s   %s\n", text_of(entry, "address"),
		       text_of(entry, "state"));
	json_array_foreach(json_object_get(check->json, "shares"), i, entry)
		print_share(entry);
	if (check->exit == GW_EXIT_OK)
		printf("%s: ok\n", check->file);
}

/* ---- the verb ---- */

static void make_report(struct check *check)
{
	size_t count = gw_snapshot_share_count(check->snapshot);

	report_server(check);
	report_listen(check);
	group(check->json, "shares", json_array());
	for (size_t i = 0; i < count; i++)
		report_share(check, gw_snapshot_share(check->snapshot, i));
	json_object_set_new(check->json, "file", json_string(check->file));
	json_object_set_new(check->json, "ok",
			    json_boolean(check->exit == GW_EXIT_OK));
}

static void show_report(const struct check *check, bool is_json)
{
	if (!is_json) {
		print_report(check);
		return;
	}
	json_dumpf(check->json, stdout, JSON_INDENT(2));
	putchar('\n');
}

enum gw_exit gw_verb_check(const struct gw_args *args)
{
	struct gw_complaints c = { .to = stderr };
	struct check check = {
		.file = args->config ? args->config : GW_CONFIG_FILE,
		.exit = GW_EXIT_CONFIG,
	};

	check.fsa = fsa_new();
	check.json = json_object();
	if (!check.fsa || !check.json)
		check.exit = GW_EXIT_FAILURE;
	else if (gw_config_load(check.file, &check.config, &c))
		check.exit = gw_snapshot_new(&check.config, check.fsa, NULL, &c,
					     &check.snapshot);
	if (check.snapshot) {
		make_report(&check);
		show_report(&check, args->json);
	}
	gw_snapshot_unref(check.snapshot);
	json_decref(check.json);
	store_backends_wait(GW_BACKENDS_END_MS);
	check.fsa = fsa_free(check.fsa);
	gw_config_fini(&check.config);
	return check.exit;
}
