/* Extended attributes: MS-FSCC 2.4 FileFullEaInformation. */
#include "tests/fsa/house.h"

#include <sys/xattr.h>

#include "smb/wire/cursor.h"

/* A list of one or more EAs in the making. */
struct list {
	uint8_t bytes[4096];
	struct writer w;
	size_t last;
};

static void list_init(struct list *l)
{
	l->w = writer_at(l->bytes, sizeof(l->bytes));
	l->last = SIZE_MAX;
}

static void list_add(struct list *l, const char *name, const char *value)
{
	wr_align(&l->w, 4);
	if (l->last != SIZE_MAX)
		wr_now_u32(&l->w, (struct later){ l->last },
			   (uint32_t)(l->w.at - l->last));
	l->last = l->w.at;
	wr_u32(&l->w, 0);
	wr_u8(&l->w, 0);
	wr_u8(&l->w, (uint8_t)strlen(name));
	wr_u16(&l->w, (uint16_t)strlen(value));
	wr_copy(&l->w, name, strlen(name) + 1);
	wr_copy(&l->w, value, strlen(value));
	assert_true(wr_ok(&l->w));
}

static enum nt_status co_set(struct smb_object *object, const struct list *l)
{
	return house_co_set(object, (struct smb_set){
					    .kind = SMB_SET_EAS,
					    .eas = l->bytes,
					    .eas_length = (uint32_t)l->w.at });
}

static enum nt_status co_set_one(struct smb_object *object, const char *name,
				 const char *value)
{
	struct list l;

	list_init(&l);
	list_add(&l, name, value);
	return co_set(object, &l);
}

/* The value of an EA of a list that was queried, as text; NULL: not in it. */
static const char *value_of(const uint8_t *bytes, uint32_t length,
			    const char *wanted)
{
	static char value[256];
	size_t at = 0;

	for (;;) {
		struct reader r = reader_at(bytes, length);

		rd_seek(&r, at);
		uint32_t next = rd_u32(&r);

		rd_skip(&r, 1);
		size_t name_length = rd_u8(&r);
		size_t value_length = rd_u16(&r);
		struct bytes name = rd_bytes(&r, name_length);

		assert_int_equal(rd_u8(&r), 0);
		struct bytes v = rd_bytes(&r, value_length);

		assert_true(rd_ok(&r));
		assert_int_equal(at % 4, 0);
		if (name.length == strlen(wanted) &&
		    memcmp(name.at, wanted, name.length) == 0) {
			memcpy(value, v.at, v.length);
			value[v.length] = '\0';
			return value;
		}
		if (next == 0)
			return NULL;
		at += next;
	}
}

static bool has_xattrs(struct house *h)
{
	return store_tree_features(h->y->tree)->has_xattr;
}

HOUSE_TEST(eas_are_set_read_and_taken_away)
{
	struct smb_object *f = house_co_file(h, "f");
	uint8_t bytes[4096];
	uint32_t length;
	struct list l;

	if (!has_xattrs(h))
		goto close;
	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, sizeof(bytes),
						     &length),
			 NT_STATUS_NO_EAS_ON_FILE);
	list_init(&l);
	list_add(&l, "EAONE", "VALUE1");
	list_add(&l, "SECONDEA", "ValueTwo");
	assert_int_equal(co_set(f, &l), NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, sizeof(bytes),
						     &length),
			 NT_STATUS_SUCCESS);
	assert_string_equal(value_of(bytes, length, "EAONE"), "VALUE1");
	assert_string_equal(value_of(bytes, length, "SECONDEA"), "ValueTwo");
	assert_int_equal(co_set_one(f, "EAONE", ""), NT_STATUS_SUCCESS);
	assert_int_equal(co_set_one(f, "NEVER", ""), NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, sizeof(bytes),
						     &length),
			 NT_STATUS_SUCCESS);
	assert_null(value_of(bytes, length, "EAONE"));
close:
	house_co_close(f);
}

/* Who copies a file looks at the size first: MS-FSCC 2.4.12. */
HOUSE_TEST(their_size_is_that_of_the_list)
{
	struct smb_object *f = house_co_file(h, "f");
	struct smb_open_facts facts = { .wants_ea_size = true };
	uint8_t bytes[4096];
	uint32_t length;

	if (!has_xattrs(h))
		goto close;
	assert_int_equal(fsa_object_ops.co_query(f, &facts), NT_STATUS_SUCCESS);
	assert_int_equal(facts.file.ea_size, 0);
	assert_int_equal(co_set_one(f, "ONE", "1"), NT_STATUS_SUCCESS);
	assert_int_equal(co_set_one(f, "ANOTHER", "22"), NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, sizeof(bytes),
						     &length),
			 NT_STATUS_SUCCESS);
	facts = (struct smb_open_facts){ .wants_ea_size = true };
	assert_int_equal(fsa_object_ops.co_query(f, &facts), NT_STATUS_SUCCESS);
	assert_int_equal(facts.file.ea_size, length);
	facts = (struct smb_open_facts){ 0 };
	assert_int_equal(fsa_object_ops.co_query(f, &facts), NT_STATUS_SUCCESS);
	assert_int_equal(facts.file.ea_size, 0);
close:
	house_co_close(f);
}

/* MS-FSA 2.1.5.1.2.1: what is overwritten begins anew. */
HOUSE_TEST(overwriting_takes_them_away)
{
	struct smb_object *f = house_co_file(h, "f");
	uint8_t bytes[4096];
	uint32_t length;
	struct list l;
	struct smb_create how = {
		.name = house_name("f"),
		.access = FILE_ALL_ACCESS,
		.sharing = HOUSE_SHARE_ALL,
		.disposition = FILE_OVERWRITE,
	};

	list_init(&l);
	list_add(&l, "NEW", "2");
	if (!has_xattrs(h))
		goto close;
	assert_int_equal(co_set_one(f, "OLD", "1"), NT_STATUS_SUCCESS);
	house_co_close(f);
	assert_int_equal(house_co_create(h, &how, &f), NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, sizeof(bytes),
						     &length),
			 NT_STATUS_NO_EAS_ON_FILE);
	assert_int_equal(co_set_one(f, "OLD", "1"), NT_STATUS_SUCCESS);
	house_co_close(f);
	how.eas = l.bytes;
	how.eas_length = (uint32_t)l.w.at;
	assert_int_equal(house_co_create(h, &how, &f), NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, sizeof(bytes),
						     &length),
			 NT_STATUS_SUCCESS);
	assert_null(value_of(bytes, length, "OLD"));
	assert_string_equal(value_of(bytes, length, "NEW"), "2");
close:
	house_co_close(f);
}

HOUSE_TEST(names_are_the_same_whatever_their_case)
{
	struct smb_object *f = house_co_file(h, "f");
	char value[8] = "";

	if (!has_xattrs(h))
		goto close;
	assert_int_equal(co_set_one(f, "Name", "1"), NT_STATUS_SUCCESS);
	assert_int_equal(co_set_one(f, "NAME", "22"), NT_STATUS_SUCCESS);
	assert_int_equal(getxattr(yard_path(h->y, "f"), "user.Name", value,
				  sizeof(value)),
			 2);
	assert_string_equal(value, "22");
	assert_true(getxattr(yard_path(h->y, "f"), "user.NAME", value,
			     sizeof(value)) < 0);
	assert_int_equal(co_set_one(f, "nAME", ""), NT_STATUS_SUCCESS);
	assert_true(getxattr(yard_path(h->y, "f"), "user.Name", value,
			     sizeof(value)) < 0);
close:
	house_co_close(f);
}

HOUSE_TEST(what_others_keep_in_xattrs_is_hidden)
{
	static const char *const ours[] = { "DOSATTRIB", "dosattrib",
					    "DosStream.x:$DATA" };
	struct smb_object *f = house_co_file(h, "f");
	uint8_t bytes[4096];
	uint32_t length;

	if (!has_xattrs(h))
		goto close;
	assert_int_equal(house_co_set(f,
				      (struct smb_set){ .kind = SMB_SET_BASIC,
							.attributes = 2 }),
			 NT_STATUS_SUCCESS);
	assert_int_equal(setxattr(yard_path(h->y, "f"),
				  "user.DosStream.x:$DATA", "x", 1, 0),
			 0);
	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, sizeof(bytes),
						     &length),
			 NT_STATUS_NO_EAS_ON_FILE);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		assert_int_equal(co_set_one(f, ours[i], "x"),
				 NT_STATUS_ACCESS_DENIED);
close:
	house_co_close(f);
}

HOUSE_TEST(a_small_buffer_gets_whole_entries)
{
	struct smb_object *f = house_co_file(h, "f");
	uint8_t bytes[64];
	uint32_t length;
	struct list l;

	if (!has_xattrs(h))
		goto close;
	list_init(&l);
	list_add(&l, "A", "12345678");
	list_add(&l, "B", "12345678");
	assert_int_equal(co_set(f, &l), NT_STATUS_SUCCESS);
	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, 17, &length),
			 NT_STATUS_BUFFER_TOO_SMALL);
	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, 30, &length),
			 NT_STATUS_BUFFER_OVERFLOW);
	assert_int_equal(length, 18);
	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, 38, &length),
			 NT_STATUS_SUCCESS);
	assert_int_equal(length, 38);
close:
	house_co_close(f);
}

HOUSE_TEST(rights_are_needed)
{
	struct smb_object *f = house_co_open(h, "f", FILE_READ_DATA, 0);
	uint8_t bytes[64];
	uint32_t length;

	assert_int_equal(fsa_object_ops.co_query_eas(f, bytes, sizeof(bytes),
						     &length),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_set_one(f, "A", "1"), NT_STATUS_ACCESS_DENIED);
	house_co_close(f);
}

HOUSE_TEST(names_and_values_have_limits)
{
	struct smb_object *f = house_co_file(h, "f");
	char name[256];
	uint8_t *big = calloc(1, 70000);
	struct writer w = writer_at(big, 70000);

	if (!has_xattrs(h))
		goto close;
	memset(name, 'n', 255);
	name[255] = '\0';
	assert_int_equal(co_set_one(f, name, "1"), NT_STATUS_INVALID_EA_NAME);
	name[250] = '\0';
	assert_int_equal(co_set_one(f, name, "1"), NT_STATUS_SUCCESS);
	wr_u32(&w, 0);
	wr_u8(&w, 0);
	wr_u8(&w, 1);
	wr_u16(&w, 65535);
	wr_copy(&w, "B", 2);
	wr_zero(&w, 65535);
	/* A file system may take less: that is an answer, not a fault. */
	(void)house_co_set(f, (struct smb_set){ .kind = SMB_SET_EAS,
						.eas = big,
						.eas_length = (uint32_t)w.at });
close:
	free(big);
	house_co_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eas_are_set_read_and_taken_away),
		cmocka_unit_test(their_size_is_that_of_the_list),
		cmocka_unit_test(overwriting_takes_them_away),
		cmocka_unit_test(names_are_the_same_whatever_their_case),
		cmocka_unit_test(what_others_keep_in_xattrs_is_hidden),
		cmocka_unit_test(a_small_buffer_gets_whole_entries),
		cmocka_unit_test(rights_are_needed),
		cmocka_unit_test(names_and_values_have_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
