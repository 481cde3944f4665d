/* The bytes of user.DOSATTRIB in all the forms that Samba wrote. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "gateway/fsa/dosattr.h"
#include "gateway/fsa/windows.h"

#define BYTES(...)                                                  \
	{                                                           \
		.at = (const uint8_t[]){ __VA_ARGS__ },             \
		.length = sizeof((const uint8_t[]){ __VA_ARGS__ }), \
	}

struct sample {
	const char *what;
	struct bytes bytes;
	struct fsa_dosattr attr;
};

static const struct sample samples[] = {
	{ "text alone", BYTES('0', 'x', '2', '2'), { .attributes = 0x22 } },
	{ "text with its end", BYTES('0', 'x', '1', 0), { .attributes = 1 } },
	{ "text that says none",
	  BYTES('0', 'x', '0'),
	  { .attributes = FILE_ATTRIBUTE_NORMAL } },
	{ "version 1",
	  BYTES('0', 'x', '2', '0', 0, 0, 1, 0, 1, 0, 0, 0, 0x20, 0, 0, 0, 0, 0,
		0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 0, 0,
		0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4),
	  { .attributes = 0x20, .has_creation = true, .creation = 3 } },
	{ "version 2",
	  BYTES('0', 'x', '2', '0', 0, 0, 2, 0, 2, 0, 0, 0, 9, 9, 9, 9, 0x22, 0,
		0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2,
		2, 3, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5,
		5, 5, 5, 5, 'n', 0),
	  { .attributes = 0x22, .has_creation = true, .creation = 3 } },
	{ "version 3",
	  BYTES('0', 'x', '2', '0', 0, 0, 3, 0, 3, 0, 0, 0, 0x11, 0, 0, 0, 0x20,
		0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2,
		2, 2, 0x80, 0x8c, 0x41, 0x83, 0xbd, 0x9b, 0xd1, 1, 4, 4, 4, 4,
		4, 4, 4, 4),
	  { .attributes = 0x20,
	    .has_creation = true,
	    .creation = 0x01d19bbd83418c80 } },
	{ "version 3 with a longer text",
	  BYTES('0', 'x', '2', '0', '2', '0', 0, 0, 3, 0, 3, 0, 1, 0, 0, 0,
		0x20, 0x20, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2,
		2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4),
	  { .attributes = 0x2020 } },
	{ "version 4",
	  BYTES(0, 0, 4, 0, 4, 0, 0, 0, 0x51, 0, 0, 0, 0x20, 0, 0, 0, 0xf4,
		0x57, 0x41, 0x73, 0xb9, 0x9e, 0xd9, 1, 0xf5, 0x57, 0x41, 0x73,
		0xb9, 0x9e, 0xd9, 1),
	  { .attributes = 0x20,
	    .has_creation = true,
	    .creation = 0x01d99eb9734157f5,
	    .has_itime = true,
	    .itime = 0x01d99eb9734157f4 } },
	{ "version 4 that says none",
	  BYTES(0, 0, 4, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	  { .attributes = FILE_ATTRIBUTE_NORMAL } },
	{ "version 4 with a birth time alone",
	  BYTES(0, 0, 4, 0, 4, 0, 0, 0, 0x10, 0, 0, 0, 0x20, 0, 0, 0, 9, 0, 0,
		0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0),
	  { .has_creation = true, .creation = 7 } },
	{ "version 5",
	  BYTES(0, 0, 5, 0, 5, 0, 0, 0, 0x11, 0, 0, 0, 0x21, 0, 0, 0, 0xf5,
		0x57, 0x41, 0x73, 0xb9, 0x9e, 0xd9, 1),
	  { .attributes = 0x21,
	    .has_creation = true,
	    .creation = 0x01d99eb9734157f5 } },
};

static void assert_same(const struct fsa_dosattr *a,
			const struct fsa_dosattr *b)
{
	assert_int_equal(a->attributes, b->attributes);
	assert_int_equal(a->has_creation, b->has_creation);
	assert_int_equal(a->creation, b->creation);
	assert_int_equal(a->has_itime, b->has_itime);
	assert_int_equal(a->itime, b->itime);
	assert_int_equal(a->has_change, b->has_change);
	assert_int_equal(a->change, b->change);
	assert_int_equal(a->change_set, b->change_set);
}

static void every_version_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct fsa_dosattr attr = { .attributes = 0xdead };

		assert_true(fsa_dosattr_decode(samples[i].bytes, &attr));
		assert_same(&attr, &samples[i].attr);
	}
}

static void what_is_written_is_read_back(void **state)
{
	static const struct fsa_dosattr attrs[] = {
		{ .attributes = 0x27 },
		{ .attributes = FILE_ATTRIBUTE_NORMAL },
		{ .attributes = 0xfff7ff7f },
		{ .has_creation = true, .creation = 1 },
		{ .attributes = 1,
		  .has_creation = true,
		  .creation = INT64_MAX },
		{ .attributes = 0x20,
		  .has_creation = true,
		  .creation = 5,
		  .has_itime = true,
		  .itime = 6 },
		{ .attributes = 0x20,
		  .has_change = true,
		  .change = 7,
		  .change_set = 8 },
		{},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		uint8_t blob[FSA_DOSATTR_SIZE];
		struct fsa_dosattr back = {};

		size_t size = fsa_dosattr_encode(&attrs[i], blob);

		assert_true(fsa_dosattr_decode((struct bytes){ blob, size },
					       &back));
		assert_same(&back, &attrs[i]);
	}
}

static void a_written_blob_is_samba_s_version_4(void **state)
{
	static const uint8_t wanted[] = {
		0, 0, 4, 0, 4, 0, 0, 0, 0x11, 0, 0, 0, 0x22, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 8,    7, 6, 5, 4,    3, 2, 1,
	};
	struct fsa_dosattr attr = {
		.attributes = 0x22,
		.has_creation = true,
		.creation = 0x0102030405060708,
	};
	uint8_t blob[FSA_DOSATTR_SIZE];

	(void)state;
	assert_int_equal(fsa_dosattr_encode(&attr, blob), sizeof(wanted));
	assert_memory_equal(blob, wanted, sizeof(wanted));
}

static bool is_text(const struct sample *s)
{
	return s->bytes.length < 8;
}

static void a_blob_that_is_cut_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		/* The creation time is the last that is read. */
		size_t end = samples[i].bytes.length;

		if (is_text(&samples[i]))
			continue;
		for (size_t n = 0; n < end; n++) {
			uint8_t *copy = malloc(n + 1);
			struct fsa_dosattr attr = { .attributes = 0xdead };

			memcpy(copy, samples[i].bytes.at, n);
			if (!fsa_dosattr_decode((struct bytes){ copy, n },
						&attr))
				assert_int_equal(attr.attributes, 0xdead);
			free(copy);
		}
	}
}

static const struct bytes nonsense[] = {
	{ NULL, 0 },
	BYTES(0),
	BYTES('0'),
	BYTES('0', 'x'),
	BYTES('0', 'x', 0),
	BYTES('0', 'x', 'g'),
	BYTES('2', '0'),
	BYTES('0', 'x', '1', '2', '3', '4', '5', '6', '7', '8', '9'),
	BYTES(0, 0, 6, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	      0, 0),
	BYTES(0, 0, 5, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	      0, 0),
	BYTES(0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x20, 0, 0, 0),
};

static void nonsense_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		struct fsa_dosattr attr = { .attributes = 0xdead };

		assert_false(fsa_dosattr_decode(nonsense[i], &attr));
		assert_int_equal(attr.attributes, 0xdead);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_is_read),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(a_written_blob_is_samba_s_version_4),
		cmocka_unit_test(a_blob_that_is_cut_is_none),
		cmocka_unit_test(nonsense_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
