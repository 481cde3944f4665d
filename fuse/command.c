/*
 * Words to arguments. The short forms stand for what their program needs to
 * stay in the foreground and to behave well below a file server; who wants
 * other options writes the command itself.
 */
#include "fuse/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SSHFS  "sshfs://"
#define RCLONE "rclone:"

struct words {
	char *items[FUSEFS_WORDS_MAX + 1];
	size_t count;
	bool has_failed;
};

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

static bool is_short(const char *const *words, size_t count)
{
	return count == 1 &&
	       (starts_with(words[0], SSHFS) || starts_with(words[0], RCLONE));
}

/* ---- sshfs://[USER@]HOST[:PORT]/PATH ---- */

struct url {
	char host[256]; /* with the user */
	char port[8];   /* "": none */
	const char *path;
};

static bool url_parse(const char *text, struct url *ret)
{
	const char *path = strchr(text, '/'), *at, *port;
	size_t length = path ? (size_t)(path - text) : strlen(text);

	if (!length || length >= sizeof(ret->host) || text[0] == '-')
		return false;
	memcpy(ret->host, text, length);
	ret->host[length] = '\0';
	ret->port[0] = '\0';
	ret->path = path ? path : "";
	at = strrchr(ret->host, '@');
	port = strrchr(at ? at : ret->host, ':');
	/* A colon inside of [] is an address's. */
	if (port && !strchr(port, ']')) {
		size_t digits = strspn(port + 1, "0123456789");

		if (!digits || port[1 + digits] || digits > 5)
			return false;
		snprintf(ret->port, sizeof(ret->port), "%s", port + 1);
		ret->host[port - ret->host] = '\0';
	}
	at = strrchr(ret->host, '@');
	return at ? at != ret->host && at[1] && at[1] != '-' : *ret->host;
}

/* ---- what is wrong ---- */

const char *fusefs_command_fault(const char *const *words, size_t count)
{
	struct url url;

	if (!count || !*words[0])
		return "there is no command";
	if (count > FUSEFS_WORDS_MAX)
		return "a command has 256 words at most";
	if (is_short(words, count) && starts_with(words[0], SSHFS))
		return url_parse(words[0] + strlen(SSHFS), &url)
			       ? NULL
			       : "looks like sshfs://[USER@]HOST[:PORT]/PATH";
	if (is_short(words, count)) {
		const char *remote = words[0] + strlen(RCLONE);

		return strchr(remote, ':') && *remote != '-' && *remote != ':'
			       ? NULL
			       : "looks like rclone:REMOTE:[PATH]";
	}
	for (size_t i = 1; i < count; i++) {
		if (strstr(words[i], "{}"))
			return NULL;
	}
	return count == 1 ? "is neither sshfs://… nor rclone:REMOTE:, and a "
			    "command needs {} where the mount point belongs"
			  : "a command needs {} where the mount point belongs";
}

/* ---- arguments ---- */

/* Takes `word`. */
static void add(struct words *w, char *word)
{
	if (!word || w->count == FUSEFS_WORDS_MAX) {
		free(word);
		w->has_failed = true;
		return;
	}
	w->items[w->count++] = word;
	w->items[w->count] = NULL;
}

static void add_copy(struct words *w, const char *word)
{
	add(w, strdup(word));
}

/* The word with each "{}" replaced. */
static char *filled(const char *word, const char *mountpoint)
{
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);
	const char *hole;

	if (!out)
		return NULL;
	while ((hole = strstr(word, "{}"))) {
		fwrite(word, 1, (size_t)(hole - word), out);
		fputs(mountpoint, out);
		word = hole + 2;
	}
	fputs(word, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

/*
 * Lost connections come back by themselves; the remote host says "gone" within
 * a minute; nobody is asked for anything.
 */
static void add_sshfs(struct words *w, const char *rest, const char *mountpoint,
		      bool is_read_only)
{
	static const char options[] =
		"reconnect,ServerAliveInterval=15,ServerAliveCountMax=3,"
		"BatchMode=yes";
	struct url url;
	char *source = NULL;

	url_parse(rest, &url);
	if (asprintf(&source, "%s:%s", url.host, url.path) < 0)
		source = NULL;
	add_copy(w, "sshfs");
	add_copy(w, "-f");
	add_copy(w, "-o");
	add_copy(w, options);
	if (*url.port) {
		add_copy(w, "-p");
		add_copy(w, url.port);
	}
	if (is_read_only) {
		add_copy(w, "-o");
		add_copy(w, "ro");
	}
	add(w, source);
	add_copy(w, mountpoint);
}

/* Clients write in any order, which rclone can only do by way of a cache. */
static void add_rclone(struct words *w, const char *remote,
		       const char *mountpoint, bool is_read_only)
{
	add_copy(w, "rclone");
	add_copy(w, "mount2");
	add_copy(w, remote);
	add_copy(w, mountpoint);
	add_copy(w, "--vfs-cache-mode");
	add_copy(w, "writes");
	if (is_read_only)
		add_copy(w, "--read-only");
}

char **fusefs_command_new(const char *const *words, size_t count,
			  const char *mountpoint, bool is_read_only,
			  const char *option)
{
	struct words *w;

	if (fusefs_command_fault(words, count))
		return NULL;
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	if (!is_short(words, count)) {
		for (size_t i = 0; i < count; i++)
			add(w, filled(words[i], mountpoint));
	} else if (starts_with(words[0], SSHFS)) {
		add_sshfs(w, words[0] + strlen(SSHFS), mountpoint,
			  is_read_only);
	} else {
		add_rclone(w, words[0] + strlen(RCLONE), mountpoint,
			   is_read_only);
	}
	if (option) {
		add_copy(w, "-o");
		add_copy(w, option);
	}
	/* The items come first, so this is what callers get and give back. */
	return w->has_failed ? fusefs_command_free(w->items) : w->items;
}

char **fusefs_command_free(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
	return NULL;
}

/* ---- a name ---- */

static const char *base_of(const char *text)
{
	const char *slash = strrchr(text, '/');

	return slash ? slash + 1 : text;
}

char *fusefs_command_name(const char *const *words, size_t count)
{
	const char *name = base_of(words[0]);
	char *copy;

	if (is_short(words, count) && !*name) /* sshfs://HOST/ */
		name = words[0] + strlen(SSHFS);
	else if (is_short(words, count) && starts_with(name, RCLONE))
		name += strlen(RCLONE);
	copy = strdup(name);
	for (size_t n = copy ? strlen(copy) : 0;
	     n > 1 && strchr(":/", copy[n - 1]); n--)
		copy[n - 1] = '\0';
	return copy;
}
