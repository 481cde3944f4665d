/*
 * Numbers are compared modulo 2^16. What a request was counted as must be known
 * when it ends, and by then its number may have come round again (a
 * CHANGE_NOTIFY waits for days): hence the generation.
 */
#include "smb/sequence.h"

#include <assert.h>

bool smb_sequence_begin(struct smb_sequence *sequence,
			struct smb_sequenced *request)
{
	int16_t ahead = (int16_t)(request->number - sequence->number);
	bool is_late = ahead < 0;

	if (ahead > 0) {
		sequence->number = request->number;
		sequence->generation++;
		sequence->running_before += sequence->running;
		sequence->running = 0;
	}
	request->generation = sequence->generation - (is_late ? 1 : 0);
	if (is_late)
		sequence->running_before++;
	else
		sequence->running++;
	if (!request->changes)
		return true;
	return !is_late &&
	       !(request->is_replay && sequence->running_before > 0);
}

void smb_sequence_end(struct smb_sequence *sequence,
		      const struct smb_sequenced *request)
{
	uint32_t *count = request->generation == sequence->generation
				  ? &sequence->running
				  : &sequence->running_before;

	assert(*count > 0);
	(*count)--;
}
