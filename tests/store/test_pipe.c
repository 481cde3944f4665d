/*
 * The pool of pipes: bounded, of one size, and never with bytes left in it.
 */
#include "tests/store/yard.h"

#include "gateway/store/pipe.h"

YARD_TEST(no_more_are_lent_than_there_may_be)
{
	struct store_pipe *pipes[STORE_PIPES_MAX + 1];
	size_t n = 0;

	(void)y;
	while (n <= STORE_PIPES_MAX && (pipes[n] = store_pipe_take(16)))
		n++;
	assert_in_range(n, 1, STORE_PIPES_MAX);
	assert_int_equal(n, store_counters()->pipes);
	while (n)
		store_pipe_give(pipes[--n], true);
	assert_non_null(pipes[0] = store_pipe_take(16));
	store_pipe_give(pipes[0], true);
}

YARD_TEST(a_pipe_is_used_again)
{
	struct store_pipe *a, *b;

	(void)y;
	a = store_pipe_take(16);
	assert_non_null(a);
	assert_null(store_pipe_give(a, true));
	b = store_pipe_take(16);
	assert_ptr_equal(a, b);
	assert_int_equal(1, store_counters()->pipes);
	store_pipe_give(b, true);
}

YARD_TEST(a_pipe_with_bytes_in_it_is_closed)
{
	struct store_pipe *p;
	int fd;

	(void)y;
	p = store_pipe_take(16);
	fd = store_pipe_read_fd(p);
	assert_int_equal(1, write(store_pipe_write_fd(p), "x", 1));
	store_pipe_give(p, false);
	assert_int_equal(0, store_counters()->pipes);
	assert_int_equal(-1, fcntl(fd, F_GETFD));
}

YARD_TEST(what_fits_no_pipe_gets_none)
{
	size_t most = store_pipe_pages(0, STORE_PIPE_SIZE);

	(void)y;
	assert_null(store_pipe_take(most + 1));
	assert_int_equal(0, store_counters()->pipes);
	assert_null(store_pipe_give(NULL, false));
}

/* As many as the pages that are touched, not as the bytes would fill. */
static void pages_are_counted_where_they_lie(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	assert_int_equal(0, store_pipe_pages(0, 0));
	assert_int_equal(1, store_pipe_pages(0, 1));
	assert_int_equal(1, store_pipe_pages(page - 1, 1));
	assert_int_equal(2, store_pipe_pages(page - 1, 2));
	assert_int_equal(1, store_pipe_pages(5 * page, page));
	assert_int_equal(2, store_pipe_pages(5 * page + 1, page));
	assert_int_equal(257, store_pipe_pages(1, 256 * page));
	assert_int_equal(256, store_pipe_pages(1, 256 * page - 1));
	assert_int_equal(0, store_pipe_bytes(1, 0));
	assert_int_equal(1, store_pipe_bytes(page - 1, 1));
	assert_int_equal(256 * page - 1, store_pipe_bytes(1, 256));
}

/* Room for that many pages means that writing that many does not wait. */
YARD_TEST(a_pipe_takes_what_it_says)
{
	struct store_pipe *p = store_pipe_take(1);
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room, i;
	char *bytes = calloc(1, page);

	(void)y;
	room = store_pipe_room(p);
	assert_int_equal(0, fcntl(store_pipe_write_fd(p), F_SETFL, O_NONBLOCK));
	for (i = 0; i < room; i++)
		assert_int_equal(page,
				 write(store_pipe_write_fd(p), bytes, page));
	assert_int_equal(-1, write(store_pipe_write_fd(p), bytes, 1));
	free(bytes);
	store_pipe_give(p, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_are_lent_than_there_may_be),
		cmocka_unit_test(a_pipe_is_used_again),
		cmocka_unit_test(a_pipe_with_bytes_in_it_is_closed),
		cmocka_unit_test(what_fits_no_pipe_gets_none),
		cmocka_unit_test(pages_are_counted_where_they_lie),
		cmocka_unit_test(a_pipe_takes_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
