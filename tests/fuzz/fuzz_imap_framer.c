/* SPDX-License-Identifier: ISC
 *
 * The framer must see the same events whether its input comes whole or one byte
 * at a time.  The first byte chooses what is done with literals.
 */
#include <stdlib.h>
#include <string.h>

#include "common/imap/framer.h"

#define MAX_LINE 64
#define MAX_TOTAL 200

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

static void
note(struct imap_framer *f, enum imap_frame event, unsigned char policy,
    struct buf *out)
{
	if (event == IMAP_FRAME_DATA) {
		buf_put(out, f->data, f->data_len);
		return;
	}
	buf_printf(out, "<%d %zu>", (int)event, f->text.len);
	buf_put(out, f->text.data, f->text.len);
	if (event != IMAP_FRAME_LITERAL) {
		if (event == IMAP_FRAME_COMMAND ||
		    event == IMAP_FRAME_TOO_LONG || event == IMAP_FRAME_REFUSED)
			imap_framer_next(f);
		return;
	}
	buf_printf(out, "%llu%d%d", (unsigned long long)f->literal_size,
	    f->literal_sync, f->literal_binary);
	if ((policy & 3) == 0)
		imap_framer_refuse(f);
	else if ((policy & 3) == 1)
		imap_framer_extern(f);
	else if (!imap_framer_keep(f))
		imap_framer_refuse(f);
}

static void
run(const unsigned char *in, size_t len, size_t step, unsigned char policy,
    struct buf *out)
{
	enum imap_frame event = IMAP_FRAME_MORE;
	struct imap_framer f;
	size_t at = 0, n, used;

	imap_framer_init(&f, MAX_LINE, MAX_TOTAL);
	while (at < len && event != IMAP_FRAME_FATAL) {
		n = len - at < step ? len - at : step;
		for (;;) {
			event = imap_framer_feed(&f, in + at, n, &used);
			if (used > n || f.text.len > MAX_TOTAL + 1)
				abort();
			at += used;
			n -= used;
			if (event == IMAP_FRAME_MORE)
				break;
			note(&f, event, policy, out);
			if (event == IMAP_FRAME_FATAL)
				break;
		}
		if (event == IMAP_FRAME_MORE && n != 0)
			abort();
	}
	imap_framer_clear(&f);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
	struct buf whole, steps;

	if (len < 1 || len > 65536)
		return 0;
	buf_init(&whole, 64 * 1024 * 1024);
	buf_init(&steps, 64 * 1024 * 1024);
	run(data + 1, len - 1, SIZE_MAX, data[0], &whole);
	run(data + 1, len - 1, 1, data[0], &steps);
	if (whole.overflow || whole.len != steps.len || (whole.len > 0 &&
	    memcmp(whole.data, steps.data, whole.len) != 0))
		abort();
	buf_clear(&whole);
	buf_clear(&steps);
	return 0;
}
