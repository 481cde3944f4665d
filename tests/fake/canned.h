/*
 * Answers of the object store in memory that are the same for every file.
 */
#pragma once

#include "smb/ports.h"

enum nt_status fake_co_query_security(struct smb_object *object, uint32_t parts,
				      uint8_t *to, uint32_t size,
				      uint32_t *ret_length);
enum nt_status fake_co_set_security(struct smb_object *object, uint32_t parts,
				    const uint8_t *security, uint32_t length);
enum nt_status fake_co_query_eas(struct smb_object *object, uint8_t *to,
				 uint32_t size, uint32_t *ret_length);
enum nt_status fake_co_query_streams(struct smb_object *object, uint8_t *to,
				     uint32_t size, uint32_t *ret_length);
enum nt_status fake_co_query_volume(struct smb_volume *volume,
				    struct smb_volume_facts *ret_facts);
enum nt_status fake_co_copy(struct smb_object *target,
			    const struct smb_copy *how, uint64_t *ret_copied);
enum nt_status fake_co_ioctl(struct smb_object *object,
			     const struct smb_ioctl *ioctl,
			     uint32_t *ret_length);
