/*
 * Log lines of the process: one event, one line on stderr, `key=value`, the
 * connection first. Under systemd each line begins with its priority
 * (`<3>` …); on a terminal with a short word; elsewhere it is logfmt with a
 * time. Control characters in values are escaped, so that a name from the
 * network can't forge a line. Lines longer than 1 KiB are cut.
 *
 * Thread: any; a line is one write(2).
 */
#pragma once

#include <stdbool.h>

enum gw_log_level {
	GW_LOG_ERROR, /* the operator must act */
	GW_LOG_WARN,  /* a peer misbehaved; rate-limited by gw_log_peer() */
	GW_LOG_INFO,  /* lives begin and end */
	GW_LOG_DEBUG, /* each request */
};

/* Lines above this level are dropped. The default is GW_LOG_INFO. */
void gw_log_set_level(enum gw_log_level level);

/* The level named by `word` ("error" … "debug"); false if there is none. */
bool gw_log_level_find(const char *word, enum gw_log_level *ret_level);

bool gw_log_is_on(enum gw_log_level level);

/* Whether the descriptor leads to systemd's journal. */
bool gw_log_is_journal(int fd);

void gw_log(enum gw_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A warning that a peer can cause at will: at most ten a second in all, then
 * one line that counts what was left out.
 */
void gw_log_peer(const char *format, ...) __attribute__((format(printf, 1, 2)));
