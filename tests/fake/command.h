/*
 * One command, run alone: a real channel, session, tree and open, a request
 * whose body the test writes, and an object store that does as it is told and
 * remembers what it was asked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/frame.h"
#include "smb/open.h"
#include "smb/request.h"
#include "smb/session.h"
#include "smb/tree.h"
#include "smb/wire/cursor.h"

enum {
	FAKE_BODY = 4096,
};

/* What the object store answers, and what it was last asked. */
struct fake_store {
	enum nt_status answer;
	unsigned int calls;   /* of whatever function */
	unsigned int closes;  /* co_close alone */
	uint32_t length;      /* bytes that it gives back */
	uint32_t needed;      /* with BUFFER_TOO_SMALL */
	bool is_opaque;       /* co_read keeps its bytes */
	unsigned int entries; /* that co_list has left */
	bool object_is_directory;
	uint32_t object_granted;

	struct smb_created created;
	struct smb_file_facts file;
	struct smb_open_facts open;
	struct smb_volume_facts volume;

	struct smb_create create;
	uint16_t name[64];
	struct smb_read read;
	struct smb_write write;
	uint8_t written[64];
	struct smb_locks locks;
	struct smb_lock lock[8];
	struct smb_list list;
	uint16_t pattern[16];
	struct smb_set set;
	struct smb_ioctl ioctl;
	struct smb_copy copy;
	uint64_t copied;         /* what co_copy says each time */
	unsigned int good_calls; /* it succeeds in those before this one */
	uint32_t parts, filter, size;
	bool is_recursive;
	unsigned int dropped; /* opaque bodies given up */
};

struct fake_command {
	struct smb_ports ports;
	struct smb_server_facts facts;
	struct smb_engine *engine;
	struct smb_channel *channel;
	struct smb_session *session;
	struct smb_volume volume;
	struct smb_tree *disk, *pipes;
	struct smb_open *open; /* of the object, in `disk`, with all rights */
	struct smb_message *message;
	struct smb_request *rq;
	uint8_t frame[64 + FAKE_BODY];
	struct writer body;
	struct fake_store store;
	struct smb_interface interfaces[4]; /* what the wire tells of */
	uint32_t interface_count;
	unsigned int parks; /* how often a task waited */
	void (*on_park)(struct fake_command *f);
	enum nt_status park_answer;
	unsigned int wakes;
};

/* 3.1.1, unsigned, with an open file. */
void fake_command_init(struct fake_command *f);
void fake_command_fini(struct fake_command *f);

/*
 * A fresh request of `command`; returns the writer for its body. The request
 * is one of the disk tree, alone in its message.
 */
struct writer *fake_request(struct fake_command *f, uint16_t command);

/* The FileId of f->open. */
void fake_file_id(struct fake_command *f);

/* Runs the command on what was written. */
enum nt_status fake_run(struct fake_command *f);

/* The same, with the body cut to `length`. */
enum nt_status fake_run_cut(struct fake_command *f, size_t length);

/* The open stands for a pipe, from now on. */
void fake_open_pipe(struct fake_command *f);

/* The answer's body, as far as it was written. */
struct bytes fake_answer(const struct fake_command *f);
