/*
 * Elements of DER. What they mean is known by smb/auth/spnego.c. There are a
 * dozen of them in all, so no tree is built: a reader inside a reader does.
 */
#include "smb/auth/der.h"

#include <libtasn1.h>

enum {
	TAG_LONG = 0x1f, /* the tag goes on in the next byte */
	LENGTH_BYTES_MAX = 8,
};

bool smb_der_is(const struct reader *r, uint8_t tag)
{
	return rd_left(r) > 0 && r->start[r->at] == tag;
}

/* The content length of the element whose tag was just read. */
static size_t content_length(struct reader *r)
{
	size_t left = rd_left(r);
	int used = 0;

	if (left == 0 || left > INT32_MAX) {
		rd_fail(r);
		return 0;
	}
	long length = asn1_get_length_der(r->start + r->at, (int)left, &used);

	if (length < 0) {
		rd_fail(r);
		return 0;
	}
	rd_skip(r, (size_t)used);
	return (size_t)length;
}

struct reader smb_der_enter(struct reader *r, uint8_t tag)
{
	if (rd_u8(r) != tag)
		rd_fail(r);
	return rd_sub(r, content_length(r));
}

void smb_der_skip(struct reader *r)
{
	if ((rd_u8(r) & TAG_LONG) == TAG_LONG)
		rd_fail(r);
	rd_skip(r, content_length(r));
}

size_t smb_der_begin(struct writer *w, uint8_t tag)
{
	wr_u8(w, tag);
	return w->at;
}

/* Only now is it known how long the length is: the content makes room. */
void smb_der_end(struct writer *w, size_t begun)
{
	uint8_t length[LENGTH_BYTES_MAX];
	int size = 0;

	if (!wr_ok(w))
		return;
	size_t content = w->at - begun;

	asn1_length_der(content, length, &size);
	if (!wr_room(w, (size_t)size))
		return;
	uint8_t *at = w->start + begun;

	memmove(at + size, at, content);
	memcpy(at, length, (size_t)size);
}

void smb_der_write(struct writer *w, uint8_t tag, struct bytes content)
{
	size_t begun = smb_der_begin(w, tag);

	wr_copy(w, content.at, content.length);
	smb_der_end(w, begun);
}
