/*
 * Secrets: where they come from and how they are looked after. Passwords live
 * only until their NT hash is made. They never come from arguments, which
 * everybody on the machine can read.
 */
#include "gateway/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "gateway/limits.h"
#include "smb/auth/auth.h"
#include "smb/wire/utf16.h"

/* Reads up to `size` bytes or to the end: the count or -errno. */
static ssize_t read_all(int fd, char *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, to + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int read_text(int fd, size_t max, char **ret_text)
{
	char *text = malloc(max + 1);
	char *fitting;
	ssize_t n;

	if (!text)
		return -ENOMEM;
	n = read_all(fd, text, max + 1);
	if (n < 0 || (size_t)n > max || memchr(text, 0, (size_t)n)) {
		explicit_bzero(text, max + 1);
		free(text);
		return n < 0 ? (int)n : (size_t)n > max ? -EFBIG : -EILSEQ;
	}
	text[n] = '\0';
	fitting = realloc(text, (size_t)n + 1);
	*ret_text = fitting ? fitting : text;
	return 0;
}

int gw_file_read(const char *path, size_t max, char **ret_text,
		 struct stat *ret_stat)
{
	/* Without NONBLOCK a FIFO would hold us here. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	else if (st.st_size > (off_t)max)
		err = -EFBIG;
	else
		err = read_text(fd, max, ret_text);
	close(fd);
	if (err == 0 && ret_stat)
		*ret_stat = st;
	return err;
}

const char *gw_file_error(int err)
{
	switch (err) {
	case -EINVAL:
		return "not a regular file";
	case -EFBIG:
		return "too large to be one";
	case -EILSEQ:
		return "has zero bytes: not a text";
	default:
		return strerror(-err);
	}
}

static bool is_below(const char *path, const char *directory)
{
	size_t n = directory ? strlen(directory) : 0;

	return n > 0 && strncmp(path, directory, n) == 0 && path[n] == '/';
}

const char *gw_secret_fault(const char *path, const struct stat *st)
{
	if (is_below(path, "/run/secrets") ||
	    is_below(path, getenv("CREDENTIALS_DIRECTORY")))
		return NULL;
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "belongs to somebody else";
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return "others can read it: chmod 600";
	return NULL;
}

bool gw_password_of_file(const char *path, const struct gw_spot *spot,
			 struct gw_complaints *c, char **ret_password)
{
	const char *fault;
	struct stat st;
	char *text;
	int err = gw_file_read(path, GW_PASSWORD_MAX + 2, &text, &st);

	if (err < 0) {
		gw_complain(c, spot, NULL, "%s: %s", path, gw_file_error(err));
		return false;
	}
	fault = gw_secret_fault(path, &st);
	text[strcspn(text, "\r\n")] = '\0';
	if (!fault && !*text)
		fault = "its first line is empty: no password";
	if (fault) {
		gw_complain(c, spot, NULL, "%s: %s", path, fault);
		gw_secret_free(text);
		return false;
	}
	*ret_password = text;
	return true;
}

bool gw_nt_hash(const char *password, uint8_t ret_hash[GW_NT_HASH_LENGTH])
{
	uint16_t units[GW_PASSWORD_MAX];
	uint8_t bytes[2 * GW_PASSWORD_MAX];
	size_t count = smb_utf8_to_utf16(password, strlen(password), units,
					 GW_PASSWORD_MAX);

	if (count == SIZE_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		bytes[2 * i] = (uint8_t)units[i];
		bytes[2 * i + 1] = (uint8_t)(units[i] >> 8);
	}
	smb_md4(bytes, 2 * count, ret_hash);
	explicit_bzero(units, sizeof(units));
	explicit_bzero(bytes, sizeof(bytes));
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool gw_nt_hash_parse(const char *text, uint8_t ret_hash[GW_NT_HASH_LENGTH])
{
	uint8_t hash[GW_NT_HASH_LENGTH];

	for (size_t i = 0; i < sizeof(hash); i++) {
		int high = digit_of(text[2 * i]);
		int low = high < 0 ? -1 : digit_of(text[2 * i + 1]);

		if (low < 0)
			return false;
		hash[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(ret_hash, hash, sizeof(hash));
	explicit_bzero(hash, sizeof(hash));
	return true;
}

/* One line without its end; NULL at the end of the file, or too long. */
static char *read_line(FILE *from)
{
	char *line = calloc(1, GW_PASSWORD_MAX + 2);
	size_t length;

	if (!line)
		return NULL;
	if (!fgets(line, GW_PASSWORD_MAX + 2, from)) {
		gw_secret_free(line);
		return NULL;
	}
	length = strcspn(line, "\r\n");
	if (line[length] == '\0' && !feof(from)) {
		gw_secret_free(line);
		return NULL;
	}
	line[length] = '\0';
	return line;
}

char *gw_password_stdin(void)
{
	char *line;

	/* The password must not stay behind in a buffer of stdio. */
	setvbuf(stdin, NULL, _IONBF, 0);
	line = read_line(stdin);
	if (!line || !*line) {
		fprintf(stderr, "smbgate: no password on standard input\n");
		gw_secret_free(line);
		return NULL;
	}
	return line;
}

static char *ask_once(FILE *tty, const char *prompt, const char *user)
{
	char *line;

	fprintf(tty, "%s %s: ", prompt, user);
	fflush(tty);
	line = read_line(tty);
	fputc('\n', tty);
	return line;
}

static char *ask_twice(FILE *tty, const char *user)
{
	char *first = ask_once(tty, "Password of", user);
	char *again = first ? ask_once(tty, "Again, password of", user) : NULL;

	if (first && again && *first && strcmp(first, again) == 0) {
		gw_secret_free(again);
		return first;
	}
	fprintf(stderr, "smbgate: %s\n",
		first && !*first ? "an empty password is none"
		: again          ? "the two passwords differ"
				 : "no password");
	gw_secret_free(first);
	gw_secret_free(again);
	return NULL;
}

char *gw_password_ask(const char *user)
{
	FILE *tty = fopen("/dev/tty", "r+e");
	struct termios before, silent;
	char *password;

	if (!tty) {
		fprintf(stderr, "smbgate: no terminal to ask for a password: "
				"use --stdin\n");
		return NULL;
	}
	setvbuf(tty, NULL, _IONBF, 0);
	if (tcgetattr(fileno(tty), &before) < 0) {
		fprintf(stderr, "smbgate: the terminal: %s\n", strerror(errno));
		fclose(tty);
		return NULL;
	}
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fileno(tty), TCSAFLUSH, &silent);
	password = ask_twice(tty, user);
	tcsetattr(fileno(tty), TCSAFLUSH, &before);
	fclose(tty);
	return password;
}

void gw_secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}
