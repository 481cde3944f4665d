/*
 * DER elements (X.690) over the cursors: one-byte tags, definite lengths. The
 * lengths are read and written by libtasn1. For smb/auth/spnego.c.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/wire/cursor.h"

enum {
	SMB_DER_OCTETS = 0x04,
	SMB_DER_OID = 0x06,
	SMB_DER_ENUMERATED = 0x0a,
	SMB_DER_GENERAL_STRING = 0x1b,
	SMB_DER_SEQUENCE = 0x30,
	SMB_DER_APPLICATION = 0x60, /* [APPLICATION 0], constructed */
	SMB_DER_CONTEXT = 0xa0,     /* [0], constructed; [n] is this + n */
};

/* Whether an element with this tag comes next. */
bool smb_der_is(const struct reader *r, uint8_t tag);

/*
 * The content of the next element, which must have this tag; `r` moves behind
 * it. Both readers are bad if it hasn't, or is longer than what is left.
 */
struct reader smb_der_enter(struct reader *r, uint8_t tag);

/* Passes over the next element, whatever it is. */
void smb_der_skip(struct reader *r);

/* Begins an element; ended with smb_der_end(). They nest. */
size_t smb_der_begin(struct writer *w, uint8_t tag);
void smb_der_end(struct writer *w, size_t begun);

/* A whole element. */
void smb_der_write(struct writer *w, uint8_t tag, struct bytes content);
