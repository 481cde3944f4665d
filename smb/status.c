/*
 * Names of status values, for the log. The values themselves, and when each
 * is right, are the business of those who answer with them.
 */
#include "smb/status.h"

#include <stddef.h>

#define NAME_LINE(name, value) { NT_STATUS_##name, #name },
static const struct {
	enum nt_status status;
	const char *name;
} names[] = { NT_STATUS_TABLE(NAME_LINE) };
#undef NAME_LINE

const char *nt_status_name(enum nt_status status)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].status == status)
			return names[i].name;
	return "?";
}
