/*
 * smb_host_ops on the loop: time, chance, tasks as fibers, timers, log lines.
 * `host` of struct smb_ports is the struct gw_worker.
 *
 * Thread: a worker's.
 */
#pragma once

#include "smb/ports.h"

extern const struct smb_host_ops gw_host_ops;
