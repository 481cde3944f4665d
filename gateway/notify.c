/*
 * One datagram to the manager's socket, a path or an abstract name ("@…").
 */
#include "gateway/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/log.h"

void gw_notify(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t length = name ? strlen(name) : 0;
	socklen_t size;
	int fd;

	if (length < 2 || length >= sizeof(to.sun_path) ||
	    (name[0] != '/' && name[0] != '@'))
		return;
	memcpy(to.sun_path, name, length);
	if (name[0] == '@')
		to.sun_path[0] = '\0';
	size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL,
		   (const struct sockaddr *)&to, size) < 0)
		gw_log(GW_LOG_WARN, "NOTIFY_SOCKET: %s", strerror(errno));
	close(fd);
}
