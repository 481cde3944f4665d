/*
 * A small SMB2/3 client for tests: builds and reads messages byte by byte, so
 * that a test can send what no decent client would. Speaks over any link that
 * moves whole messages. Believes nothing: checks ids, signatures and seals of
 * all that it gets.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/crypto.h"
#include "smb/wire/cursor.h"
#include "smb/wire/header.h"

enum {
	CLIENT_MESSAGE_MAX = 9 * 1024 * 1024,
	CLIENT_ELEMENTS_MAX = 200,
};

/* How messages travel, without the 4 bytes of length. */
struct client_link {
	/* False: the connection is gone. */
	bool (*send)(void *link, const uint8_t *bytes, size_t length);
	/* The next message, malloc; NULL: none (or the connection is gone). */
	uint8_t *(*receive)(void *link, size_t *ret_length);
	void *link;
};

/* A logged-on session. */
struct client_session {
	uint64_t id;
	uint16_t flags; /* SessionFlags */
	uint8_t preauth[SMB_HASH_LENGTH];
	struct smb_keys keys;
	struct smb_signer *signer;
	struct smb_sealer *sealer, *unsealer;
	bool signs, seals; /* what it sends */
	bool binds; /* until it is bound, it signs with the session's first key */
};

struct client_element {
	size_t at;
	struct client_session *session;
	bool is_signed;
};

/* An answer; bytes are borrowed from the client until the next receive. */
struct client_answer {
	struct smb_header header;
	uint32_t status;
	struct bytes whole; /* header, body, padding */
	struct bytes body;
	bool is_signed; /* and rightly so */
	bool is_sealed;
	bool is_last; /* of its message */
};

struct client {
	struct client_link link;
	uint16_t dialect;
	uint8_t guid[16];
	uint32_t capabilities, server_capabilities;
	uint16_t security_mode, server_security_mode;
	uint32_t read_max;
	enum smb_cipher cipher;
	enum smb_signing signing;
	uint8_t preauth[SMB_HASH_LENGTH];
	uint64_t message_id; /* the next one */
	uint32_t credits;    /* granted and not spent */
	uint16_t credits_asked;
	uint16_t charge; /* of the next element; 0 counts as 1 */
	struct client_session *sessions[8];

	/* The message that is being built. */
	uint8_t *out;
	struct writer w;
	struct client_element elements[CLIENT_ELEMENTS_MAX];
	unsigned int element_count;

	/* The message that is being read. */
	uint8_t *in;
	size_t in_at, in_end;
	bool in_is_sealed;
	bool has_bad_signature; /* of any answer so far */
};

void client_init(struct client *c, const struct client_link *link);
void client_fini(struct client *c);

/* ---- messages ---- */

/*
 * Begins an element; write its body to the writer. Those begun before
 * client_post() make a compound. `session` may be NULL.
 */
struct writer *client_begin(struct client *c, enum smb_command command,
			    struct client_session *session, uint32_t tree_id,
			    uint32_t flags);

/* Makes room for so many bytes more; client_begin() makes some by itself. */
void client_reserve(struct client *c, size_t more);

/* Pads, chains, signs and seals what was begun. Borrowed until the next. */
struct bytes client_finish(struct client *c);

/* Finishes and sends. False: the connection is gone. */
bool client_post(struct client *c);

/* The next answer. False: there is none. */
bool client_take(struct client *c, struct client_answer *ret_answer);

/* Posts and takes the one answer; its status. Interim answers are skipped. */
uint32_t client_ask(struct client *c, struct client_answer *ret_answer);

/* Bytes from the end of the header of the element being built on. */
size_t client_body_at(const struct client *c);

/* ---- logging on ---- */

struct client_offer {
	uint16_t dialects[8];
	unsigned int dialect_count;
	uint16_t ciphers[8];
	unsigned int cipher_count;
	uint16_t signings[8];
	unsigned int signing_count;
	uint16_t security_mode; /* 0: signing is enabled */
	bool has_posix;         /* the POSIX extensions */
	bool has_odd_contexts;  /* those of other clients, all to be ignored */
};

/* Negotiates; the status. */
uint32_t client_negotiate(struct client *c, const struct client_offer *offer);

/* Everything of one dialect: all ciphers, all ways to sign. */
uint32_t client_negotiate_dialect(struct client *c, uint16_t dialect);

/*
 * Logs on with raw NTLMSSP; the status. A session that has an id already is
 * authenticated again. `user` NULL: anonymous.
 */
uint32_t client_logon(struct client *c, struct client_session *session,
		      const char *user, const char *password);

/* The same, naming a session that was lost. */
uint32_t client_logon_again(struct client *c, struct client_session *session,
			    const char *user, const char *password,
			    uint64_t previous_id);

/*
 * Binds the connection to a session that is up elsewhere; the status. `bound`
 * is the session as this connection knows it.
 */
uint32_t client_bind(struct client *c, struct client_session *bound,
		     const struct client_session *session, const char *user,
		     const char *password);

void client_session_fini(struct client *c, struct client_session *session);

/* ---- files ---- */

struct client_file {
	uint64_t persistent, volatile_id;
};

/* The file that the element before this one made or used. */
extern const struct client_file client_related;

/* Each writes one element's body. */
void client_write_create(struct client *c, const char *name, uint32_t access,
			 uint32_t disposition, uint32_t options);
/* Adds a create context to the CREATE that was just written; `tag` has 4. */
void client_add_context(struct client *c, const char *tag, const void *data,
			size_t length);

/* The same for one that is named by a GUID. */
void client_add_guid_context(struct client *c, const uint8_t guid[16],
			     const void *data, size_t length);
void client_write_close(struct client *c, struct client_file file);
void client_write_read(struct client *c, struct client_file file,
		       uint64_t offset, uint32_t length);
void client_write_write(struct client *c, struct client_file file,
			uint64_t offset, const void *data, uint32_t length);
void client_write_flush(struct client *c, struct client_file file);
void client_write_notify(struct client *c, struct client_file file);
void client_write_lock(struct client *c, struct client_file file,
		       uint64_t offset, uint64_t length, uint32_t flags);
void client_write_tree(struct client *c, const char *path);

/* Each is one exchange; the status. */
uint32_t client_tree(struct client *c, struct client_session *session,
		     const char *path, uint32_t *ret_tree_id);
uint32_t client_create(struct client *c, struct client_session *session,
		       uint32_t tree_id, const char *name, uint32_t disposition,
		       struct client_file *ret_file);
uint32_t client_close(struct client *c, struct client_session *session,
		      uint32_t tree_id, struct client_file file);
uint32_t client_read(struct client *c, struct client_session *session,
		     uint32_t tree_id, struct client_file file, uint64_t offset,
		     uint32_t length, struct bytes *ret_data);
uint32_t client_write(struct client *c, struct client_session *session,
		      uint32_t tree_id, struct client_file file,
		      uint64_t offset, const void *data, uint32_t length);
uint32_t client_echo(struct client *c, struct client_session *session);
uint32_t client_logoff(struct client *c, struct client_session *session);
uint32_t client_tree_disconnect(struct client *c,
				struct client_session *session,
				uint32_t tree_id);

/* FileId of a CREATE's answer. */
struct client_file client_file_of(const struct client_answer *answer);
