/*
 * The NTSTATUS values that are used here (MS-ERREF 2.3), and their names.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* X(name, value): one line a status, in the order of values. */
#define NT_STATUS_TABLE(X)                        \
	X(SUCCESS, 0x00000000)                    \
	X(PENDING, 0x00000103)                    \
	X(NOTIFY_CLEANUP, 0x0000010b)             \
	X(NOTIFY_ENUM_DIR, 0x0000010c)            \
	X(BUFFER_OVERFLOW, 0x80000005)            \
	X(NO_MORE_FILES, 0x80000006)              \
	X(EA_LIST_INCONSISTENT, 0x80000014)       \
	X(NO_MORE_ENTRIES, 0x8000001a)            \
	X(STOPPED_ON_SYMLINK, 0x8000002d)         \
	X(UNSUCCESSFUL, 0xc0000001)               \
	X(NOT_IMPLEMENTED, 0xc0000002)            \
	X(INVALID_INFO_CLASS, 0xc0000003)         \
	X(INFO_LENGTH_MISMATCH, 0xc0000004)       \
	X(INVALID_HANDLE, 0xc0000008)             \
	X(INVALID_PARAMETER, 0xc000000d)          \
	X(NO_SUCH_FILE, 0xc000000f)               \
	X(INVALID_DEVICE_REQUEST, 0xc0000010)     \
	X(END_OF_FILE, 0xc0000011)                \
	X(MORE_PROCESSING_REQUIRED, 0xc0000016)   \
	X(INVALID_VIEW_SIZE, 0xc000001f)          \
	X(ACCESS_DENIED, 0xc0000022)              \
	X(BUFFER_TOO_SMALL, 0xc0000023)           \
	X(ALLOTTED_SPACE_EXCEEDED, 0xc0000099)    \
	X(OBJECT_TYPE_MISMATCH, 0xc0000024)       \
	X(OBJECT_NAME_INVALID, 0xc0000033)        \
	X(OBJECT_NAME_NOT_FOUND, 0xc0000034)      \
	X(OBJECT_NAME_COLLISION, 0xc0000035)      \
	X(OBJECT_PATH_INVALID, 0xc0000039)        \
	X(OBJECT_PATH_NOT_FOUND, 0xc000003a)      \
	X(OBJECT_PATH_SYNTAX_BAD, 0xc000003b)     \
	X(DATA_ERROR, 0xc000003e)                 \
	X(SHARING_VIOLATION, 0xc0000043)          \
	X(EAS_NOT_SUPPORTED, 0xc000004f)          \
	X(EA_TOO_LARGE, 0xc0000050)               \
	X(NONEXISTENT_EA_ENTRY, 0xc0000051)       \
	X(NO_EAS_ON_FILE, 0xc0000052)             \
	X(FILE_LOCK_CONFLICT, 0xc0000054)         \
	X(LOCK_NOT_GRANTED, 0xc0000055)           \
	X(DELETE_PENDING, 0xc0000056)             \
	X(UNKNOWN_REVISION, 0xc0000058)           \
	X(INVALID_OWNER, 0xc000005a)              \
	X(INVALID_PRIMARY_GROUP, 0xc000005b)      \
	X(PRIVILEGE_NOT_HELD, 0xc0000061)         \
	X(LOGON_FAILURE, 0xc000006d)              \
	X(PASSWORD_EXPIRED, 0xc0000071)           \
	X(ACCOUNT_DISABLED, 0xc0000072)           \
	X(NONE_MAPPED, 0xc0000073)                \
	X(INVALID_ACL, 0xc0000077)                \
	X(INVALID_SECURITY_DESCR, 0xc0000079)     \
	X(RANGE_NOT_LOCKED, 0xc000007e)           \
	X(DISK_FULL, 0xc000007f)                  \
	X(INSUFFICIENT_RESOURCES, 0xc000009a)     \
	X(MEDIA_WRITE_PROTECTED, 0xc00000a2)      \
	X(DEVICE_NOT_READY, 0xc00000a3)           \
	X(BAD_IMPERSONATION_LEVEL, 0xc00000a5)    \
	X(INSTANCE_NOT_AVAILABLE, 0xc00000ab)     \
	X(PIPE_NOT_AVAILABLE, 0xc00000ac)         \
	X(INVALID_PIPE_STATE, 0xc00000ad)         \
	X(PIPE_DISCONNECTED, 0xc00000b0)          \
	X(IO_TIMEOUT, 0xc00000b5)                 \
	X(FILE_FORCED_CLOSED, 0xc00000b6)         \
	X(FILE_IS_A_DIRECTORY, 0xc00000ba)        \
	X(NOT_SUPPORTED, 0xc00000bb)              \
	X(UNEXPECTED_NETWORK_ERROR, 0xc00000c4)   \
	X(NETWORK_NAME_DELETED, 0xc00000c9)       \
	X(BAD_NETWORK_NAME, 0xc00000cc)           \
	X(REQUEST_NOT_ACCEPTED, 0xc00000d0)       \
	X(NOT_SAME_DEVICE, 0xc00000d4)            \
	X(FILE_RENAMED, 0xc00000d5)               \
	X(PIPE_EMPTY, 0xc00000d9)                 \
	X(INVALID_OPLOCK_PROTOCOL, 0xc00000e3)    \
	X(INTERNAL_ERROR, 0xc00000e5)             \
	X(DIRECTORY_NOT_EMPTY, 0xc0000101)        \
	X(NOT_A_DIRECTORY, 0xc0000103)            \
	X(NAME_TOO_LONG, 0xc0000106)              \
	X(TOO_MANY_OPENED_FILES, 0xc000011f)      \
	X(CANCELLED, 0xc0000120)                  \
	X(CANNOT_DELETE, 0xc0000121)              \
	X(FILE_DELETED, 0xc0000123)               \
	X(FILE_CLOSED, 0xc0000128)                \
	X(FS_DRIVER_REQUIRED, 0xc000019c)         \
	X(IO_DEVICE_ERROR, 0xc0000185)            \
	X(INVALID_LOCK_RANGE, 0xc00001a1)         \
	X(INVALID_DEVICE_STATE, 0xc0000184)       \
	X(NOT_FOUND, 0xc0000225)                  \
	X(DUPLICATE_OBJECTID, 0xc000022a)         \
	X(USER_SESSION_DELETED, 0xc0000203)       \
	X(CONNECTION_DISCONNECTED, 0xc000020c)    \
	X(NETWORK_SESSION_EXPIRED, 0xc000035c)    \
	X(REQUEST_OUT_OF_SEQUENCE, 0xc000042a)    \
	X(TOO_MANY_LINKS, 0xc0000265)             \
	X(IO_REPARSE_TAG_NOT_HANDLED, 0xc0000279) \
	X(IO_REPARSE_TAG_MISMATCH, 0xc0000277)    \
	X(IO_REPARSE_DATA_INVALID, 0xc0000278)    \
	X(NOT_A_REPARSE_POINT, 0xc0000275)        \
	X(FILE_NOT_AVAILABLE, 0xc0000467)         \
	X(FILE_TOO_LARGE, 0xc0000904)             \
	X(INVALID_EA_NAME, 0x80000013)            \
	X(SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP, 0xc05d0000)

#define NT_STATUS_LINE(name, value) NT_STATUS_##name = (int)(value),
enum nt_status {
	NT_STATUS_TABLE(NT_STATUS_LINE)
};
#undef NT_STATUS_LINE

/* Neither error nor warning (MS-ERREF 2.3: the two high bits). */
static inline bool nt_status_is_ok(enum nt_status status)
{
	return ((uint32_t)status >> 30) == 0;
}

/* An error, not a warning: such an answer carries no data but error data. */
static inline bool nt_status_is_error(enum nt_status status)
{
	return ((uint32_t)status >> 30) == 3;
}

/* "SHARING_VIOLATION"; "?" for a value that isn't in the table. */
const char *nt_status_name(enum nt_status status);
