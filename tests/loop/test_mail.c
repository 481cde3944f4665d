/* Notes: within a loop, between loops of all engines, and from no loop. */
#include "tests/loop/engines.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	NOTES = 100000,
	BURST = 100
};

struct numbered {
	struct loop_note note;
	struct inbound *to;
	size_t number;
};

/* What the receiver has seen; its thread's alone. */
struct inbound {
	size_t expected;
	size_t wanted;
	struct loop *loop;
};

static void delivered(struct loop_note *note)
{
	struct numbered *n = (struct numbered *)note;

	assert_null(loop_self());
	assert_int_equal(n->number, n->to->expected);
	if (++n->to->expected == n->to->wanted)
		loop_stop(n->to->loop);
}

static void co_to_self(void *arg)
{
	struct inbound in = { .wanted = 1000000 };
	struct numbered notes[10];

	(void)arg;
	for (size_t i = 0; i < 10; i++) {
		notes[i] = (struct numbered){
			.note.deliver = delivered,
			.to = &in,
			.number = i,
		};
		loop_post(loop_current(), &notes[i].note);
	}
	assert_int_equal(in.expected, 0);
	loop_co_yield();
	assert_int_equal(in.expected, 10);
	assert_int_equal(loop_counters(loop_current())->notes, 10);
}

static void notes_to_oneself_arrive_in_order(void **state)
{
	(void)state;
	on_each_engine(co_to_self, NULL);
}

struct sending {
	enum loop_engine engine;
	struct inbound *to;
	struct numbered *notes;
};

static void post(struct sending *s, size_t number)
{
	s->notes[number] = (struct numbered){
		.note.deliver = delivered,
		.to = s->to,
		.number = number,
	};
	loop_post(s->to->loop, &s->notes[number].note);
}

/* Pauses now and then, so that the receiver falls asleep between bursts. */
static void co_send_notes(void *arg)
{
	struct sending *s = arg;

	for (size_t i = 0; i < NOTES; i++) {
		post(s, i);
		if (i % BURST == 0)
			loop_co_yield();
		if (i % (100 * BURST) == 0)
			loop_co_sleep(loop_ms(1));
	}
}

static void *sender_main(void *arg)
{
	struct sending *s = arg;
	struct loop *loop = engine_loop(s->engine);

	if (loop == NULL)
		return NULL;
	run_on(loop, co_send_notes, s);
	loop_free(loop);
	return NULL;
}

static void *stranger_main(void *arg)
{
	struct sending *s = arg;

	for (size_t i = 0; i < NOTES; i++) {
		post(s, i);
		if (i % (100 * BURST) == 0)
			usleep(100);
	}
	return NULL;
}

static void exchange(enum loop_engine from, enum loop_engine to,
		     void *(*sender)(void *arg))
{
	struct loop *loop = engine_loop(to);
	struct inbound in = { .wanted = NOTES, .loop = loop };
	struct sending s = { .engine = from, .to = &in };
	pthread_t thread;

	if (loop == NULL)
		return;
	s.notes = calloc(NOTES, sizeof(*s.notes));
	assert_non_null(s.notes);
	pthread_create(&thread, NULL, sender, &s);
	loop_run(loop);
	pthread_join(thread, NULL);
	assert_int_equal(in.expected, NOTES);
	loop_free(loop);
	free(s.notes);
}

static void each_note_of_another_loop_arrives_once_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		struct loop *loop = engine_loop(engines[i]);

		if (loop == NULL)
			continue;
		loop_free(loop);
		for (size_t k = 0; k < ENGINE_COUNT; k++)
			exchange(engines[i], engines[k], sender_main);
	}
}

static void each_note_of_a_thread_without_loop_arrives(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_COUNT; i++)
		exchange(engines[i], engines[i], stranger_main);
}

static void *stopper_main(void *arg)
{
	usleep(1000);
	loop_stop(arg);
	return NULL;
}

static void another_thread_can_stop_an_idle_loop(void **state)
{
	(void)state;
	for (size_t i = 0; i < ENGINE_COUNT; i++) {
		struct loop *loop = engine_loop(engines[i]);
		pthread_t thread;

		if (loop == NULL)
			continue;
		pthread_create(&thread, NULL, stopper_main, loop);
		loop_run(loop);
		pthread_join(thread, NULL);
		loop_free(loop);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notes_to_oneself_arrive_in_order),
		cmocka_unit_test(
			each_note_of_another_loop_arrives_once_in_order),
		cmocka_unit_test(each_note_of_a_thread_without_loop_arrives),
		cmocka_unit_test(another_thread_can_stop_an_idle_loop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
