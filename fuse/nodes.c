/*
 * A hash table by id, and a queue of those that are idle.
 */
#include "fuse/nodes.h"

#include <assert.h>
#include <stdlib.h>

void fusefs_nodes_init(struct fusefs_nodes *nodes, size_t idle_max)
{
	for (size_t i = 0; i < FUSEFS_NODE_BUCKETS; i++)
		LIST_INIT(&nodes->buckets[i]);
	TAILQ_INIT(&nodes->idle);
	nodes->idle_count = 0;
	nodes->idle_max = idle_max;
}

void fusefs_nodes_fini(struct fusefs_nodes *nodes)
{
	struct fusefs_node *node;

	for (size_t i = 0; i < FUSEFS_NODE_BUCKETS; i++) {
		while ((node = LIST_FIRST(&nodes->buckets[i]))) {
			LIST_REMOVE(node, entry);
			free(node);
		}
	}
}

/* Some programs count from 1 on, others give addresses. */
static struct fusefs_node_list *bucket_of(struct fusefs_nodes *nodes,
					  uint64_t id)
{
	return &nodes->buckets[(id * 0x9e3779b97f4a7c15u >> 32) %
			       FUSEFS_NODE_BUCKETS];
}

static void make_busy(struct fusefs_nodes *nodes, struct fusefs_node *node)
{
	if (!node->holds++) {
		TAILQ_REMOVE(&nodes->idle, node, idle_entry);
		nodes->idle_count--;
	}
}

struct fusefs_node *fusefs_nodes_hold(struct fusefs_nodes *nodes, uint64_t id)
{
	struct fusefs_node *node;

	LIST_FOREACH(node, bucket_of(nodes, id), entry) {
		if (node->id == id) {
			make_busy(nodes, node);
			break;
		}
	}
	return node;
}

struct fusefs_node *fusefs_nodes_tell(struct fusefs_nodes *nodes, uint64_t id)
{
	struct fusefs_node_list *bucket = bucket_of(nodes, id);
	struct fusefs_node *node = fusefs_nodes_hold(nodes, id);

	if (node) {
		node->told++;
		return node;
	}
	node = malloc(sizeof(*node));
	if (!node)
		return NULL;
	*node = (struct fusefs_node){ .id = id, .told = 1, .holds = 1 };
	LIST_INSERT_HEAD(bucket, node, entry);
	return node;
}

bool fusefs_nodes_release(struct fusefs_nodes *nodes, struct fusefs_node *node,
			  struct fusefs_forget *ret_forget)
{
	struct fusefs_node *oldest;

	assert(node->holds > 0);
	if (--node->holds)
		return false;
	TAILQ_INSERT_TAIL(&nodes->idle, node, idle_entry);
	if (++nodes->idle_count <= nodes->idle_max)
		return false;
	oldest = TAILQ_FIRST(&nodes->idle);
	TAILQ_REMOVE(&nodes->idle, oldest, idle_entry);
	nodes->idle_count--;
	LIST_REMOVE(oldest, entry);
	*ret_forget = (struct fusefs_forget){ oldest->id, oldest->told };
	free(oldest);
	return true;
}
