/*
 * Text: UTF-16 on the wire, code units in host order between the rooms, UTF-8
 * in the realm and in logs; and NTFS' table of upper case, by which names are
 * equal whatever their case (MS-UCODEREF; generated: upcase_table.h). Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/wire/cursor.h"

/*
 * Copies UTF-16LE bytes to host order code units. The count, or SIZE_MAX if
 * the number of bytes is odd or more than `max` units.
 */
size_t smb_utf16_decode(struct bytes wire, uint16_t *to, size_t max);

/* Writes the code units as UTF-16LE, no terminator. */
void wr_utf16(struct writer *w, struct smb_name name);

/* Writes UTF-8 text as UTF-16LE, no terminator; the writer fails if it isn't. */
void wr_utf16_of(struct writer *w, const char *utf8);

/*
 * UTF-8 of a name with a NUL: its length. SIZE_MAX if it does not fit, or has
 * an unpaired surrogate or a NUL of its own.
 */
size_t smb_utf16_to_utf8(struct smb_name name, char *to, size_t size);

/*
 * Code units of UTF-8 text: the count. SIZE_MAX if malformed (a NUL inside is)
 * or too long.
 */
size_t smb_utf8_to_utf16(const char *utf8, size_t length, uint16_t *to,
			 size_t max);

/* As above for the log: anything odd becomes '?', too long is cut. */
void smb_utf16_show(struct smb_name name, char *to, size_t size);

/* NTFS' simple upper case of one code unit. */
uint16_t smb_upcase(uint16_t unit);

/* Whether two names are the same but for case. */
bool smb_name_equal_nocase(struct smb_name a, struct smb_name b);

/* The same for UTF-8 text; malformed text equals only itself. */
bool smb_utf8_equal_nocase(const char *a, const char *b);
