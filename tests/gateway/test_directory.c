/*
 * Tests directory.c and admission.c: which client is served where, and how
 * many connections there may be.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "gateway/admission.h"
#include "gateway/directory.h"
#include "gateway/limits.h"
#include "smb/ports.h"

enum {
	THREADS = 16
};

static void connections_of_a_client_meet(void **state)
{
	struct gw_directory *d = gw_directory_new(4);
	unsigned int first, again, other;
	struct gw_client *a, *b, *c;

	(void)state;
	a = gw_directory_join(d, (const uint8_t[16]){ 1 }, &first);
	b = gw_directory_join(d, (const uint8_t[16]){ 2 }, &other);
	c = gw_directory_join(d, (const uint8_t[16]){ 1 }, &again);
	assert_ptr_equal(a, c);
	assert_int_equal(first, again);
	assert_int_not_equal(first, other);
	gw_directory_leave(d, a);
	gw_directory_leave(d, b);
	gw_directory_leave(d, c);
	gw_directory_free(d);
}

static void clients_go_to_the_worker_with_the_least_to_do(void **state)
{
	struct gw_directory *d = gw_directory_new(3);
	struct gw_client *clients[6];
	unsigned int loads[3] = { 0 };

	(void)state;
	for (uint8_t i = 0; i < 6; i++) {
		unsigned int worker;

		clients[i] =
			gw_directory_join(d, (const uint8_t[16]){ i }, &worker);
		loads[worker]++;
	}
	for (int w = 0; w < 3; w++)
		assert_int_equal(loads[w], 2);
	for (int i = 0; i < 6; i++)
		gw_directory_leave(d, clients[i]);
	/* Those without a ClientGuid count as well. */
	assert_int_equal(gw_directory_join_any(d), 0);
	assert_int_equal(gw_directory_join_any(d), 1);
	gw_directory_leave_any(d, 0);
	assert_int_equal(gw_directory_join_any(d), 0);
	gw_directory_free(d);
}

static void a_client_that_comes_back_is_where_it_was(void **state)
{
	struct gw_directory *d = gw_directory_new(2);
	unsigned int worker, again;
	struct gw_client *a, *b;

	(void)state;
	a = gw_directory_join(d, (const uint8_t[16]){ 1 }, &worker);
	b = gw_directory_join(d, (const uint8_t[16]){ 2 }, &worker);
	gw_directory_leave(d, b);
	b = gw_directory_join(d, (const uint8_t[16]){ 3 }, &again);
	gw_directory_leave(d, a);
	a = gw_directory_join(d, (const uint8_t[16]){ 2 }, &again);
	assert_int_equal(worker, again);
	gw_directory_leave(d, a);
	gw_directory_leave(d, b);
	gw_directory_free(d);
}

static void idle_clients_are_forgotten_when_there_are_many(void **state)
{
	struct gw_directory *d = gw_directory_new(1);
	unsigned int worker;

	(void)state;
	for (uint32_t i = 0; i < GW_CLIENTS_IDLE_MAX + 100; i++) {
		uint8_t guid[16] = { 0 };

		memcpy(guid, &i, sizeof(i));
		gw_directory_leave(d, gw_directory_join(d, guid, &worker));
	}
	assert_int_equal(gw_directory_count(d), GW_CLIENTS_IDLE_MAX);
	gw_directory_free(d);
}

/* Its opens wait for it: it must come back to them. */
static void a_client_that_is_waited_for_is_not_forgotten(void **state)
{
	static const uint8_t client[16] = { [15] = 1 };
	struct gw_directory *d = gw_directory_new(2);
	unsigned int worker, again;

	(void)state;
	gw_directory_leave(d, gw_directory_join(d, client, &worker));
	gw_directory_keep(d, client, worker, true);
	gw_directory_keep(d, client, worker, true);
	gw_directory_keep(d, client, worker, false);
	for (uint32_t i = 0; i < GW_CLIENTS_IDLE_MAX + 100; i++) {
		uint8_t guid[16] = { 0 };

		memcpy(guid, &i, sizeof(i));
		gw_directory_leave(d, gw_directory_join(d, guid, &again));
	}
	assert_int_equal(gw_directory_count(d), GW_CLIENTS_IDLE_MAX + 1);
	gw_directory_leave(d, gw_directory_join(d, client, &again));
	assert_int_equal(again, worker);
	gw_directory_keep(d, client, worker, false);
	assert_int_equal(gw_directory_count(d), GW_CLIENTS_IDLE_MAX);
	gw_directory_free(d);
}

/* One that has no connection any more is known again. */
static void who_is_waited_for_is_known_by_it(void **state)
{
	static const uint8_t client[16] = { 7 };
	struct gw_directory *d = gw_directory_new(3);
	unsigned int worker;

	(void)state;
	gw_directory_keep(d, client, 2, true);
	gw_directory_leave(d, gw_directory_join(d, client, &worker));
	assert_int_equal(worker, 2);
	gw_directory_keep(d, client, 2, false);
	gw_directory_keep(d, (const uint8_t[16]){ 8 }, 1, false);
	gw_directory_free(d);
}

struct racer {
	struct gw_directory *d;
	pthread_barrier_t *start;
	struct gw_client *client;
	unsigned int worker;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->start);
	r->client =
		gw_directory_join(r->d, (const uint8_t[16]){ 7 }, &r->worker);
	return NULL;
}

static void first_connections_that_race_make_one_client(void **state)
{
	struct gw_directory *d = gw_directory_new(8);
	struct racer racers[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t start;

	(void)state;
	pthread_barrier_init(&start, NULL, THREADS);
	for (int i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){ .d = d, .start = &start };
		assert_int_equal(pthread_create(&threads[i], NULL, race,
						&racers[i]),
				 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++) {
		assert_ptr_equal(racers[i].client, racers[0].client);
		assert_int_equal(racers[i].worker, racers[0].worker);
	}
	assert_int_equal(gw_directory_count(d), 1);
	for (int i = 0; i < THREADS; i++)
		gw_directory_leave(d, racers[i].client);
	pthread_barrier_destroy(&start);
	gw_directory_free(d);
}

static void sessions_are_known_from_all_workers_while_they_last(void **state)
{
	struct gw_directory *d = gw_directory_new(2);
	struct smb_session_facts facts = { .dialect = 0x311 }, got;

	(void)state;
	assert_false(gw_directory_ask(d, 7, &got));
	gw_directory_tell(d, 7, &facts);
	facts.dialect = 0x300;
	gw_directory_tell(d, 8, &facts);
	assert_true(gw_directory_ask(d, 7, &got));
	assert_int_equal(got.dialect, 0x311);
	gw_directory_forget(d, 7);
	gw_directory_forget(d, 7);
	assert_false(gw_directory_ask(d, 7, &got));
	assert_true(gw_directory_ask(d, 8, &got));
	gw_directory_free(d);
}

static void too_many_connections_are_refused(void **state)
{
	struct gw_admission *a = gw_admission_new(4, 3, 2);
	const uint8_t x[16] = { 1 }, y[16] = { 2 };
	struct gw_peer *p[4];
	const char *why = NULL;

	(void)state;
	p[0] = gw_admission_enter(a, x, &why);
	p[1] = gw_admission_enter(a, x, &why);
	assert_null(gw_admission_enter(a, x, &why));
	assert_string_equal(why, "connections of this address that do not log "
				 "on");
	gw_admission_known(a, p[0], true);
	p[2] = gw_admission_enter(a, x, &why);
	assert_non_null(p[2]);
	gw_admission_known(a, p[1], true);
	assert_null(gw_admission_enter(a, x, &why));
	assert_string_equal(why, "connections of this address");
	p[3] = gw_admission_enter(a, y, &why);
	assert_non_null(p[3]);
	assert_null(gw_admission_enter(a, y, &why));
	assert_string_equal(why, "connections");
	gw_admission_leave(a, p[0], true);
	gw_admission_leave(a, p[1], true);
	gw_admission_leave(a, p[2], false);
	gw_admission_leave(a, p[3], false);
	assert_int_equal(gw_admission_count(a), 0);
	gw_admission_free(a);
}

static void connections_that_end_make_room(void **state)
{
	struct gw_admission *a = gw_admission_new(2, 2, 2);
	const char *why;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++) {
		uint8_t address[16] = { 0 };
		struct gw_peer *peer;

		memcpy(address, &i, sizeof(i));
		peer = gw_admission_enter(a, address, &why);
		assert_non_null(peer);
		gw_admission_leave(a, peer, false);
	}
	gw_admission_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_of_a_client_meet),
		cmocka_unit_test(clients_go_to_the_worker_with_the_least_to_do),
		cmocka_unit_test(a_client_that_comes_back_is_where_it_was),
		cmocka_unit_test(
			idle_clients_are_forgotten_when_there_are_many),
		cmocka_unit_test(a_client_that_is_waited_for_is_not_forgotten),
		cmocka_unit_test(who_is_waited_for_is_known_by_it),
		cmocka_unit_test(first_connections_that_race_make_one_client),
		cmocka_unit_test(
			sessions_are_known_from_all_workers_while_they_last),
		cmocka_unit_test(too_many_connections_are_refused),
		cmocka_unit_test(connections_that_end_make_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
