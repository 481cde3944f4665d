/*
 * Tells systemd how we are: sd_notify(3)'s protocol, one datagram.
 *
 * Thread: main's.
 */
#pragma once

/* Sends `state` ("READY=1") to $NOTIFY_SOCKET; nothing without one. */
void gw_notify(const char *state);
