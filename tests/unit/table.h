/*
 * Table-driven tests: each row is a case of its own.  A row is a struct that begins with its name,
 * a sentence; the check finds its row in *state.
 */
#ifndef TABLE_H
#define TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "time/instant.h"

#define TABLE_TESTS_MAX 1024

static struct CMUnitTest table_tests[TABLE_TESTS_MAX];
static size_t table_count;

static inline void
table_add(const char *rows, size_t count, size_t size, CMUnitTestFunction check)
{
	for (size_t i = 0; i < count; i++) {
		assert_true(table_count < TABLE_TESTS_MAX);
		table_tests[table_count++] = (struct CMUnitTest){
			.name = *(const char *const *)(const void *)(rows + i * size),
			.test_func = check,
			.initial_state = (void *)(uintptr_t)(rows + i * size),
		};
	}
}

/* Adds a test for each row of an array. */
#define TABLE(rows, check) \
	table_add((const char *)(rows), sizeof(rows) / sizeof((rows)[0]), sizeof((rows)[0]), check)

/* Adds one test without a row. */
#define CASE(sentence, check) table_add((const char *)&(const char *){ sentence }, 1, sizeof(char *), check)

/* Runs what was added; returns how many failed. */
#define TABLE_RUN(group) _cmocka_run_group_tests(group, table_tests, table_count, NULL, NULL)

/* The instant of a text. */
static inline int64_t
at(const char *text)
{
	int64_t result = 0;

	assert_true(instant_parse(text, &result));
	return result;
}

#endif
