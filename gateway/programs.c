/*
 * A thread a program, for as long as it is waited for; without one, the caller
 * waits itself.
 */
#include "gateway/programs.h"

#include <signal.h>

#include "gateway/share.h"

static void *start(void *arg)
{
	struct gw_program *p = arg;

	p->err = gw_share_open_tree(p->how, p->may_come_late, &p->tree);
	if (p->err)
		p->tree = NULL;
	return NULL;
}

void gw_programs_start(struct gw_program *programs, size_t count)
{
	sigset_t all, before;

	sigfillset(&all); /* signals are the main thread's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < count; i++) {
		struct gw_program *p = &programs[i];

		p->is_apart =
			p->how && !pthread_create(&p->thread, NULL, start, p);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	for (size_t i = 0; i < count; i++) {
		if (programs[i].is_apart)
			pthread_join(programs[i].thread, NULL);
		else if (programs[i].how)
			start(&programs[i]);
	}
}
