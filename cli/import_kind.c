/*
 * What a file is that is no table and no lines of JSON, by its first bytes, as people give them to `import` by mistake: the
 * workbook instead of its CSV, the page of a login that expired instead of the download, the archive that the report is in.
 */
#include <string.h>
#include <strings.h>

#include "import.h"

static const struct {
	const char *begin;
	size_t n;
	const char *what;
} kinds[] = {
	{ "PK\3\4", 4, "this is a ZIP archive or an Excel workbook (.xlsx); unpack it, or save the sheet as CSV" },
	{ "PK\5\6", 4, "this is an empty ZIP archive" },
	{ "\xd0\xcf\x11\xe0", 4, "this is an old Excel workbook (.xls); save the sheet as CSV" },
	{ "%PDF-", 5, "this is a PDF; download the report as CSV" },
	{ "SQLite format 3", 15, "this is an SQLite database; a file that `daybook export` wrote can be imported, "
	    "and a backup can be restored" },
	{ "BZh", 3, "this is compressed by bzip2; unpack it first" },
	{ "\xfd" "7zXZ", 5, "this is compressed by xz; unpack it first" },
	{ "\x28\xb5\x2f\xfd", 4, "this is compressed by zstd; unpack it first" },
	{ "7z\xbc\xaf", 4, "this is a 7z archive; unpack it first" },
	{ "Rar!", 4, "this is a RAR archive; unpack it first" },
	{ "PAR1", 4, "this is a Parquet file; convert it to CSV" },
	{ "\x1f\x8b", 2, "this is compressed by gzip twice; unpack it first" },
};

static bool
begins(const char *text, size_t n, const char *word)
{
	return n >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

const char *
import_kind(const char *text, size_t n)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (n >= kinds[i].n && memcmp(text, kinds[i].begin, kinds[i].n) == 0)
			return kinds[i].what;
	for (; n > 0 && strchr(" \t\r\n", *text) != NULL && *text != '\0'; n--)
		text++;
	if (begins(text, n, "<!doctype html") || begins(text, n, "<html") || begins(text, n, "<head"))
		return "this is a page in HTML, perhaps of a login that has expired; download the report again";
	if (begins(text, n, "<?xml") || begins(text, n, "<"))
		return "this is XML; CSV or one JSON object a line is needed";
	if (n > 0 && *text == '[')
		return "this is one JSON array; write one object a line, for example by `jq -c '.[]'`";
	return NULL;
}
