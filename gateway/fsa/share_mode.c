/*
 * Share modes: who may open a file beside whom (MS-FSA 2.1.5.1.2.2). Each of
 * the two says by its access what it does, and by its sharing what it lets
 * others do meanwhile. Pure. Who is open is the node's to know.
 */
#include "gateway/fsa/object.h"
#include "gateway/fsa/windows.h"

/* The rights that sharing is about. */
#define DATA_READ    (FILE_READ_DATA | FILE_EXECUTE)
#define DATA_WRITE   (FILE_WRITE_DATA | FILE_APPEND_DATA)
#define DATA_OR_NAME (DATA_READ | DATA_WRITE | DELETE)

bool fsa_access_is_stat(uint32_t access)
{
	return !(access & DATA_OR_NAME);
}

/* Whether `sharing` lets somebody else have `access`. */
static bool lets(uint32_t sharing, uint32_t access)
{
	if (access & DATA_READ && !(sharing & FILE_SHARE_READ))
		return false;
	if (access & DATA_WRITE && !(sharing & FILE_SHARE_WRITE))
		return false;
	return !(access & DELETE) || sharing & FILE_SHARE_DELETE;
}

bool fsa_share_mode_allows(uint32_t access_a, uint32_t sharing_a,
			   uint32_t access_b, uint32_t sharing_b)
{
	if (fsa_access_is_stat(access_a) || fsa_access_is_stat(access_b))
		return true;
	return lets(sharing_a, access_b) && lets(sharing_b, access_a);
}
