/*
 * What a CREATE asks for, decided without looking at any file (MS-FSA
 * 2.1.5.1). Pure. Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/status.h"

/*
 * Whether the words of a CREATE fit together. `access` is the mask asked for,
 * generic rights replaced. INVALID_PARAMETER, NOT_SUPPORTED, ACCESS_DENIED.
 */
enum nt_status fsa_create_check(uint32_t access, uint32_t attributes,
				uint32_t sharing, uint32_t disposition,
				uint32_t options);

/* What is to be done with the name; neither flag: it is just opened. */
struct fsa_step {
	bool creates;
	bool overwrites; /* data and attributes go, the file stays */
	enum smb_create_action action;
};

/* OBJECT_NAME_COLLISION, OBJECT_NAME_NOT_FOUND. `disposition` is 0 … 5. */
enum nt_status fsa_disposition(uint32_t disposition, bool exists,
			       struct fsa_step *ret_step);

/*
 * Whether a file with these attributes may be overwritten by one with those:
 * never if it is READONLY, and HIDDEN and SYSTEM must be said again.
 */
enum nt_status fsa_overwrite_check(uint32_t existing, uint32_t asked);

/* The attributes that a new or overwritten file gets: files get ARCHIVE. */
uint32_t fsa_attributes_of_new(uint32_t asked, bool is_directory);
