/* Reparse points, MS-FSCC 2.1.2 and MS-FSA 2.1.5.10; reparse_data.c too. */
#include "tests/fsa/house.h"

#include "gateway/fsa/reparse_data.h"
#include "smb/wire/cursor.h"

enum {
	SET = 0x900a4,
	GET = 0x900a8,
	DELETE_POINT = 0x900ac,
};

#define TAG_LINK 0xa000000cu
#define TAG_NFS  0x80000014u

static uint8_t in[512], out[512];
static uint32_t out_length;

/* The house's tree once more, with links shown. */
struct showing {
	struct fsa_share share;
	struct smb_volume *volume;
};

static void begin(struct house *h, struct showing *s)
{
	const struct store_options options = { .symlinks =
						       STORE_SYMLINKS_SHOW };

	s->share = h->share;
	s->share.tree = yard_tree(h->y, &options);
	s->volume = house_volume(&s->share);
}

static void end(struct showing *s)
{
	fsa_object_ops.disconnect(s->volume);
	store_tree_unref(s->share.tree);
}

static struct smb_object *co_open(struct house *h, struct showing *s,
				  const char *name, uint32_t options)
{
	struct smb_created created = { 0 };
	struct smb_create how = {
		.name = house_name(name),
		.access = FILE_ALL_ACCESS,
		.sharing = HOUSE_SHARE_ALL,
		.disposition = FILE_OPEN_IF,
		.options = options | FILE_OPEN_REPARSE_POINT,
	};

	assert_int_equal(fsa_object_ops.co_create(s->volume, &h->call, &how,
						  &created),
			 NT_STATUS_SUCCESS);
	return created.object;
}

static enum nt_status co_ask(struct smb_object *object, uint32_t code,
			     uint32_t in_length, uint32_t out_size)
{
	struct smb_ioctl ioctl = { .code = code,
				   .in = in,
				   .in_length = in_length,
				   .out = out,
				   .out_size = out_size };

	out_length = 0;
	return fsa_object_ops.co_ioctl(object, &ioctl, &out_length);
}

static void write_text(struct writer *w, const char *ascii)
{
	for (; *ascii; ascii++)
		wr_u16(w, (unsigned char)*ascii);
}

/* The input that asks for a link: its length. */
static uint32_t ask_link(const char *target, uint32_t flags)
{
	struct writer w = writer_at(in, sizeof(in));
	uint16_t length = (uint16_t)(2 * strlen(target));

	wr_u32(&w, TAG_LINK);
	wr_u16(&w, (uint16_t)(12 + 2 * length));
	wr_u16(&w, 0);
	wr_u16(&w, length); /* the print name comes first */
	wr_u16(&w, length);
	wr_u16(&w, 0);
	wr_u16(&w, length);
	wr_u32(&w, flags);
	write_text(&w, target);
	write_text(&w, target);
	return (uint32_t)w.at;
}

static uint32_t ask_nfs(uint64_t word, const char *target)
{
	struct writer w = writer_at(in, sizeof(in));

	wr_u32(&w, TAG_NFS);
	wr_u16(&w, (uint16_t)(8 + 2 * strlen(target)));
	wr_u16(&w, 0);
	wr_u64(&w, word);
	write_text(&w, target);
	return (uint32_t)w.at;
}

static uint32_t ask_wsl(uint32_t tag, const char *target)
{
	struct writer w = writer_at(in, sizeof(in));
	uint16_t length = (uint16_t)strlen(target);

	wr_u32(&w, tag);
	wr_u16(&w, length ? length + 4 : 0);
	wr_u16(&w, 0);
	if (length)
		wr_u32(&w, 2);
	wr_copy(&w, target, length);
	return (uint32_t)w.at;
}

static const char *target_of(struct house *h, const char *name)
{
	static char target[256];
	ssize_t n = readlink(yard_path(h->y, name), target, sizeof(target) - 1);

	assert_true(n > 0);
	target[n] = '\0';
	return target;
}

static mode_t kind_of(struct house *h, const char *name)
{
	struct stat st;

	assert_int_equal(lstat(yard_path(h->y, name), &st), 0);
	return st.st_mode & S_IFMT;
}

HOUSE_TEST(a_file_becomes_a_link)
{
	static const struct {
		const char *asked, *is;
	} cases[] = {
		{ "a", "a" },        { "..\\a\\b", "../a/b" },
		{ ".\\x", "./x" },   { "\\abs\\x", "/abs/x" },
		{ "dir\\", "dir/" },
	};
	struct showing s;

	begin(h, &s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct smb_object *f = co_open(h, &s, "f", 0);
		struct smb_open_facts facts = {};

		assert_int_equal(co_ask(f, SET, ask_link(cases[i].asked, 1), 0),
				 NT_STATUS_SUCCESS);
		assert_string_equal(target_of(h, "f"), cases[i].is);
		facts = house_co_facts(f);
		assert_int_equal(facts.file.reparse_tag, TAG_LINK);
		assert_true(facts.file.attributes &
			    FILE_ATTRIBUTE_REPARSE_POINT);
		assert_int_equal(co_ask(f, GET, 0, sizeof(out)),
				 NT_STATUS_SUCCESS);
		house_co_set(f, (struct smb_set){ .kind = SMB_SET_DISPOSITION,
						  .is_delete = true });
		house_co_close(f);
		assert_false(house_exists(h, "f"));
	}
	end(&s);
}

HOUSE_TEST(a_link_is_read)
{
	static const uint8_t expected[] = {
		0x0c, 0, 0,   0xa0, 12 + 12, 0, 0,    0, 0,   0,   6,
		0,    6, 0,   6,    0,       1, 0,    0, 0,   'a', 0,
		'\\', 0, 'b', 0,    'a',     0, '\\', 0, 'b', 0,
	};
	struct showing s;
	struct smb_object *f;

	begin(h, &s);
	yard_link(h->y, "a/b", "l");
	f = co_open(h, &s, "l", 0);
	assert_int_equal(co_ask(f, GET, 0, sizeof(out)), NT_STATUS_SUCCESS);
	assert_int_equal(out_length, sizeof(expected));
	assert_memory_equal(out, expected, sizeof(expected));
	assert_int_equal(co_ask(f, GET, 0, sizeof(expected) - 1),
			 NT_STATUS_BUFFER_TOO_SMALL);
	house_co_close(f);
	end(&s);
}

HOUSE_TEST(other_things_have_the_tag_of_nfs)
{
	static const uint8_t fifo[] = { 0x14, 0,   0,   0x80, 8, 0, 0, 0,
					'F',  'I', 'F', 'O',  0, 0, 0, 0 };
	struct showing s;
	struct smb_object *f;

	begin(h, &s);
	assert_int_equal(mkfifo(yard_path(h->y, "p"), 0644), 0);
	f = co_open(h, &s, "p", 0);
	assert_int_equal(co_ask(f, GET, 0, sizeof(out)), NT_STATUS_SUCCESS);
	assert_int_equal(out_length, sizeof(fifo));
	assert_memory_equal(out, fifo, sizeof(fifo));
	house_co_close(f);
	f = co_open(h, &s, "plain", 0);
	assert_int_equal(co_ask(f, GET, 0, sizeof(out)),
			 NT_STATUS_NOT_A_REPARSE_POINT);
	house_co_close(f);
	end(&s);
}

HOUSE_TEST(nfs_and_wsl_name_things_too)
{
	struct showing s;
	struct smb_object *f;

	begin(h, &s);
	f = co_open(h, &s, "p", 0);
	assert_int_equal(co_ask(f, SET, ask_nfs(0x4f464946, ""), 0),
			 NT_STATUS_SUCCESS);
	house_co_close(f);
	assert_int_equal(kind_of(h, "p"), S_IFIFO);
	f = co_open(h, &s, "s", 0);
	assert_int_equal(co_ask(f, SET, ask_wsl(0x80000023, ""), 0),
			 NT_STATUS_SUCCESS);
	house_co_close(f);
	assert_int_equal(kind_of(h, "s"), S_IFSOCK);
	f = co_open(h, &s, "l", 0);
	assert_int_equal(co_ask(f, SET, ask_nfs(0x14b4e4c, "a/b"), 0),
			 NT_STATUS_SUCCESS);
	house_co_close(f);
	assert_string_equal(target_of(h, "l"), "a/b");
	f = co_open(h, &s, "w", 0);
	assert_int_equal(co_ask(f, SET, ask_wsl(0xa000001d, "../x"), 0),
			 NT_STATUS_SUCCESS);
	house_co_close(f);
	assert_string_equal(target_of(h, "w"), "../x");
	end(&s);
}

HOUSE_TEST(what_can_not_be_made_is_refused)
{
	struct showing s;
	struct smb_object *f, *other;

	begin(h, &s);
	f = co_open(h, &s, "f", 0);
	assert_int_equal(co_ask(f, SET, ask_link("\\??\\C:\\x", 0), 0),
			 NT_STATUS_NOT_SUPPORTED);
	assert_int_equal(co_ask(f, SET, ask_link("\\\\host\\x", 0), 0),
			 NT_STATUS_NOT_SUPPORTED);
	assert_int_equal(co_ask(f, SET, ask_wsl(0x12345678, ""), 0),
			 NT_STATUS_NOT_SUPPORTED);
	assert_int_equal(co_ask(f, SET, ask_nfs(0x524843, "abcd"), 0),
			 NT_STATUS_ACCESS_DENIED);
	assert_int_equal(co_ask(f, SET, ask_nfs(0x5248, ""), 0),
			 NT_STATUS_IO_REPARSE_DATA_INVALID);
	assert_int_equal(co_ask(f, SET, ask_link("", 1), 0),
			 NT_STATUS_IO_REPARSE_DATA_INVALID);
	for (uint32_t length = 0, all = ask_link("t", 1); length < all;
	     length++)
		assert_int_equal(co_ask(f, SET, length, 0),
				 NT_STATUS_IO_REPARSE_DATA_INVALID);
	other = co_open(h, &s, "f", 0);
	assert_int_equal(co_ask(f, SET, ask_link("t", 1), 0),
			 NT_STATUS_SHARING_VIOLATION);
	house_co_close(other);
	house_co_close(f);

	yard_put(h->y, "full", "x", 1);
	f = co_open(h, &s, "full", 0);
	assert_int_equal(co_ask(f, SET, ask_link("t", 1), 0),
			 NT_STATUS_NOT_SUPPORTED);
	house_co_close(f);
	assert_int_equal(kind_of(h, "f"), S_IFREG);
	end(&s);
}

/* Where links are followed, nobody could see what was made. */
HOUSE_TEST(where_links_are_followed_none_are_made)
{
	struct smb_object *f = house_co_file(h, "f");

	assert_int_equal(co_ask(f, SET, ask_link("t", 1), 0),
			 NT_STATUS_INVALID_DEVICE_REQUEST);
	house_co_close(f);
}

HOUSE_TEST(directories_become_links_if_they_are_empty)
{
	struct showing s;
	struct smb_object *d;

	begin(h, &s);
	d = co_open(h, &s, "d", FILE_DIRECTORY_FILE);
	yard_put(h->y, "d/x", "x", 1);
	assert_int_equal(co_ask(d, SET, ask_link("t", 1), 0),
			 NT_STATUS_OBJECT_NAME_COLLISION);
	assert_int_equal(unlink(yard_path(h->y, "d/x")), 0);
	assert_int_equal(co_ask(d, SET, ask_link("t", 1), 0),
			 NT_STATUS_SUCCESS);
	assert_false(d->is_directory);
	house_co_close(d);
	assert_string_equal(target_of(h, "d"), "t");
	end(&s);
}

HOUSE_TEST(a_link_becomes_a_file_again)
{
	static const uint8_t other[8] = { 0x14, 0, 0, 0x80 };
	static const uint8_t right[8] = { 0x0c, 0, 0, 0xa0 };
	struct showing s;
	struct smb_object *f;
	struct smb_write how = { .bytes = right, .length = 8 };

	begin(h, &s);
	yard_link(h->y, "t", "l");
	f = co_open(h, &s, "l", 0);
	memcpy(in, other, 8);
	assert_int_equal(co_ask(f, DELETE_POINT, 8, 0),
			 NT_STATUS_IO_REPARSE_TAG_MISMATCH);
	memcpy(in, right, 8);
	assert_int_equal(co_ask(f, DELETE_POINT, 7, 0),
			 NT_STATUS_IO_REPARSE_DATA_INVALID);
	assert_int_equal(co_ask(f, DELETE_POINT, 8, 0), NT_STATUS_SUCCESS);
	assert_int_equal(kind_of(h, "l"), S_IFREG);
	assert_int_equal(co_ask(f, DELETE_POINT, 8, 0),
			 NT_STATUS_NOT_A_REPARSE_POINT);
	assert_int_equal(fsa_object_ops.co_write(f, &how), NT_STATUS_SUCCESS);
	house_co_close(f);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_becomes_a_link),
		cmocka_unit_test(a_link_is_read),
		cmocka_unit_test(other_things_have_the_tag_of_nfs),
		cmocka_unit_test(nfs_and_wsl_name_things_too),
		cmocka_unit_test(what_can_not_be_made_is_refused),
		cmocka_unit_test(where_links_are_followed_none_are_made),
		cmocka_unit_test(directories_become_links_if_they_are_empty),
		cmocka_unit_test(a_link_becomes_a_file_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
