/*
 * Information classes of MS-FSCC on the wire: 2.4 (files), directory entries,
 * and 2.5 (volumes). Facts in, bytes out, or the other way round. Pure.
 *
 * Encoders write what fits: a class whose fixed part does not fit gives
 * INFO_LENGTH_MISMATCH, a variable part that is cut gives BUFFER_OVERFLOW with
 * the bytes that fit, an unknown class INVALID_INFO_CLASS.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/ports.h"
#include "smb/status.h"
#include "smb/wire/cursor.h"

enum smb_file_class {
	SMB_FILE_DIRECTORY = 1,
	SMB_FILE_FULL_DIRECTORY = 2,
	SMB_FILE_BOTH_DIRECTORY = 3,
	SMB_FILE_BASIC = 4,
	SMB_FILE_STANDARD = 5,
	SMB_FILE_INTERNAL = 6,
	SMB_FILE_EA = 7,
	SMB_FILE_ACCESS = 8,
	SMB_FILE_NAME = 9,
	SMB_FILE_RENAME = 10,
	SMB_FILE_LINK = 11,
	SMB_FILE_NAMES = 12,
	SMB_FILE_DISPOSITION = 13,
	SMB_FILE_POSITION = 14,
	SMB_FILE_FULL_EA = 15,
	SMB_FILE_MODE = 16,
	SMB_FILE_ALIGNMENT = 17,
	SMB_FILE_ALL = 18,
	SMB_FILE_ALLOCATION = 19,
	SMB_FILE_END_OF_FILE = 20,
	SMB_FILE_ALTERNATE_NAME = 21,
	SMB_FILE_STREAM = 22,
	SMB_FILE_PIPE = 23,
	SMB_FILE_PIPE_LOCAL = 24,
	SMB_FILE_COMPRESSION = 28,
	SMB_FILE_NETWORK_OPEN = 34,
	SMB_FILE_ATTRIBUTE_TAG = 35,
	SMB_FILE_ID_BOTH_DIRECTORY = 37,
	SMB_FILE_ID_FULL_DIRECTORY = 38,
	SMB_FILE_VALID_DATA_LENGTH = 39,
	SMB_FILE_SHORT_NAME = 40,
	SMB_FILE_NORMALIZED_NAME = 48,
	SMB_FILE_ID = 59,
	SMB_FILE_POSIX = 100, /* by the POSIX extensions: posix.h */
};

enum smb_fs_class {
	SMB_FS_VOLUME = 1,
	SMB_FS_LABEL = 2,
	SMB_FS_SIZE = 3,
	SMB_FS_DEVICE = 4,
	SMB_FS_ATTRIBUTE = 5,
	SMB_FS_CONTROL = 6,
	SMB_FS_FULL_SIZE = 7,
	SMB_FS_OBJECT_ID = 8,
	SMB_FS_SECTOR_SIZE = 11,
	SMB_FS_POSIX = 100,
};

/*
 * Every file class that facts of an open can answer. `size` is the client's
 * OutputBufferLength; the writer has at least that much room, or `size` is
 * more than any answer needs.
 */
enum nt_status smb_info_file(struct writer *w, uint8_t file_class,
			     const struct smb_open_facts *facts, size_t size);

/* The access that a query needs (0: none): FILE_READ_ATTRIBUTES and so on. */
uint32_t smb_info_file_access(uint8_t file_class);

/* Both classes of a named pipe, of which `available` bytes can be read. */
enum nt_status smb_info_pipe(struct writer *w, uint8_t file_class,
			     uint32_t available, size_t size);

enum nt_status smb_info_volume(struct writer *w, uint8_t fs_class,
			       const struct smb_volume_facts *facts,
			       size_t size);

/*
 * SET_INFO of a file class: INVALID_INFO_CLASS, INFO_LENGTH_MISMATCH,
 * INVALID_PARAMETER. `names` is room for SMB_PATH_MAX code units of a new
 * name, borrowed by ret_set. `ret_access` is what the handle must have.
 */
enum nt_status smb_info_set(uint8_t file_class, struct bytes in,
			    uint16_t *names, struct smb_set *ret_set,
			    uint32_t *ret_access);

/*
 * Whether these bytes are a FILE_FULL_EA_INFORMATION list (MS-FSCC 2.4, 2.4.15
 * FileFullEaInformation) that others may walk without a second look:
 * EA_LIST_INCONSISTENT, INVALID_EA_NAME.
 */
enum nt_status smb_ea_list_check(struct bytes list);

/* A directory listing in the making: entries, 8-aligned, chained. */
struct smb_dir_writer {
	struct writer *w;
	uint8_t file_class;
	bool is_apple; /* entries carry what macOS wants (AAPL) */
	size_t size;   /* the client's OutputBufferLength */
	size_t start;  /* where the listing begins in `w` */
	size_t last;   /* where the last entry begins, if count is not 0 */
	uint32_t count;
};

/* False if the class is none of QUERY_DIRECTORY's. */
bool smb_dir_class_is_known(uint8_t file_class);

/* Bytes of an entry without its name. */
size_t smb_dir_fixed_size(uint8_t file_class);

/* Whether its entries tell the size of EAs. */
bool smb_dir_has_ea_size(const struct smb_dir_writer *d);

/* Adds an entry; false, with nothing written, if it does not fit. */
bool smb_dir_add(struct smb_dir_writer *d, const struct smb_dir_entry *entry);
