/*
 * Which addresses a client is told (MC-2, MC-3): nic.c.
 */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "gateway/nic.h"

enum {
	ETH0 = 0, /* 10.0.0.5 */
	ETH0_V6,  /* 2001:db8::5 */
	ETH0_LINK_LOCAL,
	ETH1, /* 10.0.1.5 */
	DOWN,
	BRIDGE,
	LOOPBACK,
	LOOPBACK_V6,
	NICS,
};

static struct gw_nic nics[NICS];
static struct gw_config config;
static struct gw_sockets sockets;
static struct smb_interface told[NICS];

static void address(const char *text, uint8_t to[16])
{
	char mapped[64] = "";

	if (!strchr(text, ':'))
		strcpy(mapped, "::ffff:");
	strcat(mapped, text);
	assert_int_equal(inet_pton(AF_INET6, mapped, to), 1);
}

static struct gw_nic nic(const char *name, uint32_t index, const char *text)
{
	struct gw_nic nic = { .index = index, .is_up = true };

	strcpy(nic.name, name);
	address(text, nic.address);
	return nic;
}

static void listen_on(const char *text)
{
	assert_true(gw_address_parse(text, 445,
				     &sockets.items[sockets.count].address));
	sockets.count++;
}

static int start(void **state)
{
	(void)state;
	nics[ETH0] = nic("eth0", 2, "10.0.0.5");
	nics[ETH0].speed = 40000000000;
	nics[ETH0].has_rss = true;
	nics[ETH0_V6] = nic("eth0", 2, "2001:db8::5");
	nics[ETH0_LINK_LOCAL] = nic("eth0", 2, "fe80::5");
	nics[ETH1] = nic("eth1", 3, "10.0.1.5");
	nics[DOWN] = nic("eth2", 4, "10.0.2.5");
	nics[DOWN].is_up = false;
	nics[BRIDGE] = nic("docker0", 5, "172.17.0.1");
	nics[BRIDGE].is_bridge = true;
	nics[LOOPBACK] = nic("lo", 1, "127.0.0.1");
	nics[LOOPBACK_V6] = nic("lo", 1, "::1");
	nics[LOOPBACK].is_loopback = nics[LOOPBACK_V6].is_loopback = true;
	gw_config_init(&config);
	sockets.count = 0;
	return 0;
}

static uint32_t ask(const char *here)
{
	const struct gw_nic_rules rules = { &config, &sockets };
	uint8_t key[16];

	address(here, key);
	return gw_nic_choose(&rules, nics, NICS, key, told, NICS);
}

static bool is_told(unsigned int which, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (memcmp(told[i].address, nics[which].address, 16) == 0)
			return true;
	}
	return false;
}

static void cards_that_lead_here_are_told(void **state)
{
	uint32_t count;

	(void)state;
	listen_on("[::]:445");
	count = ask("10.0.0.5");
	assert_int_equal(count, 3);
	assert_true(is_told(ETH0, count));
	assert_true(is_told(ETH0_V6, count));
	assert_true(is_told(ETH1, count));
	assert_int_equal(told[0].index, 2);
	assert_int_equal(told[0].speed, 40000000000);
	assert_true(told[0].has_rss);
	assert_false(told[0].is_v6);
	assert_true(told[1].is_v6);
	assert_int_equal(told[1].index, 2);
	/* One that says nothing of its speed. */
	assert_int_equal(told[2].speed, 1000000000);
	assert_false(told[2].has_rss);
}

static void where_a_client_came_by_it_may_come_again(void **state)
{
	uint32_t count;

	(void)state;
	listen_on(":445");
	count = ask("127.0.0.1");
	assert_int_equal(count, 5);
	assert_true(is_told(LOOPBACK, count));
	count = ask("172.17.0.1");
	assert_int_equal(count, 4);
	assert_true(is_told(BRIDGE, count));
}

static void only_what_is_listened_on_is_told(void **state)
{
	uint32_t count;

	(void)state;
	listen_on("0.0.0.0:445");
	count = ask("10.0.0.5");
	assert_int_equal(count, 2);
	assert_false(is_told(ETH0_V6, count));
	sockets.count = 0;
	listen_on("10.0.1.5:445");
	count = ask("10.0.1.5");
	assert_int_equal(count, 1);
	assert_true(is_told(ETH1, count));
}

static void the_configuration_has_the_last_word(void **state)
{
	struct gw_interface_config says[] = {
		{ .name = (char[]){ "eth0" }, .rss = GW_RSS_OFF },
		{ .name = (char[]){ "docker0" },
		  .speed = 2500,
		  .rss = GW_RSS_ON },
	};
	uint32_t count;

	(void)state;
	config.interfaces = (struct gw_interface_configs){ says, 2 };
	listen_on("0.0.0.0:445");
	count = ask("10.0.0.5");
	assert_int_equal(count, 3);
	assert_false(told[0].has_rss);
	assert_int_equal(told[0].speed, 40000000000);
	assert_true(is_told(BRIDGE, count));
	assert_int_equal(told[2].speed, 2500000000);
	assert_true(told[2].has_rss);
}

static void advertised_addresses_are_told_alone(void **state)
{
	char *texts[] = { (char[]){ "10.0.1.5" }, (char[]){ "192.0.2.1" } };

	(void)state;
	config.advertise = (struct gw_texts){ texts, 2 };
	listen_on("10.0.0.5:445");
	assert_int_equal(ask("10.0.0.5"), 2);
	assert_true(is_told(ETH1, 1));
	assert_int_equal(told[0].index, 3);
	assert_int_equal(told[1].address[12], 192);
	assert_int_not_equal(told[1].index, told[0].index);
	assert_int_equal(told[1].speed, 1000000000);
}

static void there_is_an_end_to_it(void **state)
{
	const struct gw_nic_rules rules = { &config, &sockets };
	uint8_t here[16] = { 0 };

	(void)state;
	listen_on("[::]:445");
	assert_int_equal(gw_nic_choose(&rules, nics, NICS, here, told, 1), 1);
	assert_int_equal(gw_nic_choose(&rules, nics, 0, here, told, NICS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(cards_that_lead_here_are_told, start),
		cmocka_unit_test_setup(where_a_client_came_by_it_may_come_again,
				       start),
		cmocka_unit_test_setup(only_what_is_listened_on_is_told, start),
		cmocka_unit_test_setup(the_configuration_has_the_last_word,
				       start),
		cmocka_unit_test_setup(advertised_addresses_are_told_alone,
				       start),
		cmocka_unit_test_setup(there_is_an_end_to_it, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
