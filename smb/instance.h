/*
 * Application instances (MS-SMB2 2.2.13.2.13, 2.2.13.2.15, 3.3.5.9.13,
 * 3.3.5.9.15): a program that was moved to another machine opens its files
 * there, and what it had open here is closed, without a break.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "smb/ports.h"
#include "smb/status.h"

struct smb_open;
struct smb_request;

/* What the contexts say. */
struct smb_instance {
	bool has_id, has_version;
	uint8_t id[16];
	uint64_t version_high, version_low;
};

/* Of an open; start with {}. */
struct smb_instanced {
	LIST_ENTRY(smb_instanced) entry; /* of its engine, if it has an id */
	struct smb_instance instance;
	struct smb_open *open; /* borrowed; NULL: not listed */
	uint8_t client_guid[16];
	uint16_t *path; /* as CREATE named it; owned */
	uint32_t path_count;
};

LIST_HEAD(smb_instances, smb_instanced);

/*
 * A CREATE of this instance begins: what other clients of the same user have
 * open of the file for it is closed, on all workers. FILE_FORCED_CLOSED if one
 * of those is of a version that is not older.
 */
enum nt_status smb_instance_co_take_over(struct smb_request *rq,
					 struct smb_name path,
					 const struct smb_instance *instance);

/* The open is one of the instance. False: out of memory. */
bool smb_instance_join(struct smb_open *open, struct smb_name path,
		       const struct smb_instance *instance,
		       const uint8_t client_guid[16]);

/* It is on another worker now, by another client. */
void smb_instance_move(struct smb_open *open, const uint8_t client_guid[16]);

/* It is closed, or on its way to another worker. */
void smb_instance_leave(struct smb_open *open);
