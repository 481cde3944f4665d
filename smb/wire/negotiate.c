/*
 * Negotiate contexts, MS-SMB2 2.2.3.1 and 2.2.4.1: a chain of 8-aligned pieces
 * of type, length, data. Reads what a client offers, writes what the server
 * chose; leaves the choice to cmd/negotiate.c.
 */
#include "smb/wire/context.h"
#include "smb/wire/posix.h"
#include "smb/wire/utf16.h"

enum {
	HASH_SHA512 = 1,
	NETNAME_MAX = 255,
};

/* ---- one context each ---- */

/* Numbers as they stand in a list of `count`; those beyond `max` are left. */
static uint16_t read_numbers(struct reader *r, uint16_t count, uint16_t *to,
			     uint16_t max)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < count && rd_ok(r); i++) {
		uint16_t number = rd_u16(r);

		if (kept < max)
			to[kept++] = number;
	}
	return kept;
}

/* 2.2.3.1.1 */
static enum nt_status read_preauth(struct bytes data,
				   struct smb_negotiate_offer *offer)
{
	struct reader r = reader_of(data);
	uint16_t count = rd_u16(&r);
	uint16_t salt = rd_u16(&r);
	bool has_sha512 = false;

	for (uint16_t i = 0; i < count && rd_ok(&r); i++)
		has_sha512 |= rd_u16(&r) == HASH_SHA512;
	rd_skip(&r, salt);
	if (!rd_ok(&r) || count == 0 || offer->has_preauth)
		return NT_STATUS_INVALID_PARAMETER;
	if (!has_sha512)
		return NT_STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP;
	offer->has_preauth = true;
	return NT_STATUS_SUCCESS;
}

/* 2.2.3.1.2 */
static enum nt_status read_ciphers(struct bytes data,
				   struct smb_negotiate_offer *offer)
{
	struct reader r = reader_of(data);
	uint16_t count = rd_u16(&r);

	if (offer->has_encryption || count == 0)
		return NT_STATUS_INVALID_PARAMETER;
	offer->has_encryption = true;
	offer->cipher_count = read_numbers(&r, count, offer->ciphers, 16);
	return rd_ok(&r) ? NT_STATUS_SUCCESS : NT_STATUS_INVALID_PARAMETER;
}

/* 2.2.3.1.7 */
static enum nt_status read_signings(struct bytes data,
				    struct smb_negotiate_offer *offer)
{
	struct reader r = reader_of(data);
	uint16_t count = rd_u16(&r);

	if (offer->has_signing || count == 0)
		return NT_STATUS_INVALID_PARAMETER;
	offer->has_signing = true;
	offer->signing_count = read_numbers(&r, count, offer->signings, 16);
	return rd_ok(&r) ? NT_STATUS_SUCCESS : NT_STATUS_INVALID_PARAMETER;
}

/* 2.2.3.1.4; odd lengths and long names are cut: it is for the log only. */
static enum nt_status read_netname(struct bytes data,
				   struct smb_negotiate_offer *offer)
{
	uint16_t units[NETNAME_MAX];
	struct bytes name = { .at = data.at,
			      .length = data.length & ~(size_t)1 };

	if (name.length > sizeof(units))
		name.length = sizeof(units) & ~(size_t)1;
	size_t count = smb_utf16_decode(name, units, NETNAME_MAX);

	if (count != SIZE_MAX)
		smb_utf16_show((struct smb_name){ units, (uint32_t)count },
			       offer->netname, sizeof(offer->netname));
	return NT_STATUS_SUCCESS;
}

/* The POSIX extensions are a list of 16-byte ids. */
static enum nt_status read_posix(struct bytes data,
				 struct smb_negotiate_offer *offer)
{
	const size_t size = SMB_POSIX_ID_LENGTH;

	if (data.length == 0 || data.length % size)
		return NT_STATUS_INVALID_PARAMETER;
	for (size_t at = 0; at < data.length; at += size)
		offer->has_posix |=
			memcmp(data.at + at, smb_posix_id, size) == 0;
	return NT_STATUS_SUCCESS;
}

static enum nt_status read_context(uint16_t type, struct bytes data,
				   struct smb_negotiate_offer *offer)
{
	switch (type) {
	case SMB_NEGOTIATE_PREAUTH:
		return read_preauth(data, offer);
	case SMB_NEGOTIATE_ENCRYPTION:
		return read_ciphers(data, offer);
	case SMB_NEGOTIATE_SIGNING:
		return read_signings(data, offer);
	case SMB_NEGOTIATE_NETNAME:
		return read_netname(data, offer);
	case SMB_NEGOTIATE_POSIX:
		return read_posix(data, offer);
	default:
		/* Compression, transports, RDMA, and those of the future. */
		return NT_STATUS_SUCCESS;
	}
}

/* ---- the chain ---- */

enum nt_status smb_negotiate_read(struct bytes chain, uint16_t count,
				  struct smb_negotiate_offer *ret_offer)
{
	struct smb_negotiate_offer offer = { 0 };
	struct reader r = reader_of(chain);

	for (uint16_t i = 0; i < count; i++) {
		if (i > 0)
			rd_align(&r, 8);
		uint16_t type = rd_u16(&r);
		uint16_t length = rd_u16(&r);

		rd_skip(&r, 4);
		struct bytes data = rd_bytes(&r, length);

		if (!rd_ok(&r))
			return NT_STATUS_INVALID_PARAMETER;
		enum nt_status status = read_context(type, data, &offer);

		if (status != NT_STATUS_SUCCESS)
			return status;
	}
	if (!offer.has_preauth)
		return NT_STATUS_INVALID_PARAMETER;
	*ret_offer = offer;
	return NT_STATUS_SUCCESS;
}

void smb_negotiate_add(struct writer *w, size_t start,
		       enum smb_negotiate_type type, const void *data,
		       size_t length)
{
	size_t at = w->at - start;

	wr_zero(w, (8 - at % 8) % 8);
	wr_u16(w, (uint16_t)type);
	wr_u16(w, (uint16_t)length);
	wr_u32(w, 0);
	wr_copy(w, data, length);
}
