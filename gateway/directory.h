/*
 * Which client is served where: ClientGuid → worker. All connections of a
 * client go to one worker, two that come at the same moment included
 * (MS-SMB2 3.3.5.4 keeps one client object for a ClientGuid). A client stays
 * where it was after its last connection: as long as something waits there for
 * it to come back, else as long as there is room.
 *
 * And which sessions there are, with the facts by which a connection of
 * another worker is told why it can't be bound to one (3.3.5.5).
 *
 * Thread: shared (its lock, held for one lookup).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_client;
struct gw_directory;
struct smb_session_facts;

/* NULL: out of memory. */
struct gw_directory *gw_directory_new(unsigned int workers);
struct gw_directory *gw_directory_free(struct gw_directory *directory);

/*
 * A new connection of a client: its worker's number. A client that is not
 * known goes to the worker with the fewest connections. End with
 * gw_directory_leave(). NULL: out of memory.
 */
struct gw_client *gw_directory_join(struct gw_directory *directory,
				    const uint8_t guid[16],
				    unsigned int *ret_worker);
void gw_directory_leave(struct gw_directory *directory,
			struct gw_client *client);

/*
 * Something on this worker waits for the client to come back, or does so no
 * more; counted.
 */
void gw_directory_keep(struct gw_directory *directory, const uint8_t guid[16],
		       unsigned int worker, bool is_kept);

/* As gw_directory_join() for a connection that has no ClientGuid. */
unsigned int gw_directory_join_any(struct gw_directory *directory);
void gw_directory_leave_any(struct gw_directory *directory,
			    unsigned int worker);

/* The facts of a session that has come up; copied. Without memory for them it
   is not known to other workers. */
void gw_directory_tell(struct gw_directory *directory, uint64_t session_id,
		       const struct smb_session_facts *facts);
void gw_directory_forget(struct gw_directory *directory, uint64_t session_id);
bool gw_directory_ask(struct gw_directory *directory, uint64_t session_id,
		      struct smb_session_facts *ret_facts);

/* Clients that are remembered, connected or not; for tests. */
size_t gw_directory_count(struct gw_directory *directory);
