/*
 * What the other files of the room need to know of credentials.
 */
#pragma once

#include "gateway/loop/loop.h"
#include "gateway/store/store.h"

/* What operations run as; NULL is the process. `creds` may be NULL. */
const struct loop_identity *store_creds_identity(
	const struct store_creds *creds);
