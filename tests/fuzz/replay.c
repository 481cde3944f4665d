/*
 * Feeds stored inputs to a fuzz target built without libFuzzer: every file
 * given, and every file of a directory given.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static unsigned int fed;

/* In memory of its exact length, so that a sanitizer sees a byte too far. */
static int feed_file(const char *path, size_t length)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes = malloc(length ? length : 1);
	int result = -1;

	if (!file || !bytes || fread(bytes, 1, length, file) != length) {
		perror(path);
		goto out;
	}
	LLVMFuzzerTestOneInput(bytes, length);
	fed++;
	result = 0;
out:
	free(bytes);
	if (file)
		fclose(file);
	return result;
}

static int feed(const char *path);

static int feed_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int result = 0;

	if (!directory) {
		perror(path);
		return -1;
	}
	while ((entry = readdir(directory))) {
		char *inside = NULL;

		if (entry->d_name[0] == '.')
			continue;
		if (asprintf(&inside, "%s/%s", path, entry->d_name) < 0)
			result = -1;
		else
			result |= feed(inside);
		free(inside);
	}
	closedir(directory);
	return result;
}

static int feed(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		perror(path);
		return -1;
	}
	if (S_ISDIR(st.st_mode))
		return feed_directory(path);
	return feed_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	int result = 0;

	for (int i = 1; i < argc; i++)
		result |= feed(argv[i]);
	printf("%u inputs\n", fed);
	return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
