/*
 * "Did you mean …?": the known word that is nearest to a mistyped one.
 *
 * Thread: any; pure.
 */
#pragma once

#include <stddef.h>

/*
 * The word of `words` (`count` of them) that `typed` was probably meant to be:
 * at most a third of its letters wrong, swapped, missing or too many, in any
 * case; or the only one that it abbreviates. NULL if there is none.
 */
const char *gw_suggest(const char *typed, const char *const *words,
		       size_t count);
