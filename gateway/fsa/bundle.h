/*
 * The disk images that Time Machine keeps its backups in: directories named
 * NAME.sparsebundle or NAME.backupbundle in the root of the share, whose
 * contents lie in files of one size, the bands. Private to gateway/fsa/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "gateway/fsa/object.h"
#include "smb/wire/cursor.h"

/* Pure: whether a directory of this name is such an image. */
bool fsa_bundle_is_name(const char *name);

/* Pure: the size of a band as the image's Info.plist has it; 0: it doesn't. */
uint64_t fsa_bundle_band_size(struct bytes plist);

/*
 * How much all images of the share take, each band counted whole. What can't
 * be read counts as nothing. Remembered for a minute: there are many bands.
 */
uint64_t fsa_co_bundles_size(struct fsa_volume *volume);
