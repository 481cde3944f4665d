/*
 * The window is exact: a bit for each id that it can hold, in a ring. A hole
 * (an id that the client leaves out) stops `low`, and so, once the range is at
 * its maximum, the granting; it never stops the server.
 */
#include "smb/credit.h"

#include <assert.h>
#include <stdbool.h>

static uint64_t bit_of(uint64_t id)
{
	return 1ull << (id % 64);
}

static uint64_t *word_of(struct smb_credits *window, uint64_t id)
{
	return &window->spent[id % SMB_CREDITS_MAX / 64];
}

void smb_credit_init(struct smb_credits *window, uint32_t max)
{
	assert(max >= 1);
	assert(max <= SMB_CREDITS_MAX);
	*window = (struct smb_credits){ .range = 1, .max = max };
}

static bool is_free(struct smb_credits *window, uint64_t id, uint16_t charge)
{
	for (uint64_t i = id; i < id + charge; i++) {
		if (*word_of(window, i) & bit_of(i))
			return false;
	}
	return true;
}

enum nt_status smb_credit_take(struct smb_credits *window, uint64_t id,
			       uint16_t charge)
{
	assert(charge >= 1);
	if (id < window->low || id - window->low >= window->range ||
	    charge > window->range - (id - window->low))
		return NT_STATUS_INVALID_PARAMETER;
	if (!is_free(window, id, charge))
		return NT_STATUS_INVALID_PARAMETER;
	for (uint64_t i = id; i < id + charge; i++)
		*word_of(window, i) |= bit_of(i);
	while (window->range &&
	       *word_of(window, window->low) & bit_of(window->low)) {
		*word_of(window, window->low) &= ~bit_of(window->low);
		window->low++;
		window->range--;
	}
	return NT_STATUS_SUCCESS;
}

uint16_t smb_credit_grant(struct smb_credits *window, uint16_t charge,
			  uint32_t extra)
{
	uint64_t granted = (uint64_t)charge + extra;
	uint64_t room = window->max - window->range;
	/* The last id is that of break notices. */
	uint64_t left = UINT64_MAX - window->low - window->range;

	if (granted > room)
		granted = room;
	if (granted > left)
		granted = left;
	if (granted > UINT16_MAX)
		granted = UINT16_MAX;
	window->range += (uint32_t)granted;
	return (uint16_t)granted;
}
