/*
 * A backup may grow up to a limit that the share has; how much there is of it
 * already is known by counting its bands. The images are those of all users,
 * so they are looked at as the process.
 */
#include "gateway/fsa/bundle.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)

enum {
	PLIST_MAX = 64 * 1024, /* real ones have about 500 bytes */
	KEPT_SECONDS = 60,
};

bool fsa_bundle_is_name(const char *name)
{
	static const char *const ends[] = { ".sparsebundle", ".backupbundle" };
	size_t length = strlen(name);

	for (size_t i = 0; i < 2; i++) {
		size_t end = strlen(ends[i]);

		if (length > end && strcmp(name + length - end, ends[i]) == 0)
			return true;
	}
	return false;
}

/* What comes behind the text; empty if it is not there. */
static struct bytes behind(struct bytes in, const char *text)
{
	size_t length = strlen(text);
	const uint8_t *at =
		in.length ? memmem(in.at, in.length, text, length) : NULL;

	if (!at)
		return (struct bytes){};
	at += length;
	return (struct bytes){ at, in.length - (size_t)(at - in.at) };
}

uint64_t fsa_bundle_band_size(struct bytes plist)
{
	struct bytes value = behind(plist, "<key>band-size</key>");
	struct bytes next_key = behind(value, "<key>");
	struct bytes digits = behind(value, "<integer>");
	uint64_t size = 0;
	size_t i;

	/* The integer is this key's, not the next one's. */
	if (digits.length < next_key.length)
		return 0;
	for (i = 0; i < digits.length; i++) {
		unsigned int digit = digits.at[i] - '0';

		if (digit > 9)
			break;
		if (__builtin_mul_overflow(size, 10, &size) ||
		    __builtin_add_overflow(size, digit, &size))
			return 0;
	}
	return i < digits.length && digits.at[i] == '<' ? size : 0;
}

static uint8_t *room_of(void *owner, uint32_t length)
{
	return length <= PLIST_MAX ? owner : NULL;
}

static uint64_t co_band_size(struct store_tree *tree, struct store_file *image)
{
	struct store_file *file;
	struct store_body body = {};
	uint64_t size = 0;
	uint8_t *room = malloc(PLIST_MAX);
	struct store_read how = { .length = PLIST_MAX,
				  .room = room_of,
				  .owner = room };

	if (room && store_co_open(tree, NULL, image, "Info.plist",
				  STORE_OPEN_READ | STORE_OPEN_NOFOLLOW, 0,
				  &file) == 0) {
		if (store_co_read(file, &how, &body) == 0)
			size = fsa_bundle_band_size(
				(struct bytes){ room, body.length });
		store_file_close(file);
	}
	free(room);
	return size;
}

static uint64_t co_count(struct store_tree *tree, struct store_file *image)
{
	struct store_listing *listing;
	struct store_file *bands;
	struct store_entry entry;
	uint64_t count = 0;

	if (store_co_open(tree, NULL, image, "bands",
			  STORE_OPEN_READ | STORE_OPEN_DIRECTORY |
				  STORE_OPEN_NOFOLLOW,
			  0, &bands) < 0)
		return 0;
	if (store_co_list_open(NULL, bands, &listing) == 0) {
		while (store_co_list_next(listing, &entry) == 1)
			count++;
		store_listing_free(listing);
	}
	store_file_close(bands);
	return count;
}

static uint64_t co_size(struct store_tree *tree, struct store_file *root,
			const char *name)
{
	struct store_file *image;
	uint64_t size;

	if (store_co_open(tree, NULL, root, name,
			  STORE_OPEN_PATH | STORE_OPEN_DIRECTORY |
				  STORE_OPEN_NOFOLLOW,
			  0, &image) < 0)
		return 0;
	size = co_band_size(tree, image);
	if (size > 0 &&
	    __builtin_mul_overflow(size, co_count(tree, image), &size))
		size = UINT64_MAX;
	store_file_close(image);
	return size;
}

static uint64_t co_all(struct store_tree *tree)
{
	struct store_listing *listing;
	struct store_file *root;
	struct store_entry entry;
	uint64_t sum = 0;

	if (store_co_open(tree, NULL, NULL, "",
			  STORE_OPEN_READ | STORE_OPEN_DIRECTORY, 0, &root) < 0)
		return 0;
	if (store_co_list_open(NULL, root, &listing) == 0) {
		while (store_co_list_next(listing, &entry) == 1) {
			if (fsa_bundle_is_name(entry.name) &&
			    __builtin_add_overflow(
				    sum, co_size(tree, root, entry.name), &sum))
				sum = UINT64_MAX;
		}
		store_listing_free(listing);
	}
	store_file_close(root);
	return sum;
}

uint64_t fsa_co_bundles_size(struct fsa_volume *volume)
{
	uint64_t now = loop_now();

	if (volume->bundles_until <= now) {
		/* Those who ask meanwhile get the old number. */
		volume->bundles_until = now + KEPT_SECONDS * NS_PER_SECOND;
		volume->bundles_size = co_all(volume->share->tree);
	}
	return volume->bundles_size;
}
