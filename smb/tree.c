/*
 * The life of tree connects. The volume is given back when the last holder of
 * the tree lets go: an open or a request may outlive TREE_DISCONNECT.
 */
#include "smb/tree.h"

#include <assert.h>
#include <stdlib.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/limits.h"
#include "smb/open.h"
#include "smb/request.h"
#include "smb/session.h"

struct smb_tree *smb_tree_ref(struct smb_tree *tree)
{
	tree->refs++;
	return tree;
}

struct smb_tree *smb_tree_unref(struct smb_tree *tree)
{
	if (!tree || --tree->refs > 0)
		return NULL;
	assert(tree->is_gone);
	if (tree->volume)
		tree->session->engine->ports->object_ops->disconnect(
			tree->volume);
	smb_session_unref(tree->session);
	free(tree);
	return NULL;
}

struct smb_tree *smb_tree_find(struct smb_session *session, uint32_t id)
{
	struct smb_tree *tree = smb_table_get(&session->engine->trees, id);

	if (!tree || tree->session != session)
		return NULL;
	return smb_tree_ref(tree);
}

/* Never 0 and never all ones, which clients take for «none». */
static uint32_t fresh_id(struct smb_engine *engine)
{
	do {
		engine->last_tree_id++;
	} while (engine->last_tree_id == 0 ||
		 engine->last_tree_id == UINT32_MAX ||
		 smb_table_get(&engine->trees, engine->last_tree_id));
	return engine->last_tree_id;
}

struct smb_tree *smb_tree_new(struct smb_session *session,
			      struct smb_volume *volume,
			      const struct smb_share_facts *facts)
{
	struct smb_engine *engine = session->engine;

	if (session->is_gone || session->tree_count >= SMB_TREES_MAX)
		return NULL;
	struct smb_tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->id = fresh_id(engine);
	if (!smb_table_put(&engine->trees, tree->id, tree)) {
		free(tree);
		return NULL;
	}
	tree->refs = 2;
	tree->session = smb_session_ref(session);
	tree->volume = volume;
	tree->facts = *facts;
	TAILQ_INSERT_TAIL(&session->trees, tree, entry);
	session->tree_count++;
	engine->counts.trees++;
	return tree;
}

/* A CREATE that still waits in it would open a file in a tree that is gone. */
static bool is_create_in(const struct smb_request *rq, const void *tree)
{
	return rq->tree == tree && rq->header.command == SMB2_CREATE;
}

static struct smb_open *open_of(struct smb_tree *tree)
{
	struct smb_open *open;

	TAILQ_FOREACH(open, &tree->session->opens, entry) {
		if (open->tree == tree)
			return open;
	}
	return NULL;
}

void smb_tree_co_end(struct smb_tree *tree)
{
	struct smb_session *session = tree->session;
	struct smb_open *open;

	if (tree->is_gone)
		return;
	smb_session_ref(session);
	smb_tree_ref(tree);
	tree->is_gone = true;
	smb_table_remove(&session->engine->trees, tree->id);
	TAILQ_REMOVE(&session->trees, tree, entry);
	session->tree_count--;
	session->engine->counts.trees--;
	smb_session_cancel(session, is_create_in, tree);
	while ((open = open_of(tree)))
		smb_open_co_close(open, 0, NULL);
	smb_tree_unref(tree); /* the session's */
	smb_tree_unref(tree);
	smb_session_unref(session);
}
