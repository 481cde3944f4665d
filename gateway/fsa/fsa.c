/*
 * The room's root: what all workers share, file nodes, names that are being
 * made, watches, leases on directories. What they are is for their files to know.
 */
#include "gateway/fsa/fsa.h"

#include <stdlib.h>

#include "gateway/fsa/attr_cache.h"
#include "gateway/fsa/dirlease.h"
#include "gateway/fsa/making.h"
#include "gateway/fsa/node.h"
#include "gateway/fsa/notify.h"
#include "gateway/fsa/outside.h"
#include "gateway/fsa/poll.h"

struct fsa {
	struct fsa_nodes *nodes;
	struct fsa_makings *makings;
	struct fsa_watches *watches;
	struct fsa_dirleases *dirleases;
	struct fsa_outside *outside;
	struct fsa_polls *polls;
	struct fsa_attr_cache *attr_cache;
};

struct fsa *fsa_new(void)
{
	struct fsa *fsa = calloc(1, sizeof(*fsa));

	if (!fsa)
		return NULL;
	fsa->nodes = fsa_nodes_new();
	fsa->makings = fsa_makings_new();
	fsa->watches = fsa_watches_new();
	fsa->dirleases = fsa_dirleases_new();
	fsa->outside = fsa_outside_new();
	fsa->polls = fsa_polls_new();
	fsa->attr_cache = fsa_attr_cache_new();
	if (!fsa->nodes || !fsa->makings || !fsa->watches || !fsa->dirleases ||
	    !fsa->outside || !fsa->polls || !fsa->attr_cache)
		return fsa_free(fsa);
	return fsa;
}

struct fsa *fsa_free(struct fsa *fsa)
{
	if (!fsa)
		return NULL;
	fsa_attr_cache_free(fsa->attr_cache);
	fsa_polls_free(fsa->polls);
	fsa_outside_free(fsa->outside);
	fsa_dirleases_free(fsa->dirleases);
	fsa_watches_free(fsa->watches);
	fsa_makings_free(fsa->makings);
	fsa_nodes_free(fsa->nodes);
	free(fsa);
	return NULL;
}

struct fsa_nodes *fsa_nodes_of(struct fsa *fsa)
{
	return fsa->nodes;
}

struct fsa_makings *fsa_makings_of(struct fsa *fsa)
{
	return fsa->makings;
}

struct fsa_watches *fsa_watches_of(struct fsa *fsa)
{
	return fsa->watches;
}

struct fsa_dirleases *fsa_dirleases_of(struct fsa *fsa)
{
	return fsa->dirleases;
}

struct fsa_outside *fsa_outside_of(struct fsa *fsa)
{
	return fsa->outside;
}

struct fsa_polls *fsa_polls_of(struct fsa *fsa)
{
	return fsa->polls;
}

struct fsa_attr_cache *fsa_attr_cache_of(struct fsa *fsa)
{
	return fsa->attr_cache;
}
