/*
 * Unpacks a file that gzip has compressed while it is read: the only file that knows zlib.
 *
 * Several members one after the other are one file, as gzip itself takes them, and zeros after the last one are padding.  Memory
 * is constant, whatever the file unpacks to.
 */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "import.h"

enum { ANY_GZIP = 15 + 16 };	/* inflateInit2: the largest window, and a gzip header */

struct gzip {
	z_stream stream;
	unsigned char packed[INPUT_BLOCK];
	bool has_begun;		/* a member is under way */
	bool has_ended;
};

struct gzip *
gzip_new(const unsigned char *begin, size_t n)
{
	struct gzip *g = xmalloc(sizeof(*g));

	memset(g, 0, sizeof(*g));
	memcpy(g->packed, begin, n);
	g->stream.next_in = g->packed;
	g->stream.avail_in = (uInt)n;
	if (inflateInit2(&g->stream, ANY_GZIP) != Z_OK)
		out_of_memory();
	return g;
}

void
gzip_free(struct gzip *g)
{
	if (g == NULL)
		return;
	inflateEnd(&g->stream);
	free(g);
}

/* Makes sure that there is something to unpack; false at the end of the file, or of what is packed in it. */
static bool
has_input(struct gzip *g, struct import *im)
{
	if (g->stream.avail_in == 0) {
		g->stream.next_in = g->packed;
		g->stream.avail_in = (uInt)input_raw(im, g->packed, sizeof(g->packed));
	}
	if (g->stream.avail_in == 0) {
		if (g->has_begun && !im->is_over)
			import_stop(im, 0, "the gzip file is cut short; get it again");
		return false;
	}
	return g->has_begun || g->stream.next_in[0] != '\0';
}

size_t
gzip_read(struct gzip *g, struct import *im, void *to, size_t n)
{
	int rc = Z_OK;

	g->stream.next_out = to;
	g->stream.avail_out = (uInt)n;
	while (g->stream.avail_out > 0 && !g->has_ended) {
		if (!has_input(g, im)) {
			g->has_ended = true;
			break;
		}
		g->has_begun = true;
		rc = inflate(&g->stream, Z_NO_FLUSH);
		if (rc == Z_STREAM_END) {
			g->has_begun = false;
			rc = inflateReset(&g->stream);
		}
		if (rc != Z_OK) {
			g->has_ended = true;
			import_stop(im, 0, rc == Z_MEM_ERROR ? "no memory to unpack it" : "the gzip file is damaged; get it again");
		}
	}
	return n - g->stream.avail_out;
}
