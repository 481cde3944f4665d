/*
 * An object store in memory: one tree of files for each volume that is used,
 * good enough to see that the engine asks for the right things. Not a model of
 * MS-FSA: no share modes, no streams, one simple security descriptor.
 *
 * A test may hold an operation: whoever calls it then waits, until the test
 * lets it go. That is how requests are caught in flight.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "tests/fake/host.h"

enum fake_verb {
	FAKE_CREATE,
	FAKE_READ,
	FAKE_WRITE,
	FAKE_FLUSH,
	FAKE_CLOSE,
	FAKE_SET,
	FAKE_KEEP,
	FAKE_RETURN,
	FAKE_VERBS,
};

extern const struct smb_object_ops fake_object_ops;

/* One store at a time: the ports' functions carry no context. */
void fake_objects_init(struct fake_host *host);

/* Fails if an object is still open or a payload was lost. */
void fake_objects_fini(void);

/* From now on calls of this kind wait; CREATE and SET announce it (going_async). */
void fake_objects_hold(enum fake_verb verb);

/* Lets those that wait go on, and holds no more. Then run the host. */
void fake_objects_release(enum fake_verb verb);

/* READ gives opaque payloads where it may. */
void fake_objects_set_opaque(bool is_opaque);

/* CREATE grants every oplock and lease, as asked. */
void fake_objects_grant(bool grants);

/* The next call of this kind fails so. */
void fake_objects_fail(enum fake_verb verb, enum nt_status status);

/* Open objects; and how often each verb was called. */
unsigned int fake_objects_open(void);
unsigned int fake_objects_calls(enum fake_verb verb);

/* Contents of a file ("dir\\file"), NULL if there is none. Borrowed. */
const uint8_t *fake_objects_data(struct smb_volume *volume, const char *path,
				 size_t *ret_length);

/* Makes a file with these contents; its directory must be there. */
void fake_objects_put(struct smb_volume *volume, const char *path,
		      const void *data, size_t length);

/* The bytes of an opaque payload. Borrowed. */
const uint8_t *fake_body_bytes(const struct smb_body *body);
