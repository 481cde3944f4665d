/*
 * Ciphers and MACs keep state while they run, so that two threads can't share
 * one: each job makes its own from the key, which costs some microseconds, and
 * is worth it from SMB_APART_MIN bytes on.
 */
#include "smb/apart.h"

#include "smb/engine.h"
#include "smb/limits.h"

struct job {
	const struct smb_sealer *sealer; /* read only: its key */
	const struct smb_signer *signer; /* likewise */
	uint8_t *bytes;
	const uint8_t *message;
	size_t length;
	bool has_run; /* false: no memory for a cipher of its own */
	bool is_right;
};

static bool is_worth_it(const struct smb_engine *engine, size_t length)
{
	return length >= SMB_APART_MIN && engine->ports->host_ops->co_apart;
}

static void co_do(struct smb_engine *engine, void (*fn)(void *arg),
		  struct job *job)
{
	const struct smb_ports *ports = engine->ports;

	ports->host_ops->co_apart(ports->host, fn, job);
}

/* ---- sealing ---- */

static void seal(void *arg)
{
	struct job *job = arg;
	struct smb_sealer *own = smb_sealer_copy(job->sealer);

	if (own) {
		smb_seal_text(own, job->bytes, job->length);
		job->has_run = true;
	}
	smb_sealer_free(own);
}

bool smb_apart_co_seal(struct smb_engine *engine, struct smb_sealer *sealer,
		       uint8_t *packet, size_t length, uint64_t session_id)
{
	struct job job = { .sealer = sealer,
			   .bytes = packet,
			   .length = length };

	/* The nonce is taken here, where no other can take it. */
	if (!smb_seal_head(sealer, packet, length, session_id))
		return false;
	if (is_worth_it(engine, length))
		co_do(engine, seal, &job);
	if (!job.has_run)
		smb_seal_text(sealer, packet, length);
	return true;
}

static void unseal(void *arg)
{
	struct job *job = arg;
	struct smb_sealer *own = smb_sealer_copy(job->sealer);

	if (own) {
		job->is_right = smb_unseal(own, job->bytes, job->length);
		job->has_run = true;
	}
	smb_sealer_free(own);
}

bool smb_apart_co_unseal(struct smb_engine *engine, struct smb_sealer *sealer,
			 uint8_t *packet, size_t length)
{
	struct job job = { .sealer = sealer,
			   .bytes = packet,
			   .length = length };

	if (is_worth_it(engine, length))
		co_do(engine, unseal, &job);
	return job.has_run ? job.is_right : smb_unseal(sealer, packet, length);
}

/* ---- signing ---- */

static void sign(void *arg)
{
	struct job *job = arg;
	struct smb_signer *own = smb_signer_copy(job->signer);

	if (own) {
		smb_sign_in_place(own, job->bytes, job->length);
		job->has_run = true;
	}
	smb_signer_free(own);
}

void smb_apart_co_sign(struct smb_engine *engine, struct smb_signer *signer,
		       uint8_t *message, size_t length)
{
	struct job job = { .signer = signer,
			   .bytes = message,
			   .length = length };

	if (is_worth_it(engine, length))
		co_do(engine, sign, &job);
	if (!job.has_run)
		smb_sign_in_place(signer, message, length);
}

static void verify(void *arg)
{
	struct job *job = arg;
	struct smb_signer *own = smb_signer_copy(job->signer);

	if (own) {
		job->is_right =
			smb_signature_is_right(own, job->message, job->length);
		job->has_run = true;
	}
	smb_signer_free(own);
}

bool smb_apart_co_signature_is_right(struct smb_engine *engine,
				     struct smb_signer *signer,
				     const uint8_t *message, size_t length)
{
	struct job job = { .signer = signer,
			   .message = message,
			   .length = length };

	if (is_worth_it(engine, length))
		co_do(engine, verify, &job);
	return job.has_run ? job.is_right
			   : smb_signature_is_right(signer, message, length);
}
