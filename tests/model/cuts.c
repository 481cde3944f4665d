/*
 * The script, what happens to the channels meanwhile, and what must hold.
 *
 * Stages follow each other as an application's calls do: each begins when all
 * of the one before is done. Requests of one stage go out over any channels.
 */
#include "tests/model/cuts.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/model/channels.h"
#include "tests/model/script.h"
#include "tests/model/second.h"

enum {
	CACHE_R = 1,
	CACHE_W = 4,
	BLOCK = SECOND_BLOCK,
	BLOCKS = SECOND_BLOCKS,
	ROUNDS_MAX = 4000,
	WAITS_MAX =
		4, /* rounds without an answer, then a channel is given up */
	ROUND_MS = 400,
	TROUBLES_MAX = 8,
	EVENTS = 800,        /* about as many there are in a calm run */
	AFTERWARDS_S = 1200, /* by then nothing is kept any more */
	PENDING = 0x103,
	FILE_NOT_AVAILABLE = (int)0xc0000467,
	FILE_CLOSED = (int)0xc0000128,
	NAME_COLLISION = (int)0xc0000035,
	SESSION_DELETED = (int)0xc0000203,
};

/* A line of the script on its way. */
struct step {
	bool is_sent, is_done;
	bool was_sent; /* and may have been done: over a channel that is gone */
	bool is_there; /* CREATE: the file is, though its open was lost */
	uint8_t channel;
	unsigned int logons; /* sessions, when it was first sent */
	uint64_t message_id;
};

struct play {
	const struct cuts_options *options;
	struct cuts_result result;
	struct scene scene;
	struct channels m;
	struct second second;
	struct step steps[SCRIPT_LINES];
	uint8_t stage;
	/* What is certain of each block of the files; when the round began. */
	uint8_t written[CHANNELS_FILES][BLOCKS];
	uint8_t earlier[BLOCKS];
	bool has_second;
	unsigned int patience; /* 1 in so many rounds the second client opens */
	uint64_t events;
	uint64_t troubles[TROUBLES_MAX]; /* at which event there is one */
	unsigned int trouble_count;
};

static uint64_t draw(struct play *p, uint64_t count)
{
	return loop_sim_draw(&p->scene.sim, count);
}

static void wrong(struct play *p, const char *why)
{
	if (!p->result.why)
		p->result.why = why;
}

/* ---- trouble ---- */

static void trouble_one(struct play *p, struct scene_line *line)
{
	switch (draw(p, 4)) {
	case 0:
		scene_cut(line, SIZE_MAX);
		p->result.cuts++;
		break;
	case 1:
		scene_cut(line, draw(p, 300));
		p->result.cuts++;
		break;
	default:
		line->is_silent = true;
		p->result.silences++;
		break;
	}
}

/* Of any line that works, or of all of them. */
static void trouble(struct play *p, bool has_all)
{
	const size_t count = SCENE_LINES_MAX - 1;
	size_t first = draw(p, count);

	for (size_t i = 0; i < count; i++) {
		struct scene_line *line =
			&p->scene.lines[1 + (first + i) % count];

		if (line->fd < 0 || line->is_silent)
			continue;
		trouble_one(p, line);
		if (!has_all)
			break;
	}
}

static bool is_given_up(const struct play *p, const struct scene_line *line)
{
	for (int i = 0; i < CHANNELS_WANTED; i++) {
		if (p->m.at[i].line == line)
			return false;
	}
	return true;
}

/* Silence ends, or has lasted; what was given up is over at last. */
static void trouble_ends(struct play *p)
{
	for (size_t i = 1; i < SCENE_LINES_MAX; i++) {
		struct scene_line *line = &p->scene.lines[i];

		if (line->fd < 0)
			continue;
		if (line->is_silent && draw(p, 600) == 0)
			line->is_silent = false;
		else if (!line->is_silent && is_given_up(p, line) &&
			 line->out_length == line->out_at && draw(p, 20) == 0)
			scene_cut(line, 0);
	}
}

static void before_step(void *arg)
{
	struct play *p = arg;

	p->events++;
	trouble_ends(p);
	channels_listen(&p->m);
	for (unsigned int i = 0; i < p->trouble_count; i++) {
		if (p->troubles[i] != p->events)
			continue;
		trouble(p, draw(p, 4) == 0);
	}
}

/* ---- the second client ---- */

/* It was there when the round began, or has been on its way since then. */
static bool may_be(const struct play *p, unsigned int block, uint8_t fill)
{
	if (p->written[0][block] == fill || p->earlier[block] == fill)
		return true;
	for (unsigned int i = 0; i < SCRIPT_LINES; i++) {
		if (script[i].kind == SCRIPT_WRITE && script[i].file == 0 &&
		    script[i].what == block && script[i].fill == fill &&
		    script[i].stage == p->stage &&
		    (p->steps[i].is_sent || p->steps[i].was_sent))
			return true;
	}
	return false;
}

static void check_read(struct play *p)
{
	for (unsigned int i = 0; i < BLOCKS; i++) {
		if (!may_be(p, i, p->second.read[i]))
			wrong(p, "the other client reads other bytes");
	}
	/* A write that is being done meanwhile breaks the lease first. */
	if (p->second.is_torn && p->second.caching & CACHE_R)
		wrong(p, "the other client reads half a write");
}

static void check_second(struct play *p, bool has_read)
{
	const uint8_t ours = p->m.files[0].caching;
	const uint8_t theirs = p->second.caching;

	channels_listen(&p->m);
	if (p->m.files[0].is_open && channels_is_told(&p->m) &&
	    ((theirs & CACHE_W && ours) || (ours & CACHE_W && theirs))) {
		if (p->options->is_verbose)
			printf("# leases: ours %u, theirs %u\n", ours, theirs);
		wrong(p, "a lease is in two hands");
	}
	/* Just now, or with a lease that says that it still is so. */
	if (p->second.has_read && (has_read || theirs & CACHE_R))
		check_read(p);
}

static void meanwhile(void *arg)
{
	struct play *p = arg;
	unsigned int reads;

	if (!p->has_second)
		return;
	reads = p->second.reads;
	second_turn(&p->second);
	check_second(p, p->second.reads != reads);
	if (p->second.state == SECOND_IDLE && p->m.files[0].is_open &&
	    draw(p, p->patience) == 0)
		second_open(&p->second, p->m.files[0].name);
}

/* ---- requests ---- */

static void send_step(struct play *p, unsigned int i)
{
	struct channel *c = channels_any(&p->m);
	struct step *step = &p->steps[i];
	const struct script *s = &script[i];

	if (!step->was_sent)
		step->logons = p->m.logons;
	if (s->kind == SCRIPT_CREATE && !step->was_sent) {
		channels_name(&p->m, s->file);
		p->m.files[s->file].name = s->name;
	}
	if (s->kind == SCRIPT_RENAME)
		p->m.files[s->file].next_name = s->name;
	if (s->kind == SCRIPT_CLOSE) /* it relies on nothing any more */
		p->m.files[s->file].caching = 0;
	step->is_sent = true;
	step->channel = (uint8_t)(c - p->m.at);
	step->message_id = c->client.message_id;
	p->result.replays += step->was_sent;
	channels_begin(&p->m, c, script_command(s->kind), step->was_sent);
	script_write(&p->m, c, s, step->is_there);
	client_post(&c->client);
}

/* ---- answers ---- */

static void step_is_done(struct play *p, unsigned int i)
{
	const struct script *s = &script[i];
	struct channels_file *f = &p->m.files[s->file];

	p->steps[i].is_done = true;
	if (s->kind == SCRIPT_WRITE)
		p->written[s->file][s->what] = s->fill;
	if (s->kind == SCRIPT_LOCK || s->kind == SCRIPT_UNLOCK) {
		f->has_range[s->what] = s->kind == SCRIPT_LOCK;
		f->lock_number[s->what]++;
	}
	if (s->kind == SCRIPT_RENAME) {
		f->name = s->name;
		f->next_name = NULL;
	}
	if (s->kind == SCRIPT_CLOSE)
		f->is_open = false;
}

static const char *complaint(enum script_kind kind)
{
	static const char *const all[] = {
		[SCRIPT_CREATE] = "a CREATE is refused",
		[SCRIPT_WRITE] = "a WRITE is refused",
		[SCRIPT_LOCK] = "a LOCK is refused",
		[SCRIPT_UNLOCK] = "an unlock is refused",
		[SCRIPT_RENAME] = "a rename is refused",
		[SCRIPT_CLOSE] = "a CLOSE is refused",
	};

	return all[kind];
}

static void take_status(struct play *p, unsigned int i,
			const struct client_answer *answer)
{
	struct step *step = &p->steps[i];
	uint32_t status = answer->status;

	if (status == 0 && script[i].kind == SCRIPT_CREATE)
		channels_opened(&p->m, script[i].file, answer);
	if (status == 0 || (status == (uint32_t)FILE_CLOSED &&
			    script[i].kind == SCRIPT_CLOSE && step->was_sent)) {
		step_is_done(p, i);
		return;
	}
	/* What was sent first still runs; or a number was taken back. */
	if (status == (uint32_t)FILE_NOT_AVAILABLE) {
		p->result.refusals++;
		step->is_sent = false;
		return;
	}
	/* Nobody is there any more whom it could be answered to. */
	if (status == (uint32_t)SESSION_DELETED) {
		p->m.session_is_over = true;
		return;
	}
	/* It was done for a session that then was lost before the answer. */
	if (status == (uint32_t)NAME_COLLISION &&
	    script[i].kind == SCRIPT_CREATE && step->was_sent &&
	    p->m.logons > step->logons) {
		*step = (struct step){ .is_there = true };
		return;
	}
	if (p->options->is_verbose)
		printf("# step %u: status %08x\n", i, status);
	wrong(p, complaint(script[i].kind));
}

static bool take_from(struct play *p, unsigned int channel)
{
	struct channel *c = &p->m.at[channel];
	struct client_answer answer;
	bool has_some = false;

	while (scene_has_message(c->line) && client_take(&c->client, &answer)) {
		has_some = true;
		if (answer.header.message_id == UINT64_MAX) {
			p->result.breaks++;
			channels_broken(&p->m, c, &answer);
			continue;
		}
		for (unsigned int i = 0; i < SCRIPT_LINES; i++) {
			struct step *step = &p->steps[i];

			if (step->is_sent && !step->is_done &&
			    step->channel == channel &&
			    answer.status != PENDING &&
			    step->message_id == answer.header.message_id)
				take_status(p, i, &answer);
		}
	}
	return has_some;
}

/* ---- channels that are gone ---- */

static bool owes(const struct play *p, unsigned int channel)
{
	for (unsigned int i = 0; i < SCRIPT_LINES; i++) {
		if (p->steps[i].is_sent && !p->steps[i].is_done &&
		    p->steps[i].channel == channel)
			return true;
	}
	return false;
}

/*
 * What may come late and harm: requests that have no ChannelSequence to be told
 * from later ones by (3.3.5.2.10 names those that do).
 */
static bool may_be_late(const struct play *p, unsigned int channel)
{
	for (unsigned int i = 0; i < SCRIPT_LINES; i++) {
		if (p->steps[i].is_sent && !p->steps[i].is_done &&
		    p->steps[i].channel == channel &&
		    script[i].kind != SCRIPT_WRITE &&
		    script[i].kind != SCRIPT_RENAME)
			return false;
	}
	return true;
}

/* 3.2.4.1.2, 3.2.7.1: what it owes is sent again, under the next number. */
static void note_losses(struct play *p)
{
	bool is_one = false;

	for (unsigned int k = 0; k < CHANNELS_WANTED; k++) {
		if (p->m.at[k].line)
			continue;
		for (unsigned int i = 0; i < SCRIPT_LINES; i++) {
			struct step *step = &p->steps[i];

			if (!step->is_sent || step->is_done ||
			    step->channel != k)
				continue;
			step->is_sent = false;
			step->was_sent = true;
			is_one = true;
		}
	}
	p->m.sequence += is_one;
}

static void give_up_silent(struct play *p)
{
	for (unsigned int i = 0; i < CHANNELS_WANTED; i++) {
		struct channel *c = &p->m.at[i];

		if (!c->line)
			continue;
		c->waits = owes(p, i) ? c->waits + 1 : 0;
		if (c->waits > WAITS_MAX + (p->has_second ? 20 : 0))
			channels_lose(&p->m, c, may_be_late(p, i));
	}
}

/* ---- a stage ---- */

static bool send_stage(struct play *p)
{
	bool is_over = true;

	for (unsigned int i = 0; i < SCRIPT_LINES; i++) {
		struct step *step = &p->steps[i];

		if (script[i].stage != p->stage || step->is_done)
			continue;
		is_over = false;
		if (!step->is_sent && channels_count(&p->m))
			send_step(p, i);
	}
	return is_over;
}

static bool round_of(struct play *p)
{
	bool has_some = false;

	memcpy(p->earlier, p->written[0], sizeof(p->earlier));
	channels_lose_dead(&p->m);
	if (p->m.session_is_over)
		channels_lose_all(&p->m);
	note_losses(p);
	if (!channels_revive(&p->m))
		return false;
	if (!p->options->is_calm && channels_count(&p->m) < CHANNELS_WANTED &&
	    draw(p, 2) == 0)
		channels_add(&p->m);
	channels_lose_dead(&p->m);
	note_losses(p);
	if (send_stage(p))
		return true;
	scene_settle(&p->scene);
	for (unsigned int i = 0; i < CHANNELS_WANTED; i++) {
		if (p->m.at[i].line && take_from(p, i)) {
			p->m.at[i].waits = 0;
			has_some = true;
		}
	}
	meanwhile(p);
	if (!has_some) {
		give_up_silent(p);
		scene_wait(&p->scene, ROUND_MS);
	}
	return false;
}

/* What was acknowledged is in the file, whatever may still be on its way. */
static void check_files(struct play *p)
{
	for (unsigned int i = 0; i < CHANNELS_FILES; i++) {
		const struct channels_file *f = &p->m.files[i];
		uint8_t bytes[BLOCK * BLOCKS] = { 0 };
		char path[400];

		if (!f->is_open)
			continue;
		snprintf(path, sizeof(path), "%s/%s", p->scene.directory,
			 f->name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || read(fd, bytes, sizeof(bytes)) < 0)
			wrong(p, "an open file is not there");
		close(fd);
		for (unsigned int k = 0; k < sizeof(bytes); k++) {
			if (bytes[k] != p->written[i][k / BLOCK])
				wrong(p, "an acknowledged write is lost");
		}
	}
}

static void run_script(struct play *p)
{
	unsigned int rounds = 0;

	for (p->stage = 0; p->stage < SCRIPT_STAGES; p->stage++) {
		while (!p->result.why && !round_of(p)) {
			if (p->m.why)
				wrong(p, p->m.why);
			if (++rounds > ROUNDS_MAX)
				wrong(p, "it does not come to an end");
		}
		check_files(p);
		if (p->options->is_verbose)
			printf("# stage %u is over, event %llu\n", p->stage,
			       (unsigned long long)p->events);
	}
}

/* ---- the end ---- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The names, and of each block its first byte, if all are the same. */
static void tell_end(struct play *p)
{
	struct dirent **entries;
	char *to = p->result.end, *end = to + sizeof(p->result.end);
	int count = scandir(p->scene.directory, &entries, is_visible, by_name);

	for (int i = 0; i < count; i++) {
		char path[400];
		uint8_t bytes[BLOCK * BLOCKS + 1];
		ssize_t n = 0;
		int fd;

		snprintf(path, sizeof(path), "%s/%s", p->scene.directory,
			 entries[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			n = read(fd, bytes, sizeof(bytes));
		close(fd);
		to += snprintf(to, (size_t)(end - to), "%s:%zd",
			       entries[i]->d_name, n);
		for (ssize_t k = 0; k < n; k++) {
			if (k % BLOCK == 0 || bytes[k] != bytes[k - 1])
				to += snprintf(to, (size_t)(end - to), ",%u",
					       bytes[k]);
			if (to > end - 16)
				break;
		}
		to += snprintf(to, (size_t)(end - to), " ");
		free(entries[i]);
		if (to > end - 100)
			break;
	}
	if (count >= 0)
		free(entries);
}

static void begin(struct play *p)
{
	struct loop_sim_options options = {
		.seed = p->options->seed,
		.short_ppm = { [LOOP_SIM_DATA] = 50000,
			       [LOOP_SIM_SOCKETS] = 50000 },
		.interrupt_ppm = 10000,
		.inline_ppm = 300000,
		.late_mail_ppm = 200000,
		.delay_ns = 60000,
	};

	scene_init(&p->scene, &options, 2);
	channels_init(&p->m, &p->scene);
	p->m.meanwhile = meanwhile;
	p->m.arg = p;
	if (p->options->is_calm)
		return;
	p->has_second = draw(p, 2);
	p->patience = 4 + (unsigned int)draw(p, 60);
	if (p->has_second)
		second_init(&p->second, &p->scene);
	p->trouble_count = 1 + (unsigned int)draw(p, TROUBLES_MAX);
	for (unsigned int i = 0; i < p->trouble_count; i++)
		p->troubles[i] = 1 + draw(p, EVENTS);
	p->scene.before_step = before_step;
	p->scene.before_arg = p;
}

static void finish(struct play *p)
{
	p->scene.before_step = NULL;
	p->result.binds = p->m.binds;
	p->result.logons = p->m.logons;
	p->result.reopens = p->m.reopens;
	p->result.reads = p->second.reads;
	p->result.breaks += p->second.breaks;
	/* What was late arrives before the end, or never. */
	for (size_t i = 1; i < SCENE_LINES_MAX; i++)
		p->scene.lines[i].is_silent = false;
	scene_settle(&p->scene);
	channels_fini(&p->m);
	if (p->has_second)
		second_fini(&p->second);
	if (p->result.why)
		return;
	for (size_t i = 1; i < SCENE_LINES_MAX; i++)
		scene_cut(&p->scene.lines[i], 0);
	scene_wait(&p->scene, AFTERWARDS_S * 1000u);
	tell_end(p);
	p->result.events = p->scene.sim.steps;
	p->result.trace = p->scene.sim.trace;
	scene_fini(&p->scene);
}

struct cuts_result cuts(const struct cuts_options *options)
{
	struct play *p = calloc(1, sizeof(*p));
	struct cuts_result result;

	assert(p);
	p->options = options;
	begin(p);
	run_script(p);
	finish(p);
	result = p->result;
	free(p);
	return result;
}
