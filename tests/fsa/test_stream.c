/*
 * Alternate data streams: how they lie on disk, what they contain, and how
 * they and their file come and go (MS-FSA 2.1.5.1, 2.1.5.4, 2.1.5.15.3; NM-3).
 * Tests stream.c, stream_list.c and xattrs.c, and the streams of open_steps.c, admit.c and close.c.
 */
#include "tests/fsa/desk.h"

#include <sys/xattr.h>

#include "gateway/fsa/stream.h"

#define ONE "user.DosStream.One:$DATA"

static struct smb_object *co_stream(struct desk *d, const char *name)
{
	return desk_co_open(d->volume, name, FILE_ALL_ACCESS, DESK_ALL,
			    FILE_OPEN_IF, 0);
}

static enum nt_status co_try(struct desk *d, const char *name,
			     uint32_t disposition)
{
	return desk_co_try(d->volume, name, DESK_RW, DESK_ALL, disposition, 0);
}

/* The attribute as it lies on disk: its bytes; -1: there is none. */
static ssize_t on_disk(struct desk *d, const char *file, const char *xattr,
		       char to[64])
{
	return getxattr(yard_path(d->y, file), xattr, to, 64);
}

static void put_on_disk(struct desk *d, const char *file, const char *xattr,
			const char *value, size_t size)
{
	assert_int_equal(0, setxattr(yard_path(d->y, file), xattr, value, size,
				     0));
}

static uint64_t co_size(struct smb_object *object)
{
	struct smb_open_facts facts = {};

	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_query(object, &facts));
	return facts.file.end_of_file;
}

static enum nt_status co_set(struct smb_object *object, enum smb_set_kind kind,
			     uint64_t value)
{
	return fsa_object_ops.co_set(object,
				     &(struct smb_set){ .kind = kind,
							.value = value,
							.is_delete = value });
}

#define DESK_TEST(name)                           \
	static void co_in_##name(struct desk *d); \
	YARD_TEST(name)                           \
	{                                         \
		struct desk d;                    \
                                                  \
		desk_begin(&d, y);                \
		co_in_##name(&d);                 \
		desk_end(&d);                     \
	}                                         \
	static void co_in_##name(struct desk *d)

/* ---- on disk ---- */

DESK_TEST(a_stream_is_an_attribute_with_a_nul_behind_it)
{
	struct smb_object *s = co_stream(d, "f:One");
	char bytes[64];

	assert_int_equal(1, on_disk(d, "f", ONE, bytes));
	assert_int_equal(0, bytes[0]);
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(s, 0, "abc"));
	assert_int_equal(4, on_disk(d, "f", ONE, bytes));
	assert_memory_equal("abc", bytes, 4);
	desk_co_close(s);
}

DESK_TEST(what_others_left_there_is_a_stream)
{
	struct smb_object *s;
	char text[16] = { 0 };

	yard_put(d->y, "f", "data", 4);
	put_on_disk(d, "f", ONE, "hello", 6);
	put_on_disk(d, "f", "user.DosStream.Odd:$DATA", "", 0);
	s = co_stream(d, "F:oNE:$data");
	assert_int_equal(5, co_size(s));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_read(s, 1, 9, 0, text));
	assert_string_equal("ello", text);
	/* It is seen at once when it changes outside. */
	put_on_disk(d, "f", ONE, "hi", 3);
	assert_int_equal(2, co_size(s));
	desk_co_close(s);
	s = co_stream(d, "f:odd");
	assert_int_equal(0, co_size(s));
	desk_co_close(s);
}

DESK_TEST(names_are_kept_as_they_came)
{
	struct smb_object *s = co_stream(d, "f:\xc3\x84?*");
	struct smb_open_facts facts = {};
	char bytes[64], shown[64];

	assert_int_equal(1, on_disk(d, "f", "user.DosStream.\xc3\x84?*:$DATA",
				    bytes));
	assert_int_equal(NT_STATUS_SUCCESS, fsa_object_ops.co_query(s, &facts));
	smb_utf16_to_utf8(facts.path, shown, sizeof(shown));
	assert_string_equal("\\f:\xc3\x84?*", shown);
	assert_int_equal(NT_STATUS_OBJECT_NAME_COLLISION,
			 co_try(d, "f:\xc3\xa4?*", FILE_CREATE));
	desk_co_close(s);
}

DESK_TEST(a_name_has_to_fit_an_attribute)
{
	char name[300] = "f:";

	memset(name + 2, 'n', 234);
	assert_int_equal(NT_STATUS_SUCCESS, co_try(d, name, FILE_CREATE));
	memset(name + 2, 'n', 235);
	assert_int_equal(NT_STATUS_OBJECT_NAME_INVALID,
			 co_try(d, name, FILE_CREATE));
}

DESK_TEST(without_streams_they_are_refused)
{
	struct smb_volume_facts facts;

	yard_put(d->y, "f", "x", 1);
	put_on_disk(d, "f", ONE, "", 1);
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_query_volume(d->volume, &facts));
	assert_true(facts.attributes & 0x40000);
	d->share.streams = FSA_STREAMS_NONE;
	assert_int_equal(NT_STATUS_OBJECT_NAME_INVALID,
			 co_try(d, "f:One", FILE_OPEN));
	assert_int_equal(NT_STATUS_OBJECT_NAME_INVALID,
			 co_try(d, "f::$DATA", FILE_OPEN));
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_query_volume(d->volume, &facts));
	assert_false(facts.attributes & 0x40000);
}

/* ---- contents ---- */

DESK_TEST(several_opens_see_each_others_bytes)
{
	struct smb_object *a = co_stream(d, "f:One");
	struct smb_object *b = co_stream(d, "f:ONE");
	char text[16] = { 0 };

	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(a, 2, "cd"));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(b, 0, "ab"));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_read(a, 0, 9, 0, text));
	assert_string_equal("abcd", text);
	assert_int_equal(NT_STATUS_END_OF_FILE, desk_co_read(b, 4, 9, 0, text));
	assert_int_equal(NT_STATUS_END_OF_FILE, desk_co_read(b, 0, 9, 5, text));
	desk_co_close(a);
	desk_co_close(b);
}

DESK_TEST(a_gap_is_zeroes)
{
	struct smb_object *s = co_stream(d, "f:One");
	char text[16] = { 0 };

	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(s, 0, "abcdef"));
	assert_int_equal(NT_STATUS_SUCCESS, co_set(s, SMB_SET_END_OF_FILE, 2));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(s, 4, "x"));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_read(s, 0, 9, 5, text));
	assert_memory_equal("ab\0\0x", text, 5);
	desk_co_close(s);
}

DESK_TEST(what_does_not_fit_is_a_full_disk)
{
	struct smb_object *s = co_stream(d, "f:One");

	assert_int_equal(NT_STATUS_DISK_FULL, desk_co_write(s, 65535, "x"));
	assert_int_equal(NT_STATUS_DISK_FULL,
			 co_set(s, SMB_SET_END_OF_FILE, 65536));
	assert_int_equal(NT_STATUS_DISK_FULL,
			 co_set(s, SMB_SET_ALLOCATION, 65536));
	assert_int_equal(NT_STATUS_SUCCESS, co_set(s, SMB_SET_ALLOCATION, 99));
	assert_int_equal(0, co_size(s));
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 co_set(s, SMB_SET_VALID_DATA, 1));
	desk_co_close(s);
}

DESK_TEST(a_stream_can_be_flushed)
{
	struct smb_object *s = co_stream(d, "f:One");
	struct smb_object *t;

	assert_int_equal(NT_STATUS_SUCCESS, fsa_object_ops.co_flush(s));
	desk_co_close(s);
	yard_mkdir(d->y, "dir");
	t = co_stream(d, "dir:One");
	assert_int_equal(NT_STATUS_SUCCESS, fsa_object_ops.co_flush(t));
	desk_co_close(t);
}

DESK_TEST(bytes_are_copied_from_one_to_another)
{
	struct smb_object *a = co_stream(d, "f:One");
	struct smb_object *b = co_stream(d, "g:Two");
	struct smb_object *f = co_stream(d, "f");
	static struct smb_call call;
	struct smb_copy how = { .source = a, .call = &call, .length = 3 };
	char text[16] = { 0 };
	uint64_t copied;

	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(a, 0, "abc"));
	how.to = 1;
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_copy(b, &how, &copied));
	assert_int_equal(3, copied);
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_read(b, 0, 9, 4, text));
	assert_memory_equal("\0abc", text, 4);
	how.source = b;
	how.from = 1;
	how.to = 0;
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_copy(f, &how, &copied));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_read(f, 0, 9, 3, text));
	assert_string_equal("abc", text);
	how.source = f;
	how.to = 2;
	how.from = 0;
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_copy(a, &how, &copied));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_read(a, 0, 9, 5, text));
	assert_string_equal("ababc", text);
	how.from = 1;
	assert_int_equal(NT_STATUS_INVALID_VIEW_SIZE,
			 fsa_object_ops.co_copy(a, &how, &copied));
	how.is_clone = true;
	assert_int_equal(NT_STATUS_NOT_SUPPORTED,
			 fsa_object_ops.co_copy(a, &how, &copied));
	desk_co_close(a);
	desk_co_close(b);
	desk_co_close(f);
}

/* ---- facts ---- */

DESK_TEST(facts_are_the_files_but_for_the_size)
{
	struct smb_object *s, *f;
	struct smb_open_facts of_stream = {}, of_file = {};

	yard_mkdir(d->y, "dir");
	s = co_stream(d, "dir:One");
	f = desk_co_open(d->volume, "dir", FILE_ALL_ACCESS, DESK_ALL, FILE_OPEN,
			 0);
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(s, 0, "12345"));
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_query(s, &of_stream));
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_query(f, &of_file));
	assert_false(of_stream.file.is_directory || s->is_directory);
	assert_int_equal(FILE_ATTRIBUTE_NORMAL, of_stream.file.attributes);
	assert_int_equal(5, of_stream.file.end_of_file);
	assert_int_equal(4096, of_stream.file.allocation);
	assert_int_equal(of_file.file.index, of_stream.file.index);
	assert_int_equal(of_file.file.creation, of_stream.file.creation);
	desk_co_close(f);
	desk_co_close(s);
}

DESK_TEST(times_set_by_one_are_those_of_the_other)
{
	struct smb_object *s = co_stream(d, "f:One");
	struct smb_object *f = co_stream(d, "f");
	struct smb_open_facts facts = {};
	const uint64_t then = UINT64_C(132000000000000000);
	struct smb_set set = { .kind = SMB_SET_BASIC, .write = then };

	assert_int_equal(NT_STATUS_SUCCESS, fsa_object_ops.co_set(s, &set));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(f, 0, "x"));
	assert_int_equal(NT_STATUS_SUCCESS, fsa_object_ops.co_query(f, &facts));
	assert_int_equal(then, facts.file.write);
	desk_co_close(s);
	desk_co_close(f);
}

/* FileStreamInformation: the names that are listed, by a blank each. */
static void co_list(struct smb_object *object, char *to)
{
	uint8_t bytes[512];
	uint32_t length = 0, next;
	struct reader r;

	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_query_streams(object, bytes,
							 sizeof(bytes),
							 &length));
	*to = '\0';
	r = reader_at(bytes, length);
	for (size_t at = 0; length; at += next) {
		uint16_t units[64];
		uint32_t size;
		size_t count;

		rd_seek(&r, at);
		next = rd_u32(&r);
		size = rd_u32(&r);
		rd_skip(&r, 16);
		count = smb_utf16_decode(rd_bytes(&r, size), units, 64);
		to += smb_utf16_to_utf8((struct smb_name){ units,
							   (uint32_t)count },
					to, 64);
		strcpy(to++, " ");
		assert_int_equal(0, next % 8);
		if (!next)
			break;
	}
	assert_true(rd_ok(&r));
}

DESK_TEST(a_file_lists_all_its_streams)
{
	struct smb_object *f, *s, *dir;
	char names[256];
	uint8_t bytes[64];
	uint32_t length;

	yard_put(d->y, "f", "x", 1);
	yard_mkdir(d->y, "dir");
	s = co_stream(d, "f:One");
	f = co_stream(d, "f");
	put_on_disk(d, "f", "user.other", "x", 1);
	put_on_disk(d, "f", "user.DosStream.bad", "x", 1);
	put_on_disk(d, "f", "user.DosStream.\xff:$DATA", "x", 1);
	co_list(f, names);
	assert_string_equal("::$DATA :One:$DATA ", names);
	co_list(s, names);
	assert_string_equal("::$DATA :One:$DATA ", names);
	/* What does not fit is left out whole. */
	assert_int_equal(NT_STATUS_BUFFER_OVERFLOW,
			 fsa_object_ops.co_query_streams(f, bytes, 60,
							 &length));
	assert_int_equal(38, length);
	dir = co_stream(d, "dir");
	co_list(dir, names);
	assert_string_equal("", names);
	desk_co_close(dir);
	desk_co_close(f);
	desk_co_close(s);
}

/* ---- coming and going ---- */

DESK_TEST(dispositions_are_those_of_the_stream)
{
	char bytes[64];

	assert_int_equal(NT_STATUS_OBJECT_NAME_NOT_FOUND,
			 co_try(d, "f:One", FILE_OPEN));
	assert_false(desk_exists(d, "f"));
	assert_int_equal(NT_STATUS_SUCCESS, co_try(d, "f:One", FILE_CREATE));
	assert_true(desk_exists(d, "f"));
	assert_int_equal(NT_STATUS_OBJECT_NAME_NOT_FOUND,
			 co_try(d, "f:Two", FILE_OVERWRITE));
	assert_int_equal(NT_STATUS_OBJECT_NAME_COLLISION,
			 co_try(d, "f:one", FILE_CREATE));
	put_on_disk(d, "f", ONE, "old", 4);
	assert_int_equal(NT_STATUS_SUCCESS,
			 co_try(d, "f:one", FILE_OVERWRITE_IF));
	assert_int_equal(1, on_disk(d, "f", ONE, bytes));
	put_on_disk(d, "f", ONE, "old", 4);
	assert_int_equal(NT_STATUS_SUCCESS, co_try(d, "f:one", FILE_SUPERSEDE));
	assert_int_equal(1, on_disk(d, "f", ONE, bytes));
}

DESK_TEST(a_file_that_is_overwritten_loses_its_streams)
{
	struct smb_object *s = co_stream(d, "f:One");
	char bytes[64];

	assert_int_equal(NT_STATUS_SUCCESS, co_try(d, "f", FILE_OVERWRITE));
	assert_int_equal(-1, on_disk(d, "f", ONE, bytes));
	/* Who has it open has nothing, and does not bring it back. */
	assert_int_equal(0, co_size(s));
	assert_int_equal(NT_STATUS_OBJECT_NAME_NOT_FOUND,
			 desk_co_write(s, 0, "x"));
	assert_int_equal(NT_STATUS_SUCCESS, co_try(d, "f:One", FILE_CREATE));
	desk_co_close(s);
}

DESK_TEST(a_stream_is_deleted_with_its_last_open)
{
	struct smb_object *a = co_stream(d, "f:One");
	struct smb_object *b = co_stream(d, "f:One");
	char bytes[64];

	assert_int_equal(NT_STATUS_SUCCESS, co_set(a, SMB_SET_DISPOSITION, 1));
	assert_int_equal(NT_STATUS_DELETE_PENDING,
			 co_try(d, "f:One", FILE_OPEN));
	assert_int_equal(NT_STATUS_SUCCESS, co_try(d, "f", FILE_OPEN));
	desk_co_close(a);
	assert_int_equal(1, on_disk(d, "f", ONE, bytes));
	desk_co_close(b);
	assert_int_equal(-1, on_disk(d, "f", ONE, bytes));
	assert_true(desk_exists(d, "f"));
	assert_int_equal(NT_STATUS_SUCCESS,
			 desk_co_try(d->volume, "f:One", FILE_ALL_ACCESS,
				     DESK_ALL, FILE_CREATE,
				     FILE_DELETE_ON_CLOSE));
	assert_int_equal(-1, on_disk(d, "f", ONE, bytes));
}

DESK_TEST(a_deleted_file_waits_for_its_streams)
{
	struct smb_object *s = co_stream(d, "f:One");
	char text[16] = { 0 };

	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(s, 0, "abc"));
	assert_int_equal(NT_STATUS_SUCCESS,
			 desk_co_try(d->volume, "f", DELETE, DESK_ALL,
				     FILE_OPEN, FILE_DELETE_ON_CLOSE));
	assert_true(desk_exists(d, "f"));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_read(s, 0, 9, 0, text));
	assert_int_equal(NT_STATUS_DELETE_PENDING, co_try(d, "f", FILE_OPEN));
	assert_int_equal(NT_STATUS_DELETE_PENDING,
			 co_try(d, "f:One", FILE_OPEN));
	assert_int_equal(NT_STATUS_DELETE_PENDING,
			 co_try(d, "f:Two", FILE_CREATE));
	desk_co_close(s);
	assert_false(desk_exists(d, "f"));
}

/* ---- of macOS: apple.c, and what stream.c makes of afp.c ---- */

#define INFO "user.DosStream.AFP_AfpInfo:$DATA"

static enum nt_status co_write_info(struct smb_object *object,
				    const char *finder)
{
	uint8_t bytes[60] = { 'A', 'F', 'P', 0, 0, 1 };
	const struct smb_write how = { .bytes = bytes,
				       .length = sizeof(bytes) };

	memcpy(bytes + 16, finder, strlen(finder));
	return fsa_object_ops.co_write(object, &how);
}

DESK_TEST(afp_info_is_there_as_long_as_it_says_something)
{
	struct smb_object *s = co_stream(d, "f:AFP_AfpInfo");
	char bytes[64], names[256];

	/* New: 60 bytes, but none on disk, and none to others. */
	assert_int_equal(60, co_size(s));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_read(s, 0, 63, 60, bytes));
	assert_memory_equal("AFP\0\0\1\0\0", bytes, 8);
	assert_int_equal(-1, on_disk(d, "f", INFO, bytes));
	assert_int_equal(NT_STATUS_OBJECT_NAME_NOT_FOUND,
			 co_try(d, "f:AFP_AfpInfo", FILE_OPEN));
	assert_int_equal(NT_STATUS_SUCCESS, co_write_info(s, "TEXTttxt"));
	assert_int_equal(61, on_disk(d, "f", INFO, bytes));
	co_list(s, names);
	assert_string_equal("::$DATA :AFP_AfpInfo:$DATA ", names);
	assert_int_equal(NT_STATUS_SUCCESS, co_set(s, SMB_SET_END_OF_FILE, 0));
	assert_int_equal(NT_STATUS_ALLOTTED_SPACE_EXCEEDED,
			 co_set(s, SMB_SET_END_OF_FILE, 61));
	assert_int_equal(61, on_disk(d, "f", INFO, bytes));
	assert_int_equal(NT_STATUS_INVALID_PARAMETER,
			 desk_co_write(s, 0, "nonsense"));
	assert_int_equal(NT_STATUS_SUCCESS, co_write_info(s, ""));
	assert_int_equal(-1, on_disk(d, "f", INFO, bytes));
	co_list(s, names);
	assert_string_equal("::$DATA ", names);
	assert_int_equal(NT_STATUS_SUCCESS, co_set(s, SMB_SET_DISPOSITION, 1));
	desk_co_close(s);
}

DESK_TEST(a_resource_fork_of_no_bytes_is_none)
{
	struct smb_object *s = co_stream(d, "f:AFP_Resource"), *t;
	const char *xattr = "user.DosStream.AFP_Resource:$DATA";
	char bytes[64];

	assert_int_equal(0, co_size(s));
	assert_int_equal(-1, on_disk(d, "f", xattr, bytes));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(s, 0, "abc"));
	assert_int_equal(4, on_disk(d, "f", xattr, bytes));
	assert_int_equal(NT_STATUS_SUCCESS, co_set(s, SMB_SET_END_OF_FILE, 0));
	assert_int_equal(-1, on_disk(d, "f", xattr, bytes));
	assert_int_equal(NT_STATUS_OBJECT_NAME_NOT_FOUND,
			 co_try(d, "f:AFP_Resource", FILE_OPEN));
	t = co_stream(d, "f:AFP_Resource");
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(t, 0, "xyz"));
	desk_co_close(t);
	desk_co_close(s);
	assert_int_equal(4, on_disk(d, "f", xattr, bytes));
}

static bool take_apple(void *arg, const struct smb_dir_entry *entry)
{
	if (entry->name.count == 1 && entry->name.units[0] == 'f')
		*(struct smb_apple_facts *)arg = entry->apple;
	return true;
}

DESK_TEST(a_listing_tells_what_macos_wants)
{
	struct smb_apple_facts facts = { 0 };
	struct smb_object *s = co_stream(d, "f:AFP_AfpInfo"), *dir;
	const struct smb_list how = { .pattern = desk_name("*"),
				      .needs_facts = true,
				      .needs_apple = true,
				      .take = take_apple,
				      .arg = &facts };

	assert_int_equal(NT_STATUS_SUCCESS, co_write_info(s, "TEXTttxt"));
	desk_co_close(s);
	s = co_stream(d, "f:AFP_Resource");
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(s, 0, "abc"));
	desk_co_close(s);
	dir = desk_co_open(d->volume, "", FILE_LIST_DIRECTORY, DESK_ALL,
			   FILE_OPEN, 0);
	assert_int_equal(NT_STATUS_SUCCESS, fsa_object_ops.co_list(dir, &how));
	assert_int_equal(3, facts.resource);
	assert_memory_equal("TEXTttxt", facts.finder, 8);
	assert_true(S_ISREG(facts.mode));
	assert_int_equal(FILE_ALL_ACCESS, facts.access);
	desk_co_close(dir);
}

DESK_TEST(the_rest_of_a_file_is_copied)
{
	struct smb_object *f = co_stream(d, "f"), *g = co_stream(d, "g");
	static struct smb_call call;
	const struct smb_copy how = { .source = f,
				      .call = &call,
				      .is_rest = true };
	char bytes[64];
	uint64_t copied;

	put_on_disk(d, "f", ONE, "abc", 4);
	put_on_disk(d, "f", "user.ea", "x", 1);
	put_on_disk(d, "f", "user.smbgate.acl", "x", 1);
	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_copy(g, &how, &copied));
	assert_int_equal(4, on_disk(d, "g", ONE, bytes));
	assert_int_equal(1, on_disk(d, "g", "user.ea", bytes));
	assert_int_equal(-1, on_disk(d, "g", "user.smbgate.acl", bytes));
	desk_co_close(f);
	desk_co_close(g);
}

/* ---- beside others ---- */

DESK_TEST(share_modes_are_each_streams_own)
{
	struct smb_object *s =
		desk_co_open(d->volume, "f:One", DESK_RW, 0, FILE_CREATE, 0);

	assert_int_equal(NT_STATUS_SHARING_VIOLATION,
			 co_try(d, "f:One", FILE_OPEN));
	assert_int_equal(NT_STATUS_SUCCESS, co_try(d, "f:Two", FILE_OPEN_IF));
	assert_int_equal(NT_STATUS_SUCCESS, co_try(d, "f", FILE_OPEN));
	/* But with the file it would go. */
	assert_int_equal(NT_STATUS_SHARING_VIOLATION,
			 desk_co_try(d->volume, "f", DELETE, DESK_ALL,
				     FILE_OPEN, 0));
	assert_int_equal(NT_STATUS_SHARING_VIOLATION,
			 co_try(d, "f", FILE_OVERWRITE));
	desk_co_close(s);
	s = desk_co_open(d->volume, "f", DESK_RW, 0, FILE_OPEN, 0);
	assert_int_equal(NT_STATUS_SUCCESS,
			 desk_co_try(d->volume, "f:One", FILE_ALL_ACCESS, 0,
				     FILE_OPEN, 0));
	desk_co_close(s);
}

DESK_TEST(ranges_are_each_streams_own)
{
	const struct smb_lock range = { .length = 9, .is_exclusive = true };
	const struct smb_locks locks = { &range, 1, true };
	struct smb_object *a = co_stream(d, "f:One");
	struct smb_object *b = co_stream(d, "f:One");
	struct smb_object *f = co_stream(d, "f");
	static struct smb_call call;

	assert_int_equal(NT_STATUS_SUCCESS,
			 fsa_object_ops.co_lock(a, &call, &locks));
	assert_int_equal(NT_STATUS_FILE_LOCK_CONFLICT,
			 desk_co_write(b, 0, "x"));
	assert_int_equal(NT_STATUS_SUCCESS, desk_co_write(f, 0, "x"));
	desk_co_close(a);
	desk_co_close(b);
	desk_co_close(f);
}

DESK_TEST(a_read_only_file_has_read_only_streams)
{
	struct smb_object *s = co_stream(d, "f:One");
	const struct smb_set set = { .kind = SMB_SET_BASIC,
				     .attributes = FILE_ATTRIBUTE_READONLY };

	assert_int_equal(NT_STATUS_SUCCESS, fsa_object_ops.co_set(s, &set));
	assert_int_equal(NT_STATUS_CANNOT_DELETE,
			 co_set(s, SMB_SET_DISPOSITION, 1));
	desk_co_close(s);
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 co_try(d, "f:One", FILE_OPEN));
	assert_int_equal(NT_STATUS_ACCESS_DENIED,
			 desk_co_try(d->volume, "f:One", FILE_READ_DATA,
				     DESK_ALL, FILE_OVERWRITE, 0));
	assert_int_equal(NT_STATUS_SUCCESS,
			 desk_co_try(d->volume, "f:One", FILE_READ_DATA,
				     DESK_ALL, FILE_OPEN, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_is_an_attribute_with_a_nul_behind_it),
		cmocka_unit_test(what_others_left_there_is_a_stream),
		cmocka_unit_test(names_are_kept_as_they_came),
		cmocka_unit_test(a_name_has_to_fit_an_attribute),
		cmocka_unit_test(without_streams_they_are_refused),
		cmocka_unit_test(several_opens_see_each_others_bytes),
		cmocka_unit_test(a_gap_is_zeroes),
		cmocka_unit_test(what_does_not_fit_is_a_full_disk),
		cmocka_unit_test(a_stream_can_be_flushed),
		cmocka_unit_test(bytes_are_copied_from_one_to_another),
		cmocka_unit_test(facts_are_the_files_but_for_the_size),
		cmocka_unit_test(times_set_by_one_are_those_of_the_other),
		cmocka_unit_test(a_file_lists_all_its_streams),
		cmocka_unit_test(dispositions_are_those_of_the_stream),
		cmocka_unit_test(a_file_that_is_overwritten_loses_its_streams),
		cmocka_unit_test(a_stream_is_deleted_with_its_last_open),
		cmocka_unit_test(a_deleted_file_waits_for_its_streams),
		cmocka_unit_test(
			afp_info_is_there_as_long_as_it_says_something),
		cmocka_unit_test(a_resource_fork_of_no_bytes_is_none),
		cmocka_unit_test(a_listing_tells_what_macos_wants),
		cmocka_unit_test(the_rest_of_a_file_is_copied),
		cmocka_unit_test(share_modes_are_each_streams_own),
		cmocka_unit_test(ranges_are_each_streams_own),
		cmocka_unit_test(a_read_only_file_has_read_only_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
