/*
 * uthash as the process uses it: an entry that can't be added for want of
 * memory is left out (look for it afterwards), not the end of the process; and
 * a hash function that every compiler takes without a warning. Tables are
 * bounded by their owners, so a peer that makes keys collide gains little.
 */
#pragma once

#define HASH_NONFATAL_OOM                    1
#define HASH_FUNCTION(key, length, ret_hash) HASH_OAT(key, length, ret_hash)

#include <uthash.h>
