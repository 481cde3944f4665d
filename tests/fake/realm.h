/*
 * A realm in memory: accounts with passwords, shares, and the server's facts.
 * Counts the references that are out, so that a test can tell that none leaks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smb/ports.h"

enum {
	FAKE_ACCOUNTS_MAX = 8,
	FAKE_SHARES_MAX = 8,
	/* Accounts are users of Linux, too, from this one on; and there is one
	   group, "staff". */
	FAKE_UID = 1000,
	FAKE_GID = 50,
};

struct fake_account {
	struct smb_user user; /* first: what the ports know it by */
	uint8_t nt_hash[16];
	struct fake_realm *realm;
};

struct fake_realm {
	struct smb_server_facts facts;
	struct fake_account accounts[FAKE_ACCOUNTS_MAX];
	unsigned int account_count;
	struct fake_account guest, anonymous;
	bool has_guest, has_anonymous;
	struct smb_volume shares[FAKE_SHARES_MAX];
	unsigned int share_count;
	unsigned int references; /* to users, out at present */
};

/* A server "FAKE", without accounts and shares. */
void fake_realm_init(struct fake_realm *realm);

/* Both UTF-8. */
struct fake_account *fake_realm_add_account(struct fake_realm *realm,
					    const char *name,
					    const char *password);

/* A disk share that all may use; change its facts as needed. */
struct smb_volume *fake_realm_add_share(struct fake_realm *realm,
					const char *name, const char *comment);

/* `realm` of struct smb_ports is a struct fake_realm. */
extern const struct smb_realm_ops fake_realm_ops;
