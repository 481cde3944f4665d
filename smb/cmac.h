/*
 * AES-128-CMAC (RFC 4493) over GnuTLS' AES-CBC, which is twice as fast as its
 * CMAC. One message at a time: begin, add, end. For smb/sign.c.
 *
 * Thread: worker.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct smb_cmac;

/* NULL: out of memory. Free with smb_cmac_free(); the key is wiped. */
struct smb_cmac *smb_cmac_new(const uint8_t key[16]);
struct smb_cmac *smb_cmac_free(struct smb_cmac *cmac);

void smb_cmac_begin(struct smb_cmac *cmac);
void smb_cmac_add(struct smb_cmac *cmac, const uint8_t *bytes, size_t length);
void smb_cmac_end(struct smb_cmac *cmac, uint8_t ret_mac[16]);
