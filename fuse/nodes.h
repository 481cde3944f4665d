/*
 * The nodes that a program has told us of, and how often: it keeps each until
 * exactly that often has been forgotten. Those that nobody here means any more
 * are kept for a while, since many programs number a file anew when it is told
 * anew, and what looks like another number is another file to us.
 *
 * Pure; not locked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
	FUSEFS_NODE_BUCKETS = 1024,
	/* Idle nodes kept: what a program pays for each is some 200 bytes. */
	FUSEFS_NODES_IDLE_MAX = 8192,
};

struct fusefs_node {
	LIST_ENTRY(fusefs_node) entry;
	TAILQ_ENTRY(fusefs_node) idle_entry;
	uint64_t id;
	uint64_t told;      /* how often, so far */
	unsigned int holds; /* who means it; 0: it is idle */
};

LIST_HEAD(fusefs_node_list, fusefs_node);
TAILQ_HEAD(fusefs_node_queue, fusefs_node);

struct fusefs_nodes {
	struct fusefs_node_list buckets[FUSEFS_NODE_BUCKETS];
	struct fusefs_node_queue idle; /* longest first */
	size_t idle_count;
	size_t idle_max;
};

/* What is to be sent: this node, so often. */
struct fusefs_forget {
	uint64_t id, count;
};

void fusefs_nodes_init(struct fusefs_nodes *nodes, size_t idle_max);
void fusefs_nodes_fini(struct fusefs_nodes *nodes);

/* It was told once more, and is held once more. NULL: no memory. */
struct fusefs_node *fusefs_nodes_tell(struct fusefs_nodes *nodes, uint64_t id);

/* One that was told is held once more. NULL: it is not there any more. */
struct fusefs_node *fusefs_nodes_hold(struct fusefs_nodes *nodes, uint64_t id);

/*
 * It is held once less. True: *ret_forget is to be sent; that may be another
 * node, which has been idle for longest.
 */
bool fusefs_nodes_release(struct fusefs_nodes *nodes, struct fusefs_node *node,
			  struct fusefs_forget *ret_forget);
