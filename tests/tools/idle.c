/*
 * Many sessions that do nothing: opens so many connections, logs tester on
 * with each, connects to the share, says so, and holds them until its input
 * ends. For tests/bench.sh, which looks at the server meanwhile.
 *
 * usage: idle PORT COUNT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/client/client.h"

enum {
	PREFIX = 4,
};

static bool link_send(void *link, const uint8_t *bytes, size_t length)
{
	const uint8_t prefix[PREFIX] = { 0, (uint8_t)(length >> 16),
					 (uint8_t)(length >> 8),
					 (uint8_t)length };
	const int *fd = link;

	return send(*fd, prefix, PREFIX, MSG_NOSIGNAL | MSG_MORE) == PREFIX &&
	       send(*fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static uint8_t *link_receive(void *link, size_t *ret_length)
{
	const int *fd = link;
	uint8_t prefix[PREFIX], *bytes;

	if (recv(*fd, prefix, PREFIX, MSG_WAITALL) != PREFIX)
		return NULL;
	*ret_length = (size_t)prefix[1] << 16 | prefix[2] << 8 | prefix[3];
	bytes = malloc(*ret_length);
	if (bytes &&
	    recv(*fd, bytes, *ret_length, MSG_WAITALL) == (ssize_t)*ret_length)
		return bytes;
	free(bytes);
	return NULL;
}

/* False: no connection, or the server refused something. */
static bool open_one(const struct sockaddr_in *to, unsigned int number)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* ours until the end */
	struct client_link link = { .send = link_send,
				    .receive = link_receive,
				    .link = &fd };
	struct client_session session = { .id = 0 };
	struct client client;
	uint32_t tree;
	bool ok;

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0)
		return false;
	client_init(&client, &link);
	memcpy(client.guid, &number, sizeof(number));
	ok = client_negotiate_dialect(&client, 0x0311) == 0 &&
	     client_logon(&client, &session, "tester", "Tester-1") == 0;
	session.signs = true; /* MS-SMB2 3.3.5.7: 3.1.1 wants it */
	ok = ok && client_tree(&client, &session, "\\\\x\\share", &tree) == 0;
	client_session_fini(&client, &session);
	client_fini(&client);
	return ok;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct rlimit limit;
	unsigned int count;

	if (argc != 3)
		return 2;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)atoi(argv[1]));
	count = (unsigned int)atoi(argv[2]);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (unsigned int i = 0; i < count; i++) {
		if (!open_one(&to, i + 1)) {
			perror("idle");
			return 1;
		}
	}
	printf("%u sessions\n", count);
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
