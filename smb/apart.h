/*
 * Cryptography apart: what is long is sealed, unsealed, signed or verified on
 * another thread, while the worker goes on with other messages. So the
 * connections of one client use several cores. What is short is done at once.
 *
 * The bytes are whoever's calls: they stay where they are, and nobody else
 * touches them meanwhile. Sessions and connections may end in the meantime;
 * hold a reference to the session or the binding that has the key.
 *
 * Thread: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/crypto.h"

struct smb_engine;

/* As smb_seal(), smb_unseal(), smb_sign_in_place(), smb_signature_is_right(). */
bool smb_apart_co_seal(struct smb_engine *engine, struct smb_sealer *sealer,
		       uint8_t *packet, size_t length, uint64_t session_id);
bool smb_apart_co_unseal(struct smb_engine *engine, struct smb_sealer *sealer,
			 uint8_t *packet, size_t length);
void smb_apart_co_sign(struct smb_engine *engine, struct smb_signer *signer,
		       uint8_t *message, size_t length);
bool smb_apart_co_signature_is_right(struct smb_engine *engine,
				     struct smb_signer *signer,
				     const uint8_t *message, size_t length);
