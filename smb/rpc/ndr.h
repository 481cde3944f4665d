/*
 * NDR (C706 14) over the cursors, as far as our calls need it: aligned
 * numbers, unique pointers, and conformant varying strings of UTF-16.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/wire/cursor.h"
#include "smb/wire/sd.h"

/* A number of 4 bytes at its alignment. */
uint32_t smb_ndr_read_u32(struct reader *r);

/* A pointer: false if it is NULL. What it points to comes later. */
bool smb_ndr_read_pointer(struct reader *r);

/*
 * A string with its terminator: its UTF-16LE bytes without it, where they
 * lie. The reader turns bad if it is malformed.
 */
struct bytes smb_ndr_read_string(struct reader *r);

/* A string behind a pointer; empty if the pointer is NULL. */
struct bytes smb_ndr_read_pointed_string(struct reader *r);

/*
 * RPC_UNICODE_STRING, MS-DTYP 2.3.10: its head, which says whether there is
 * text; and the text behind it, which has no terminator.
 */
bool smb_ndr_read_unicode_head(struct reader *r);
struct bytes smb_ndr_read_unicode(struct reader *r);

/* A SID as a conformant structure (MS-DTYP 2.4.2.3). */
void smb_ndr_read_sid(struct reader *r, struct smb_sid *ret_sid);

/* Numbers are written aligned, too. */
void smb_ndr_write_u32(struct writer *w, uint32_t v);

/* A pointer that is not NULL. The place makes it one of its kind. */
void smb_ndr_write_pointer(struct writer *w);

/* A string of UTF-8 text, with a terminator. */
void smb_ndr_write_string(struct writer *w, const char *utf8);

/* RPC_UNICODE_STRING of UTF-8 text; empty text has no part behind the head. */
void smb_ndr_write_unicode_head(struct writer *w, const char *utf8);
void smb_ndr_write_unicode(struct writer *w, const char *utf8);
void smb_ndr_write_sid(struct writer *w, const struct smb_sid *sid);
