/*
 * The tokens of SPNEGO (RFC 4178 4.2, MS-SPNG 2.2). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/wire/cursor.h"

/* RFC 4178 4.2.2 negState. */
enum smb_spnego_state {
	SMB_SPNEGO_ACCEPT_COMPLETED = 0,
	SMB_SPNEGO_ACCEPT_INCOMPLETE = 1,
	SMB_SPNEGO_REJECT = 2,
	SMB_SPNEGO_REQUEST_MIC = 3,
};

/* A client's first token. All pieces lie in the token. */
struct smb_spnego_init {
	struct bytes mech_list; /* the whole MechTypeList: what a MIC covers */
	bool has_ntlm;
	bool is_ntlm_first;      /* so that the token is NTLM's */
	struct bytes mech_token; /* empty: none */
};

/* A client's further tokens. */
struct smb_spnego_resp {
	struct bytes token; /* empty: none */
	bool has_mic;
	struct bytes mic;
};

/* What we answer. */
struct smb_spnego_answer {
	enum smb_spnego_state state;
	bool names_mech;
	struct bytes token; /* empty: none */
	struct bytes mic;   /* empty: none */
};

/* False if it can't be read. */
bool smb_spnego_read_init(struct bytes token, struct smb_spnego_init *ret_init);
bool smb_spnego_read_resp(struct bytes token, struct smb_spnego_resp *ret_resp);

/* The NegTokenInit2 with what we offer (MS-SPNG 2.2.1). */
void smb_spnego_write_hint(struct writer *w);
void smb_spnego_write_answer(struct writer *w,
			     const struct smb_spnego_answer *answer);

/* Bytes that smb_spnego_write_answer() needs at most. */
size_t smb_spnego_answer_max(const struct smb_spnego_answer *answer);
