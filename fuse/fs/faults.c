/*
 * Rules are read word by word; errors are told by the line.
 */
#include "fuse/fs/faults.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>

static const char *const operation_names[] = {
#define X(name) #name,
	FAULTS_OPERATIONS(X)
#undef X
};

static const char *const kind_names[] = {
	[FAULTS_NONE] = "nothing", [FAULTS_DELAY] = "delay",
	[FAULTS_HANG] = "hang",    [FAULTS_STOP] = "stop",
	[FAULTS_CRASH] = "crash",  [FAULTS_ERROR] = "error",
	[FAULTS_SHORT] = "short",  [FAULTS_WRONG] = "wrong",
};

static const char *const wrong_names[] = {
	[FAULTS_WRONG_LENGTH] = "length", [FAULTS_WRONG_UNIQUE] = "unique",
	[FAULTS_WRONG_STUMP] = "stump",   [FAULTS_WRONG_LONG] = "long",
	[FAULTS_WRONG_EMPTY] = "empty",   [FAULTS_WRONG_ERROR] = "error",
	[FAULTS_WRONG_TWICE] = "twice",   [FAULTS_WRONG_GARBAGE] = "garbage",
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* -1: it is none of them. */
static int find(const char *const *names, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], word) == 0)
			return (int)i;
	return -1;
}

static bool parse_number(const char *text, const char *unit, int *ret_value)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || strcmp(end, unit) != 0 || value < 0 ||
	    value > 1000 * 1000)
		return false;
	*ret_value = (int)value;
	return true;
}

static bool parse_time(const char *text, int *ret_ms)
{
	if (parse_number(text, "ms", ret_ms))
		return true;
	if (!parse_number(text, "s", ret_ms))
		return false;
	*ret_ms *= 1000;
	return true;
}

static bool parse_error(const char *text, int *ret_errno)
{
	for (int e = 1; e < 134; e++) {
		const char *name = strerrorname_np(e);

		if (name && strcmp(name, text) == 0) {
			*ret_errno = e;
			return true;
		}
	}
	return parse_number(text, "", ret_errno) && *ret_errno > 0;
}

static bool parse_operations(char *list, uint32_t *ret_operations)
{
	char *rest;

	if (strcmp(list, "*") == 0) {
		*ret_operations = UINT32_MAX;
		return true;
	}
	for (char *word = strtok_r(list, ",", &rest); word;
	     word = strtok_r(NULL, ",", &rest)) {
		int i = find(operation_names, COUNT(operation_names), word);

		if (i < 0)
			return false;
		*ret_operations |= UINT32_C(1) << i;
	}
	return *ret_operations != 0;
}

/* NULL, or what is wrong. */
static const char *parse_value(struct faults_rule *rule, const char *word)
{
	switch (rule->kind) {
	case FAULTS_DELAY:
		return word && parse_time(word, &rule->value)
			       ? NULL
			       : "a delay needs a time, such as 2s or 300ms";
	case FAULTS_ERROR:
		return word && parse_error(word, &rule->value)
			       ? NULL
			       : "an error needs its name or number";
	default:
		rule->value =
			word ? find(wrong_names, COUNT(wrong_names), word) : -1;
		return rule->value >= 0 ? NULL
					: "there is no such wrong answer";
	}
}

static const char *parse_condition(struct faults_rule *rule, const char *word)
{
	int number;

	if (strncmp(word, "name=", 5) == 0) {
		free(rule->name);
		rule->name = strdup(word + 5);
		return rule->name ? NULL : "there is no memory";
	}
	if (strncmp(word, "after=", 6) == 0 &&
	    parse_number(word + 6, "", &number)) {
		rule->after = (unsigned int)number;
		return NULL;
	}
	if (strncmp(word, "times=", 6) == 0 &&
	    parse_number(word + 6, "", &number) && number > 0) {
		rule->times = (unsigned int)number;
		return NULL;
	}
	return "only name=PATTERN, after=N and times=N may follow";
}

static const char *parse_rule(struct faults_rule *rule, char *line)
{
	char *rest, *word = strtok_r(line, " \t\r", &rest);
	const char *why = NULL;
	int kind;

	if (!parse_operations(word, &rule->operations))
		return "there is no such operation";
	word = strtok_r(NULL, " \t\r", &rest);
	kind = word ? find(kind_names, COUNT(kind_names), word) : -1;
	if (kind < 0)
		return "there is no such fault";
	rule->kind = (enum faults_kind)kind;
	if (kind == FAULTS_DELAY || kind == FAULTS_ERROR ||
	    kind == FAULTS_WRONG)
		why = parse_value(rule, strtok_r(NULL, " \t\r", &rest));
	while (!why && (word = strtok_r(NULL, " \t\r", &rest)))
		why = parse_condition(rule, word);
	return why;
}

static int parse_line(struct faults *faults, char *line, const char **ret_why)
{
	struct faults_rule *rules;

	line[strcspn(line, "#")] = '\0';
	if (line[strspn(line, " \t\r")] == '\0')
		return 0;
	rules = reallocarray(faults->rules, faults->count + 1, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	faults->rules = rules;
	rules[faults->count] = (struct faults_rule){ 0 };
	*ret_why = parse_rule(&rules[faults->count++], line);
	return *ret_why ? 1 : 0;
}

int faults_parse(struct faults *faults, const char *text, const char **ret_why)
{
	char *copy = strdup(text), *rest = copy, *line;
	int number = 0, err = copy ? 0 : -ENOMEM;

	faults_fini(faults);
	while (err == 0 && (line = strsep(&rest, "\n"))) {
		number++;
		err = parse_line(faults, line, ret_why);
	}
	free(copy);
	if (err != 0)
		faults_fini(faults);
	return err > 0 ? number : err;
}

void faults_fini(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		free(faults->rules[i].name);
	free(faults->rules);
	*faults = (struct faults){ 0 };
}

bool faults_want_names(const struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++)
		if (faults->rules[i].name)
			return true;
	return false;
}

/* It fits; does it go wrong this time? */
static bool is_time(struct faults_rule *rule)
{
	if (rule->after > 0) {
		rule->after--;
		return false;
	}
	if (rule->times == 1)
		rule->operations = 0; /* it was the last */
	else if (rule->times > 1)
		rule->times--;
	return true;
}

struct faults_rule faults_meet(struct faults *faults,
			       enum faults_operation operation,
			       const char *name)
{
	for (size_t i = 0; i < faults->count; i++) {
		struct faults_rule *rule = &faults->rules[i];

		if (!(rule->operations & UINT32_C(1) << operation))
			continue;
		if (rule->name && (!name || fnmatch(rule->name, name, 0) != 0))
			continue;
		if (is_time(rule))
			return *rule;
		break;
	}
	return (struct faults_rule){ .kind = FAULTS_NONE };
}

const char *faults_kind_name(const struct faults_rule *rule)
{
	return kind_names[rule->kind];
}

const char *faults_operation_name(enum faults_operation operation)
{
	return operation_names[operation];
}

/* ---- answers ---- */

static size_t spoil_wrong(enum faults_wrong how, uint8_t *bytes, size_t length,
			  struct fuse_out_header *head, size_t *ret_second)
{
	switch (how) {
	case FAULTS_WRONG_LENGTH:
		head->len += 1000;
		return length;
	case FAULTS_WRONG_UNIQUE:
		head->unique += 1000 * 1000;
		return length;
	case FAULTS_WRONG_STUMP:
		return sizeof(*head) - 5;
	case FAULTS_WRONG_LONG:
		memset(bytes + length, 0xee, FAULTS_LONGER);
		head->len += FAULTS_LONGER;
		return length + FAULTS_LONGER;
	case FAULTS_WRONG_EMPTY:
		head->len = sizeof(*head);
		return sizeof(*head);
	case FAULTS_WRONG_ERROR:
		head->error = 5; /* positive, and far too large next time */
		if (head->unique & 2)
			head->error = INT32_MIN;
		return length;
	case FAULTS_WRONG_TWICE:
		*ret_second = length;
		return length;
	case FAULTS_WRONG_GARBAGE:
		for (size_t i = sizeof(*head); i < length; i++)
			bytes[i] = (uint8_t)rand();
		return length;
	}
	return length;
}

size_t faults_spoil(const struct faults_rule *rule, const void *answer,
		    size_t length, void *ret_bytes, size_t room,
		    size_t *ret_second)
{
	struct fuse_out_header head;

	*ret_second = 0;
	if (length > room)
		length = room;
	memcpy(ret_bytes, answer, length);
	if (length < sizeof(head) || room - length < FAULTS_LONGER)
		return length;
	memcpy(&head, ret_bytes, sizeof(head));
	if (rule->kind == FAULTS_SHORT) {
		length = sizeof(head) + (length - sizeof(head)) / 2;
		head.len = (uint32_t)length;
	} else if (rule->kind == FAULTS_WRONG) {
		length = spoil_wrong((enum faults_wrong)rule->value, ret_bytes,
				     length, &head, ret_second);
	}
	memcpy(ret_bytes, &head, sizeof(head));
	return length;
}
