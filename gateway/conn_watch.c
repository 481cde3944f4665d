/*
 * What the peer has received, as TCP tells it.
 */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/conn.h"
#include "gateway/conn_inside.h"

bool gw_conn_tells_acked(void)
{
	const socklen_t needed =
		offsetof(struct tcp_info, tcpi_bytes_acked) +
		sizeof(((struct tcp_info *)NULL)->tcpi_bytes_acked);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);
	bool tells;

	if (fd < 0)
		return false;
	tells = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
		length >= needed;
	close(fd);
	return tells;
}

uint64_t gw_conn_acked(const struct gw_conn *conn)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	if (getsockopt(conn->fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0)
		return 0;
	return info.tcpi_bytes_acked;
}
