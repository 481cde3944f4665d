/*
 * Application instances, on the wire (MS-SMB2 3.3.5.9.13, 3.3.5.9.15).
 */
#include "tests/smb/coming_back.h"

static const uint8_t id_name[16] = { 0x45, 0xbc, 0xa6, 0x6a, 0xef, 0xa7,
				     0xf7, 0x4a, 0x90, 0x08, 0xfa, 0x46,
				     0x2e, 0x14, 0x4d, 0x74 };
static const uint8_t version_name[16] = { 0xb9, 0x82, 0xd0, 0xb7, 0x3b, 0x56,
					  0x07, 0x4f, 0xa0, 0x7b, 0x52, 0x4a,
					  0x81, 0x16, 0xa0, 0x10 };

/* A CREATE of "f" by the instance; version 0: it says none. */
static struct client_answer open_as(struct line *l, struct client_session *s,
				    uint32_t t, const char *guid, char instance,
				    uint8_t version, uint32_t status)
{
	const uint8_t id[20] = { 20, [4] = (uint8_t)instance };
	const uint8_t of_it[24] = { 24, [8] = 1, [16] = version };

	begin_at(l, s, t, "f", SMB_OPLOCK_BATCH, 0);
	add_v2(l, 0, guid);
	client_add_guid_context(&l->client, id_name, id, sizeof(id));
	if (version)
		client_add_guid_context(&l->client, version_name, of_it,
					sizeof(of_it));
	return ask(l, status);
}

static struct client_file open_first(uint8_t version)
{
	struct client_answer answer =
		open_as(&line, &session, tree, "the first create", 'a', version,
			0);

	return client_file_of(&answer);
}

/* As another client, which is the same user. */
static void come_as_another(void)
{
	next.client.guid[0] ^= 1;
	come_back();
}

static void expect_closed(struct client_file file, bool is_closed)
{
	assert_int_equal(client_close(&line.client, &session, tree, file),
			 is_closed ? STATUS(FILE_CLOSED) : 0);
}

static void an_instance_that_moved_takes_its_files_along(void **state)
{
	struct client_file file = open_first(0);

	(void)state;
	come_as_another();
	open_as(&next, &second, tree2, "the other create", 'a', 0, 0);
	expect_closed(file, true);
	assert_int_equal(fake_objects_open(), 1);
}

static void what_is_disconnected_goes_too(void **state)
{
	(void)state;
	open_first(0);
	lose();
	come_as_another();
	open_as(&next, &second, tree2, "the other create", 'a', 0, 0);
	assert_int_equal(fake_objects_open(), 1);
}

static void another_instance_takes_nothing(void **state)
{
	struct client_file file = open_first(0);

	(void)state;
	come_as_another();
	open_as(&next, &second, tree2, "the other create", 'b', 0, 0);
	expect_closed(file, false);
}

static void nor_does_the_same_client(void **state)
{
	struct client_file file = open_first(0);

	(void)state;
	come_back();
	open_as(&next, &second, tree2, "the other create", 'a', 0, 0);
	expect_closed(file, false);
}

static void nor_another_user(void **state)
{
	struct client_file file = open_first(0);

	(void)state;
	next.client.guid[0] ^= 1;
	assert_int_equal(client_negotiate_dialect(&next.client, 0x311), 0);
	next.client.credits_asked = 64;
	assert_int_equal(client_logon(&next.client, &second, "bob", "Other-2"),
			 0);
	second.signs = true;
	assert_int_equal(client_tree(&next.client, &second, "\\\\s\\home",
				     &tree2),
			 0);
	open_as(&next, &second, tree2, "the other create", 'a', 0, 0);
	expect_closed(file, false);
}

static void an_older_one_is_refused(void **state)
{
	struct client_file file = open_first(5);

	(void)state;
	come_as_another();
	open_as(&next, &second, tree2, "the other create", 'a', 4,
		STATUS(FILE_FORCED_CLOSED));
	open_as(&next, &second, tree2, "the other create", 'a', 5,
		STATUS(FILE_FORCED_CLOSED));
	assert_int_equal(fake_objects_open(), 1);
	open_as(&next, &second, tree2, "the other create", 'a', 6, 0);
	expect_closed(file, true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(an_instance_that_moved_takes_its_files_along),
		TEST(what_is_disconnected_goes_too),
		TEST(another_instance_takes_nothing),
		TEST(nor_does_the_same_client),
		TEST(nor_another_user),
		TEST(an_older_one_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
