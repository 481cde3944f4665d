/*
 * The order of the start and of the end, and signals. Everything that can be
 * wrong with a configuration is found before the first client is let in.
 *
 *   TERM, INT   end: no new connections, replies that are queued go out
 *   again       end at once
 *   HUP         read users and shares again; a wrong file changes nothing
 */
#include "gateway/run.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/conn.h"
#include "gateway/fsa/fsa.h"
#include "gateway/guid.h"
#include "gateway/limits.h"
#include "gateway/log.h"
#include "gateway/notify.h"
#include "gateway/server.h"
#include "gateway/store/store.h"
#include "smb/limits.h"
#include "smb/smb.h"

/* ---- facts ---- */

static void set_names(const char *name, struct smb_server_facts *facts)
{
	size_t label = strcspn(name, ".");
	size_t max = sizeof(facts->netbios_name) - 1;

	snprintf(facts->dns_name, sizeof(facts->dns_name), "%s", name);
	for (size_t i = 0; i < label && i < max; i++) {
		char c = name[i];

		facts->netbios_name[i] =
			c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	}
}

int gw_run_facts(const struct gw_config *config,
		 struct smb_server_facts *ret_facts)
{
	const char *state_dir = config->state_dir;
	char host[256] = "";
	const char *name = config->name;
	struct smb_server_facts facts = {
		.dialect_min = (uint16_t)config->min_dialect,
		.dialect_max = (uint16_t)config->max_dialect,
		.signing = (enum smb_policy)config->signing,
		.encryption = (enum smb_policy)config->encryption,
		.io_size_max = (uint32_t)config->io_size,
		.credits_max = SMB_CREDITS_MAX,
		.is_multichannel =
			config->multichannel && gw_conn_tells_acked(),
		.leases_directories = config->directory_leases,
		.breaks_oplocks_once = !config->oplock_break_retry,
		.is_test = config->test_hooks,
		.has_posix = config->posix_extensions,
	};

	if (!name && gethostname(host, sizeof(host) - 1) == 0 && *host)
		name = host;
	if (!name)
		name = "smbgate";
	if (!state_dir)
		state_dir = getenv("STATE_DIRECTORY");
	set_names(name, &facts);
	snprintf(facts.comment, sizeof(facts.comment), "%s",
		 config->comment ? config->comment : "smbgate");
	*ret_facts = facts;
	return gw_guid(state_dir, name, ret_facts->guid);
}

enum loop_engine gw_run_engine(const struct gw_config *config, char text[256])
{
	struct loop_features features;

	loop_probe(&features);
	memcpy(text, features.text, 256);
	if (config->engine != LOOP_ENGINE_AUTO)
		return (enum loop_engine)config->engine;
	return features.has_uring ? LOOP_ENGINE_URING : LOOP_ENGINE_PLAIN;
}

/* ---- the process ---- */

static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		gw_log(GW_LOG_WARN, "RLIMIT_NOFILE: %s", strerror(errno));
}

/* The signals that main waits for; no other thread gets them. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, GW_SIGNAL_WORKER);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ---- a run ---- */

struct run {
	const struct gw_run_how *how;
	struct fsa *fsa;
	struct gw_server server;
	sigset_t signals;
	bool is_stopping;
	const char *gcm; /* who does AES-GCM */
};

/* What file systems don't have is not lost silently. */
static void tell_lacks(const struct gw_snapshot *snapshot)
{
	for (size_t i = 0; i < gw_snapshot_share_count(snapshot); i++) {
		const struct gw_share *share = gw_snapshot_share(snapshot, i);
		const char *lack = gw_share_lack(share);

		if (lack)
			gw_log(GW_LOG_WARN, "share=%s %s",
			       gw_share_facts(share)->name, lack);
	}
}

/* Reads the file again: its users and shares replace those that there are. */
static void reload(struct run *run)
{
	struct gw_complaints c = { .to = stderr };
	struct gw_snapshot *before, *snapshot;
	struct gw_config config;
	bool ok;

	if (!run->how->config_file)
		return;
	before = gw_realm_snapshot(run->server.realm);
	ok = gw_config_load(run->how->config_file, &config, &c);
	config.programs_may_come_late = true;
	ok = ok && gw_snapshot_new(&config, run->fsa, before, &c, &snapshot) ==
			   GW_EXIT_OK;
	if (ok) {
		tell_lacks(snapshot);
		gw_realm_renew(run->server.realm, snapshot);
	}
	gw_log(ok ? GW_LOG_INFO : GW_LOG_ERROR, "%s %s", run->how->config_file,
	       ok ? "read again: users and shares are those it names"
		  : "is wrong: everything stays as it was");
	gw_snapshot_unref(before);
	gw_config_fini(&config);
}

static void stop(struct run *run, int signal_number)
{
	if (run->is_stopping) {
		gw_log(GW_LOG_WARN, "ended at once");
		_exit(128 + signal_number);
	}
	run->is_stopping = true;
	gw_notify("STOPPING=1");
	store_backends_hurry();
	gw_server_stop(&run->server);
}

/* Until all workers have ended. */
static void wait_for_end(struct run *run)
{
	while (atomic_load(&run->server.workers_alive) > 0) {
		int number = sigwaitinfo(&run->signals, NULL);

		if (number == SIGHUP)
			reload(run);
		else if (number == SIGTERM || number == SIGINT)
			stop(run, number);
	}
}

static void tell_ready(struct run *run)
{
	const struct gw_run_how *how = run->how;
	struct gw_snapshot *snapshot = gw_realm_snapshot(run->server.realm);
	char text[256];
	enum loop_engine engine = gw_run_engine(how->config, text);

	gw_log(GW_LOG_INFO, "smbgate %s engine=%s workers=%u shares=%zu gcm=%s",
	       GW_VERSION, loop_engine_name(engine), run->server.worker_count,
	       gw_snapshot_share_count(snapshot), run->gcm);
	gw_log(GW_LOG_INFO, "%s", text);
	tell_lacks(snapshot);
	how->ready(how, loop_engine_name(engine), snapshot,
		   &run->server.sockets);
	printf("smbgate: ready\n");
	fflush(stdout);
	gw_notify("READY=1");
	gw_snapshot_unref(snapshot);
}

static enum gw_exit serve(struct run *run, struct gw_realm *realm,
			  struct gw_sockets *sockets)
{
	int err =
		gw_server_start(&run->server, run->how->config, realm, sockets);

	if (err < 0) {
		gw_log(GW_LOG_ERROR, "the server does not start: %s",
		       strerror(-err));
		run->is_stopping = true;
		gw_server_stop(&run->server);
	} else {
		tell_ready(run);
	}
	wait_for_end(run);
	gw_server_fini(&run->server);
	return err < 0 ? GW_EXIT_FAILURE : GW_EXIT_OK;
}

/* Users and shares, as a realm that knows what the server is called. */
static enum gw_exit make_realm(const struct run *run,
			       struct gw_realm **ret_realm)
{
	const struct gw_config *config = run->how->config;
	struct gw_complaints c = { .to = stderr };
	struct smb_server_facts facts;
	struct gw_snapshot *snapshot;
	enum gw_exit exit;
	int err = gw_run_facts(config, &facts);

	if (err < 0) {
		gw_log(GW_LOG_ERROR, "state_dir: %s", strerror(-err));
		return GW_EXIT_CONFIG;
	}
	if (config->multichannel && !facts.is_multichannel)
		gw_log(GW_LOG_WARN, "multichannel is off: the kernel does not "
				    "tell what TCP peers have received");
	exit = gw_snapshot_new(config, run->fsa, NULL, &c, &snapshot);
	if (exit != GW_EXIT_OK)
		return exit;
	*ret_realm = gw_realm_new(&facts, config->guest, snapshot);
	if (*ret_realm)
		return GW_EXIT_OK;
	gw_snapshot_unref(snapshot);
	return GW_EXIT_FAILURE;
}

/*
 * Frames and answers of a megabyte come and go with each request. Left alone,
 * the allocator maps and unmaps each of them, and writes spend their time in
 * page faults. What is free at the end of the heap still goes back beyond
 * GW_HEAP_KEPT.
 */
static void keep_buffers(void)
{
	mallopt(M_MMAP_THRESHOLD, GW_HEAP_KEPT);
	mallopt(M_TRIM_THRESHOLD, GW_HEAP_KEPT);
}

enum gw_exit gw_run(const struct gw_run_how *how)
{
	struct run run = { .how = how };
	struct gw_sockets sockets = { .count = 0 };
	struct gw_realm *realm = NULL;
	enum gw_exit exit;

	gw_log_set_level((enum gw_log_level)how->config->log_level);
	block_signals(&run.signals);
	raise_descriptors();
	umask(0);
	keep_buffers();
	run.gcm = smb_crypto_choose();
	run.fsa = fsa_new();
	if (!run.fsa)
		return GW_EXIT_FAILURE;
	exit = make_realm(&run, &realm);
	/* Hashes are in memory now: no core dump, no tracer may show them. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (exit == GW_EXIT_OK &&
	    !gw_listen_open(how->config, &sockets, stderr)) {
		gw_realm_free(realm);
		exit = GW_EXIT_BIND;
	}
	if (exit == GW_EXIT_OK)
		exit = serve(&run, realm, &sockets);
	store_backends_wait(GW_BACKENDS_END_MS);
	run.fsa = fsa_free(run.fsa);
	return exit;
}
