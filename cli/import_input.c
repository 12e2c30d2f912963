/*
 * The bytes of the file that is imported, unpacked if gzip has compressed it, as UTF-8 without a byte order mark, whatever a
 * spreadsheet or a program made of them.
 *
 * UTF-16 is recognized by its mark or, without one, by the zero byte beside the first letter, because a table and JSON both
 * begin with ASCII.  What is no UTF-16 (half a pair) becomes a byte that is no UTF-8, so that the cell or line that has it is
 * refused, and nothing else.  A file that is something else than text is named and refused (import_kind.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "import.h"

enum { NOT_UTF8 = 0xff };

enum encoding { NOT_BEGUN, BYTES, UTF16_LITTLE, UTF16_BIG };

struct input {
	FILE *file, *spool;		/* the spool is the copy of a pipe, NULL if there is none */
	off_t start;			/* where the file was when it was opened */
	struct gzip *gzip;		/* NULL: not compressed */
	enum encoding encoding;
	unsigned char raw[INPUT_BLOCK];	/* bytes of the file, unpacked */
	size_t at, end;			/* what of them has not been decoded */
	unsigned char character[4];	/* UTF-8 that has been decoded and not returned */
	size_t taken, length;
};

/* The size, for the progress, is known of a regular file only. */
bool
input_open(struct import *im, const char *path)
{
	struct input *in;
	struct stat st;
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	im->name = file == stdin ? "stdin" : path;
	if (file == NULL) {
		fprintf(stderr, "daybook: %s: %s\n", path, strerror(errno));
		return false;
	}
	in = im->input = xmalloc(sizeof(*in));
	memset(in, 0, sizeof(*in));
	in->file = file;
	in->start = ftello(file);
	if (fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode))
		im->size = (int64_t)st.st_size;
	return true;
}

void
input_close(struct import *im)
{
	struct input *in = im->input;

	gzip_free(in->gzip);
	if (in->spool != NULL)
		fclose(in->spool);
	if (in->file != stdin)
		fclose(in->file);
	free(in);
}

/* ---- Bytes as they are in the file */

size_t
input_raw(struct import *im, void *to, size_t n)
{
	FILE *file = im->input->spool != NULL ? im->input->spool : im->input->file;
	size_t got = im->is_over ? 0 : fread(to, 1, n, file);

	if (got < n && ferror(file))
		import_stop(im, 0, strerror(errno));
	im->done += (int64_t)got;
	return got;
}

/* Chooses the encoding by the first bytes, and skips the mark. */
static void
choose_encoding(struct input *in)
{
	const unsigned char *b = in->raw;

	in->encoding = BYTES;
	if (in->end >= 3 && memcmp(b, "\xef\xbb\xbf", 3) == 0)
		in->at = 3;
	if (in->end < 4)
		return;
	if (memcmp(b, "\xff\xfe", 2) == 0 || memcmp(b, "\xfe\xff", 2) == 0) {
		in->encoding = b[0] == 0xff ? UTF16_LITTLE : UTF16_BIG;
		in->at = 2;
	} else if (b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0)
		in->encoding = UTF16_LITTLE;
	else if (b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0)
		in->encoding = UTF16_BIG;
}

/* Reads more of the content: of the file or, if it begins as gzip does, of what is packed in it. */
static size_t
read_content(struct import *im)
{
	struct input *in = im->input;
	size_t n;

	if (in->gzip != NULL)
		return gzip_read(in->gzip, im, in->raw, sizeof(in->raw));
	n = input_raw(im, in->raw, sizeof(in->raw));
	if (in->encoding != NOT_BEGUN || n < 2 || memcmp(in->raw, "\x1f\x8b", 2) != 0)
		return n;
	in->gzip = gzip_new(in->raw, n);
	return gzip_read(in->gzip, im, in->raw, sizeof(in->raw));
}

/* Reads more of the file; false at its end, or if it is not one to import. */
static bool
fill(struct import *im)
{
	struct input *in = im->input;
	const char *kind;

	in->at = 0;
	in->end = read_content(im);
	if (in->encoding == NOT_BEGUN) {
		choose_encoding(in);
		if ((kind = import_kind((const char *)in->raw + in->at, in->end - in->at)) != NULL) {
			in->end = in->at;
			return import_stop(im, 0, kind);
		}
	}
	return in->end > in->at;
}

/* ---- UTF-16 */

/* The next 16 bits; -1 at the end of the file, -2 if that cuts them in two. */
static int
next_unit(struct import *im)
{
	struct input *in = im->input;
	int first, second;

	if (in->at == in->end && !fill(im))
		return -1;
	first = in->raw[in->at++];
	if (in->at == in->end && !fill(im))
		return -2;
	second = in->raw[in->at++];
	return in->encoding == UTF16_LITTLE ? second << 8 | first : first << 8 | second;
}

/* Writes a character as UTF-8; returns its length. */
static size_t
put_character(unsigned char *to, unsigned c)
{
	if (c < 0x80) {
		to[0] = (unsigned char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (unsigned char)(0xc0 | c >> 6);
		to[1] = (unsigned char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (unsigned char)(0xe0 | c >> 12);
		to[1] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (unsigned char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (unsigned char)(0xf0 | c >> 18);
	to[1] = (unsigned char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (unsigned char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (unsigned char)(0x80 | (c & 0x3f));
	return 4;
}

static bool
is_high(int unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool
is_low(int unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

/* Decodes the next character; false at the end. */
static bool
next_character(struct import *im)
{
	struct input *in = im->input;
	int unit = next_unit(im), low;

	in->taken = 0;
	in->length = 1;
	in->character[0] = NOT_UTF8;
	if (unit == -1) {
		in->length = 0;
		return false;
	}
	if (unit == -2 || is_low(unit))
		return true;
	if (!is_high(unit)) {
		in->length = put_character(in->character, (unsigned)unit);
		return true;
	}
	if (is_low(low = next_unit(im)))
		in->length = put_character(in->character, 0x10000u + ((unsigned)(unit - 0xd800) << 10) + (unsigned)(low - 0xdc00));
	else if (low >= 0 && !is_high(low))	/* half a pair, and a character of its own after it */
		in->length += put_character(in->character + 1, (unsigned)low);
	return true;
}

char
import_first(struct import *im)
{
	struct input *in = im->input;

	if (in->encoding == NOT_BEGUN && !fill(im))
		return '\0';
	if (in->encoding == BYTES)
		return in->at < in->end ? (char)in->raw[in->at] : '\0';
	return in->taken < in->length || next_character(im) ? (char)in->character[in->taken] : '\0';
}

size_t
import_bytes(struct import *im, char *buffer, size_t n)
{
	struct input *in = im->input;
	size_t got = 0, length;

	while (got < n && !im->is_over) {
		if (in->taken < in->length)
			buffer[got++] = (char)in->character[in->taken++];
		else if (in->encoding == UTF16_LITTLE || in->encoding == UTF16_BIG) {
			if (!next_character(im))
				break;
		} else if (in->at < in->end) {
			length = n - got < in->end - in->at ? n - got : in->end - in->at;
			memcpy(buffer + got, in->raw + in->at, length);
			in->at += length;
			got += length;
		} else if (!fill(im))
			break;
	}
	return im->is_over ? 0 : got;
}

/* ---- A file that is read twice */

/* Copies what cannot be read twice into a file without a name. */
static bool
spool(struct import *im)
{
	char buffer[65536];
	FILE *copy = tmpfile();
	size_t n;

	while (copy != NULL && (n = input_raw(im, buffer, sizeof(buffer))) > 0)
		if (fwrite(buffer, 1, n, copy) < n)
			break;
	if (im->is_over || copy == NULL || ferror(copy) || fflush(copy) != 0) {
		if (!im->is_over)
			import_stop(im, 0, arena_printf(im->cli->arena, "no temporary copy: %s", strerror(errno)));
		if (copy != NULL)
			fclose(copy);
		return false;
	}
	im->input->spool = copy;
	im->input->start = 0;
	im->size = im->done;
	return input_rewind(im);
}

bool
input_keep(struct import *im)
{
	return im->input->start >= 0 || spool(im);
}

bool
input_rewind(struct import *im)
{
	struct input *in = im->input;

	if (fseeko(in->spool != NULL ? in->spool : in->file, in->start, SEEK_SET) != 0)
		return import_stop(im, 0, strerror(errno));
	gzip_free(in->gzip);
	in->gzip = NULL;
	in->encoding = NOT_BEGUN;
	in->at = in->end = in->taken = in->length = 0;
	im->done = 0;
	return true;
}
