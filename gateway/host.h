/*
 * smb_host_ops on the loop: time, chance, tasks as fibers, timers, log lines.
 * `host` of struct smb_ports is not used: all of it is the calling thread's.
 *
 * Thread: a worker's.
 */
#pragma once

#include "smb/ports.h"

extern const struct smb_host_ops gw_host_ops;
