/*
 * Where the GUID comes from. A machine id must not be shown to the network as
 * it is (machine-id(5)): it goes through a hash with our name on it.
 */
#include "gateway/guid.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "gateway/secret.h"

enum {
	DIGITS = 32
};

/* Makes 16 bytes an RFC 4122 GUID of a kind. */
static void guid_mark(uint8_t guid[16], unsigned int version)
{
	guid[7] = (uint8_t)((guid[7] & 0x0f) | version << 4);
	guid[8] = (uint8_t)((guid[8] & 0x3f) | 0x80);
}

static void guid_derive(const char *name, uint8_t guid[16])
{
	char text[512] = "smbgate server ";
	uint8_t digest[32];
	char *id = NULL;

	if (gw_file_read("/etc/machine-id", 256, &id, NULL) == 0)
		id[strcspn(id, "\n")] = '\0';
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s %s",
		 id ? id : "", name);
	free(id);
	gnutls_hash_fast(GNUTLS_DIG_SHA256, text, strlen(text), digest);
	memcpy(guid, digest, 16);
	guid_mark(guid, 5);
}

static int guid_read(const char *path, uint8_t guid[16])
{
	char *text;
	int err = gw_file_read(path, 256, &text, NULL);

	if (err < 0)
		return err;
	/* Sixteen bytes in hexadecimal, as an NT hash has them. */
	if (strlen(text) < DIGITS || !gw_nt_hash_parse(text, guid))
		err = -EILSEQ;
	free(text);
	return err;
}

static int guid_write(const char *path, const uint8_t guid[16])
{
	char text[DIGITS + 2];
	char beside[PATH_MAX];
	int fd, err = 0;

	for (size_t i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", guid[i]);
	text[DIGITS] = '\n';
	if ((size_t)snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >=
	    sizeof(beside))
		return -ENAMETOOLONG;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, DIGITS + 1) != DIGITS + 1 || fsync(fd) < 0)
		err = errno ? -errno : -EIO;
	close(fd);
	if (err == 0 && rename(beside, path) < 0)
		err = -errno;
	if (err < 0)
		unlink(beside);
	return err;
}

int gw_guid(const char *state_dir, const char *name, uint8_t ret_guid[16])
{
	char path[PATH_MAX];
	int err;

	if (!state_dir) {
		guid_derive(name, ret_guid);
		return 0;
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/guid", state_dir) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	err = guid_read(path, ret_guid);
	if (err != -ENOENT)
		return err;
	if (getrandom(ret_guid, 16, 0) != 16)
		return -EIO;
	guid_mark(ret_guid, 4);
	return guid_write(path, ret_guid);
}
