/*
 * Sessions on several connections: MS-SMB2 3.3.5.5, 3.3.5.5.3, 3.3.7.1 (MC-4
 * to MC-6, MC-10, LO-1, AS-6).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "smb/channel.h"
#include "smb/engine.h"
#include "smb/limits.h"
#include "smb/session.h"
#include "smb/status.h"
#include "tests/fake/world.h"

#define STATUS(name) ((uint32_t)NT_STATUS_##name)

static struct world world;
static struct line first, second, third;
static struct client_session session, bound, again;

static int start(void **state)
{
	(void)state;
	session = bound = again = (struct client_session){};
	world_init(&world);
	world.realm.facts.encryption = SMB_POLICY_DESIRED;
	line_init(&first, &world);
	line_init(&second, &world);
	line_init(&third, &world);
	first.is_patient = second.is_patient = third.is_patient = true;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	line_fini(&first);
	line_fini(&second);
	line_fini(&third);
	world_fini(&world);
	return 0;
}

static uint32_t bind_line(struct line *line, uint16_t dialect,
			  struct client_session *ret_bound)
{
	struct client *c = &line->client;

	if (c->dialect == 0)
		assert_int_equal(client_negotiate_dialect(c, dialect), 0);
	c->credits_asked = 64;
	return client_bind(c, ret_bound, &session, "ann", WORLD_PASSWORD);
}

/* A session of the dialect with a tree, on the first and second line. */
static uint32_t two_lines(uint16_t dialect)
{
	uint32_t tree = line_connect(&first, dialect, &session);

	assert_int_equal(bind_line(&second, dialect, &bound), 0);
	assert_false(second.client.has_bad_signature);
	return tree;
}

/* ---- what has to agree ---- */

static const struct smb_server_facts may_bind = { .is_multichannel = true };
static const struct smb_server_facts may_not = { .is_multichannel = false };

static enum nt_status check(struct smb_session_facts facts,
			    struct smb_channel channel, bool is_signed,
			    const struct smb_server_facts *server)
{
	struct smb_engine engine = { .facts = server };

	channel.engine = &engine;
	return smb_binding_check(&facts, &channel, is_signed);
}

/* 3.3.5.5; each case has all the faults of those that come after it. */
static void faults_are_found_in_order(void **state)
{
	struct smb_session_facts facts = {
		.dialect = 0x311,
		.signing = SMB_SIGNING_AES_GMAC,
		.cipher = SMB_CIPHER_AES128_GCM,
	};
	struct smb_channel channel = {
		.dialect = 0x202,
		.signing = SMB_SIGNING_HMAC_SHA256,
		.client_guid = { 1 },
	};

	(void)state;
	assert_int_equal(check(facts, channel, false, &may_not),
			 NT_STATUS_REQUEST_OUT_OF_SEQUENCE);
	facts.signing = SMB_SIGNING_AES_CMAC;
	channel.signing = SMB_SIGNING_AES_GMAC;
	assert_int_equal(check(facts, channel, false, &may_not),
			 NT_STATUS_NOT_SUPPORTED);
	channel.signing = SMB_SIGNING_HMAC_SHA256;
	assert_int_equal(check(facts, channel, false, &may_not),
			 NT_STATUS_REQUEST_NOT_ACCEPTED);
	channel.dialect = 0x302;
	assert_int_equal(check(facts, channel, false, &may_not),
			 NT_STATUS_REQUEST_NOT_ACCEPTED);
	assert_int_equal(check(facts, channel, false, &may_bind),
			 NT_STATUS_INVALID_PARAMETER);
	assert_int_equal(check(facts, channel, true, &may_bind),
			 NT_STATUS_INVALID_PARAMETER);
	channel.dialect = 0x311;
	assert_int_equal(check(facts, channel, true, &may_bind),
			 NT_STATUS_INVALID_PARAMETER);
	channel.cipher = SMB_CIPHER_AES128_GCM;
	assert_int_equal(check(facts, channel, true, &may_bind),
			 NT_STATUS_USER_SESSION_DELETED);
	facts.client_guid[0] = 1;
	assert_int_equal(check(facts, channel, true, &may_bind),
			 NT_STATUS_NOT_SUPPORTED);
	facts.is_authenticated = true;
	assert_int_equal(check(facts, channel, true, &may_bind),
			 NT_STATUS_SUCCESS);
}

static void ids_that_are_no_session_are_refused(void **state)
{
	struct client *c = &second.client;

	(void)state;
	line_log_on(&first, 0x311, &session);
	assert_int_equal(client_negotiate_dialect(c, 0x311), 0);
	session.id++;
	assert_int_equal(bind_line(&second, 0x311, &bound),
			 STATUS(USER_SESSION_DELETED));
	client_session_fini(c, &bound);
	/* Signed, and of no session: SG-7. */
	session.id = 0;
	assert_int_equal(bind_line(&second, 0x311, &bound),
			 STATUS(USER_SESSION_DELETED));
}

static void a_wrong_key_is_refused(void **state)
{
	(void)state;
	line_log_on(&first, 0x311, &session);
	session.keys.signing[3] ^= 1;
	assert_int_equal(bind_line(&second, 0x311, &bound),
			 STATUS(ACCESS_DENIED));
	assert_int_equal(client_echo(&first.client, &session), 0);
}

static void a_connection_is_bound_once(void **state)
{
	(void)state;
	two_lines(0x311);
	assert_int_equal(client_bind(&first.client, &again, &session, "ann",
				     WORLD_PASSWORD),
			 STATUS(REQUEST_NOT_ACCEPTED));
	assert_int_equal(client_echo(&second.client, &bound), 0);
}

/* A session of another worker's, as the host tells of it. */
static struct smb_session_facts elsewhere;

static bool session_ask(void *host, uint64_t session_id,
			struct smb_session_facts *ret_facts)
{
	(void)host;
	if (session_id != 0x05000001)
		return false;
	*ret_facts = elsewhere;
	return true;
}

/* MC-4: its key speaks for the client, and its faults are told first. */
static void a_session_of_another_worker_is_refused_signed(void **state)
{
	struct smb_host_ops ops = fake_host_ops;
	struct client *c = &second.client;

	(void)state;
	ops.session_ask = session_ask;
	world.ports.host_ops = &ops;
	assert_int_equal(client_negotiate_dialect(c, 0x311), 0);
	elsewhere = (struct smb_session_facts){
		.client_guid = { 9 },
		.dialect = 0x311,
		.signing = (uint16_t)c->signing,
		.cipher = (uint16_t)c->cipher,
		.is_authenticated = true,
		.signing_key = "fifteen letters",
	};
	session.id = 0x05000001;
	memcpy(session.keys.signing, elsewhere.signing_key, 16);
	session.signer = smb_signer_new(c->signing, session.keys.signing);
	assert_int_equal(bind_line(&second, 0x311, &bound),
			 STATUS(USER_SESSION_DELETED));
	client_session_fini(c, &bound);
	elsewhere.cipher++;
	assert_int_equal(bind_line(&second, 0x311, &bound),
			 STATUS(INVALID_PARAMETER));
	client_session_fini(c, &bound);
	elsewhere.signing_key[0]++;
	assert_int_equal(bind_line(&second, 0x311, &bound),
			 STATUS(ACCESS_DENIED));
	smb_signer_free(session.signer);
	world.ports.host_ops = &fake_host_ops;
}

/* ---- who may ---- */

static void another_user_is_refused_and_no_harm_to_the_session(void **state)
{
	struct client *c = &second.client;

	(void)state;
	line_log_on(&first, 0x311, &session);
	assert_int_equal(client_negotiate_dialect(c, 0x311), 0);
	assert_int_equal(client_bind(c, &bound, &session, "bob", "Other-2"),
			 STATUS(ACCESS_DENIED));
	client_session_fini(c, &bound);
	assert_int_equal(client_bind(c, &bound, &session, "ann", "wrong"),
			 STATUS(LOGON_FAILURE));
	client_session_fini(c, &bound);
	assert_int_equal(client_echo(&first.client, &session), 0);
	assert_int_equal(bind_line(&second, 0x311, &bound), 0);
	assert_int_equal(client_echo(c, &bound), 0);
}

static void before_it_is_bound_a_connection_has_no_session(void **state)
{
	uint32_t tree = line_connect(&first, 0x311, &session);
	struct client *c = &second.client;
	struct client_file file;

	(void)state;
	assert_int_equal(client_negotiate_dialect(c, 0x311), 0);
	again.id = session.id;
	assert_int_equal(client_create(c, &again, tree, "f", 3, &file),
			 STATUS(USER_SESSION_DELETED));
	assert_int_equal(client_logon(c, &again, "ann", WORLD_PASSWORD),
			 STATUS(USER_SESSION_DELETED));
}

/*
 * Sealed with the key that it has from another connection: the refusal comes
 * sealed as well, as long as the session lives (3.3.5.2.1.1).
 */
static void before_it_is_bound_a_sealed_request_is_refused_sealed(void **state)
{
	struct client *c = &second.client;
	struct client_answer answer;

	(void)state;
	line_log_on(&first, 0x311, &session);
	assert_int_equal(client_negotiate_dialect(c, 0x311), 0);
	again.id = session.id;
	again.seals = true;
	again.sealer =
		smb_sealer_new(c->cipher, session.keys.unseal, ~session.id);
	again.unsealer = smb_sealer_new(c->cipher, session.keys.seal, 0);
	c->sessions[0] = &again;
	wr_u32(client_begin(c, SMB2_ECHO, &again, 0, 0), 4);
	assert_int_equal(client_ask(c, &answer), STATUS(USER_SESSION_DELETED));
	assert_true(answer.is_sealed);
	assert_int_equal(client_echo(&first.client, &session), 0);
	assert_int_equal(client_logoff(&first.client, &session), 0);
	wr_u32(client_begin(c, SMB2_ECHO, &again, 0, 0), 4);
	assert_false(client_post(c));
}

static void the_key_of_another_client_opens_nothing(void **state)
{
	struct client *c = &second.client;

	(void)state;
	line_log_on(&first, 0x311, &session);
	c->guid[0]++;
	assert_int_equal(client_negotiate_dialect(c, 0x311), 0);
	again.id = session.id;
	again.seals = true;
	again.sealer =
		smb_sealer_new(c->cipher, session.keys.unseal, ~session.id);
	wr_u32(client_begin(c, SMB2_ECHO, &again, 0, 0), 4);
	assert_false(client_post(c));
	smb_sealer_free(again.sealer);
}

static void the_33rd_connection_is_refused(void **state)
{
	static struct line lines[SMB_BINDINGS_MAX];
	static struct client_session sessions[SMB_BINDINGS_MAX];

	(void)state;
	line_log_on(&first, 0x311, &session);
	for (int i = 1; i < SMB_BINDINGS_MAX; i++) {
		line_init(&lines[i], &world);
		assert_int_equal(bind_line(&lines[i], 0x311, &sessions[i]), 0);
	}
	assert_int_equal(bind_line(&second, 0x311, &bound),
			 STATUS(INSUFFICIENT_RESOURCES));
	line_fini(&lines[1]);
	client_session_fini(&second.client, &bound);
	assert_int_equal(bind_line(&second, 0x311, &bound), 0);
	for (int i = 2; i < SMB_BINDINGS_MAX; i++)
		line_fini(&lines[i]);
}

/* ---- what is shared ---- */

/* MC-5, MC-6, KY-6: ids are good on all connections, each signs for itself. */
static void what_one_connection_opens_another_reads(void **state)
{
	static const uint16_t dialects[] = { 0x300, 0x302, 0x311 };
	struct client_file file;
	struct bytes data;

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		uint32_t tree = two_lines(dialects[i / 2]);
		struct client *a = &first.client, *b = &second.client;

		session.seals = bound.seals = i % 2;
		assert_memory_not_equal(session.keys.signing,
					bound.keys.signing, 16);
		assert_int_equal(client_create(a, &session, tree, "f", 3,
					       &file),
				 0);
		assert_int_equal(client_write(b, &bound, tree, file, 0, "abc",
					      3),
				 0);
		assert_int_equal(client_read(a, &session, tree, file, 0, 9,
					     &data),
				 0);
		assert_memory_equal(data.at, "abc", 3);
		assert_int_equal(client_close(b, &bound, tree, file), 0);
		assert_int_equal(fake_objects_open(), 0);
		assert_false(a->has_bad_signature);
		assert_false(b->has_bad_signature);
		stop(NULL);
		start(NULL);
	}
}

static void a_connection_does_not_sign_with_the_key_of_another(void **state)
{
	struct smb_signer *own;

	(void)state;
	two_lines(0x311);
	own = bound.signer;
	bound.signer = session.signer;
	assert_int_equal(client_logoff(&second.client, &bound),
			 STATUS(ACCESS_DENIED));
	bound.signer = own;
	assert_int_equal(client_echo(&second.client, &bound), 0);
}

static void each_connection_may_reauthenticate(void **state)
{
	(void)state;
	two_lines(0x311);
	assert_int_equal(client_logon(&second.client, &bound, "ann",
				      WORLD_PASSWORD),
			 0);
	assert_int_equal(client_echo(&first.client, &session), 0);
	assert_int_equal(client_logon(&second.client, &bound, "ann", "wrong"),
			 STATUS(LOGON_FAILURE));
	assert_int_equal(client_logoff(&first.client, &session),
			 STATUS(USER_SESSION_DELETED));
	assert_int_equal(client_logoff(&second.client, &bound),
			 STATUS(USER_SESSION_DELETED));
}

/* AS-6: the AsyncId is good where the MessageId says nothing. */
static void a_request_is_cancelled_from_another_connection(void **state)
{
	uint32_t tree = two_lines(0x311);
	struct client *a = &first.client, *b = &second.client;
	struct client_answer answer;
	struct client_file root;
	struct writer *w;

	(void)state;
	assert_int_equal(client_create(a, &session, tree, "", 1, &root), 0);
	client_begin(a, SMB2_CHANGE_NOTIFY, &session, tree, 0);
	client_write_notify(a, root);
	client_post(a);
	assert_true(client_take(a, &answer));
	assert_int_equal(answer.status, STATUS(PENDING));

	w = client_begin(b, SMB2_CANCEL, &bound, 0, SMB2_FLAGS_ASYNC_COMMAND);
	wr_uint_to(w->start + b->elements[0].at + 32, answer.header.async_id,
		   8);
	wr_u16(w, 4);
	wr_u16(w, 0);
	client_post(b);
	assert_true(client_take(a, &answer));
	assert_int_equal(answer.status, STATUS(CANCELLED));
}

/* ---- the end ---- */

/* MC-10, DU-1 */
static void the_session_outlives_all_connections_but_the_last(void **state)
{
	uint32_t tree = two_lines(0x311);
	struct client_file root, file;
	struct bytes data;

	(void)state;
	client_create(&first.client, &session, tree, "", 1, &root);
	client_create(&first.client, &session, tree, "f", 3, &file);
	client_begin(&first.client, SMB2_CHANGE_NOTIFY, &session, tree, 0);
	client_write_notify(&first.client, root);
	client_post(&first.client);
	fake_wire_hang_up(&first.wire);
	assert_int_equal(fake_objects_open(), 2);
	assert_int_equal(client_write(&second.client, &bound, tree, file, 0,
				      "abc", 3),
			 0);
	assert_int_equal(client_read(&second.client, &bound, tree, file, 0, 3,
				     &data),
			 0);
	assert_int_equal(bind_line(&third, 0x311, &again), 0);
	fake_wire_hang_up(&second.wire);
	assert_int_equal(client_close(&third.client, &again, tree, file), 0);
	fake_wire_hang_up(&third.wire);
	assert_int_equal(fake_objects_open(), 0);
}

/* LO-1 */
static void logoff_ends_the_session_on_all_connections(void **state)
{
	uint32_t tree = two_lines(0x311);
	struct client *a = &first.client, *b = &second.client;
	struct client_answer answer;
	struct client_file root;

	(void)state;
	client_create(a, &session, tree, "", 1, &root);
	client_begin(a, SMB2_CHANGE_NOTIFY, &session, tree, 0);
	client_write_notify(a, root);
	client_post(a);
	assert_true(client_take(a, &answer));
	assert_int_equal(client_logoff(b, &bound), 0);
	assert_true(client_take(a, &answer));
	assert_int_equal(answer.status, STATUS(NOTIFY_CLEANUP));
	assert_int_equal(client_logoff(a, &session),
			 STATUS(USER_SESSION_DELETED));
	assert_int_equal(fake_objects_open(), 0);
	assert_false(a->has_bad_signature);
	assert_false(b->has_bad_signature);
}

/* A connection that never finishes its exchange keeps nothing alive. */
static void a_binding_in_progress_ends_with_the_session(void **state)
{
	struct smb_session_facts facts;

	(void)state;
	line_log_on(&first, 0x311, &session);
	assert_int_equal(client_negotiate_dialect(&second.client, 0x311), 0);

	struct smb_session *there = smb_session_find(world.engine, session.id);

	assert_non_null(there);
	assert_non_null(smb_binding_new(there, second.wire.channel));
	smb_session_unref(there);
	fake_wire_hang_up(&first.wire);
	assert_false(smb_session_ask(world.engine, session.id, &facts));
	assert_int_equal(second.wire.channel->binding_count, 0);
	assert_int_equal(second.wire.channel->half_open_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(faults_are_found_in_order),
		TEST(ids_that_are_no_session_are_refused),
		TEST(a_wrong_key_is_refused),
		TEST(a_connection_is_bound_once),
		TEST(a_session_of_another_worker_is_refused_signed),
		TEST(another_user_is_refused_and_no_harm_to_the_session),
		TEST(before_it_is_bound_a_connection_has_no_session),
		TEST(before_it_is_bound_a_sealed_request_is_refused_sealed),
		TEST(the_key_of_another_client_opens_nothing),
		TEST(the_33rd_connection_is_refused),
		TEST(what_one_connection_opens_another_reads),
		TEST(a_connection_does_not_sign_with_the_key_of_another),
		TEST(each_connection_may_reauthenticate),
		TEST(a_request_is_cancelled_from_another_connection),
		TEST(the_session_outlives_all_connections_but_the_last),
		TEST(logoff_ends_the_session_on_all_connections),
		TEST(a_binding_in_progress_ends_with_the_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
