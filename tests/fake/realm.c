/*
 * The realm that tests know: nothing in it waits, nothing is on disk.
 */
#include "tests/fake/realm.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "smb/auth/auth.h"
#include "smb/wire/utf16.h"

static void account_init(struct fake_account *account, struct fake_realm *realm,
			 const char *name)
{
	*account = (struct fake_account){ .realm = realm };
	snprintf(account->user.name, sizeof(account->user.name), "%s", name);
}

void fake_realm_init(struct fake_realm *realm)
{
	*realm = (struct fake_realm){
		.facts = {
			.guid = { 1, 2, 3, 4, 5, 6, 7, 8, 9 },
			.netbios_name = "FAKE",
			.dns_name = "fake.example",
			.comment = "a server of tests",
			.dialect_min = 0x0202,
			.dialect_max = 0x0311,
			.signing = SMB_POLICY_DESIRED,
			.encryption = SMB_POLICY_OFF,
			.io_size_max = 8 * 1024 * 1024,
			.credits_max = 512,
			.is_multichannel = true,
		},
	};
	account_init(&realm->guest, realm, "guest");
	realm->guest.user.is_guest = true;
	account_init(&realm->anonymous, realm, "anonymous");
	realm->anonymous.user.is_anonymous = true;
}

struct fake_account *fake_realm_add_account(struct fake_realm *realm,
					    const char *name,
					    const char *password)
{
	assert(realm->account_count < FAKE_ACCOUNTS_MAX);
	struct fake_account *account = &realm->accounts[realm->account_count++];
	uint8_t wire[512];
	struct writer w = writer_at(wire, sizeof(wire));

	account_init(account, realm, name);
	wr_utf16_of(&w, password);
	assert(wr_ok(&w));
	smb_md4(wire, w.at, account->nt_hash);
	return account;
}

struct smb_volume *fake_realm_add_share(struct fake_realm *realm,
					const char *name, const char *comment)
{
	assert(realm->share_count < FAKE_SHARES_MAX);
	struct smb_volume *share = &realm->shares[realm->share_count++];
	struct smb_share_facts *f = &share->facts;

	*share = (struct smb_volume){ .facts = { .type = SMB_SHARE_DISK,
						 .access_max = 0x1f01ff,
						 .keeps_opens = true } };
	snprintf(f->name, sizeof(f->name), "%s", name);
	snprintf(f->comment, sizeof(f->comment), "%s", comment);
	return share;
}

static struct fake_account *account_of(struct smb_user *user)
{
	return (struct fake_account *)user;
}

static const struct smb_server_facts *server(void *realm)
{
	struct fake_realm *r = realm;

	return &r->facts;
}

static struct smb_user *user_ref(struct smb_user *user)
{
	account_of(user)->realm->references++;
	return user;
}

static void user_unref(struct smb_user *user)
{
	assert(account_of(user)->realm->references > 0);
	account_of(user)->realm->references--;
}

static bool account(void *realm, struct smb_name name,
		    struct smb_user **ret_user, uint8_t ret_nt_hash[16])
{
	struct fake_realm *r = realm;
	char text[256];

	if (smb_utf16_to_utf8(name, text, sizeof(text)) == SIZE_MAX)
		return false;
	for (unsigned int i = 0; i < r->account_count; i++) {
		struct fake_account *a = &r->accounts[i];

		if (!smb_utf8_equal_nocase(a->user.name, text))
			continue;
		*ret_user = user_ref(&a->user);
		memcpy(ret_nt_hash, a->nt_hash, 16);
		return true;
	}
	return false;
}

static struct smb_user *guest(void *realm)
{
	struct fake_realm *r = realm;

	return r->has_guest ? user_ref(&r->guest.user) : NULL;
}

static struct smb_user *anonymous(void *realm)
{
	struct fake_realm *r = realm;

	return r->has_anonymous ? user_ref(&r->anonymous.user) : NULL;
}

static enum nt_status co_connect(void *realm, struct smb_user *user,
				 const char *share,
				 struct smb_volume **ret_volume)
{
	struct fake_realm *r = realm;

	(void)user;
	for (unsigned int i = 0; i < r->share_count; i++) {
		struct smb_volume *v = &r->shares[i];

		if (!smb_utf8_equal_nocase(v->facts.name, share))
			continue;
		*ret_volume = v;
		return NT_STATUS_SUCCESS;
	}
	return NT_STATUS_BAD_NETWORK_NAME;
}

static void shares(void *realm, struct smb_user *user,
		   void (*each)(void *arg, const struct smb_share_facts *share),
		   void *arg)
{
	struct fake_realm *r = realm;

	(void)user;
	for (unsigned int i = 0; i < r->share_count; i++)
		each(arg, &r->shares[i].facts);
}

static bool id_name(void *realm, enum smb_id_kind kind, uint32_t id,
		    char ret_name[SMB_ID_NAME_SIZE])
{
	const struct fake_realm *r = realm;
	const char *name = NULL;

	if (kind == SMB_ID_GROUP && id == FAKE_GID)
		name = "staff";
	if (kind == SMB_ID_USER && id - FAKE_UID < r->account_count)
		name = r->accounts[id - FAKE_UID].user.name;
	if (name)
		snprintf(ret_name, SMB_ID_NAME_SIZE, "%s", name);
	return name;
}

static bool name_id(void *realm, enum smb_id_kind kind, const char *name,
		    uint32_t *ret_id)
{
	const struct fake_realm *r = realm;

	if (kind == SMB_ID_GROUP && smb_utf8_equal_nocase(name, "staff")) {
		*ret_id = FAKE_GID;
		return true;
	}
	for (unsigned int i = 0; kind == SMB_ID_USER && i < r->account_count;
	     i++) {
		if (!smb_utf8_equal_nocase(name, r->accounts[i].user.name))
			continue;
		*ret_id = FAKE_UID + i;
		return true;
	}
	return false;
}

const struct smb_realm_ops fake_realm_ops = {
	.server = server,
	.account = account,
	.guest = guest,
	.anonymous = anonymous,
	.user_ref = user_ref,
	.user_unref = user_unref,
	.co_connect = co_connect,
	.shares = shares,
	.id_name = id_name,
	.name_id = name_id,
};
